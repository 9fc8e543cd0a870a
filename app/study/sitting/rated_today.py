"""What was rated last, today and in a sitting, from the reviews that were not undone: as parts of statements."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from app.study.learner.preferences import Preferences
from app.study.schedule.review_log import COUNTED, LATEST_FIRST, STANDS
from app.study.schedule.scale import Rating
from app.tables import CARD_STATE, NONE, ONE, REVIEW, THE_LEARNER, TODAY, without_index

_RATED = select(REVIEW.c.card_id).select_from(COUNTED).where(REVIEW.c.learner_id == THE_LEARNER, STANDS)
LAST_RATED = _RATED.order_by(*LATEST_FIRST).limit(ONE).offset(NONE).scalar_subquery()
"""The card that the learner rated last."""
RATED_IN_SITTING = _RATED.where(REVIEW.c.day == TODAY, REVIEW.c.sitting == bindparam("sitting"))
"""The cards rated today in the sitting that reviews keep under this name."""

_MISSED_TODAY = _RATED.where(REVIEW.c.day == TODAY, REVIEW.c.rating <= Rating.HARDLY)
_RATING_BEFORE = (
    select(REVIEW.c.rating)
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.card_id == CARD_STATE.c.card_id, REVIEW.c.day == TODAY, STANDS)
    .order_by(*LATEST_FIRST)
    .limit(ONE)
    .offset(ONE)
    .correlate(CARD_STATE)
    .scalar_subquery()
)
COMES_ONCE_MORE = (
    CARD_STATE.c.card_id.in_(_MISSED_TODAY)
    & without_index(CARD_STATE.c.due_at.is_(None) & (CARD_STATE.c.reviewed_on == TODAY))
    & (_RATING_BEFORE <= Rating.HARDLY)
)
"""For a row of `card_state`: missed today, and recalled just once since. What is recalled twice lasts (successive
relearning: Rawson, Dunlosky and Sciartelli 2013)."""

_ONCE_MORE = select(func.count()).select_from(CARD_STATE).where(CARD_STATE.c.learner_id == THE_LEARNER, COMES_ONCE_MORE)
_IS_ONCE_MORE = _ONCE_MORE.where(CARD_STATE.c.card_id == bindparam("card"))


def is_once_more(connection: Connection, learner: Preferences, now: datetime, card_id: int) -> bool:
    """True if the card comes back a second time today."""
    values = {"learner": learner.learner_id, "today": learner.day(now), "card": card_id}
    return bool(connection.execute(_IS_ONCE_MORE, values).scalar_one())
