"""Taking back the last rating, and the one before it: exactly, as one step each."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlmodel import Session

from app.models import Review
from app.study.learner.preferences import Preferences
from app.study.schedule.form_id import check_token, use_of
from app.study.schedule.new_card_cursor import move_cursor_back
from app.study.schedule.review_log import (
    COUNTED,
    STANDS,
    add_review,
    as_review,
    columns,
    counted,
    review_by_id,
    seed_of,
)
from app.study.schedule.state import Counted, State, fold
from app.study.schedule.totals import Place, add_rating
from app.tables import CARD, CARD_STATE, REVIEW, THE_LEARNER, lock_learner, without_index


@dataclass(frozen=True, slots=True)
class Undone:
    """The rating that was taken back and its card. `repeated`: this very undo had been sent before."""

    review: Review
    card_id: int
    repeated: bool


_STATE = (CARD_STATE.c.learner_id == bindparam("learner")) & (CARD_STATE.c.card_id == bindparam("card"))
# By an index, the planner would gather all of a learner's reviews, only to sort them by id.
_LAST = (
    select(REVIEW)
    .select_from(COUNTED)
    .where(without_index(REVIEW.c.learner_id == THE_LEARNER), STANDS)
    .order_by(REVIEW.c.id.desc())
    .limit(1)
)
_CARD = select(CARD.c.deck_id, CARD.c.topic_id, CARD.c.place).where(CARD.c.id == bindparam("card"))
_FORGET = delete(CARD_STATE).where(_STATE)
_RESTORE = update(CARD_STATE).where(_STATE)


def last_rating(session: Session, prefs: Preferences) -> Review | None:
    """The learner's latest rating that stands: what `undo` would take back."""
    row = session.connection().execute(_LAST, {"learner": prefs.learner_id}).mappings().one_or_none()
    return None if row is None else as_review(row)


def undo(session: Session, prefs: Preferences, token: str, now: datetime) -> Undone | None:
    """Take back the learner's latest rating that stands; None when there is none.

    The same `token` twice undoes once. Call it in a write session. Raises ValueError for a token that is malformed or
    was used by a rating.
    """
    check_token(token)
    connection = session.connection()
    lock_learner(connection, prefs.learner_id)
    used = use_of(connection, token, prefs.learner_id)
    if used is not None:
        if used.review.undoes_id is None:
            raise ValueError("The form's token was used by a rating. Load the page again.")
        undone = review_by_id(connection, used.review.undoes_id)
        return Undone(undone, undone.card_id, repeated=True)

    review = last_rating(session, prefs)
    if review is None:
        return None
    values = {
        "learner_id": prefs.learner_id,
        "card_id": review.card_id,
        "token": token,
        "undoes_id": review.id,
        "rated_at": now.astimezone(UTC),
        "day": prefs.day(now),
        "desired_retention": prefs.desired_retention,
    }
    add_review(connection, values)
    state = _restore(connection, prefs.learner_id, review.card_id)
    card = connection.execute(_CARD, {"card": review.card_id}).one()
    taken = Counted(*(getattr(review, name) for name in Counted._fields))
    # The learner's last rating is also the card's: it was given at the state that is restored.
    add_rating(connection, Place(prefs.learner_id, card.deck_id, card.topic_id), state, taken, sign=-1)
    if state is None:
        move_cursor_back(connection, prefs.learner_id, card.deck_id, card.place)
    return Undone(review, review.card_id, repeated=False)


def _restore(connection: Connection, learner_id: int, card_id: int) -> State | None:
    """Make the card's state that of the reviews that stand, and return it."""
    key = {"learner": learner_id, "card": card_id}
    state = fold(seed_of(connection, card_id), counted(connection, learner_id, card_id))
    if state is not None:
        connection.execute(_RESTORE, key | columns(state))
    else:
        connection.execute(_FORGET, key)
    return state
