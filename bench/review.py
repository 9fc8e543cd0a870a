"""A review's round trip against a bare FastAPI + SQLModel insert-and-select, at 1 and 16 connections."""

import http.client
import re
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from bench.cards import loaded
from bench.figures import Timing, heading, ratio, row
from bench.serving import BARE, RECUR, ServerProcess, bare_env, recur_env, serving

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')
# A sitting that does not end, so that every answer holds a next card.
ALL_DAY = {"RECUR_NEW_PER_DAY": "9999"}
# Few enough for one learner's long day: the count of what is done today is part of the page.
REVIEWS = 384
ROUNDS = 4
WARM_UP = 30


def _post(connection: http.client.HTTPConnection, path: str, body: str) -> float:
    start = time.perf_counter()
    connection.request("POST", path, body, FORM | PART)
    response = connection.getresponse()
    response.read()
    seconds = time.perf_counter() - start
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return seconds


def _rating_form(connection: http.client.HTTPConnection, card: int) -> str:
    query = urlencode({"card": card, "shown_at": "2026-01-01T08:00:00+00:00", "deck": "bench"})
    connection.request("GET", f"/review?{query}", headers=PART)
    page = connection.getresponse().read().decode()
    fields = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
    return urlencode(fields | {"rating": 4})


def _together(server: ServerProcess, clients: int, work: "list[list[int]]", recur: bool) -> list[float]:
    """Each client sends its share, all at once; the forms are fetched before, untimed."""
    seconds: list[list[float]] = [[] for _ in range(clients)]
    ready = threading.Barrier(clients)
    failures: list[BaseException] = []

    def run(me: int) -> None:
        try:
            connection = server.connect()
            bodies = [_rating_form(connection, card) if recur else "rating=4" for card in work[me]]
            ready.wait()
            path = "/review" if recur else "/note"
            seconds[me] = [_post(connection, path, body) for body in bodies]
        except BaseException as error:
            failures.append(error)
            ready.abort()
            raise

    threads = [threading.Thread(target=run, args=(me,)) for me in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [one for mine in seconds for one in mine]


def run() -> None:
    """Print the ratios."""
    heading("Review round trip: POST /review (rate, commit, next card) against one insert and one select")
    for clients in (1, 16):
        _compare(clients)


def _compare(clients: int) -> None:
    with TemporaryDirectory() as folder:
        cards = iter(loaded(Path(folder), WARM_UP + REVIEWS))
        with (
            serving(BARE, bare_env(folder)) as baseline,
            serving(RECUR, recur_env(Path(folder)) | ALL_DAY) as recur,
        ):
            warm_up = [[next(cards) for _ in range(WARM_UP)]]
            _together(baseline, 1, warm_up, recur=False)
            _together(recur, 1, warm_up, recur=True)
            ours: list[float] = []
            theirs: list[float] = []
            share = REVIEWS // ROUNDS // clients
            for _ in range(ROUNDS):
                work = [[next(cards) for _ in range(share)] for _ in range(clients)]
                theirs += _together(baseline, clients, work, recur=False)
                ours += _together(recur, clients, work, recur=True)
    bare_timing = Timing(f"bare, {clients} connections", theirs)
    recur_timing = Timing(f"Recur, {clients} connections", ours)
    row(bare_timing)
    row(recur_timing)
    ratio(f"median, {clients} connections", recur_timing.median / bare_timing.median, 2)
    ratio(f"p99, {clients} connections", recur_timing.p99 / bare_timing.p99, None)
    if clients > 1:
        ratio("Recur's p99 over its own median", recur_timing.p99 / recur_timing.median, 5)
