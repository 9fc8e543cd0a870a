"""A learner with a deck, to be driven through days of study."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text, update

from app.database import Database
from app.models import Card, Deck, Learner, Topic
from app.study.learner.preferences import Preferences
from app.study.schedule.buttons import Offer, offer
from app.study.schedule.rate import Answer, Rated, rate
from app.study.schedule.replay import Replayed, replay
from app.study.schedule.review_log import SEED, stored_state
from app.study.schedule.undo import Undone, undo
from app.study.sitting.plans import Interview, plans, store
from app.study.sitting.queue import Progress, Queue, next_card, progress
from app.tables import CARD, CARD_STATE, LEARNER
from tests.databases import Backend, as_stored

DECK = 1
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass
class Study:
    """One database, one deck, one clock."""

    database: Database
    prefs: Preferences
    now: datetime = NOON
    tokens: Iterator[int] = field(default_factory=count)

    def add_cards(self, number: int, topic: str = "t1") -> list[int]:
        with self.database.write() as session:
            found = session.connection().execute(text("SELECT id FROM topic WHERE name = :n"), {"n": topic}).scalar()
            if found is None:
                row = Topic(
                    deck_id=DECK, name=topic, path=topic, title=topic, place=topic, explanation_html="",
                    key_points_html="",
                )  # fmt: skip
                session.add(row)
                session.flush()
                found = row.id
            first = session.connection().execute(text("SELECT coalesce(max(id), 0) + 1 FROM card")).scalar_one()
            ids = list(range(first, first + number))
            rows = [
                Card(
                    id=n, deck_id=DECK, topic_id=found or 0, name=f"c{n}", is_named=True, place=f"{n:06}", line=1,
                    question="?", question_html="?", short_html="!", answer_html="!", content_hash="", answer_hash="",
                ).model_dump()
                for n in ids
            ]  # fmt: skip
            session.connection().execute(insert(CARD), rows)
        return ids

    def retire(self, card_id: int, retired_at: datetime | None = NOON) -> None:
        with self.database.write() as session:
            session.connection().execute(update(CARD).where(CARD.c.id == card_id).values(retired_at=retired_at))

    def later(self, **lapse: float) -> None:
        self.now += timedelta(**lapse)

    def offer(self, card_id: int, revealed_at: datetime | None = None) -> Offer:
        with self.database.read() as session:
            connection = session.connection()
            state = stored_state(connection, self.prefs.learner_id, card_id)
            seed = connection.execute(select(SEED).where(CARD.c.id == card_id)).scalar()
            return offer(self.prefs, state, card_id if seed is None else seed, revealed_at or self.now)

    def answer(self, card_id: int, rating: int, **changes: Any) -> Answer:
        """A form as it would be made now."""
        revealed_at = changes.pop("revealed_at", self.now)
        values: dict[str, Any] = {
            "card_id": card_id,
            "rating": rating,
            "token": f"token-{next(self.tokens)}",
            "after": changes["after"] if "after" in changes else self.offer(card_id).after,
            "shown_at": revealed_at,
            "revealed_at": revealed_at,
        }
        return Answer(**values | changes)

    def send(self, answer: Answer) -> Rated:
        with self.database.write() as session:
            return rate(session, self.prefs, answer, self.now)

    def rate(self, card_id: int, rating: int, **changes: Any) -> Rated:
        return self.send(self.answer(card_id, rating, **changes))

    def undo(self, token: str | None = None) -> Undone | None:
        with self.database.write() as session:
            return undo(session, self.prefs, token or f"undo-{next(self.tokens)}", self.now)

    def next(self, queue: Queue | None = None) -> int | None:
        with self.database.read() as session:
            card = next_card(session, self.prefs, self.now, queue or Queue(DECK))
            return None if card is None else card.id

    def progress(self, queue: Queue | None = None, sitting: str | None = None) -> Progress:
        with self.database.read() as session:
            return progress(session, self.prefs, self.now, queue or Queue(DECK), sitting)

    def replay(self, learner_id: int | None = None) -> Replayed:
        with self.database.write() as session:
            return replay(session, learner_id)

    def states(self, learner_id: int = 1) -> list[tuple[Any, ...]]:
        """The learner's rows of card_state as they are stored, to the bit."""
        query = select(CARD_STATE).where(CARD_STATE.c.learner_id == learner_id).order_by(CARD_STATE.c.card_id)
        with self.database.read() as session:
            return [tuple(row) for row in session.connection().execute(query)]

    def once_more(self) -> dict[int, datetime]:
        """The cards missed today and recalled once since, read from the log; by the time from which they may come."""
        today = self.prefs.day(self.now).isoformat()
        log = self.rows(
            "SELECT id, card_id, rating, undoes_id, day FROM review WHERE learner_id = 1 ORDER BY counts_at"
        )
        undone = {row[3] for row in log}
        given: dict[int, list[int]] = {}
        for number, card, rating, _undoes, day in log:
            if rating is not None and number not in undone and str(day)[:10] == today:
                given.setdefault(card, []).append(rating)
        once = [card for card, ratings in given.items() if len(ratings) > 1 and ratings[-1] > 2 >= ratings[-2]]
        return {row[1]: row[8] + timedelta(minutes=1) for row in self.states() if row[1] in once and row[5] is None}

    def plan(self, days: int, **fields: Any) -> None:
        """An interview in so many days, in place of one with the same name."""
        on = self.prefs.day(self.now) + timedelta(days=days)
        with self.database.write() as session:
            store(session, 1, replace(Interview("interview", on), **fields))
            self.prefs = replace(self.prefs, plans_until=max(one.interview_on for one in plans(session, 1)))

    def last_rated(self) -> int | None:
        """The card of the last rating that stands."""
        rows = self.rows(
            "SELECT card_id FROM review AS given WHERE rating IS NOT NULL AND learner_id = 1 AND NOT EXISTS"
            " (SELECT 1 FROM review AS undo WHERE undo.undoes_id = given.id) ORDER BY counts_at DESC, token DESC"
        )
        return rows[0][0] if rows else None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.read() as session:
            return [tuple(map(as_stored, row)) for row in session.connection().execute(text(query))]


@pytest.fixture(scope="session")
def new_study(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], AbstractContextManager[Study]]:
    """Makes a fresh database with so many cards; for property tests, which need one for each example."""
    folder = tmp_path_factory.mktemp("studies")

    def fill(database: Database) -> None:
        with database.write() as session:
            session.add(Deck(id=DECK, name="rnn", title="RNN"))
            session.connection().execute(insert(LEARNER), [Learner(id=2, name="Second").model_dump()])

    @contextmanager
    def make(cards: int) -> Iterator[Study]:
        url = backend.new(folder, backend.template("a deck", fill))
        database = Database(url)
        try:
            study = Study(database, Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9))
            study.add_cards(cards)
            yield study
        finally:  # or a test that fails would have others fail after it
            database.close()
            backend.drop(url)

    return make


@pytest.fixture
def study(new_study: Callable[[int], AbstractContextManager[Study]]) -> Iterator[Study]:
    """Learner 1 in Berlin at noon, with ten new cards."""
    with new_study(10) as made:
        yield made
