"""The next card at 1,000 and at 100,000 cards, half of them seen before today."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import insert

from app.database import Database
from app.models import CardState, Review
from app.settings import Settings
from app.study.learner.preferences import preferences
from app.study.schedule.new_card_cursor import ADD_CURSOR
from app.study.selection.selection import Selection
from app.study.sitting.order import Mode
from app.study.sitting.queue import Queue, next_card
from bench.cards import database_with_cards
from bench.figures import Timing, heading, ratio, row, timed

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = date(2026, 6, 1)
CALLS = 2000


def _history(path: Path, cards: list[int], due: bool) -> None:
    """The first half of the deck has been seen; with `due`, part of it is due today."""
    chance = random.Random(1)
    database = Database(f"sqlite:///{path}")
    seen = cards[: len(cards) // 2]
    past = TODAY - timedelta(days=30)
    with database.write() as session:
        session.execute(
            insert(Review),
            [
                {
                    "id": i,
                    "learner_id": 1,
                    "card_id": card,
                    "token": f"t{i}",
                    "rating": 4,
                    "rated_at": NOW - timedelta(days=30),
                    "day": past,
                    "desired_retention": 0.9,
                }
                for i, card in enumerate(seen, 1)
            ],
        )
        session.execute(
            insert(CardState),
            [
                {
                    "learner_id": 1,
                    "card_id": card,
                    # A third are still being learned, a twentieth are missed again and again.
                    "stability": chance.choice((3.0, 30.0, 90.0)),
                    "difficulty": 5.0,
                    "due_on": TODAY + timedelta(days=chance.randint(-20 if due else 1, 60)),
                    "introduced_on": past,
                    "reviewed_on": past,
                    "reviewed_at": NOW - timedelta(days=30),
                    "reviews": 1,
                    "lapses": chance.choice((0,) * 19 + (5,)),
                    "last_review_id": i,
                }
                for i, card in enumerate(seen, 1)
            ],
        )
    database.close()


DECK = 1
TOPIC = Selection(topic=("topic-30",))
FILTERED = {
    "a topic": Queue(DECK, TOPIC),
    "a level": Queue(DECK, Selection(level="hard")),
    "a tag": Queue(DECK, Selection(tag="tag-7")),
    "a source": Queue(DECK, Selection(source="book-7")),
    "a level of a topic": Queue(DECK, Selection(topic=("topic-30",), level="hard")),
    "learning": Queue(DECK, Selection(state="learning")),
    "leeches": Queue(DECK, Selection(state="leech")),
    "a topic, crammed": Queue(DECK, TOPIC, Mode.CRAM, NOW),
    "everything, ahead": Queue(DECK, mode=Mode.AHEAD, since=NOW),
}


def _measure(count: int, due: bool, queue: Queue | None = None, name: str = "") -> Timing:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recur.sqlite"
        _history(path, database_with_cards(path, count), due)
        database = Database(f"sqlite:///{path}")
        settings = Settings(time_zone="UTC")
        with database.write() as session:
            # As after rating any new card: the hint where the unseen ones begin is there.
            ADD_CURSOR.all(session.connection(), {"learner": 1, "deck": DECK})
        with database.read() as session:
            who = preferences(session, settings, 1)
            asked = queue or Queue(DECK)
            seconds = [timed(lambda: next_card(session, who, NOW, asked)) for _ in range(CALLS)]
        database.close()
    return Timing(name or f"{count:,} cards, {'some due' if due else 'new ones next'}", seconds)


def run() -> None:
    """Print the ratios."""
    heading("Next card, half of the deck seen before")
    for due in (True, False):
        small, large = _measure(1_000, due), _measure(100_000, due)
        row(small)
        row(large)
        ratio("100,000 cards over 1,000", large.median / small.median, 1.5)

    heading("Next card of a filtered sitting, 20,000 cards, half of them seen")
    whole = _measure(20_000, True, name="no filter")
    row(whole)
    for name, queue in FILTERED.items():
        found = _measure(20_000, True, queue, name)
        row(found)
        # Both became quicker, no filter most of all.
        ratio(f"{name} over no filter", found.median / whole.median, 4)
