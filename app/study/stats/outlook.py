"""What a learner's cards will ask: what falls due when, how stable they are, and which are hardest."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Date, Select, and_, bindparam, case, func, null, select, type_coerce

from app.study.selection.standing import EVERY_CARD, HAS_ITS_TURN, IS_PUT_OFF, IS_SET_ASIDE, IS_SUSPENDED
from app.study.stats.activity import Scope
from app.study.stats.period import days_between
from app.tables import CARD, CARD_DEMO, CARD_MARK, CARD_STATE, THE_DECK, THE_LEARNER, TODAY, TOPIC

FORECAST_DAYS = 30
STABILITIES = (1, 3, 7, 21, 60, 180)
"""The days with which a new class of stability begins; the first class lies below."""
MOST_HARD = 10
MIDDLING, VERY_HARD = 5, 9
"""On the scale of difficulty from 1 to 10. A large deck has ten very hard cards, which are found quickly."""


@dataclass(frozen=True, slots=True)
class Due:
    """How many cards fall due on a day; today's are all that are due by now."""

    day: date
    cards: int


@dataclass(frozen=True, slots=True)
class Stability:
    """How many cards have a stability in days with shortest ≤ stability < below; None means no upper bound."""

    shortest: int
    below: int | None
    cards: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The seen cards that are in the files: when they fall due as of now, and their stabilities.

    `later` counts those due after the forecast. `suspended` cards are not in the forecast, but in the stabilities.
    """

    forecast: list[Due]
    later: int
    suspended: int
    stabilities: list[Stability]

    @property
    def cards(self) -> int:
        """All of them."""
        return sum(one.cards for one in self.stabilities)


@dataclass(frozen=True, slots=True)
class Hard:
    """A hard card, with the demo that it links to first, if any, and that demo's state as in an address."""

    name: str
    question_html: str
    topic: str
    difficulty: float
    lapses: int
    demo: str | None
    demo_query: str | None


_MARKED = and_(CARD_MARK.c.learner_id == CARD_STATE.c.learner_id, CARD_MARK.c.card_id == CARD_STATE.c.card_id)
_END: BindParameter[date] = bindparam("end", type_=Date())
_RETURNS = case((CARD_MARK.c.buried_until > CARD_STATE.c.due_on, CARD_MARK.c.buried_until), else_=CARD_STATE.c.due_on)
# No day for a suspended card, today for every card due by now, and one day for all that comes after the forecast.
_FALLS_DUE = case((IS_SUSPENDED, null()), (_RETURNS <= TODAY, TODAY), (_RETURNS >= _END, _END), else_=_RETURNS)
_CLASS = case(
    *((CARD_STATE.c.stability < days, number) for number, days in enumerate(STABILITIES)), else_=len(STABILITIES)
)
_CARDS = CARD_STATE.join(CARD, CARD.c.id == CARD_STATE.c.card_id)
_HARDEST_FIRST = (CARD_STATE.c.difficulty.desc(), CARD_STATE.c.lapses.desc(), CARD_STATE.c.card_id)


def _in_scope(query: Select[Any], of_topic: bool) -> Select[Any]:
    query = query.where(CARD_STATE.c.learner_id == THE_LEARNER)
    in_files = (CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None))
    if not of_topic:
        return query.where(CARD_STATE.c.card_id == CARD.c.id, *in_files)
    # As a list, not a join: the states of few cards are looked up one by one.
    return query.where(
        CARD_STATE.c.card_id.in_(select(CARD.c.id).where(CARD.c.topic_id == bindparam("topic"), *in_files))
    )


def _counts(of_topic: bool) -> Select[Any]:
    columns = (type_coerce(_FALLS_DUE, Date()).label("due"), _CLASS.label("firm"))
    cards = _in_scope(select(*columns).select_from(CARD_STATE.outerjoin(CARD_MARK, _MARKED)), of_topic).subquery()
    return select(cards.c.due, cards.c.firm, func.count()).group_by(cards.c.due, cards.c.firm)


def _of_tomorrow(of_topic: bool) -> Select[Any]:
    """How many cards are due, but not before tomorrow: another side was asked today, or they were missed too often."""
    put_off = (
        select(func.count()).select_from(CARD_STATE.outerjoin(CARD_MARK, _MARKED)).where(IS_PUT_OFF, ~IS_SET_ASIDE)
    )
    sides = select(func.count()).select_from(EVERY_CARD).where(CARD.c.deck_id == THE_DECK, CARD.c.side_of.is_not(None))
    due = sides.where(CARD.c.retired_at.is_(None), CARD_STATE.c.due_on <= TODAY, ~IS_SET_ASIDE, ~HAS_ITS_TURN)
    due = due.where(CARD.c.topic_id == bindparam("topic")) if of_topic else due
    return select(due.scalar_subquery() + _in_scope(put_off, of_topic).scalar_subquery())


def _hardest(of_topic: bool) -> Select[Any]:
    # As a subquery, not a join: hard cards are found first, and only then which deck they belong to.
    card = select(CARD.c.deck_id).where(CARD.c.id == CARD_STATE.c.card_id, CARD.c.retired_at.is_(None))
    deck = (card.where(CARD.c.topic_id == bindparam("topic")) if of_topic else card).scalar_subquery()
    found = select(CARD_STATE.c.card_id).where(
        CARD_STATE.c.learner_id == THE_LEARNER, CARD_STATE.c.difficulty > bindparam("above"), deck == THE_DECK
    )
    # First their ids, then their texts, which need not be carried through the sorting.
    ids = found.order_by(*_HARDEST_FIRST).limit(MOST_HARD).subquery()
    texts = (CARD.c.name, CARD.c.question_html, TOPIC.c.title)
    return (
        select(*texts, CARD_STATE.c.difficulty, CARD_STATE.c.lapses, CARD_DEMO.c.demo, CARD_DEMO.c.query)
        .select_from(
            _CARDS.join(ids, ids.c.card_id == CARD.c.id)
            .join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
            .outerjoin(CARD_DEMO, and_(CARD_DEMO.c.card_id == CARD.c.id, CARD_DEMO.c.position == 0))
        )
        .where(CARD_STATE.c.learner_id == THE_LEARNER)
        .order_by(*_HARDEST_FIRST)
    )


_COUNTS = {of_topic: _counts(of_topic) for of_topic in (False, True)}
_OF_TOMORROW = {of_topic: _of_tomorrow(of_topic) for of_topic in (False, True)}
_HARDEST = {of_topic: _hardest(of_topic) for of_topic in (False, True)}


def outlook(connection: Connection, scope: Scope, today: date) -> Outlook:
    """The forecast from `today` on, and the stabilities."""
    end = today + timedelta(days=FORECAST_DAYS)
    due: Counter[date | None] = Counter()
    firm: Counter[int] = Counter()
    values = _parameters(scope) | {"today": today, "end": end}
    for day, number, cards in connection.execute(_COUNTS[scope.topic_id is not None], values):
        due[day] += cards
        firm[number] += cards
    waiting = connection.execute(_OF_TOMORROW[scope.topic_id is not None], values).scalar_one()
    due[today] -= waiting
    due[today + timedelta(days=1)] += waiting
    return Outlook(
        forecast=[Due(day, due[day]) for day in days_between(today, end - timedelta(days=1))],
        later=due[end],
        suspended=due[None],
        stabilities=[
            Stability(shortest, below, firm[number])
            for number, (shortest, below) in enumerate(zip((0, *STABILITIES), (*STABILITIES, None), strict=True))
        ],
    )


def hardest(connection: Connection, scope: Scope) -> list[Hard]:
    """The hardest cards in the files, at most MOST_HARD, each of a difficulty above MIDDLING."""
    for above in (VERY_HARD, MIDDLING):
        values = _parameters(scope) | {"above": above}
        found = [Hard(*row) for row in connection.execute(_HARDEST[scope.topic_id is not None], values)]
        if len(found) == MOST_HARD:
            break
    return found


def _parameters(scope: Scope) -> dict[str, Any]:
    values = {"learner": scope.learner_id, "deck": scope.deck_id}
    return values if scope.topic_id is None else values | {"topic": scope.topic_id}
