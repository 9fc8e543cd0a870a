"""A card's reviews as they stand: what was undone counts no more."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select

from app.models import Review
from app.study.schedule.state import Counted, State
from app.tables import CARD, CARD_STATE, REVIEW

MAX_ID = 2**31 - 1
"""The largest id that the columns hold on every database."""

UNDOING = REVIEW.alias("undoing")
COUNTED = REVIEW.outerjoin(UNDOING, UNDOING.c.undoes_id == REVIEW.c.id)
"""Every review beside the row that undoes it."""
STANDS = REVIEW.c.rating.is_not(None) & UNDOING.c.id.is_(None)
"""Of COUNTED, the ratings that were not undone."""

SEED = func.coalesce(CARD.c.seed, CARD.c.id)
"""What decides a card's fuzz, together with the number of its reviews."""

COUNTED_COLUMNS = [REVIEW.c[name] for name in Counted._fields]
STATE_COLUMNS = [CARD_STATE.c[field.name] for field in fields(State)]

_OF_CARD = (
    select(*COUNTED_COLUMNS)
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == bindparam("learner"), REVIEW.c.card_id == bindparam("card"), STANDS)
    .where(REVIEW.c.id <= bindparam("last"))
    .order_by(REVIEW.c.id)
)
_STATE = select(*STATE_COLUMNS).where(
    CARD_STATE.c.learner_id == bindparam("learner"), CARD_STATE.c.card_id == bindparam("card")
)
_SEED = select(SEED).where(CARD.c.id == bindparam("card"))
_BY_ID = select(REVIEW).where(REVIEW.c.id == bindparam("id"))
_ADD = insert(REVIEW)


def counted(connection: Connection, learner_id: int, card_id: int, last: int = MAX_ID) -> Iterator[Counted]:
    """The card's ratings that were not undone, up to and with the review `last`, in order."""
    rows = connection.execute(_OF_CARD, {"learner": learner_id, "card": card_id, "last": last})
    return (Counted(*row) for row in rows)


def stored_state(connection: Connection, learner_id: int, card_id: int) -> State | None:
    """The card's row of card_state, or None before its first review."""
    row = connection.execute(_STATE, {"learner": learner_id, "card": card_id}).one_or_none()
    return None if row is None else State(*row)


def seed_of(connection: Connection, card_id: int) -> int:
    """The seed of a card; of one that does not exist, the id."""
    found: int | None = connection.execute(_SEED, {"card": card_id}).scalar()
    return card_id if found is None else found


def review_by_id(connection: Connection, review_id: int) -> Review:
    """A review that is known to exist."""
    return as_review(connection.execute(_BY_ID, {"id": review_id}).mappings().one())


def add_review(connection: Connection, values: dict[str, Any]) -> int:
    """Append a row to the table, and return its id."""
    key = connection.execute(_ADD, values).inserted_primary_key
    return cast(tuple[int], key)[0]


def columns(state: State) -> dict[str, Any]:
    """`state` as the values of a row."""
    return {column.name: getattr(state, column.name) for column in STATE_COLUMNS}


def as_review(row: RowMapping) -> Review:
    """A row of the table as an object of its own, outside any session."""
    return Review(**{column.name: row[column] for column in REVIEW.columns})
