"""What a plan is made from. Everything here is as it was when the day began: today's ratings are not in it.

How to use this folder, in one place:

    seconds = study_seconds(day, on, minutes, days_off)             # of each day from today to the eve
    situation = Situation(cards, day, seconds, costs, first_looks, predictor)
    today = todays_list(situation)                                  # todays_list.py: a few ms
    today.left(DoneToday(rated today, seconds used today, cards that have still to return))
    today.more(done, minutes=10)                                    # what ten more minutes would bring
    whole_plan(situation)                                           # whole_plan.py: off the path of a request
    by_topic(situation), most_to_gain(situation), other_minutes(situation, (5, 10, 20, 40))

A state from after the day began would change today's list with each rating, and its quota of new cards
would never be filled. Several plans share the minutes of a day: see `shared` and `together`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.study.forecast.predictor import Predictor
from app.study.plan.costs import GUESS, Costs
from app.study.plan.curve import Array
from app.study.plan.rule import BETWEEN_CARDS, Cards, Rule
from app.study.schedule.scheduler import State


class PlanCard(NamedTuple):
    """A card that a plan may ask: not suspended, not retired. `state` is None if it was never rated before today."""

    id: int
    topic: int
    state: State | None = None


class FirstLooks(NamedTuple):
    """How many cards the learner knew at first sight, and how many not. In a simulation, of many learners."""

    known: int | Array = 0
    missed: int | Array = 0

    @property
    def beta(self) -> tuple[int | Array, int | Array]:
        """The chance to know a card at first sight as a Beta distribution; its mean is 2 in 7 before the first look."""
        return 2 + self.known, 5 + self.missed

    @property
    def chance(self) -> float | Array:
        """Its mean."""
        known, missed = self.beta
        return known / (known + missed)


@dataclass(frozen=True)
class Situation:
    """All that decides the plan for one date.

    `cards` are in learning order. `seconds` has what may be spent on each day from `day` (today) to the eve of the
    date. `costs` are learned from answers before today (costs.from_totals), and so is `predictor`.
    """

    cards: Sequence[PlanCard]
    day: date
    seconds: tuple[float, ...]
    costs: Costs = GUESS
    first_looks: FirstLooks = field(default_factory=FirstLooks)
    predictor: Predictor = field(default_factory=Predictor)

    @property
    def date(self) -> date:
        """The day on which all should be recalled."""
        return self.day + timedelta(days=len(self.seconds))

    @property
    def rule(self) -> Rule:
        """The rule for this date and learner."""
        return Rule(self.seconds, self.costs, self.first_looks.chance)

    @property
    def arrays(self) -> Cards:
        """The cards as the rule takes them."""
        states = [card.state for card in self.cards]
        return Cards(
            np.array([np.nan if state is None else state.stability for state in states]),
            np.array([np.nan if state is None else state.difficulty for state in states]),
            np.array([np.nan if state is None else min(-1, (state.reviewed_on - self.day).days) for state in states]),
        )

    @property
    def once(self) -> NDArray[np.bool_]:
        """True for the cards that were not asked on a second day yet."""
        return np.array([card.state is None or card.state.recalls == 0 for card in self.cards], bool)


def study_seconds(day: date, on: date, minutes: int, days_off: Collection[int] = ()) -> tuple[float, ...]:
    """The seconds of each day from `day` to the eve of `on`, none on the weekdays off (0 is Monday)."""
    days = (day + timedelta(days=one) for one in range((on - day).days))
    return tuple(0.0 if one.weekday() in days_off else minutes * 60.0 for one in days)


def shared(situations: Sequence[Situation]) -> list[Situation]:
    """The same plans of one learner with the seconds of each day divided among those whose date is still to come.

    Each of `situations` has all the seconds of the learner's days. A plan's part is in proportion to the time that it
    needs a day: to meet what is unmet, and to ask everything once more.
    """
    needs = []
    for one in situations:
        unmet = sum(card.state is None for card in one.cards)
        refresh = len(one.cards) * (float(one.costs.remembered) + BETWEEN_CARDS)
        needed = refresh + unmet * float(one.costs.of_new(one.first_looks.chance))
        needs.append(needed / max(1, sum(seconds > 0 for seconds in one.seconds)))
    divided = []
    for one, need in zip(situations, needs, strict=True):
        seconds = []
        for day, all_of_them in enumerate(one.seconds):
            together = sum(other for its, other in zip(situations, needs, strict=True) if len(its.seconds) > day)
            seconds.append(all_of_them * need / together if together else 0.0)
        divided.append(replace(one, seconds=tuple(seconds)))
    return divided
