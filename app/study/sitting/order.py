"""The order in which a sitting asks, and the counts of what it asks: as statements, each built once and kept."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    select,
    true,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from app.study.schedule.new_card_cursor import unseen
from app.study.schedule.totals import WHOLE_DECK
from app.study.selection.selection import (
    Selection,
    Shape,
    card_part,
    gathered,
    lets_new_ones_through,
    matching,
    matching_id,
    matching_row,
    of_state,
)
from app.study.selection.standing import ARE_ASKABLE, IS_ASKABLE, IS_PUT_OFF
from app.study.sitting.asked import ASKED
from app.study.sitting.rated_today import COMES_ONCE_MORE, LAST_RATED, RATED_IN_SITTING
from app.tables import (
    CARD,
    CARD_STATE,
    DAY_TOTAL,
    DECK,
    NONE,
    ONE,
    THE_DECK,
    THE_LEARNER,
    TODAY,
    Prepared,
    without_index,
)

MOST_COUNTED = 500
"""No count of cards goes further, so that a page costs the same with a million cards."""
_MOST_COUNTED: ColumnElement[int] = literal_column(str(MOST_COUNTED))
FIRST_LOOK = 200
"""So many cards, in the order in which they would be asked, are looked at first. Only then are the cards that pass the
filters gathered and put in order. If many pass, the first look finds a card soon; if few pass, gathering does."""
IN_REACH = 5
"""Among so many cards, in order, the next is the first whose topic is not that of the card rated last."""


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
A_LOOK_AGO: BindParameter[datetime] = bindparam("a_look_ago", type_=UTCDateTime())
SOME_MINUTES_AGO: BindParameter[datetime] = bindparam("some_minutes_ago", type_=UTCDateTime())


def askable(shape: Shape) -> ColumnElement[bool]:
    """For a row of `card`: it passes the filters and can be asked."""
    return and_(matching(shape), IS_ASKABLE)


def mine(shape: Shape = _ALL) -> ColumnElement[bool]:
    """True for this learner's states of askable cards of the deck that pass the filters."""
    # As a subquery, not a join: a planner without statistics might begin with all cards of the deck.
    deck = select(CARD.c.deck_id).where(CARD.c.id == CARD_STATE.c.card_id, askable(shape)).scalar_subquery()
    return and_(_OWN, without_index(of_state(shape)) if shape else true(), deck == THE_DECK)


_OWN = CARD_STATE.c.learner_id == THE_LEARNER
IS_IN_SITTING = CARD_STATE.c.due_at.is_not(None) & without_index((CARD_STATE.c.due_on >= TODAY) & ~IS_PUT_OFF)
# A card that was missed on an earlier day and left is simply due.
IS_SIMPLY_DUE = (CARD_STATE.c.due_on <= TODAY) & without_index(
    CARD_STATE.c.due_at.is_(None) | (CARD_STATE.c.due_on < TODAY)
)
IS_AHEAD = (CARD_STATE.c.due_on > TODAY) & without_index(
    CARD_STATE.c.due_at.is_(None) & (CARD_STATE.c.reviewed_at < SINCE)
)
IS_LEFT = (CARD_STATE.c.reviewed_at < SINCE) & without_index(
    CARD_STATE.c.due_at.is_(None) | (CARD_STATE.c.due_on < TODAY)
)
"""Not rated since the sitting began, and not missed today."""


class SeenPart(NamedTuple):
    """The states of a part of a sitting, by a date or a time, and then by the id of the card."""

    condition: ColumnElement[bool]
    by: ColumnElement[Any]


DUE = SeenPart(IS_SIMPLY_DUE, CARD_STATE.c.due_on)
AHEAD = SeenPart(IS_AHEAD, CARD_STATE.c.due_on)
LEFT = SeenPart(IS_LEFT, CARD_STATE.c.reviewed_at)
"""What was looked at longest ago comes first, so that cramming goes on where it stopped, today and tomorrow."""

_STATE = select(CARD_STATE.c.card_id)
_NEW_PER_DAY: BindParameter[int] = bindparam("new_per_day")
# Every deck is named, because the key of the totals begins with the learner and the deck.
_OF_TODAY = (DAY_TOTAL.c.learner_id == THE_LEARNER) & (DAY_TOTAL.c.day == TODAY)
_OF_EVERY_DECK = DAY_TOTAL.c.deck_id.in_(select(DECK.c.id)) & (DAY_TOTAL.c.topic_id == literal_column(str(WHOLE_DECK)))
INTRODUCED = select(func.coalesce(func.sum(DAY_TOTAL.c.new), NONE)).where(_OF_TODAY, _OF_EVERY_DECK).scalar_subquery()
_PLANNED = select(CARD.c.id).where(CARD.c.id == bindparam("planned"), IS_ASKABLE).scalar_subquery()
_LAST_TOPIC = select(CARD.c.topic_id).where(CARD.c.id == LAST_RATED).scalar_subquery()


def _first(cards: Select[Any]) -> ColumnElement[int]:
    return cards.limit(ONE).offset(NONE).scalar_subquery()


def _interleaved(cards: Select[Any], of_another_topic: bool = False) -> ColumnElement[int]:
    """Of the first IN_REACH of `cards` (their ids, and what orders them as `at`), the first of another topic.

    If all are of the topic of the card rated last, the first; with `of_another_topic` then none.
    """
    near = cards.limit(literal_column(str(IN_REACH))).subquery()
    topic = select(CARD.c.topic_id).where(CARD.c.id == near.c.card_id).scalar_subquery()
    found = select(near.c.card_id).order_by(topic == _LAST_TOPIC, near.c.at, near.c.card_id)
    if of_another_topic:
        found = found.where(topic.is_distinct_from(_LAST_TOPIC))
    return _first(found)


def _in_order(part: SeenPart, shape: Shape) -> Select[Any]:
    """The cards of a part."""
    cards = select(CARD_STATE.c.card_id, part.by.label("at")).where(mine(shape), part.condition)
    return cards.order_by(part.by, CARD_STATE.c.card_id)


def _near(part: SeenPart, shape: Shape) -> Select[Any]:
    """Those among the first FIRST_LOOK of all cards."""
    near = (
        select(CARD_STATE.c.card_id, part.by.label("at"))
        .where(_OWN, part.condition, without_index(of_state(shape)))
        .order_by(part.by, CARD_STATE.c.card_id)
        .limit(FIRST_LOOK)
        .subquery()
    )
    of_row = (CARD.c.id == near.c.card_id, CARD.c.deck_id == THE_DECK, matching_row(shape), IS_ASKABLE)
    is_let_through = matching_id(shape, near.c.card_id) & exists().where(*of_row)
    return select(near.c.card_id, near.c.at).where(is_let_through).order_by(near.c.at, near.c.card_id)


def _far(part: SeenPart, shape: Shape) -> Select[Any]:
    """All of them, found from the cards that pass the filters."""
    state = (_OWN, CARD_STATE.c.card_id == CARD.c.id, part.condition, without_index(of_state(shape)))
    at = select(part.by).where(*state).scalar_subquery().label("at")
    passing = select(CARD.c.id, at).where(CARD.c.deck_id == THE_DECK, gathered(shape), IS_ASKABLE).subquery()
    found = select(passing.c.id.label("card_id"), passing.c.at).where(passing.c.at.is_not(None))
    return found.order_by(passing.c.at, passing.c.id)


def _once_more(shape: Shape) -> CTE:
    """The cards that come back a second time after a miss. A look within a minute of the last one would not count.

    It is one and the same for all threads and for good: no statement can be made with two of one name.
    """
    made = _MADE.get(shape)
    if made is None:
        cards = select(CARD_STATE.c.card_id, CARD_STATE.c.reviewed_at)
        is_asked = case((CARD_STATE.c.reviewed_at <= A_LOOK_AGO, mine(shape)), else_=false())
        made = _MADE.setdefault(shape, cards.where(_OWN, COMES_ONCE_MORE, is_asked).cte("once_more"))
    return made


_MADE: dict[Shape, CTE] = {}


def _unseen(shape: Shape) -> list[ColumnElement[int]]:
    """The first card never seen, in learning order; in parts that are evaluated in turn."""
    if not lets_new_ones_through(shape):
        return []
    within = askable(shape)
    if not card_part(shape):
        return [_first(unseen("id", within))]
    near = unseen("id").limit(FIRST_LOOK).subquery()
    among = select(CARD.c.id).join(near, near.c.id == CARD.c.id).where(within).order_by(CARD.c.place)
    return [_first(among), _first(unseen("id", gathered(shape) & IS_ASKABLE))]


@lru_cache(maxsize=256)
def next_statements(
    shape: Shape, mode: Mode, new_first: bool = False, is_planned: bool = False
) -> tuple[Select[Any], ...]:
    """The statements that look for the next card. The first to find one has it.

    First cards missed earlier in the sitting whose minutes have passed, and those recalled once since; then due cards,
    the longest due first, but of the next IN_REACH one of another topic than the last; then new ones in learning order
    while the day's allowance lasts; and at last cards that come back, ahead of their time, so that a sitting need not
    wait. The card missed just now comes only if there is no other. Of two at the same time the one with the lower id is
    first.
    Ahead of the schedule those due soonest come before new ones, which the allowance does not limit; with `new_first`
    new ones come before all others. Cramming asks the cards never seen, and then those looked at longest ago. If it
    `is_planned`, the card whose id is the parameter `planned` stands in place of due and new ones.
    """
    in_sitting = _STATE.where(mine(shape), IS_IN_SITTING)
    by_time = CARD_STATE.c.due_at, CARD_STATE.c.card_id
    back = _first(in_sitting.where(CARD_STATE.c.due_at <= NOW).order_by(*by_time))
    again_id, at = _once_more(shape).c.card_id, _once_more(shape).c.reviewed_at
    once_more = select(again_id).order_by(at, again_id)
    again = _first(once_more.where(at <= SOME_MINUTES_AGO))
    just_rated = without_index(CARD_STATE.c.card_id == LAST_RATED)
    early = _first(in_sitting.where(CARD_STATE.c.due_at > NOW).order_by(just_rated, *by_time))
    at_last = [_first(once_more), early]

    if is_planned:
        return _in_turn([back, again, _PLANNED, *at_last])
    new = _unseen(shape)
    if mode is Mode.DUE:
        new = [case((INTRODUCED < _NEW_PER_DAY, one), else_=None) for one in new]
    parts = {Mode.DUE: [DUE], Mode.AHEAD: [DUE, AHEAD], Mode.CRAM: [LEFT]}[mode]
    if not card_part(shape):
        seen = [_interleaved(_in_order(part, shape)) for part in parts]
    else:
        # The first look may miss a card of another topic that is within reach of the second.
        of_another = not any(key.startswith("topic one") for key in shape)
        looks = [(_interleaved(_near(part, shape), of_another), _interleaved(_far(part, shape))) for part in parts]
        seen = [look for both in looks for look in both]
    if new_first or mode is Mode.CRAM:
        return _in_turn([back, again, *new, *seen, *at_last])
    if not card_part(shape):
        return _in_turn([back, again, *seen, *new, *at_last])
    # Most often the first is enough, and a long statement takes time even if most of it is not evaluated.
    return (*_in_turn([back, again, seen[0]]), *_in_turn([*seen[1:], *new, *at_last]))


def _in_turn(parts: list[ColumnElement[int]]) -> tuple[Select[Any]]:
    """The card of the first part that finds one. Both databases evaluate the next part only if they need it."""
    return (ASKED.where(CARD.c.id == func.coalesce(*parts)),)


def _count(cards: Select[Any], limit: ColumnElement[int] = _MOST_COUNTED) -> ColumnElement[int]:
    return select(func.count()).select_from(cards.limit(limit).subquery()).scalar_subquery()


_MOST_NEW: BindParameter[int] = bindparam("most_new")

_ITS_DECK = select(CARD.c.deck_id).where(CARD.c.id == CARD_STATE.c.card_id).scalar_subquery()
_NOT_MISSED = _STATE.where(_OWN, CARD_STATE.c.due_at.is_(None), _ITS_DECK == THE_DECK)
_DONE = _NOT_MISSED.where(CARD_STATE.c.reviewed_on == TODAY)
_DONE_IN_SITTING = _NOT_MISSED.where(CARD_STATE.c.card_id.in_(RATED_IN_SITTING))
"""The cards that were rated today, or in this sitting, and are not missed. They need not pass the filters any more: a
new card has been seen by then, and a due one is not due."""


@lru_cache(maxsize=256)
def progress_statement(shape: Shape, mode: Mode, is_apart: bool, is_planned: bool = False) -> Select[Any]:
    """The statement that counts how far a sitting has come; with `is_apart`, only what was rated in it is done.

    What is due and new counts for nothing if it `is_planned`.
    """
    return cast(Select[Any], select(*_counts(shape, mode, is_apart, is_planned)))


@lru_cache(maxsize=256)
def next_and_progress_statement(
    shape: Shape, mode: Mode, new_first: bool, is_planned: bool, is_apart: bool
) -> Prepared:
    """The first of `next_statements` with the columns of `progress_statement` beside the card's."""
    first: Select[Any] = next_statements(shape, mode, new_first, is_planned)[0]
    return Prepared(first.add_columns(*_counts(shape, mode, is_apart, is_planned)))


def _counts(shape: Shape, mode: Mode, is_apart: bool, is_planned: bool) -> list[ColumnElement[int]]:
    again = select(_once_more(shape).c.card_id)
    done = (_DONE_IN_SITTING if is_apart else _DONE).where(CARD_STATE.c.card_id.not_in(again))
    back = _count(_STATE.where(mine(shape), IS_IN_SITTING)) + _count(again)
    parts = {Mode.DUE: [], Mode.AHEAD: [AHEAD], Mode.CRAM: [LEFT]}[mode]
    early = [_count(_in_order(part, shape).order_by(None)) for part in parts]
    new: ColumnElement[int] = NONE
    if lets_new_ones_through(shape) and not is_planned:
        new = _count(unseen("id", matching(shape) & ARE_ASKABLE), _MOST_NEW)
    due = NONE if mode is Mode.CRAM or is_planned else _count(_STATE.where(mine(shape), IS_SIMPLY_DUE))
    return [_count(done), due, back, new, *(early or [NONE]), INTRODUCED]
