"""Which card comes next."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
)
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from app.models import Card
from app.study.filters import IS_ASKABLE, Filters, Mode, Shape, matching
from app.study.learner import Preferences
from app.study.new_cards import unseen
from app.study.tables import CARD, CARD_STATE, REVIEW

MOST_COUNTED = 500
"""No count of cards goes further, so that a page costs the same with a million cards."""
FIRST_LOOK = 200
"""So many cards in the order in which they would be asked are looked at, before those that a filter lets through are
gathered and put in order: where it lets many through the one finds soon, where few the other."""

EVERYTHING = Filters()
_ALL = EVERYTHING.shape
LEARNER: BindParameter[int] = bindparam("learner")
DECK: BindParameter[int] = bindparam("deck")
NOW: BindParameter[datetime] = bindparam("now")
TODAY: BindParameter[date] = bindparam("today", type_=Date())
SINCE: BindParameter[datetime] = bindparam("since", type_=UTCDateTime())


def _flag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition`, in a form for which no planner will leave the index that is meant."""
    return case((condition, 1), else_=0) == 1


def askable(shape: Shape) -> ColumnElement[bool]:
    """Of a row of `card`: it can be asked at all, and the filters let it through."""
    return and_(IS_ASKABLE, matching(shape))


def mine(shape: Shape = _ALL) -> ColumnElement[bool]:
    """Of a row of `card_state`: it is the learner's, of a card of the deck that can be asked."""
    # As a subquery, not a join: a planner without statistics might begin with all cards of the deck.
    deck = select(CARD.c.deck_id).where(CARD.c.id == CARD_STATE.c.card_id, askable(shape)).scalar_subquery()
    return and_(CARD_STATE.c.learner_id == LEARNER, deck == DECK)


_OWN = CARD_STATE.c.learner_id == LEARNER
IS_IN_SITTING = CARD_STATE.c.due_at.is_not(None) & _flag(CARD_STATE.c.due_on >= TODAY)
# A card that was missed on an earlier day and left is simply due.
IS_SIMPLY_DUE = (CARD_STATE.c.due_on <= TODAY) & _flag(CARD_STATE.c.due_at.is_(None) | (CARD_STATE.c.due_on < TODAY))
IS_AHEAD = (CARD_STATE.c.due_on > TODAY) & _flag(CARD_STATE.c.due_at.is_(None) & (CARD_STATE.c.reviewed_at < SINCE))

_STATE = select(CARD_STATE.c.card_id)
_NEW_PER_DAY: BindParameter[int] = bindparam("new_per_day")
INTRODUCED = (
    select(func.count())
    .select_from(CARD_STATE)
    .where(CARD_STATE.c.learner_id == LEARNER, CARD_STATE.c.introduced_on == TODAY)
    .scalar_subquery()
)
_JUST_RATED = (
    select(REVIEW.c.card_id)
    .where(REVIEW.c.learner_id == LEARNER, REVIEW.c.day <= TODAY)
    .order_by(REVIEW.c.day.desc(), REVIEW.c.id.desc())
    .limit(1)
    .scalar_subquery()
)


def _first(cards: Select[Any]) -> ColumnElement[int]:
    return cards.limit(1).scalar_subquery()


def _first_by_date(condition: ColumnElement[bool], shape: Shape) -> list[ColumnElement[int]]:
    """The card with the earliest due_on under a condition on its state, in one look, or where filtered in two."""
    if not shape:
        return [_first(_STATE.where(mine(), condition).order_by(CARD_STATE.c.due_on))]
    near = (
        select(CARD_STATE.c.card_id, CARD_STATE.c.due_on)
        .where(_OWN, condition)
        .order_by(CARD_STATE.c.due_on)
        .limit(FIRST_LOOK)
        .subquery()
    )
    let_through = exists().where(CARD.c.id == near.c.card_id, CARD.c.deck_id == DECK, askable(shape))
    # The state as a subquery of the card: so the planner begins with the cards that the filter lets through.
    due_on = select(CARD_STATE.c.due_on).where(_OWN, CARD_STATE.c.card_id == CARD.c.id, condition).scalar_subquery()
    far = select(CARD.c.id, due_on.label("due_on")).where(CARD.c.deck_id == DECK, askable(shape)).subquery()
    return [
        _first(select(near.c.card_id).where(let_through).order_by(near.c.due_on)),
        _first(select(far.c.id).where(far.c.due_on.is_not(None)).order_by(far.c.due_on)),
    ]


def _first_new(shape: Shape) -> list[ColumnElement[int]]:
    """The first unseen card in learning order, in one look or where filtered in two."""
    if not shape:
        return [_first(unseen("id", IS_ASKABLE))]
    near = unseen("id").limit(FIRST_LOOK).subquery()
    among = select(CARD.c.id).join(near, near.c.id == CARD.c.id).where(askable(shape)).order_by(CARD.c.place)
    return [_first(among), _first(unseen("id", askable(shape)))]


def not_yet_in_sitting(shape: Shape) -> Select[Any]:
    """The cards that were not rated since the sitting began, in learning order, seen before or not."""
    of_card = and_(_OWN, CARD_STATE.c.card_id == CARD.c.id)
    rated = exists().where(of_card, CARD_STATE.c.reviewed_at >= SINCE)
    missed_today = exists().where(of_card, IS_IN_SITTING)
    wanted = (CARD.c.deck_id == DECK) & askable(shape) & ~rated & ~missed_today
    return select(CARD.c.id).where(wanted).order_by(CARD.c.place)


@lru_cache(maxsize=256)
def _next(shape: Shape, mode: Mode) -> Select[Any]:
    """The statement that finds the next card."""
    in_sitting = _STATE.where(mine(shape), IS_IN_SITTING)
    back = _first(in_sitting.where(CARD_STATE.c.due_at <= NOW).order_by(CARD_STATE.c.due_at))
    just_rated = _flag(CARD_STATE.c.card_id == _JUST_RATED)
    early = _first(in_sitting.where(CARD_STATE.c.due_at > NOW).order_by(just_rated, CARD_STATE.c.due_at))
    # Both databases look at the next part only when the one before it found nothing.
    if mode is Mode.CRAM:
        return select(func.coalesce(back, _first(not_yet_in_sitting(shape)), early))
    due, new = _first_by_date(IS_SIMPLY_DUE, shape), _first_new(shape)
    if mode is Mode.AHEAD:
        return select(func.coalesce(back, *due, *_first_by_date(IS_AHEAD, shape), *new, early))
    allowed = case((INTRODUCED < _NEW_PER_DAY, func.coalesce(*new) if len(new) > 1 else new[0]), else_=None)
    return select(func.coalesce(back, *due, allowed, early))


def next_card(
    session: Session, prefs: Preferences, now: datetime, deck_id: int, filters: Filters = EVERYTHING
) -> Card | None:
    """The card to ask now, of the deck as far as the filters let through; None when the sitting is over.

    First cards missed earlier in the sitting whose minutes have passed, then due cards, the longest due first, then
    new ones in learning order while the day's allowance lasts, and at last missed cards ahead of their time, so that
    a sitting need not wait. The card rated just now comes only when there is no other.
    Ahead of the schedule those due soonest come before new ones, which the allowance does not limit; cramming asks
    every card in learning order.
    """
    statement = _next(filters.shape, filters.mode)
    card_id = session.connection().execute(statement, parameters(prefs, now, deck_id, filters)).scalar()
    return None if card_id is None else session.get(Card, card_id)


def parameters(prefs: Preferences, now: datetime, deck_id: int, filters: Filters = EVERYTHING) -> dict[str, Any]:
    """What the statements here are executed with."""
    today = prefs.day(now)
    values = {
        "learner": prefs.learner_id,
        "deck": deck_id,
        "now": now,
        "today": today,
        "new_per_day": prefs.new_per_day,
        **filters.parameters(),
    }
    if filters.missed is not None:
        values["missed_after"] = today - timedelta(days=filters.missed)
    return values
