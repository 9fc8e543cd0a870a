"""What the plans will lead to: the days until the interview, and what is recalled then. Takes up to a second.

It is worked out apart from the pages that show it, and remembered until a rating, an undo or a change of the plan.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlmodel import Session

from app.study.forecast.chances import chances
from app.study.learner.preferences import Preferences
from app.study.plan.situation import Situation
from app.study.plan.whole_plan import (
    OtherMinutes,
    TopicGain,
    TopicReadiness,
    WholePlan,
    by_topic,
    most_to_gain,
    other_minutes,
    whole_plan,
)
from app.study.schedule.scheduler import State
from app.study.sitting.plan_today import PlanToday
from app.study.sitting.plans import Interview
from app.tables import TOPIC, chunks

REMEMBERED = 64
OTHERS = (5, 10, 20, 30, 45, 60)
"""Minutes a day to compare with; the nearest less and more are shown."""


class TopicForecast(NamedTuple):
    """A topic's readiness on the day, if the learner stops now."""

    name: str
    title: str
    ready: TopicReadiness


@dataclass(frozen=True)
class PlanForecast:
    """What a plan leads to, and other minutes a day. `middle` is the state of a card of middling stability."""

    interview: Interview
    whole: WholePlan
    cards: int
    topics: Sequence[TopicForecast]
    gain: TopicGain | None
    gains_in: TopicForecast | None
    others: Sequence[OtherMinutes]
    middle: State | None
    is_by_fsrs_alone: bool


@dataclass(frozen=True)
class Needed:
    """All that a forecast is worked out from, so that no connection is held meanwhile."""

    situations: Sequence[Situation]
    interviews: Sequence[Interview]
    topics: dict[int, tuple[str, str]]
    is_by_fsrs_alone: bool


def remembered(session: Session, plan: PlanToday) -> Sequence[PlanForecast] | None:
    """The forecast of each plan, if this process has worked it out."""
    its = _remembered.get(session.connection().engine)
    return its.get(plan.stamp) if its else None


def what_is_needed(session: Session, learner: Preferences, now: datetime, plan: PlanToday) -> Needed:
    """Read what the forecast needs."""
    connection = session.connection()
    decks = {side.deck_id for side in plan.plan.cards.values()}
    known = [chances(session, learner.learner_id, deck) for deck in sorted(decks)]
    states = {card: state for one in known for card, state in one.states.items()}
    used = plan.done.seconds / (plan.plan.list.seconds or 1)
    situations = []
    for one in plan.plan.situations:
        cards = [card._replace(state=states.get(card.id)) for card in one.cards]
        left = max(0.0, one.seconds[0] * (1 - used)) if one.seconds[0] else 0.0
        predictor = known[0].predictor if known else one.predictor
        situations.append(replace(one, cards=cards, seconds=(left, *one.seconds[1:]), predictor=predictor))
    named: dict[int, tuple[str, str]] = {}
    for some in chunks({card.topic for one in situations for card in one.cards}):
        rows = connection.execute(select(TOPIC.c.id, TOPIC.c.name, TOPIC.c.title).where(TOPIC.c.id.in_(some)))
        named |= {row.id: (row.name, row.title) for row in rows}
    alone = any(not one.taught.is_current for one in known)
    return Needed(situations, plan.interviews, named, alone)


def work_out(engine: Engine, plan: PlanToday, asked: Needed) -> Sequence[PlanForecast]:
    """The forecast of each plan, which is remembered."""
    found = [
        _forecast(asked, one, interview) for one, interview in zip(asked.situations, asked.interviews, strict=True)
    ]
    its = _remembered.setdefault(engine, OrderedDict())
    its[plan.stamp] = found
    while len(its) > REMEMBERED:
        its.popitem(last=False)
    return found


_remembered: "WeakKeyDictionary[Engine, OrderedDict[Any, Sequence[PlanForecast]]]" = WeakKeyDictionary()


def _forecast(asked: Needed, situation: Situation, interview: Interview) -> PlanForecast:
    ready = by_topic(situation)
    topics = {topic: TopicForecast(*asked.topics[topic], one) for topic, one in ready.items()}
    gain = most_to_gain(situation)
    whole = whole_plan(situation)
    less = [one for one in OTHERS if one < interview.minutes][-1:]
    more = [one for one in OTHERS if one > interview.minutes][:2]
    states = sorted((card.state for card in situation.cards if card.state), key=lambda state: state.stability)
    return PlanForecast(
        interview,
        whole,
        len(situation.cards),
        list(topics.values()),
        gain,
        topics[gain.topic] if gain else None,
        sorted([OtherMinutes(interview.minutes, whole.unmet, whole.kept), *other_minutes(situation, [*less, *more])]),
        states[len(states) // 2] if states else None,
        asked.is_by_fsrs_alone,
    )
