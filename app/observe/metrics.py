"""The figures of /metrics: the one door to prometheus-client."""

import os
from time import perf_counter

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.observe.version import Build

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder in which several processes keep their figures together."""
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WAITS = (0.001, 0.01, 0.1, 1, 10)
disable_created_metrics()  # type: ignore[no-untyped-call]  # when each figure began is of no use here


class Metrics:
    """The figures of one app. With SHARED_FOLDER set, `page` adds those of the other processes."""

    content_type = CONTENT_TYPE_LATEST
    """Of `page`."""

    def __init__(self, build: Build) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter("recur_requests", "Requests answered.", ("method", "route", "status"), registry=own)
        self.seconds = Histogram(
            "recur_request_seconds", "Time until an answer was made.", ("route",), registry=own, buckets=_SECONDS
        )
        self.busy = Counter("recur_busy_answers", "Answers that asked to come again later.", ("route",), registry=own)
        self.ratings = Counter("recur_ratings", "Ratings counted, each once.", ("rating",), registry=own)
        self.loads = Counter("recur_content_loads", "Loads of the content.", ("result",), registry=own)
        self.mistakes = Gauge(
            "recur_content_mistakes", "Mistakes in the content.", registry=own, multiprocess_mode="mostrecent"
        )
        self.trainings = Gauge(
            "recur_trainings_running", "Demos that train now.", registry=own, multiprocess_mode="livesum"
        )
        self.refused = Counter("recur_trainings_refused", "Trainings that got no turn.", registry=own)
        self.waits = Histogram(
            "recur_database_wait_seconds",
            "Waits for a turn among the changes (queue), and for a connection and the lock (read, write).",
            ("kind",),
            registry=own,
            buckets=_WAITS,
        )
        for rating in range(1, 6):  # so that what has not happened is 0
            self.ratings.labels(rating)
        for result in ("ok", "failed"):
            self.loads.labels(result)
        running = Gauge("recur_build", "What runs.", ("version", "revision"), registry=own, multiprocess_mode="max")
        running.labels(build.version, build.revision or "").set(1)
        if SHARED_FOLDER not in os.environ:
            ProcessCollector(registry=own)

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answer. `route` is None where no address fits."""
        known = method if method in _METHODS else "other"
        self.requests.labels(known, route or "none", status).inc()
        self.seconds.labels(route or "none").observe(seconds)

    def loaded(self, mistakes: int | None) -> None:
        """Count a load of the content, with its number of mistakes; None if it failed."""
        self.loads.labels("failed" if mistakes is None else "ok").inc()
        if mistakes is not None:
            self.mistakes.set(mistakes)

    def waited(self, kind: str, since: float) -> None:
        """Note that a wait has ended, which began at `since` (time.perf_counter); see Database.tell_wait."""
        self.waits.labels(kind).observe(perf_counter() - since)

    def page(self) -> bytes:
        """All figures, as Prometheus reads them."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def forget(pid: int) -> None:
    """Take what runs in a process that has ended out of the figures; what it counted stays."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]
