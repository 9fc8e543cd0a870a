"""A review's round trip against a bare FastAPI + SQLModel insert-and-select, at 1 and 16 connections.

The answer holds the next card with its own answer, hidden, so that showing it asks the server nothing more.
"""

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
NOTE = "rating=4"
# A sitting that does not end, so that every answer holds a next card.
ALL_DAY = {"RECUR_NEW_PER_DAY": "9999"}
# Few enough for one learner's long day: the count of what is done today is part of the page.
REVIEWS = 384
EACH = 8
"""So many ratings a client sends before it is the other side's turn: what else the machine does meets both."""
WARM_UP = 30
AIM = 1.3
"""Times the bare stack's round trip, on one connection: where a rating is to come."""
REACHED = 1.6
"""Times the bare stack's processor time, which a rating must not exceed again."""


def post(connection: http.client.HTTPConnection, path: str, body: str, headers: dict[str, str]) -> float:
    """Send the form. Returns the seconds until all of the answer was there. Raises RuntimeError if it is not 200."""
    start = time.perf_counter()
    connection.request("POST", path, body, FORM | headers)
    response = connection.getresponse()
    response.read()
    seconds = time.perf_counter() - start
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return seconds


def rating_form(connection: http.client.HTTPConnection, card: int, deck: str, headers: dict[str, str]) -> str:
    """The form that rates the card with 4, as its page has it."""
    query = urlencode({"card": card, "shown_at": "2026-01-01T08:00:00+00:00", "deck": deck})
    connection.request("GET", f"/review?{query}", headers=headers)
    page = connection.getresponse().read().decode()
    fields = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
    return urlencode(fields | {"rating": 4})


def _together(server: ServerProcess, path: str, shares: "list[list[str]]") -> list[float]:
    """Each client posts its share of the bodies, all at once. Returns the seconds of each post."""
    seconds: list[list[float]] = [[] for _ in shares]
    ready = threading.Barrier(len(shares))
    failures: list[BaseException] = []

    def send(me: int) -> None:
        try:
            connection = server.connect()
            connection.connect()
            ready.wait()
            seconds[me] = [post(connection, path, body, PART) for body in shares[me]]
        except BaseException as error:
            failures.append(error)
            ready.abort()
            raise

    threads = [threading.Thread(target=send, args=(me,)) for me in range(len(shares))]
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
        cards = loaded(Path(folder), WARM_UP + REVIEWS)
        with (
            serving(BARE, bare_env(folder)) as baseline,
            serving(RECUR, recur_env(Path(folder)) | ALL_DAY) as recur,
        ):
            connection = recur.connect()
            forms = [rating_form(connection, card, "bench", PART) for card in cards]
            _together(baseline, "/note", [[NOTE] * WARM_UP])
            _together(recur, "/review", [forms[:WARM_UP]])
            ours: list[float] = []
            theirs: list[float] = []
            before = recur.cpu_seconds(), baseline.cpu_seconds()
            for start in range(WARM_UP, WARM_UP + REVIEWS, EACH * clients):
                shares = [forms[at : at + EACH] for at in range(start, start + EACH * clients, EACH)]
                theirs += _together(baseline, "/note", [[NOTE] * EACH] * clients)
                ours += _together(recur, "/review", shares)
            used = recur.cpu_seconds() - before[0], baseline.cpu_seconds() - before[1]
    bare_timing = Timing(f"bare, {clients} connections", theirs)
    recur_timing = Timing(f"Recur, {clients} connections", ours)
    row(bare_timing)
    row(recur_timing)
    ratio(f"median, {clients} connections", recur_timing.median / bare_timing.median, AIM if clients == 1 else 2)
    if used[1]:
        ratio(f"processor time, {clients} connections", used[0] / used[1], REACHED if clients == 1 else 2)
    ratio(f"p99, {clients} connections", recur_timing.p99 / bare_timing.p99, None)
    if clients > 1:
        ratio("Recur's p99 over its own median", recur_timing.p99 / recur_timing.median, 5)
