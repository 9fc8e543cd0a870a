"""The log of reviews: which ratings count (those that were not undone), in which order, and what tokens were used for.

A learner's reviews count in the order of `counts_at`, then of the token. It follows from what was rated when, and not
from what arrived when, so two devices that were offline lead to the same states whichever comes first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, select

from app.models import Review
from app.study.schedule.scheduler import CountedRating, State
from app.tables import CARD, CARD_STATE, FORECAST, REVIEW, THE_LEARNER

MAX_ID = 2**31 - 1
"""The largest id that the columns hold on every database."""

UNDOING = REVIEW.alias("undoing")
COUNTED = REVIEW.outerjoin(UNDOING, UNDOING.c.undoes_id == REVIEW.c.id)
"""Every review beside the row that undoes it."""
STANDS = REVIEW.c.rating.is_not(None) & UNDOING.c.id.is_(None)
"""True for the rows of COUNTED that are ratings and were not undone."""

SEED = func.coalesce(CARD.c.seed, CARD.c.id)
"""Decides a card's fuzz, together with the number of its reviews."""

IN_ORDER = (REVIEW.c.counts_at, REVIEW.c.token)
"""Sorts a learner's reviews, or those of one card."""
LATEST_FIRST = tuple(column.desc() for column in IN_ORDER)
REACHED = select(func.max(REVIEW.c.counts_at)).where(REVIEW.c.learner_id == THE_LEARNER)
"""The time at which the learner's last review counts."""

COUNTED_COLUMNS = [REVIEW.c[name] for name in CountedRating._fields]
STATE_COLUMNS = [CARD_STATE.c[name] for name in State._fields]

_FORGET_FORECASTS = delete(FORECAST).where(
    FORECAST.c.learner_id == THE_LEARNER, FORECAST.c.counts_at >= bindparam("since", type_=FORECAST.c.counts_at.type)
)
_OF_CARD = (
    select(*COUNTED_COLUMNS)
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.card_id == bindparam("card"), STANDS)
    .order_by(*IN_ORDER)
)
_STATE = select(*STATE_COLUMNS).where(CARD_STATE.c.learner_id == THE_LEARNER, CARD_STATE.c.card_id == bindparam("card"))
_BY_ID = select(REVIEW).where(REVIEW.c.id == bindparam("id"))
_USE = select(REVIEW, UNDOING.c.id.label("undone_by")).select_from(COUNTED).where(REVIEW.c.token == bindparam("token"))


@dataclass(frozen=True, slots=True)
class Use:
    """What a token was used for, a rating or an undo, and whether that was undone since."""

    review_id: int
    review: Review
    undone: bool


def change_from(connection: Connection, learner_id: int, counts_at: datetime) -> None:
    """Drop what was learned from the learner's ratings from this time on, because they change.

    Whatever adds a rating before the learner's last one, or takes one away, calls it in its transaction.
    """
    connection.execute(_FORGET_FORECASTS, {"learner": learner_id, "since": counts_at})


def standing_ratings(connection: Connection, learner_id: int, card_id: int) -> Iterator[CountedRating]:
    """The card's ratings that were not undone, in order."""
    rows = connection.execute(_OF_CARD, {"learner": learner_id, "card": card_id})
    return (CountedRating(*row) for row in rows)


def stored_state(connection: Connection, learner_id: int, card_id: int) -> State | None:
    """The card's row of card_state, or None before its first review."""
    row = connection.execute(_STATE, {"learner": learner_id, "card": card_id}).one_or_none()
    return None if row is None else State(*row)


def review_by_id(connection: Connection, review_id: int) -> Review:
    """A review that is known to exist."""
    return as_review(connection.execute(_BY_ID, {"id": review_id}).mappings().one())


def as_review(row: RowMapping) -> Review:
    """A row of the table as an object outside any session."""
    return Review.model_construct(**{column.name: row[column.name] for column in REVIEW.columns})


def use_of(connection: Connection, token: str, learner_id: int) -> Use | None:
    """What `token` was used for; None for a fresh one. Raises ValueError if another learner used it."""
    row = connection.execute(_USE, {"token": token}).mappings().one_or_none()
    if row is None:
        return None
    if row["learner_id"] != learner_id:
        raise ValueError("The form's token is not this learner's. Load the page again.")
    return Use(row["id"], as_review(row), row["undone_by"] is not None)
