"""What the learner's plans ask today: made from the state at the day's start, less what was rated today.

Making it takes some milliseconds, so it is remembered by all that it depends on, which one statement reads: another
process, or another order of requests, finds the same.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Date, Engine, Select, and_, bindparam, func, select, union_all
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.plan import costs
from app.study.plan.situation import FirstLooks, PlanCard, Situation, shared, study_seconds
from app.study.plan.todays_list import DoneToday, MoreMinutes, PlannedCard, TodaysList, todays_list, together
from app.study.schedule.review_log import COUNTED, COUNTED_COLUMNS, IN_ORDER, SEED, STANDS, STATE_COLUMNS
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State, fold
from app.study.schedule.totals import WHOLE_DECK
from app.study.selection.selection import listed
from app.study.selection.standing import IS_BURIED, IS_SUSPENDED
from app.study.sitting.order import IS_IN_SITTING
from app.study.sitting.plans import LONGEST, Interview, plans
from app.study.sitting.rated_today import COMES_ONCE_MORE
from app.tables import (
    CARD,
    CARD_MARK,
    CARD_STATE,
    CONTENT_FILE,
    DAY_TOTAL,
    DECK,
    NONE,
    ONE,
    OWN_TAG,
    REVIEW,
    THE_LEARNER,
    TODAY,
    chunks,
)

REMEMBERED = 64
"""So many days of learners are remembered in a process."""
LEARNED_FROM = timedelta(days=180)
"""Answers of so many days tell how long the learner takes."""


class Side(NamedTuple):
    """Where a card belongs: its deck, and the card that it is a side of, if it is one."""

    deck_id: int
    of: str | None


@dataclass(frozen=True)
class DayPlan:
    """What a learner's plans have for a day as it begins, and the plans with what each was made from."""

    interviews: Sequence[Interview]
    situations: Sequence[Situation]
    list: TodaysList
    cards: dict[int, Side]
    key: tuple[Any, ...]

    @cached_property
    def decks(self) -> frozenset[int]:
        """The decks of its cards."""
        return frozenset(side.deck_id for side in self.cards.values())

    @cached_property
    def reasons(self) -> dict[int, str]:
        """Why each card is asked, in a word."""
        return {card.id: card.reason.name.lower() for card in self.list.cards}


@dataclass(frozen=True)
class PlanToday:
    """The plan for a day, and what was done of it.

    `aside` are the cards that are not asked today, whatever it says. `stamp` changes with every rating and undo.
    """

    plan: DayPlan
    done: DoneToday
    aside: frozenset[int]
    stamp: tuple[Any, ...]

    @property
    def interviews(self) -> Sequence[Interview]:
        """The plans whose date is to come, by date."""
        return self.plan.interviews

    @property
    def is_day_off(self) -> bool:
        """True if no plan has a minute today."""
        return not self.plan.list.seconds

    def left(self, deck_id: int | None = None, minutes: int | None = None) -> list[PlannedCard]:
        """What is still to be asked today, in order, in a deck or in all. `minutes` are today's, if not the plan's."""
        extra = 0.0 if minutes is None else max(0.0, minutes * 60 - self.plan.list.seconds)
        left = self.plan.list.left(self._known, extra)
        return [card for card in left if deck_id in (None, self.plan.cards[card.id].deck_id)]

    def changed(self, deck_id: int) -> tuple[int, int]:
        """How many cards of a deck fit beyond those promised as the day began, and how many of those no longer fit."""
        promised = {card.id for card in self.plan.list.left(DoneToday(self.aside))} - {*self._known.rated}
        of_deck = {card for card in promised if self.plan.cards[card].deck_id == deck_id}
        left = {card.id for card in self.left(deck_id)}
        return len(left - of_deck), len(of_deck - left)

    def more(self, minutes: int = 10) -> MoreMinutes:
        """What so many minutes would bring after what is left."""
        return self.plan.list.more(self._known, minutes)

    def minutes_with(self, more: int = 10) -> int:
        """Today's minutes if the learner wants so many more."""
        used = self.done.seconds + self.done.owed * self.plan.list.again
        return -(-int(max(used, self.plan.list.seconds) + more * 60) // 60)

    @cached_property
    def _known(self) -> DoneToday:
        # Of the sides of a card one is asked a day.
        sides = {self.plan.cards[card] for card in self.done.rated if card in self.plan.cards}
        taken = {side for side in sides if side.of is not None}
        others = {card for card, side in self.plan.cards.items() if side in taken} if taken else set()
        return self.done._replace(rated={*self.done.rated, *self.aside, *others})


def plan_today(session: Session, learner: Preferences, now: datetime) -> PlanToday | None:
    """What the plans ask today; None if no interview is to come."""
    if learner.plans_until is None or learner.plans_until <= (today := learner.day(now)):
        return None
    connection = session.connection()
    values = {"learner": learner.learner_id, "today": today}
    interviews = tuple(one for one in plans(session, learner.learner_id) if today < one.interview_on <= today + LONGEST)
    if not interviews:
        return None
    *depends_on, seconds, owed, stamp, rated_today = connection.execute(_DEPENDS_ON, values).one()
    key = (learner.learner_id, today, interviews, tuple(depends_on))
    remembered = _remembered.setdefault(connection.engine, OrderedDict())
    plan = remembered.get(key)
    if plan is None:
        plan = remembered[key] = _made(connection, values, interviews, key)
        while len(remembered) > REMEMBERED:
            remembered.popitem(last=False)
    cards = connection.execute(_RATED_OR_BURIED, values).all()
    rated = frozenset(card for card, is_rated in cards if is_rated)
    aside = frozenset(card for card, is_rated in cards if not is_rated)
    return PlanToday(plan, DoneToday(rated, seconds, owed), aside, (*key, seconds, owed, stamp, rated_today))


_remembered: "WeakKeyDictionary[Engine, OrderedDict[Any, DayPlan]]" = WeakKeyDictionary()

_IN_EVERY_DECK = and_(
    DAY_TOTAL.c.learner_id == THE_LEARNER,
    DAY_TOTAL.c.deck_id.in_(select(DECK.c.id)),
    DAY_TOTAL.c.topic_id == WHOLE_DECK,
)
_DAY_SUMS = [DAY_TOTAL.c[name] for name in ("rated_1", "rated_2", "rated_3", "rated_4", "rated_5", "new", "seconds")]
_OF_LEARNER = CARD_STATE.c.learner_id == THE_LEARNER
_RATED = select(CARD_STATE.c.card_id, ONE).where(_OF_LEARNER, CARD_STATE.c.reviewed_on == TODAY)
_BURIED = select(CARD_MARK.c.card_id, NONE).where(CARD_MARK.c.learner_id == THE_LEARNER, IS_BURIED)
_RATED_OR_BURIED = union_all(_RATED, _BURIED)
_OWED = select(func.count()).select_from(CARD_STATE).where(_OF_LEARNER)
_STAMP = select(func.sum(CARD_STATE.c.last_review_id)).where(_OF_LEARNER, CARD_STATE.c.reviewed_on == TODAY)
_DEPENDS_ON = select(
    *(
        select(func.sum(column)).where(_IN_EVERY_DECK, DAY_TOTAL.c.day < TODAY).scalar_subquery()
        for column in _DAY_SUMS
    ),
    select(func.max(CARD.c.id)).scalar_subquery(),
    select(func.count()).select_from(CARD).where(CARD.c.retired_at.is_(None)).scalar_subquery(),
    select(func.max(CONTENT_FILE.c.mtime_ns)).scalar_subquery(),
    select(func.sum(CONTENT_FILE.c.size)).scalar_subquery(),
    *(
        select(func.sum(CARD_MARK.c.card_id)).where(CARD_MARK.c.learner_id == THE_LEARNER, is_one).scalar_subquery()
        for is_one in (IS_SUSPENDED, CARD_MARK.c.is_flagged)
    ),
    select(func.count()).select_from(OWN_TAG).where(OWN_TAG.c.learner_id == THE_LEARNER).scalar_subquery(),
    # What the list depends on ends here. The rest is what was done today: seconds, the cards owed, and a stamp.
    select(func.coalesce(func.sum(DAY_TOTAL.c.seconds), 0))
    .where(_IN_EVERY_DECK, DAY_TOTAL.c.day == TODAY)
    .scalar_subquery(),
    _OWED.where(IS_IN_SITTING).scalar_subquery() + _OWED.where(COMES_ONCE_MORE).scalar_subquery(),
    _STAMP.scalar_subquery(),
    _OWED.where(CARD_STATE.c.reviewed_on == TODAY).scalar_subquery(),
)


def _made(
    connection: Connection, values: dict[str, Any], interviews: Sequence[Interview], key: tuple[Any, ...]
) -> DayPlan:
    today: date = values["today"]
    its_costs, looks = _answers(connection, values)
    sides: dict[int, Side] = {}
    situations = []
    for one in interviews:
        rows = connection.execute(*_cards(connection, values, one)).all()
        sides |= {row.id: Side(row.deck_id, row.side_of) for row in rows}
        states = _at_start(connection, values, [row.id for row in rows])
        cards = [PlanCard(row.id, row.topic_id, states.get(row.id)) for row in rows]
        seconds = _seconds(one, interviews, today)
        situations.append(Situation(cards, today, seconds, its_costs, looks))
    if len(situations) > 1:
        situations = shared(situations)
    todays = _one_side(together([todays_list(one) for one in situations]), sides)
    return DayPlan(interviews, situations, todays, sides, key)


def _seconds(one: Interview, interviews: Sequence[Interview], today: date) -> tuple[float, ...]:
    """The seconds of each day until the date: as many as the plan with most minutes has that day."""
    days = study_seconds(today, one.interview_on, one.minutes, one.weekdays_off)
    most = [max(other.minutes_on(today + timedelta(days=day)) for other in interviews) for day in range(len(days))]
    return tuple(60.0 * most[day] if seconds else 0.0 for day, seconds in enumerate(days))


def _one_side(found: TodaysList, sides: dict[int, Side]) -> TodaysList:
    """The list with the first side of each card alone."""
    first: dict[Any, int] = {}
    for card in found.cards:
        first.setdefault(sides[card.id] if sides[card.id].of else card.id, card.id)
    its = set(first.values())
    return replace(found, cards=tuple(card for card in found.cards if card.id in its))


def _cards(connection: Connection, values: dict[str, Any], one: Interview) -> tuple[Select[Any], dict[str, Any]]:
    """The cards of a plan, in learning order."""
    decks = select(DECK.c.id).order_by(DECK.c.id)
    deck = connection.execute(decks.where(DECK.c.name == one.deck) if one.deck else decks).scalars().first()
    which = one.which
    cards, passing = listed(which.shape, in_deck=True)
    set_aside = select(CARD_MARK.c.card_id).where(CARD_MARK.c.learner_id == THE_LEARNER, IS_SUSPENDED)
    found = (
        select(CARD.c.id, CARD.c.topic_id, CARD.c.deck_id, CARD.c.side_of)
        .select_from(cards)
        .where(passing, CARD.c.id.not_in(set_aside))
        .order_by(CARD.c.place, CARD.c.id)
    )
    return found, values | {"deck": deck} | which.parameters(values["today"])


_STATES = select(CARD_STATE.c.card_id, *STATE_COLUMNS).where(
    _OF_LEARNER, CARD_STATE.c.card_id.in_(bindparam("cards", expanding=True))
)
_BEFORE = (
    select(REVIEW.c.card_id, SEED.label("seed"), *COUNTED_COLUMNS)
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id))
    .where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.card_id.in_(bindparam("cards", expanding=True)), STANDS)
    .where(REVIEW.c.day < TODAY)
    .order_by(REVIEW.c.card_id, *IN_ORDER)
)


def _at_start(connection: Connection, values: dict[str, Any], cards: Sequence[int]) -> dict[int, State]:
    """The states of the cards as the day began, without those never rated before."""
    today, states = values["today"], dict[int, State]()
    for some in chunks(cards):
        found = {row[0]: State(*row[1:]) for row in connection.execute(_STATES, values | {"cards": some})}
        rated_today = [card for card, state in found.items() if state.reviewed_on >= today]
        states |= {card: state for card, state in found.items() if state.reviewed_on < today}
        rows = connection.execute(_BEFORE, values | {"cards": rated_today}).all() if rated_today else []
        for (card, seed), given in groupby(rows, key=lambda row: row[:2]):
            if (state := fold(seed, (CountedRating(*row[2:]) for row in given))) is not None:
                states[card] = state
    return states


_DAY_BEFORE = func.lag(REVIEW.c.day, type_=Date()).over(partition_by=REVIEW.c.card_id, order_by=IN_ORDER)
_ANSWERS = (
    select(
        REVIEW.c.rating, REVIEW.c.day, REVIEW.c.shown_at, REVIEW.c.rated_at, _DAY_BEFORE.label("before"),
        CARD_STATE.c.introduced_on,
    )
    .select_from(
        COUNTED.join(
            CARD_STATE, and_(CARD_STATE.c.learner_id == REVIEW.c.learner_id, CARD_STATE.c.card_id == REVIEW.c.card_id)
        )
    )
    .where(REVIEW.c.learner_id == THE_LEARNER, STANDS, REVIEW.c.day < TODAY, REVIEW.c.day >= bindparam("since"))
)  # fmt: skip


def _answers(connection: Connection, values: dict[str, Any]) -> tuple[costs.Costs, FirstLooks]:
    """How long the learner's answers before today took by kind, and how many cards were known at first sight."""
    count: Counter[costs.AnswerKind] = Counter(dict.fromkeys(costs.AnswerKind, 0))
    total = dict.fromkeys(costs.AnswerKind, 0.0)
    first: Counter[bool] = Counter()
    for row in connection.execute(_ANSWERS, values | {"since": values["today"] - LEARNED_FROM}):
        missed = Rating(row.rating).missed
        if row.before is None and row.introduced_on == row.day:
            first[missed] += 1
            kind = costs.AnswerKind.NEW_MISSED if missed else costs.AnswerKind.NEW_KNOWN
        elif row.before is not None and row.before >= row.day:
            kind = costs.AnswerKind.AGAIN
        else:
            kind = costs.AnswerKind.MISSED if missed else costs.AnswerKind.REMEMBERED
        if (took := costs.seconds(row.shown_at, row.rated_at)) is not None:
            count[kind] += 1
            total[kind] += took
    return costs.from_totals(dict(count), total), FirstLooks(first[False], first[True])
