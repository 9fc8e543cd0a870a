"""A server killed amid reviews, many times over: every acknowledged review is there, once."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from app.cards.load.load import load
from app.study.schedule.replay import replay
from bench.cards import CARDS_A_TOPIC, content_folder
from bench.serving import RECUR, ServerProcess, recur_env
from tests.databases import Backend
from tests.examples import DRAWN, share_of
from tests.faults.lives import opened

pytestmark = [pytest.mark.server, pytest.mark.proof, pytest.mark.slow]

KILLS = share_of(8, DRAWN)
REVIEWS = share_of(150, DRAWN)
MOST_KILLS = KILLS + 65
CARDS = 50 * MOST_KILLS
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "HX-Request": "true",
    "HX-Request-Type": "partial",
}


@pytest.fixture
def env(backend: Backend, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a server over many cards."""
    content = content_folder(tmp_path / "content", files=-(-CARDS // CARDS_A_TOPIC), cards_a_file=CARDS_A_TOPIC)
    url = backend.new(tmp_path, backend.migrated)
    with opened(url) as database:
        assert not load(database, content, datetime.now(UTC)).mistakes
    yield recur_env(tmp_path) | {"RECUR_DATABASE_URL": url}
    backend.drop(url)


def form(card: int, deck: str = "bench") -> dict[str, str]:
    """The form of a card never rated before, as its page would hold it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 1))
    return {
        "card": str(card),
        "rating": "4",
        "token": uuid4().hex,
        "after": "0",
        "deck": deck,
        "shown_at": now,
        "revealed_after": "0",
    }


def send(connection: http.client.HTTPConnection, fields: dict[str, str]) -> int:
    connection.request("POST", "/review", urlencode(fields), HEADERS)
    response = connection.getresponse()
    response.read()
    return response.status


def test_every_acknowledged_review_survives_and_a_retried_one_counts_once(env: dict[str, str]) -> None:
    url = env["RECUR_DATABASE_URL"]
    chance = random.Random(7)
    cards = iter(range(1, CARDS + 1))
    acknowledged: list[str] = []
    in_flight: dict[str, str] | None = None
    committed_but_unanswered = 0
    kills = 0
    while kills < KILLS or len(acknowledged) < REVIEWS or not committed_but_unanswered:
        assert kills < MOST_KILLS, "no kill fell between a commit and its answer, or too few reviews: nothing is shown"
        server = ServerProcess(RECUR, env)
        server.wait_until_it_answers()
        connection = server.connect()
        if in_flight is not None:
            before = stored(url).get(in_flight["token"], 0)
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
    counts = stored(url)
    assert [token for token in acknowledged if counts[token] != 1] == []
    assert len(counts) - len(acknowledged) <= 1  # the last one in flight may have been committed
    states_equal_a_replay(url)


def stored(url: str) -> Counter[str]:
    """How often each token is in the log."""
    with opened(url) as database, database.read() as session:
        return Counter(session.connection().exec_driver_sql("SELECT token FROM review").scalars().all())


def states_equal_a_replay(url: str) -> None:
    """What is derived was committed with its review, or not at all."""
    columns = "SELECT card_id, stability, difficulty, due_on, last_review_id FROM card_state ORDER BY card_id"
    with opened(url) as database, database.write() as session:
        before = session.connection().exec_driver_sql(columns).all()
        replay(session)
        assert session.connection().exec_driver_sql(columns).all() == before
        assert before
