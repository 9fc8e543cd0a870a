"""Take back the last rating, and the one before it: exactly, one step each."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlmodel import Session

from app.database import lock_learner
from app.models import Review
from app.study.learner.preferences import Preferences
from app.study.schedule.checksum import checksum
from app.study.schedule.rate import check_token, counts_from
from app.study.schedule.refold import refolded
from app.study.schedule.review_log import (
    COUNTED,
    LATEST_FIRST,
    REACHED,
    STANDS,
    as_review,
    change_from,
    review_by_id,
    use_of,
)
from app.tables import REVIEW, THE_LEARNER


@dataclass(frozen=True, slots=True)
class Undone:
    """The rating that was taken back and its card. `repeated` is True if this very undo had been sent before."""

    review: Review
    card_id: int
    repeated: bool


_LAST = (
    select(REVIEW)
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == THE_LEARNER, STANDS)
    .order_by(*LATEST_FIRST)
    .limit(1)
)


def last_rating(session: Session, learner: Preferences) -> Review | None:
    """The learner's latest rating that was not undone: `undo` would take it back."""
    row = session.connection().execute(_LAST, {"learner": learner.learner_id}).mappings().one_or_none()
    return None if row is None else as_review(row)


def undo(session: Session, learner: Preferences, token: str, now: datetime) -> Undone | None:
    """Take back the learner's latest rating; None if none is left.

    The same `token` twice undoes once. Call it in a write session. Raises ValueError if the token is malformed or was
    used by a rating.
    """
    check_token(token)
    connection = session.connection()
    lock_learner(connection, learner.learner_id)
    used = use_of(connection, token, learner.learner_id)
    if used is not None:
        if used.review.undoes_id is None:
            raise ValueError("The form's token was used by a rating. Load the page again.")
        undone = review_by_id(connection, used.review.undoes_id)
        return Undone(undone, undone.card_id, repeated=True)

    review = last_rating(session, learner)
    if review is None:
        return None
    reached = connection.execute(REACHED, {"learner": learner.learner_id}).scalar_one()
    with refolded(connection, learner.learner_id, [review.card_id]):
        add_undo(connection, learner, review, token, (now, counts_from(now, reached)))
    return Undone(review, review.card_id, repeated=False)


def add_undo(
    connection: Connection, learner: Preferences, review: Review, token: str, times: tuple[datetime, datetime]
) -> None:
    """Store the undo of `review`: `times` are when it was made and when it counts. The caller folds the card again."""
    at, counts_at = times
    values: dict[str, Any] = {
        "learner_id": learner.learner_id,
        "card_id": review.card_id,
        "token": token,
        "undoes_id": review.id,
        "rated_at": at.astimezone(UTC),
        "counts_at": counts_at.astimezone(UTC),
        "day": learner.day(at),
        "desired_retention": learner.desired_retention,
    }
    connection.execute(insert(REVIEW), values | {"checksum": checksum(values, review.token)})
    change_from(connection, learner.learner_id, review.counts_at)
