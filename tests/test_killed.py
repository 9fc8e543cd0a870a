"""A server killed amid reviews, many times over: every acknowledged review is there, once."""

import http.client
import random
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from app.database import Database
from app.study.schedule.replay import replay
from bench.cards import loaded
from bench.serving import RECUR, ServerProcess, recur_env
from tests.examples import share_of

pytestmark = [pytest.mark.server, pytest.mark.proof]

KILLS = share_of(8)
REVIEWS = share_of(150)
MOST_KILLS = KILLS + 65
CARDS = 50 * MOST_KILLS
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "HX-Request": "true",
    "HX-Request-Type": "partial",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed")
    loaded(path, CARDS)
    return path


def form(card: int) -> dict[str, str]:
    """The form of a card never rated before, as its page would hold it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 1))
    return {
        "card": str(card),
        "rating": "4",
        "token": uuid4().hex,
        "after": "0",
        "deck": "bench",
        "shown_at": now,
        "revealed_at": now,
    }


def send(connection: http.client.HTTPConnection, fields: dict[str, str]) -> int:
    connection.request("POST", "/review", urlencode(fields), HEADERS)
    response = connection.getresponse()
    response.read()
    return response.status


def test_every_acknowledged_review_survives_and_a_retried_one_counts_once(folder: Path) -> None:
    chance = random.Random(7)
    cards = iter(range(1, CARDS + 1))
    acknowledged: list[str] = []
    in_flight: dict[str, str] | None = None
    committed_but_unanswered = 0
    kills = 0
    while kills < KILLS or len(acknowledged) < REVIEWS or not committed_but_unanswered:
        assert kills < MOST_KILLS, "no kill fell between a commit and its answer, or too few reviews: nothing is shown"
        server = ServerProcess(RECUR, recur_env(folder))
        server.wait_until_it_answers()
        connection = server.connect()
        if in_flight is not None:
            before = stored(folder).get(in_flight["token"], 0)
            assert before <= 1
            committed_but_unanswered += before
            assert send(connection, in_flight) == 200
            acknowledged.append(in_flight["token"])
            in_flight = None
        killer = threading.Timer(chance.uniform(0.02, 0.3), server.kill)
        killer.start()
        try:
            while True:
                in_flight = form(next(cards))
                assert send(connection, in_flight) == 200
                acknowledged.append(in_flight["token"])
        except (OSError, http.client.HTTPException):
            killer.join()
            connection.close()
            server.stop()
        kills += 1
    counts = stored(folder)
    assert [token for token in acknowledged if counts[token] != 1] == []
    assert len(counts) - len(acknowledged) <= 1  # the last one in flight may have been committed
    states_equal_a_replay(folder)


def stored(folder: Path) -> Counter[str]:
    """How often each token is in the log."""
    database = Database(f"sqlite:///{folder / 'recur.sqlite'}")
    with database.read() as session:
        tokens = session.connection().exec_driver_sql("SELECT token FROM review").scalars().all()
    database.close()
    return Counter(tokens)


def states_equal_a_replay(folder: Path) -> None:
    """What is derived was committed with its review, or not at all."""
    columns = "SELECT card_id, stability, difficulty, due_on, last_review_id FROM card_state ORDER BY card_id"
    database = Database(f"sqlite:///{folder / 'recur.sqlite'}")
    with database.write() as session:
        before = session.connection().exec_driver_sql(columns).all()
        replay(session)
        assert session.connection().exec_driver_sql(columns).all() == before
    database.close()
    assert before
