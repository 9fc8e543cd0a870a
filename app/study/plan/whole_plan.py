"""The plan until the date, and what will be recalled then: if the learner keeps to it, and if they stop now.

Both are forecast by drawing futures (futures.py). The same seed gives the same forecast.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.study.plan.curve import Array
from app.study.plan.futures import Futures, begun
from app.study.plan.rule import CURVE, Cards, Reason
from app.study.plan.situation import Situation
from app.study.plan.todays_list import todays_list

FUTURES = 40
"""So many futures are followed day by day; and MANY are drawn of what is recalled if the learner stops."""
MANY = 400
DRAWS = 10
"""How often the answers on the date are drawn in each future that was followed."""


class Expected(NamedTuple):
    """How many cards are recalled: the mean, and the 90 % interval in whole cards."""

    expected: float
    low: int
    high: int


class PlannedDay(NamedTuple):
    """A day of the plan: the expected number of cards by reason, and of minutes.

    `recalled` is how many cards the learner is expected to recall on the date if they stop after that day.
    """

    day: date
    cards: Mapping[Reason, float]
    minutes: float
    recalled: float


@dataclass(frozen=True)
class WholePlan:
    """Every day until the date; what is recalled on it if the learner keeps to the plan, and if they stop now.

    A card that is never met counts with the chance to know it at first sight. `unmet` is how many cards are expected
    never to be met if the learner keeps to the plan.
    """

    days: tuple[PlannedDay, ...]
    kept: Expected
    stopped: Expected
    unmet: float


class TopicReadiness(NamedTuple):
    """A topic's cards, those never met, and how many are recalled on the date if the learner stops now."""

    cards: int
    unmet: int
    recalled: Expected


class TopicGain(NamedTuple):
    """How many cards of a topic fit into some minutes, and how many more are then recalled on the date."""

    topic: int
    cards: int
    gain: float


class OtherMinutes(NamedTuple):
    """What so many minutes a day would lead to: the cards never met, and those recalled on the date."""

    minutes: float
    unmet: float
    recalled: Expected


def whole_plan(situation: Situation, seed: int = 0, futures: int = FUTURES) -> WholePlan:
    """The plan from `situation.day` to the eve of the date, with its forecast."""
    stopped = readiness(situation, seed)
    if not situation.seconds or not situation.cards:
        return WholePlan((), stopped, stopped, float(sum(card.state is None for card in situation.cards)))
    rng = np.random.default_rng([seed, 1])
    drawn, rule = Futures.drawn(situation, rng, futures), situation.rule
    cards = Cards(*(np.tile(one, (futures, 1)) for one in situation.arrays))
    once = np.tile(situation.once, (futures, 1))
    asked_by_day: list[tuple[Mapping[Reason, float], float]] = []
    recalled: list[float] = []
    for day, seconds in enumerate(rule.seconds):
        looks = rule.looks(cards, day)
        recalled.append(_mean(drawn.chance(looks.is_new, looks.without, once)))
        ranked = rule.ranked(cards, day, looks)
        known = rng.random(looks.chance.shape) < drawn.chance(looks.is_new, looks.chance, once)
        took = drawn.pace * situation.costs.of(looks.is_new, known)
        asked = begun(ranked, looks.seconds, took, seconds)
        for i, one in enumerate(cards[:2]):
            np.copyto(one, np.where(known, looks.remembered[i], looks.missed[i]), where=asked)
        np.copyto(cards.last, day, where=asked)
        once &= looks.is_new | ~asked
        by_reason = np.bincount(ranked.reason[asked], minlength=len(Reason)) / futures
        asked_by_day.append((dict(zip(Reason, by_reason.tolist(), strict=True)), _mean(np.where(asked, took, 0)) / 60))
    is_new = np.isnan(cards.stability)
    chance = drawn.chance(
        is_new, CURVE.recall(np.where(is_new, 1, cards.stability), rule.date - np.where(is_new, 0, cards.last)), once
    )
    recalled.append(_mean(chance))
    days = tuple(
        PlannedDay(situation.day + timedelta(days=day), *asked_by_day[day], recalled[day + 1])
        for day in range(rule.date)
    )
    return WholePlan(days, _forecast(_answers(chance, rng, DRAWS).sum(axis=-1)), stopped, _mean(is_new))


def readiness(situation: Situation, seed: int = 0) -> Expected:
    """How many cards are recalled on the date if the learner stops now."""
    return _forecast(_stopped(situation, seed).sum(axis=-1))


def by_topic(situation: Situation, seed: int = 0) -> dict[int, TopicReadiness]:
    """The same for each topic, in the order of the cards."""
    drawn, topics = _stopped(situation, seed), np.array([card.topic for card in situation.cards])
    is_new = np.array([card.state is None for card in situation.cards])
    return {
        topic: TopicReadiness(
            int((topics == topic).sum()),
            int((is_new & (topics == topic)).sum()),
            _forecast(drawn[:, topics == topic].sum(axis=-1)),
        )
        for topic in dict.fromkeys(topics.tolist())
    }


def most_to_gain(situation: Situation, minutes: float = 10) -> TopicGain | None:
    """The topic that gains most on the date in so many minutes now; None if there is nothing to gain."""
    found = []
    cards = sorted(todays_list(situation).cards, key=lambda card: -card.gain / card.seconds)
    for topic in dict.fromkeys(card.topic for card in cards):
        gain, number, rest = 0.0, 0, minutes * 60
        for card in cards:
            if card.topic == topic and card.seconds <= rest and card.gain > 0:
                gain, number, rest = gain + card.gain, number + 1, rest - card.seconds
        found.append(TopicGain(topic, number, gain))
    return max((one for one in found if one.cards), key=lambda one: one.gain, default=None)


def other_minutes(
    situation: Situation, minutes: Sequence[float], seed: int = 0, futures: int = 16
) -> list[OtherMinutes]:
    """What other numbers of minutes a day would lead to; days off stay off."""
    found = []
    for number in minutes:
        seconds = tuple(60.0 * number if one else 0.0 for one in situation.seconds)
        plan = whole_plan(replace(situation, seconds=seconds), seed, futures)
        found.append(OtherMinutes(number, plan.unmet, plan.kept))
    return found


def _stopped(situation: Situation, seed: int) -> NDArray[np.int64]:
    """Draws of what is recalled on the date if the learner stops now: (MANY, cards), 0 or 1."""
    if not situation.cards:
        return np.zeros((MANY, 0), np.int64)
    rng = np.random.default_rng([seed, 0])
    stability, _, last = situation.arrays
    is_new, day = np.isnan(stability), len(situation.seconds)
    by_fsrs = CURVE.recall(np.where(is_new, 1, stability), day - np.where(is_new, 0, last))
    return _answers(Futures.drawn(situation, rng, MANY).chance(is_new, by_fsrs, situation.once), rng, 1)


def _answers(chance: Array, rng: Generator, times: int) -> NDArray[np.int64]:
    return (rng.random((times, *chance.shape)) < chance).astype(np.int64).reshape(-1, chance.shape[-1])


def _mean(by_card: Array) -> float:
    return float(by_card.sum(axis=-1).mean())


def _forecast(numbers: NDArray[np.int64]) -> Expected:
    low, high = np.quantile(numbers, 0.05, method="lower"), np.quantile(numbers, 0.95, method="higher")
    mean = float(numbers.mean())
    return Expected(mean, min(int(low), math.floor(mean)), max(int(high), math.ceil(mean)))
