"""Rebuilding card_state from the reviews alone."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlmodel import Session

from app.study.history import COUNTED, COUNTED_COLUMNS, SEED, STANDS, columns
from app.study.state import Counted, fold
from app.study.tables import CARD, CARD_STATE, NEW_CARD_CURSOR, REVIEW

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many cards (of each learner) have a state now, and how many ratings stand behind them."""

    cards: int
    reviews: int


_REVIEWS = (
    select(REVIEW.c.learner_id, REVIEW.c.card_id, SEED, *COUNTED_COLUMNS)
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id))
    .where(STANDS)
    .order_by(REVIEW.c.learner_id, REVIEW.c.card_id, REVIEW.c.id)
    .execution_options(yield_per=BATCH)
)


def replay(session: Session, learner_id: int | None = None) -> Replayed:
    """Make card_state what the reviews say, for one learner or for all. Call it in a write session.

    Only a batch of reviews and states is held at a time.
    """
    connection = session.connection()
    reviews, states, cursors = _REVIEWS, delete(CARD_STATE), delete(NEW_CARD_CURSOR)
    if learner_id is not None:
        reviews = reviews.where(REVIEW.c.learner_id == learner_id)
        states = states.where(CARD_STATE.c.learner_id == learner_id)
        cursors = cursors.where(NEW_CARD_CURSOR.c.learner_id == learner_id)
    connection.execute(states)
    connection.execute(cursors)

    cards = counted = 0
    batch: list[dict[str, Any]] = []
    for (learner, card, seed), rows in groupby(connection.execute(reviews), key=lambda row: row[:3]):
        state = fold(seed, (Counted(*row[3:]) for row in rows))
        if state is None:  # groupby gives no empty group
            continue
        batch.append(columns(state) | {"learner_id": learner, "card_id": card})
        cards += 1
        counted += state.reviews
        if len(batch) == BATCH:
            _store(connection, batch)
            batch = []
    _store(connection, batch)
    return Replayed(cards, counted)


def _store(connection: Connection, batch: list[dict[str, Any]]) -> None:
    if batch:
        connection.execute(insert(CARD_STATE), batch)
