"""/browse over 20,000 cards, with 10,000 and with 1,000,000 reviews: plain, with words, filtered and sorted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi.testclient import TestClient

from app.cards.load import search
from app.database import Database
from app.main import create_app
from app.settings import Settings
from bench.cards import database_with_cards
from bench.figures import Timing, heading, ratio, row, timed

CARDS = 20_000
FEW, MANY = 10_000, 1_000_000
CALLS = 15
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ADDRESSES = {
    "plain": "/browse",
    "words": "/browse?q=number+77",
    "a word on every card": "/browse?q=wha",
    "learning, by recall": "/browse?state=learning&sort=recall",
    "all, by recall": "/browse?sort=recall",
    "words, due, by difficulty": "/browse?q=number&state=due&sort=difficulty",
    "the last page by question": f"/browse?sort=question&page={CARDS // 50}",
}
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}

# Every card is rated equally often, a day apart; what was rated at all is known to one degree or another.
REVIEWS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :reviews)
INSERT INTO review (id, learner_id, card_id, token, rating, rated_at, day, desired_retention)
SELECT i + 1, 1, i % :cards + 1, 'bench-' || i, i % 5 + 1,
    datetime('2026-05-31', '-' || ((:reviews - 1 - i) / :cards) || ' days') || '.000000',
    date('2026-05-31', '-' || ((:reviews - 1 - i) / :cards) || ' days'), 0.9
FROM n
"""
STATES = """
INSERT INTO card_state (learner_id, card_id, stability, difficulty, due_on, introduced_on, reviewed_on, reviewed_at,
    reviews, lapses, last_review_id)
SELECT 1, card_id, 0.5 + card_id * 7919 % 800 / 10.0, 1 + card_id % 90 / 10.0,
    date('2026-05-20', '+' || (card_id * 31 % 60) || ' days'), min(day),
    date(max(day), '-' || (card_id * 17 % 40) || ' days'), max(rated_at), count(*), card_id % 7, max(id)
FROM review GROUP BY card_id
"""
MARKS = """
INSERT INTO card_mark (learner_id, card_id, is_suspended, is_flagged, note)
SELECT 1, id, id % 20 = 0, id % 30 = 0, '' FROM card WHERE id % 20 = 0 OR id % 30 = 0
"""


def _database(path: Path, reviews: int) -> Database:
    database_with_cards(path, CARDS)
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        connection = session.connection()
        search.rebuild(connection)
        for statement in (REVIEWS, STATES, MARKS):
            connection.exec_driver_sql(statement, {"reviews": reviews, "cards": CARDS})
    return database


@contextmanager
def _client(reviews: int) -> Iterator[TestClient]:
    with TemporaryDirectory() as folder:
        database = _database(Path(folder) / "recur.sqlite", reviews)
        settings = Settings(time_zone="UTC", watch=False, content_dir=Path(folder))
        with TestClient(create_app(settings, database, lambda: NOW), base_url="http://127.0.0.1:8000") as client:
            yield client


def _ask(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=PART)
    if answer.status_code != 200 or "card-" not in answer.text:
        raise RuntimeError(f"{path} answered {answer.status_code}")


def run() -> None:
    """Print the times and the ratios."""
    heading(f"/browse over {CARDS:,} cards, from the request to the last byte in one process")
    with _client(FEW) as few, _client(MANY) as many:
        for name, path in ADDRESSES.items():
            seconds: tuple[list[float], list[float]] = ([], [])
            for i in range(-2, CALLS):  # in turns, so that a busy machine slows both alike
                for client, taken in zip((few, many), seconds, strict=True):
                    one = timed(partial(_ask, client, path))
                    taken += [one] if i >= 0 else []
            small, large = Timing(f"{name}, {FEW:,} reviews", seconds[0]), Timing(f"{name}, {MANY:,}", seconds[1])
            row(small)
            row(large)
            ratio("its median over 50 ms", large.median / 0.050, 1)
            ratio(f"{MANY:,} reviews over {FEW:,}", large.median / small.median, 2)
