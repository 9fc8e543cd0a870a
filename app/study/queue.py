"""Which card comes next, and how far the sitting has come."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, Integer, Select, and_, bindparam, case, func, select
from sqlmodel import Session

from app.models import Card
from app.study.learner import Preferences
from app.study.new_cards import unseen
from app.study.tables import CARD, CARD_STATE, REVIEW

MOST_COUNTED = 500
"""No count of cards goes further, so that a page costs the same with a million cards."""

LEARNER: BindParameter[int] = bindparam("learner")
DECK: BindParameter[int] = bindparam("deck")
NOW: BindParameter[datetime] = bindparam("now")
TODAY: BindParameter[date] = bindparam("today", type_=Date())
_TOPIC: BindParameter[int | None] = bindparam("topic", type_=Integer())
IN_TOPIC = _TOPIC.is_(None) | (CARD.c.topic_id == _TOPIC)
"""Every card, or those of one topic."""


def _flag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition`, in a form for which no planner will leave the index that is meant."""
    return case((condition, 1), else_=0) == 1


# As a subquery, not a join: a planner without statistics might begin with all cards of the deck.
_ASKED_CARD = and_(CARD.c.id == CARD_STATE.c.card_id, CARD.c.retired_at.is_(None), IN_TOPIC)
ASKED = select(CARD.c.deck_id).where(_ASKED_CARD).scalar_subquery()
MINE = and_(CARD_STATE.c.learner_id == LEARNER, ASKED == DECK)
IN_SITTING = and_(MINE, CARD_STATE.c.due_at.is_not(None), _flag(CARD_STATE.c.due_on >= TODAY))
# A card that was missed on an earlier day and left is simply due.
DUE = and_(MINE, CARD_STATE.c.due_on <= TODAY, _flag(CARD_STATE.c.due_at.is_(None) | (CARD_STATE.c.due_on < TODAY)))

_INTRODUCED = (
    select(func.count())
    .select_from(CARD_STATE)
    .where(CARD_STATE.c.learner_id == LEARNER, CARD_STATE.c.introduced_on == TODAY)
    .scalar_subquery()
)
_NEW_PER_DAY: BindParameter[int] = bindparam("new_per_day")
_JUST_RATED = (
    select(REVIEW.c.card_id)
    .where(REVIEW.c.learner_id == LEARNER, REVIEW.c.day <= TODAY)
    .order_by(REVIEW.c.day.desc(), REVIEW.c.id.desc())
    .limit(1)
    .scalar_subquery()
)

_STATE = select(CARD_STATE.c.card_id)
_BACK = _STATE.where(IN_SITTING, CARD_STATE.c.due_at <= NOW).order_by(CARD_STATE.c.due_at)
_OLDEST = _STATE.where(DUE).order_by(CARD_STATE.c.due_on)
_AHEAD = _STATE.where(IN_SITTING, CARD_STATE.c.due_at > NOW).order_by(
    _flag(CARD_STATE.c.card_id == _JUST_RATED), CARD_STATE.c.due_at
)


def _first(cards: Select[Any]) -> ColumnElement[int]:
    return cards.limit(1).scalar_subquery()


# Both databases look at the next part only when the one before it found nothing.
_NEXT = select(
    func.coalesce(
        _first(_BACK),
        _first(_OLDEST),
        case((_INTRODUCED < _NEW_PER_DAY, _first(unseen("id", IN_TOPIC))), else_=None),
        _first(_AHEAD),
    )
)


def next_card(
    session: Session, prefs: Preferences, now: datetime, deck_id: int, topic_id: int | None = None
) -> Card | None:
    """The card to ask now, of the deck or of one topic; None when the sitting is over.

    First cards missed earlier in the sitting whose minutes have passed, then due cards, the longest due first, then
    new ones in learning order while the day's allowance lasts, and at last missed cards ahead of their time, so that
    a sitting need not wait. The card rated just now comes only when there is no other.
    """
    card_id = session.connection().execute(_NEXT, parameters(prefs, now, deck_id, topic_id)).scalar()
    return None if card_id is None else session.get(Card, card_id)


@dataclass(frozen=True, slots=True)
class Progress:
    """Cards done today and still to do: due, missed in this sitting, and new ones the day allows.

    None is counted further than MOST_COUNTED.
    """

    done: int
    due: int
    in_sitting: int
    new: int

    @property
    def remaining(self) -> int:
        """Everything still to do today."""
        return self.due + self.in_sitting + self.new


def _count(cards: Select[Any], limit: int | BindParameter[int] = MOST_COUNTED) -> ColumnElement[int]:
    return select(func.count()).select_from(cards.limit(limit).subquery()).scalar_subquery()


_REVIEWED = select(REVIEW.c.card_id).where(REVIEW.c.learner_id == LEARNER, REVIEW.c.day == TODAY)
_DONE = and_(
    MINE,
    CARD_STATE.c.card_id.in_(_REVIEWED),
    _flag((CARD_STATE.c.reviewed_on == TODAY) & CARD_STATE.c.due_at.is_(None)),
)
_MOST_NEW: BindParameter[int] = bindparam("most_new")
_PROGRESS = select(
    _count(_STATE.where(_DONE)),
    _count(_STATE.where(DUE)),
    _count(_STATE.where(IN_SITTING)),
    _count(unseen("id", IN_TOPIC), _MOST_NEW),
    _INTRODUCED,
)


def progress(
    session: Session, prefs: Preferences, now: datetime, deck_id: int, topic_id: int | None = None
) -> Progress:
    """How far the learner has come today with the deck, or with one topic."""
    most_new = {"most_new": min(prefs.new_per_day, MOST_COUNTED)}
    row = session.connection().execute(_PROGRESS, parameters(prefs, now, deck_id, topic_id) | most_new).one()
    done, due, in_sitting, unseen_cards, introduced = row
    return Progress(done, due, in_sitting, new=min(unseen_cards, max(0, prefs.new_per_day - introduced)))


def parameters(prefs: Preferences, now: datetime, deck_id: int, topic_id: int | None = None) -> dict[str, Any]:
    """What the statements here are executed with."""
    return {
        "learner": prefs.learner_id,
        "deck": deck_id,
        "topic": topic_id,
        "now": now,
        "today": prefs.day(now),
        "new_per_day": prefs.new_per_day,
    }
