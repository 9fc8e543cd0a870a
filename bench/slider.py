"""A slider's round trip (the part that htmx swaps) against an empty FastAPI response."""

import statistics
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.numbers import plain
from app.demos.registry import all_demos
from bench.cards import loaded
from bench.figures import Timing, heading, ratio, row
from bench.serving import BARE, RECUR, bare_env, recur_env, serving

ROUNDS = 250
PART = {"HX-Request": "true", "HX-Request-Type": "partial", "Accept-Encoding": "gzip"}
TRAINED = 3
MOST = 8  # of a demo that does not train


def moves(demo: Demo[Any]) -> list[str]:
    """What a hand on the sliders sends: each through its range, the others at rest, in an even sample."""
    found = []
    for field in demo.fields:
        if field.slide is None or not _is_one_number(field.default):
            continue
        low, high = field.slide
        steps = max(1, round((high - low) / field.step))
        for i in range(0, steps + 1, max(1, steps // 40)):
            try:
                found.append(demo.query(demo.parse({field.name: plain(round(low + i * field.step, 10))})))
            except BadParametersError:
                continue
    return found or [demo.query(demo.parse({}))]


def _is_one_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _get(connection: HTTPConnection, path: str) -> float:
    start = time.perf_counter()
    connection.request("GET", path, headers=PART)
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return time.perf_counter() - start


def measure(demo: Demo[Any], baseline: HTTPConnection, recur: HTTPConnection) -> tuple[Timing, Timing, Timing]:
    """An empty response, the demo's, and its computing alone; in turns, so that a busy machine slows all alike."""
    queries = moves(demo)
    if demo.training:  # behind a button: what is measured is a result that is remembered
        queries = queries[:TRAINED]
    empty, ours, computing = [], [], []
    for i in range(-50, ROUNDS):
        query = queries[i * 7 % len(queries)]
        seconds = _get(baseline, "/healthz"), _get(recur, f"/demos/{demo.name}?{query}")
        parameters = demo.parse(query)
        start = time.perf_counter()
        demo.compute(parameters)
        if i >= 0:
            computing.append(time.perf_counter() - start)
            empty.append(seconds[0])
            ours.append(seconds[1])
    return (
        Timing("an empty response", empty),
        Timing(f"/demos/{demo.name}", ours),
        Timing(f"{demo.name}, computing alone", computing),
    )


def run() -> None:
    """Print the times and the ratio of each demo, and the median of all."""
    heading("Slider round trip against an empty FastAPI response")
    ratios = []
    with TemporaryDirectory() as folder:
        loaded(Path(folder), 10)
        with (
            serving(BARE, bare_env(folder)) as baseline,
            serving(RECUR, recur_env(Path(folder))) as recur,
            closing(baseline.connect()) as to_baseline,
            closing(recur.connect()) as to_recur,
        ):
            for demo in all_demos().values():
                timings = measure(demo, to_baseline, to_recur)
                for timing in timings:
                    row(timing)
                ratios.append(timings[1].median / timings[0].median)
                ratio(demo.name, ratios[-1], None if demo.training else MOST)
    ratio("median of all demos", statistics.median(ratios), 3)
