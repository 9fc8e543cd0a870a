"""How much the plan brings, and whether its forecast is right: measured on synthetic learners.

For each number of cards, days and minutes the same learners study once as the queue asks without a plan, and once as
the plan asks. The forecast is made before the first day, and again halfway from what the learner did until then, by
the code that the pages use.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.study.forecast.predictor import Predictor
from app.study.forecast.predictor import after as taught
from app.study.plan.costs import Costs
from app.study.plan.curve import Array
from app.study.plan.rule import RETURNS
from app.study.plan.situation import FirstLooks, PlanCard, Situation
from app.study.plan.synthetic import Course, Learners, planned, queued
from app.study.plan.whole_plan import Expected, WholePlan, whole_plan
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State
from app.study.schedule.scheduler import after as rated

BEGIN = date(2026, 3, 2)
FORECASTS = 8
"""Before the first day all learners have the same forecast, apart from what is drawn: so many draws are compared."""


class Case(NamedTuple):
    """So many cards, days until the date, and minutes a day."""

    cards: int
    days: int
    minutes: int


class Measured(NamedTuple):
    """What came of a case. Shares of cards and of learners are from 0 to 1, and minutes in all.

    `gains` has each learner's cards recalled on the date with the plan minus those without, as a share of all cards.
    `over` is by how many seconds the plan's longest day exceeded the minutes. `covered` and `covered_halfway` are the
    shares of learners whose number of cards recalled was within the forecast's 90 % interval, and `covered_stopped`
    those of learners who stopped halfway.
    """

    case: Case
    queue: float
    queue_minutes: float
    queue_unmet: float
    plan: float
    plan_minutes: float
    unmet: float
    over: float
    gains: Array
    covered: float
    covered_halfway: float
    covered_stopped: float

    @property
    def error(self) -> float:
        """The standard error of the mean gain."""
        return _error(self.gains)

    @property
    def row(self) -> str:
        """The row of the table below HEADING."""
        case = self.case
        halfway, stopped = (
            "–" if math.isnan(share) else f"{share:.0%}" for share in (self.covered_halfway, self.covered_stopped)
        )
        return (
            f"| {case.cards} | {case.days} | {case.minutes} "
            f"| {self.queue:.1%} | {self.queue_minutes:.0f} | {self.queue_unmet:.1f} "
            f"| {self.plan:.1%} | {self.plan_minutes:.0f} | {self.unmet:.1f} "
            f"| {self.gains.mean() * 100:+.1f} ± {self.error * 100:.1f} | {(self.gains < 0).mean():.0%} "
            f"| {self.over:.0f} | {self.covered:.1%} | {halfway} | {stopped} |"
        )


HEADING = (
    "| cards | days | minutes a day | queue: recalled | minutes | never met | plan: recalled | minutes | never met "
    "| gain, points | worse off | seconds over | held | halfway | stopped |",
    "|" + "--:|" * 15,
)
"""The table's first two lines."""


def summary(measured: Sequence[Measured]) -> list[str]:
    """What the cases say together. The learners are the same in each."""
    gains = np.mean([one.gains for one in measured], axis=0)
    lines = [
        "",
        f"Gain over the queue, mean of {len(measured)} cases: {gains.mean() * 100:+.2f} ± {_error(gains) * 100:.2f} "
        f"points of all cards; {(gains < 0).mean():.1%} of {len(gains)} learners are worse off on average.",
    ]
    for when, shares in (
        ("before the first day", [one.covered for one in measured]),
        ("halfway", [one.covered_halfway for one in measured]),
        ("of stopping halfway", [one.covered_stopped for one in measured]),
    ):
        if not any(math.isnan(share) for share in shares):
            lines.append(
                f"The 90 % interval of the forecast {when} held for {np.mean(shares):.1%} of learners "
                f"({min(shares):.1%} to {max(shares):.1%} by case)."
            )
    return lines


def cases(cards: Iterable[int], days: Iterable[int], minutes: Iterable[int]) -> list[Case]:
    """Every combination."""
    return [Case(*one) for one in product(cards, days, minutes)]


def measure(case: Case, learners: int, halfway: int, seed: int) -> Measured:
    """Let so many learners study; for so many of them make the forecast halfway too."""
    drawn = Learners.drawn(np.random.default_rng(seed), learners, case.cards)
    seconds = (case.minutes * 60.0,) * case.days
    queue = queued(drawn, np.random.default_rng([seed, 1]), seconds)
    later: list[WholePlan] = []
    for day, course, _rule in planned(drawn, np.random.default_rng([seed, 2]), seconds):
        if day == case.days // 2:
            later = [whole_plan(situation(course, row, seconds), row) for row in range(min(halfway, learners))]
            stopped = _recalled(course, case.days, [seed, 4])
    first = Situation([PlanCard(one, one) for one in range(case.cards)], BEGIN, seconds)
    forecasts = [whole_plan(first, one).kept for one in range(min(FORECASTS, learners))]
    without, chance = queue.chance(case.days), course.chance(case.days)
    recalled = _recalled(course, case.days, [seed, 3])
    return Measured(
        case,
        float(without.mean()),
        _minutes(queue),
        _unmet(queue),
        float(chance.mean()),
        _minutes(course),
        _unmet(course),
        float(np.max(course.seconds)) - seconds[0],
        (chance - without).mean(axis=1),
        float(np.mean([_covered([one] * learners, recalled) for one in forecasts])),
        _covered([one.kept for one in later], recalled),
        _covered([one.stopped for one in later], stopped),
    )


def situation(course: Course, row: int, seconds: tuple[float, ...]) -> Situation:
    """What a plan is made from for one of the learners, after the days that were studied."""
    states: dict[int, State] = {}
    predictor = Predictor()
    for card, given in ratings(course, row):
        predictor = taught(predictor, states.get(card), given)
        states[card] = rated(states.get(card), card, given)
    day, costs, looks = len(course.seconds), course.costs(), course.first_looks()
    return Situation(
        [PlanCard(card, card, states.get(card)) for card in range(course.is_new.shape[1])],
        BEGIN + timedelta(days=day),
        seconds[day:],
        Costs(*(float(np.ravel(one)[row]) for one in vars(costs).values())),
        FirstLooks(*(int(np.ravel(one)[row]) for one in looks)),
        predictor,
    )


def ratings(course: Course, row: int) -> Iterator[tuple[int, CountedRating]]:
    """The ratings that one of the learners gave, each with its card's number."""
    number = 0
    for days, (asked, remembered) in enumerate(course.answers):
        day = BEGIN + timedelta(days=days)
        at = datetime.combine(day, time(9), UTC)
        for card in np.flatnonzero(asked[row]).tolist():
            good = bool(remembered[row, card])
            for rating in (Rating.WELL,) if good else (Rating.NOT_AT_ALL, *[Rating.WELL] * RETURNS):
                number, at = number + 1, at + timedelta(minutes=1, seconds=1)
                yield card, CountedRating(number, rating, at, at, at, day, 0.9)


def _recalled(course: Course, day: int, seed: list[int]) -> NDArray[np.intp]:
    """How many cards each learner recalls on `day`, drawn, if nothing more is studied."""
    chance = course.chance(day)
    recalled: NDArray[np.intp] = (np.random.default_rng(seed).random(chance.shape) < chance).sum(axis=1)
    return recalled


def _covered(forecasts: list[Expected], recalled: NDArray[np.intp]) -> float:
    within = [one.low <= number <= one.high for one, number in zip(forecasts, recalled.tolist(), strict=False)]
    return float(np.mean(within)) if within else float("nan")


def _error(gains: Array) -> float:
    return float(gains.std(ddof=1) / math.sqrt(len(gains)))


def _minutes(course: Course) -> float:
    return float(np.sum(course.seconds, axis=0).mean()) / 60


def _unmet(course: Course) -> float:
    return float(course.is_new.sum(axis=1).mean())
