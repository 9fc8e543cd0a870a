"""Take back the last rating, and the one before it: exactly, one step each."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlmodel import Session

from app.database import lock_learner
from app.models import Review
from app.study.learner.preferences import Preferences
from app.study.schedule.checksum import checksum
from app.study.schedule.new_card_cursor import MOVE_CURSOR_BACK
from app.study.schedule.rate import check_token
from app.study.schedule.review_log import (
    COUNTED,
    STANDS,
    as_review,
    review_by_id,
    seed_of,
    standing_ratings,
    use_of,
)
from app.study.schedule.scheduler import CountedRating, State, fold
from app.study.schedule.totals import Place, add_rating
from app.tables import CARD, CARD_STATE, REVIEW, THE_LEARNER, without_index


@dataclass(frozen=True, slots=True)
class Undone:
    """The rating that was taken back and its card. `repeated` is True if this very undo had been sent before."""

    review: Review
    card_id: int
    repeated: bool


_STATE = (CARD_STATE.c.learner_id == THE_LEARNER) & (CARD_STATE.c.card_id == bindparam("card"))
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
    values = {
        "learner_id": learner.learner_id,
        "card_id": review.card_id,
        "token": token,
        "undoes_id": review.id,
        "rated_at": now.astimezone(UTC),
        "day": learner.day(now),
        "desired_retention": learner.desired_retention,
    }
    connection.execute(insert(REVIEW), values | {"checksum": checksum(values, review.token)})
    state = _restore(connection, learner.learner_id, review.card_id)
    card = connection.execute(_CARD, {"card": review.card_id}).one()
    # The learner's last rating is also the card's: it was given at the state that is restored.
    place = Place(learner.learner_id, card.deck_id, card.topic_id)
    taken = CountedRating(**{name: getattr(review, name) for name in CountedRating._fields})
    add_rating(connection, place, state, taken, sign=-1)
    if state is None:
        back = {"learner": learner.learner_id, "deck": card.deck_id, "back_to": card.place}
        connection.execute(MOVE_CURSOR_BACK, back)
    return Undone(review, review.card_id, repeated=False)


def _restore(connection: Connection, learner_id: int, card_id: int) -> State | None:
    """Rebuild the card's stored state from the ratings that were not undone, and return it."""
    key = {"learner": learner_id, "card": card_id}
    state = fold(seed_of(connection, card_id), standing_ratings(connection, learner_id, card_id))
    if state is not None:
        connection.execute(_RESTORE, key | state._asdict())
    else:
        connection.execute(_FORGET, key)
    return state
