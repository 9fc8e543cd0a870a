"""The order in which a sitting asks, and the counts of what it asks: as statements, each built once and kept."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    true,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from app.study.schedule.new_card_cursor import unseen
from app.study.schedule.review_log import COUNTED, LATEST_FIRST, STANDS
from app.study.schedule.totals import WHOLE_DECK
from app.study.selection.selection import (
    Selection,
    Shape,
    card_part,
    gathered,
    is_sparse,
    lets_new_ones_through,
    matching,
    matching_id,
    matching_row,
    of_state,
)
from app.study.selection.standing import ARE_ASKABLE, IS_ASKABLE
from app.study.sitting.asked import ASKED
from app.tables import (
    CARD,
    CARD_STATE,
    DAY_TOTAL,
    DECK,
    NONE,
    ONE,
    REVIEW,
    THE_DECK,
    THE_LEARNER,
    TODAY,
    without_index,
)

MOST_COUNTED = 500
"""No count of cards goes further, so that a page costs the same with a million cards."""
_MOST_COUNTED: ColumnElement[int] = literal_column(str(MOST_COUNTED))
FIRST_LOOK = 200
"""So many cards, in the order in which they would be asked, are looked at first. Only then are the cards that pass the
filters gathered and put in order. If many pass, the first look finds a card soon; if few pass, gathering does."""


class Mode(StrEnum):
    """Which cards a sitting asks: those due and new, as the schedule has it; more, before their date; or all there are.

    Whatever the mode, every rating counts.
    """

    DUE = "due"
    AHEAD = "ahead"
    CRAM = "cram"


_ALL = Selection().shape
NOW: BindParameter[datetime] = bindparam("now")
SINCE: BindParameter[datetime] = bindparam("since", type_=UTCDateTime())


def askable(shape: Shape) -> ColumnElement[bool]:
    """For a row of `card`: it passes the filters and can be asked."""
    return and_(matching(shape), IS_ASKABLE)


def mine(shape: Shape = _ALL) -> ColumnElement[bool]:
    """True for this learner's states of askable cards of the deck that pass the filters."""
    # As a subquery, not a join: a planner without statistics might begin with all cards of the deck.
    deck = select(CARD.c.deck_id).where(CARD.c.id == CARD_STATE.c.card_id, askable(shape)).scalar_subquery()
    return and_(_OWN, without_index(of_state(shape)) if shape else true(), deck == THE_DECK)


_OWN = CARD_STATE.c.learner_id == THE_LEARNER
IS_IN_SITTING = CARD_STATE.c.due_at.is_not(None) & without_index(CARD_STATE.c.due_on >= TODAY)
# A card that was missed on an earlier day and left is simply due.
IS_SIMPLY_DUE = (CARD_STATE.c.due_on <= TODAY) & without_index(
    CARD_STATE.c.due_at.is_(None) | (CARD_STATE.c.due_on < TODAY)
)
IS_AHEAD = (CARD_STATE.c.due_on > TODAY) & without_index(
    CARD_STATE.c.due_at.is_(None) & (CARD_STATE.c.reviewed_at < SINCE)
)

_STATE = select(CARD_STATE.c.card_id)
_NEW_PER_DAY: BindParameter[int] = bindparam("new_per_day")
# Every deck is named, because the key of the totals begins with the learner and the deck.
_OF_TODAY = (DAY_TOTAL.c.learner_id == THE_LEARNER) & (DAY_TOTAL.c.day == TODAY)
_OF_EVERY_DECK = DAY_TOTAL.c.deck_id.in_(select(DECK.c.id)) & (DAY_TOTAL.c.topic_id == literal_column(str(WHOLE_DECK)))
INTRODUCED = select(func.coalesce(func.sum(DAY_TOTAL.c.new), NONE)).where(_OF_TODAY, _OF_EVERY_DECK).scalar_subquery()
_JUST_RATED = (
    select(REVIEW.c.card_id)
    .where(REVIEW.c.learner_id == THE_LEARNER)
    .order_by(*LATEST_FIRST)
    .limit(ONE)
    .offset(NONE)
    .scalar_subquery()
)


def _first(cards: Select[Any]) -> ColumnElement[int]:
    return cards.limit(ONE).offset(NONE).scalar_subquery()


def _by_date(condition: ColumnElement[bool], shape: Shape) -> Select[Any]:
    """The cards whose state meets a condition, by due_on."""
    return _STATE.where(mine(shape), condition).order_by(CARD_STATE.c.due_on)


def _near(condition: ColumnElement[bool], shape: Shape) -> Select[Any]:
    """Those among the first FIRST_LOOK by due_on."""
    near = (
        select(CARD_STATE.c.card_id, CARD_STATE.c.due_on)
        .where(_OWN, condition, without_index(of_state(shape)))
        .order_by(CARD_STATE.c.due_on)
        .limit(FIRST_LOOK)
        .subquery()
    )
    of_row = (CARD.c.id == near.c.card_id, CARD.c.deck_id == THE_DECK, matching_row(shape), IS_ASKABLE)
    is_let_through = matching_id(shape, near.c.card_id) & exists().where(*of_row)
    return select(near.c.card_id).where(is_let_through).order_by(near.c.due_on)


def _far(condition: ColumnElement[bool], shape: Shape) -> Select[Any]:
    """All of them, found from the cards that pass the filters."""
    state = (_OWN, CARD_STATE.c.card_id == CARD.c.id, condition, without_index(of_state(shape)))
    due_on = select(CARD_STATE.c.due_on).where(*state).scalar_subquery().label("due_on")
    cards = select(CARD.c.id, due_on).where(CARD.c.deck_id == THE_DECK, gathered(shape), IS_ASKABLE).subquery()
    return select(cards.c.id).where(cards.c.due_on.is_not(None)).order_by(cards.c.due_on)


def not_yet_in_sitting(shape: Shape) -> Select[Any]:
    """The cards that were not rated since the sitting began, in learning order, seen before or not."""
    of_card = and_(_OWN, CARD_STATE.c.card_id == CARD.c.id)
    rated = exists().where(of_card, CARD_STATE.c.reviewed_at >= SINCE)
    missed_today = exists().where(of_card, IS_IN_SITTING)
    stands_so = exists().where(of_card, of_state(shape))
    is_let_through = gathered(shape) & IS_ASKABLE if is_sparse(shape) else askable(shape)
    wanted = (CARD.c.deck_id == THE_DECK) & is_let_through & ~rated & ~missed_today
    if not lets_new_ones_through(shape):
        wanted &= stands_so
    elif shape - card_part(shape):
        wanted &= ~exists().where(of_card)
    # Few cards are sorted; of many the index has the order already.
    return select(CARD.c.id).where(wanted).order_by(CARD.c.place.concat("") if is_sparse(shape) else CARD.c.place)


@lru_cache(maxsize=256)
def next_statements(shape: Shape, mode: Mode) -> tuple[Select[Any], ...]:
    """The statements that look for the next card. The first to find one has it.

    First cards missed earlier in the sitting whose minutes have passed, then due cards, the longest due first, then
    new ones in learning order while the day's allowance lasts, and at last missed cards ahead of their time, so that
    a sitting need not wait. The card rated just now comes only if there is no other.
    Ahead of the schedule those due soonest come before new ones, which the allowance does not limit; cramming asks
    every card in learning order.
    """
    in_sitting = _STATE.where(mine(shape), IS_IN_SITTING)
    back = _first(in_sitting.where(CARD_STATE.c.due_at <= NOW).order_by(CARD_STATE.c.due_at))
    just_rated = without_index(CARD_STATE.c.card_id == _JUST_RATED)
    early = _first(in_sitting.where(CARD_STATE.c.due_at > NOW).order_by(just_rated, CARD_STATE.c.due_at))
    if mode is Mode.CRAM:
        return _in_turn([back, _first(not_yet_in_sitting(shape)), early])

    conditions = [IS_SIMPLY_DUE, IS_AHEAD] if mode is Mode.AHEAD else [IS_SIMPLY_DUE]
    new: list[ColumnElement[int]] = []
    if lets_new_ones_through(shape):
        within = askable(shape)
        new = [_first(unseen("id", within))]
        if card_part(shape):
            near = unseen("id").limit(FIRST_LOOK).subquery()
            among = select(CARD.c.id).join(near, near.c.id == CARD.c.id).where(within).order_by(CARD.c.place)
            new = [_first(among), _first(unseen("id", gathered(shape) & IS_ASKABLE))]
        if mode is Mode.DUE:
            is_allowed = INTRODUCED < _NEW_PER_DAY
            new = [case((is_allowed, one), else_=None) for one in new]
    if not card_part(shape):
        return _in_turn([back, *(_first(_by_date(one, shape)) for one in conditions), *new, early])
    first, *others = [(_first(_near(one, shape)), _first(_far(one, shape))) for one in conditions]
    # Most often the first is enough, and a long statement takes time even if most of it is not evaluated.
    rest = [first[1], *(part for parts in others for part in parts), *new, early]
    return (*_in_turn([back, first[0]]), *_in_turn(rest))


def _in_turn(parts: list[ColumnElement[int]]) -> tuple[Select[Any]]:
    """The card of the first part that finds one. Both databases evaluate the next part only if they need it."""
    return (ASKED.where(CARD.c.id == func.coalesce(*parts)),)


def _count(cards: Select[Any], limit: ColumnElement[int] = _MOST_COUNTED) -> ColumnElement[int]:
    return select(func.count()).select_from(cards.limit(limit).subquery()).scalar_subquery()


_MOST_NEW: BindParameter[int] = bindparam("most_new")

_ITS_DECK = select(CARD.c.deck_id).where(CARD.c.id == CARD_STATE.c.card_id).scalar_subquery()
_NOT_MISSED = _STATE.where(_OWN, CARD_STATE.c.due_at.is_(None), _ITS_DECK == THE_DECK)
_DONE = _NOT_MISSED.where(CARD_STATE.c.reviewed_on == TODAY)
_IN_SITTING = select(REVIEW.c.card_id).select_from(COUNTED).where(REVIEW.c.learner_id == THE_LEARNER, STANDS)
_IN_SITTING = _IN_SITTING.where(REVIEW.c.day == TODAY, REVIEW.c.sitting == bindparam("sitting"))
_DONE_IN_SITTING = _NOT_MISSED.where(CARD_STATE.c.card_id.in_(_IN_SITTING))
"""The cards that were rated today, or in this sitting, and are not missed. They need not pass the filters any more: a
new card has been seen by then, and a due one is not due."""


@lru_cache(maxsize=256)
def progress_statement(shape: Shape, mode: Mode, is_apart: bool) -> Select[Any]:
    """The statement that counts how far a sitting has come; with `is_apart`, only what was rated in it is done."""
    return cast(Select[Any], select(*_counts(shape, mode, is_apart)))


@lru_cache(maxsize=256)
def next_and_progress_statement(shape: Shape, mode: Mode, is_apart: bool) -> Select[Any]:
    """The first of `next_statements` with the columns of `progress_statement` beside the card's."""
    first: Select[Any] = next_statements(shape, mode)[0]
    return cast(Select[Any], first.add_columns(*_counts(shape, mode, is_apart)))


def _counts(shape: Shape, mode: Mode, is_apart: bool) -> list[ColumnElement[int]]:
    done = _DONE_IN_SITTING if is_apart else _DONE
    early: ColumnElement[int] = NONE
    due: ColumnElement[int] = _count(_STATE.where(mine(shape), IS_SIMPLY_DUE))
    new: ColumnElement[int] = NONE
    if lets_new_ones_through(shape):
        new = _count(unseen("id", matching(shape) & ARE_ASKABLE), _MOST_NEW)
    if mode is Mode.AHEAD:
        early = _count(_STATE.where(mine(shape), IS_AHEAD))
    if mode is Mode.CRAM:
        early, due, new = _count(not_yet_in_sitting(shape)), NONE, NONE
    return [_count(done), due, _count(_STATE.where(mine(shape), IS_IN_SITTING)), new, early, INTRODUCED]
