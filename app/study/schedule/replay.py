"""Rebuild the derived tables, card_state and the totals, from the reviews alone."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, insert, select
from sqlmodel import Session

from app.database import Database, lock_learner
from app.study.schedule.review_log import COUNTED, COUNTED_COLUMNS, IN_ORDER, SEED, STANDS
from app.study.schedule.scheduler import CountedRating, steps
from app.study.schedule.totals import Place, Sums
from app.tables import CARD, CARD_STATE, DAY_TOTAL, FORECAST, LEARNER, MONTH_TOTAL, NEW_CARD_CURSOR, REVIEW

BATCH = 1_000
MOST_SUMS = 20_000
DERIVED: tuple[Table, ...] = (CARD_STATE, NEW_CARD_CURSOR, DAY_TOTAL, MONTH_TOTAL, FORECAST)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many cards (of each learner) have a state now, and how many ratings they were made from."""

    cards: int
    reviews: int


_REVIEWS = (
    select(REVIEW.c.learner_id, REVIEW.c.card_id, SEED, CARD.c.deck_id, CARD.c.topic_id, *COUNTED_COLUMNS)
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id))
    .where(STANDS)
    .order_by(REVIEW.c.learner_id, REVIEW.c.card_id, *IN_ORDER)
    .execution_options(yield_per=BATCH)
)
_RATED_BEFORE_TOTALS = select(LEARNER.c.id).where(
    exists().select_from(COUNTED).where(REVIEW.c.learner_id == LEARNER.c.id, STANDS),
    ~exists().where(DAY_TOTAL.c.learner_id == LEARNER.c.id),
)


def replay(session: Session, learner_id: int | None = None) -> Replayed:
    """Rebuild card_state and the totals, for one learner or for all. Call it in a write session.

    The checkpoints of forecasts are dropped, and folded again when they are needed (study/forecast/checkpoints.py).
    Only a batch of reviews, states and sums is in memory at a time.
    """
    connection = session.connection()
    lock_learner(connection, learner_id)
    reviews = _REVIEWS if learner_id is None else _REVIEWS.where(REVIEW.c.learner_id == learner_id)
    for table in DERIVED:
        emptied = delete(table)
        connection.execute(emptied if learner_id is None else emptied.where(table.c.learner_id == learner_id))

    cards = counted = 0
    batch: list[dict[str, Any]] = []
    sums = Sums()
    for (learner, card, seed, deck, topic), rows in groupby(connection.execute(reviews), key=lambda row: row[:5]):
        place, state = Place(learner, deck, topic), None
        for before, review, after in steps(seed, (CountedRating(*row[5:]) for row in rows)):
            sums.add(place, before, review)
            state = after
        if state is None:  # groupby gives no empty group
            continue
        batch.append(state._asdict() | {"learner_id": learner, "card_id": card})
        cards += 1
        counted += state.reviews
        if len(batch) == BATCH:
            _store(connection, batch)
            batch = []
        if len(sums) > MOST_SUMS:
            sums.write(connection)
    _store(connection, batch)
    sums.write(connection)
    return Replayed(cards, counted)


def replay_what_has_no_totals(database: Database) -> None:
    """Replay the learners who rated before there were totals. Call it after a database was migrated."""
    with database.read() as session:
        learners = session.connection().execute(_RATED_BEFORE_TOTALS).scalars().all()
    for learner_id in learners:
        with database.write() as session:
            replay(session, learner_id)


def _store(connection: Connection, batch: list[dict[str, Any]]) -> None:
    if batch:
        connection.execute(insert(CARD_STATE), batch)
