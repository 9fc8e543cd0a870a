"""The figures of /metrics: the one door to prometheus-client."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder in which several processes keep their figures together."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WAITED = (0.001, 0.01, 0.1, 1, 10)


class Metrics:
    """The figures of one app. With SHARED_FOLDER set, `page` adds those of the other processes."""

    content_type = CONTENT_TYPE_LATEST
    """Of `page`."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter("recur_requests", "Requests answered.", ("method", "route", "status"), registry=own)
        self.seconds = Histogram(
            "recur_request_seconds", "Time to the end of an answer.", ("route",), registry=own, buckets=_SECONDS
        )
        self.ratings = Counter("recur_ratings", "Ratings counted.", ("rating",), registry=own)
        self.loads = Counter("recur_content_loads", "Loads of the content that succeeded.", registry=own)
        self.mistakes = Gauge(
            "recur_content_mistakes", "Mistakes in the content.", registry=own, multiprocess_mode="mostrecent"
        )
        self.training = Gauge(
            "recur_trainings_running", "Demos that train now.", registry=own, multiprocess_mode="livesum"
        )
        self.refused = Counter("recur_trainings_refused", "Trainings refused, since others ran.", registry=own)
        self.waits = Histogram(
            "recur_database_wait_seconds", "Time until a session could begin.", ("kind",), registry=own, buckets=_WAITED
        )
        self.busy = Counter("recur_busy_answers", "Answers that asked to try again later.", ("route",), registry=own)
        for rating in range(1, 6):
            self.ratings.labels(rating)  # 0 is a figure too
        if SHARED_FOLDER not in os.environ:
            ProcessCollector(registry=own)

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer."""
        self.requests.labels(method, route or "none", status).inc()
        self.seconds.labels(route or "none").observe(seconds)

    def page(self) -> bytes:
        """All figures, as Prometheus reads them."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
