"""Synthetic learners, to measure the plan and its forecast: what is true of them is known, and all study at once.

Each forgets by FSRS-6 with parameters of their own, and each card has an effect of its own on the stability. The
schedule, the plan and the forecast know only the published parameters and the learner's answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.study.plan.costs import AnswerKind, Costs, from_totals
from app.study.plan.curve import Array, Forgetting
from app.study.plan.futures import begun
from app.study.plan.rule import CURVE, RETURNS, Cards, Rule, instead
from app.study.plan.situation import FirstLooks
from app.study.schedule.scheduler import PARAMETERS

Bools = NDArray[np.bool_]

SECONDS = Costs(again=0.0)
"""What an answer takes on average, without the returns of a missed card."""
SECONDS_A_RETURN = 6.0
NEW_A_DAY = 20
"""What the queue without a plan allows."""

# Standard deviations of FSRS-6's parameters over people, from w4 on, as fsrs-rs has them (PARAMS_STDDEV in its
# training.rs). Those of the first four describe long tails; here they have one common deviation in the logarithm.
_SD = (0.57, 0.28, 0.6, 0.12, 0.39, 0.18, 0.33, 0.3, 0.09, 0.16, 0.57, 0.25, 1.03, 0.31, 0.32, 0.14, 0.27)
_SD_LOG_FIRST = 1.0
_SHARE_OF_SD = 0.5
_SD_LOG_CARD = 0.5
_SD_LOG_PACE = 0.2
_SD_LOG_ANSWER = 0.3


@dataclass(frozen=True)
class Learners:
    """What is true of them: arrays are (learners, 1); `card` (an effect on stability) and `knows` (learners, cards).

    `knows` says which cards a learner knows before they ever meet them.
    """

    curve: Forgetting
    relearns: Array
    pace: Array
    card: Array
    knows: Bools

    @classmethod
    def drawn(cls, rng: Generator, learners: int, cards: int) -> "Learners":
        """So many learners, each with so many cards. The learners are the same for every number of cards."""
        one = (learners, 1)
        first = np.exp(_SD_LOG_FIRST * rng.normal(size=one))
        own = [
            np.clip(w + _SHARE_OF_SD * sd * rng.normal(size=one), w / 3, w * 3)
            for w, sd in zip(PARAMETERS[4:], _SD, strict=True)
        ]
        known = np.clip(rng.normal(0.3, 0.15, one), 0.02, 0.9)
        relearns, pace = rng.uniform(0.65, 0.9, one), np.exp(_SD_LOG_PACE * rng.normal(size=one))
        card = np.exp(_SD_LOG_CARD * rng.normal(size=(learners, cards)))
        curve = Forgetting([*(w * first for w in PARAMETERS[:4]), *own])
        return cls(curve, relearns, pace, card, rng.random((learners, cards)) < known)


@dataclass
class Course:
    """The cards of all learners while they study. `cards` is what the schedule knows, `truth` what is true.

    `seconds` has the seconds used each day, (learners,) each; `answers` which cards were asked each day and which
    were remembered; `count` and `total` are the answers by kind.
    """

    learners: Learners
    rng: Generator
    cards: Cards = field(init=False)
    truth: Cards = field(init=False)
    seconds: list[Array] = field(default_factory=list)
    answers: list[tuple[Bools, Bools]] = field(default_factory=list)
    count: dict[AnswerKind, Array] = field(init=False)
    total: dict[AnswerKind, Array] = field(init=False)

    def __post_init__(self) -> None:
        shape = self.learners.card.shape
        self.cards, self.truth = (Cards(*(np.full(shape, np.nan) for _ in range(3))) for _ in range(2))
        self.count, self.total = ({kind: np.zeros((shape[0], 1)) for kind in AnswerKind} for _ in range(2))

    @property
    def is_new(self) -> Bools:
        return np.isnan(self.cards.stability)

    def chance(self, day: int) -> Array:
        """What is true: the chance that each card is known on `day`, (learners, cards)."""
        stability = np.where(self.is_new, 1.0, self.truth.stability) * self.learners.card
        seen = self.learners.curve.recall(stability, np.where(self.is_new, 1, day - self.truth.last))
        return np.where(self.is_new, self.learners.knows, seen)

    def costs(self) -> Costs:
        """The seconds that the plan has learned of each learner, (learners, 1)."""
        return from_totals(self.count, self.total)

    def first_looks(self) -> FirstLooks:
        """How many cards each learner knew at first sight, and how many not: arrays, (learners, 1)."""
        return FirstLooks(self.count[AnswerKind.NEW_KNOWN], self.count[AnswerKind.NEW_MISSED])

    def study(self, asks: Callable[[Array], Bools], day: int) -> Bools:
        """Ask the cards that `asks` chooses, given the seconds that each would take. Returns which were asked."""
        is_new, remembered = self.is_new, self.rng.random(self.is_new.shape) < self.chance(day)
        first = SECONDS.of(is_new, remembered) * self._pace()
        failed = self.rng.negative_binomial(RETURNS, self.learners.relearns, is_new.shape)
        later = np.where(remembered, 0.0, (RETURNS + failed) * SECONDS_A_RETURN * self._pace())
        asked = asks(first + later)
        self._become(self.truth, self.learners.curve, day, remembered, asked)
        self._become(self.cards, CURVE, day, remembered, asked)
        answers = {
            AnswerKind.NEW_KNOWN: (is_new & remembered, first),
            AnswerKind.NEW_MISSED: (is_new & ~remembered, first),
            AnswerKind.REMEMBERED: (~is_new & remembered, first),
            AnswerKind.MISSED: (~is_new & ~remembered, first),
            AnswerKind.AGAIN: (~remembered, later),
        }
        for kind, (which, took) in answers.items():
            self.count[kind] += (asked & which).sum(axis=1, keepdims=True)
            self.total[kind] += np.where(asked & which, took, 0).sum(axis=1, keepdims=True)
        self.answers.append((asked, remembered))
        self.seconds.append(np.where(asked, first + later, 0).sum(axis=1))
        return asked

    def _pace(self) -> Array:
        spread = self.rng.normal(-(_SD_LOG_ANSWER**2) / 2, _SD_LOG_ANSWER, self.learners.card.shape)
        return self.learners.pace * np.exp(spread)

    def _become(self, cards: Cards, curve: Forgetting, day: int, remembered: Bools, asked: Bools) -> None:
        is_new, effect = np.isnan(cards.stability), self.learners.card if cards is self.truth else 1.0
        memory = np.where(is_new, 1.0, cards.stability), np.where(is_new, 5.0, cards.difficulty)
        chance = curve.recall(memory[0] * effect, np.where(is_new, 1, day - cards.last))
        good = instead(is_new, curve.first(remembered=True), curve.remembered(memory, chance))
        bad = curve.again_today(instead(is_new, curve.first(remembered=False), curve.missed(memory, chance)), RETURNS)
        for mine, if_good, if_bad in zip(cards, good, bad, strict=False):
            np.copyto(mine, np.where(remembered, if_good, if_bad), where=asked)
        np.copyto(cards.last, day, where=asked)


def planned(learners: Learners, rng: Generator, seconds: tuple[float, ...]) -> Iterator[tuple[int, Course, Rule]]:
    """All learners follow the plan. Gives each day, the course and the rule before anything is asked on it.

    Once the last is taken, the course is at its end.
    """
    course = Course(learners, rng)
    for day, of_day in enumerate(seconds):
        rule = Rule(seconds, course.costs(), course.first_looks().chance)
        yield day, course, rule
        looks = rule.looks(course.cards, day)
        course.study(partial(begun, rule.ranked(course.cards, day, looks), looks.seconds, seconds=of_day), day)


def queued(learners: Learners, rng: Generator, seconds: tuple[float, ...]) -> Course:
    """All learners ask what the queue has without a plan: due cards, then new ones, until the minutes are over."""
    course, due = Course(learners, rng), np.full(learners.card.shape, np.inf)
    for day, of_day in enumerate(seconds):
        is_new = course.is_new
        waits = np.where(is_new, np.cumsum(is_new, axis=1) <= NEW_A_DAY, due <= day)
        order = np.argsort(np.where(waits, np.where(is_new, 1e6, due), np.inf), axis=1, kind="stable")
        asked = course.study(partial(_until_over, order, waits, of_day), day)
        fuzz = np.where(course.cards.stability < 2.5, 1.0, rng.uniform(0.9, 1.1, due.shape))
        due = np.where(asked, day + np.maximum(1, np.round(course.cards.stability * fuzz)), due)
    return course


def _until_over(order: NDArray[np.intp], waits: Bools, seconds: float, took: Array) -> Bools:
    """The cards that wait, in order, as long as the one before did not end after the seconds."""
    its = np.take_along_axis(np.where(waits, took, 0.0), order, 1)
    asked = np.zeros_like(waits)
    np.put_along_axis(asked, order, np.cumsum(its, axis=1) - its < seconds, 1)
    return asked & waits
