"""Meet, keep, refresh: which cards to ask on a day, in which order, so that most are recalled on the date.

1. Meet so many new cards, in learning order, that all are met before the refresh begins.
2. Keep cards whose chance of recall has fallen to KEEP; in the last days refresh all that were not asked in them.
   Those that gain AHEAD times as much in a second as a new card come before 1.
3. The rest of the new cards.
4. More, while a minute brings more than WORTH cards on the date.

2 and 4 begin with the cards that gain most in a second. The rule was found by simulation (docs/plan.md).
It works on arrays whose last axis is the cards, so that many futures, or many learners, are ranked at once.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.study.plan.costs import Costs
from app.study.plan.curve import Array, Forgetting, Memory

KEEP = 0.80
"""A card is asked again once its chance of recall is no higher, and refreshed below FRESH even in the last days."""
FRESH = 0.90
WORTH = 0.10
"""So many more cards on the date must a minute bring, or a card is not worth it."""
AHEAD = 1.25  # less would leave more than nine of 79 cards unmet in a week of ten minutes
BETWEEN_CARDS = 4.0
"""Seconds from one card to the next, in the estimate of how long a refresh takes."""
RETURNS = 2
"""How often a missed card is asked again on its day (successive relearning)."""

CURVE = Forgetting()


class Reason(IntEnum):
    """Why a card is asked today."""

    MEET = 0
    KEEP = 1
    REFRESH = 2
    MORE = 3


class Cards(NamedTuple):
    """Stability and difficulty by FSRS, NaN for cards never met; and the day of the last rating, 0 for today.

    Each has the cards on its last axis.
    """

    stability: Array
    difficulty: Array
    last: Array


class Looks(NamedTuple):
    """What one look today would do for each card.

    `chance` is that of recall now, `remembered` and `missed` the memories after it, `seconds` the expected time,
    `without` the chance of recall on the date without a look, and `gain` what a look adds to it.
    """

    is_new: NDArray[np.bool_]
    chance: Array
    remembered: Memory
    missed: Memory
    seconds: Array
    without: Array
    gain: Array


class Ranked(NamedTuple):
    """Cards in the order in which to ask them: their places in `Cards`; and, by place, each card's reason.

    `worth` is false by place for cards that should not be asked unless the learner wants more.
    """

    order: NDArray[np.intp]
    reason: NDArray[np.int8]
    worth: NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """The rule for one date. `seconds` has the seconds of each day from today (0) to the eve of the date.

    `known` is the chance that a card is known at first sight: a number, or an array that broadcasts with the cards.
    """

    seconds: tuple[float, ...]
    costs: Costs
    known: float | Array

    @property
    def date(self) -> int:
        """The number of days from today to the date."""
        return len(self.seconds)

    def looks(self, cards: Cards, day: int) -> Looks:
        """What a look on `day` would do for each card."""
        is_new = np.isnan(cards.stability)
        stability = np.where(is_new, 1.0, cards.stability)
        memory = stability, np.where(is_new, 5.0, cards.difficulty)
        last = np.where(is_new, day - 1, cards.last)
        now = CURVE.recall(stability, np.maximum(day - last, 1))
        remembered = instead(is_new, CURVE.first(True), CURVE.remembered(memory, now))
        missed = instead(is_new, CURVE.again_today(CURVE.first(False), RETURNS), self._relearned(memory, now))
        chance = np.where(is_new, self.known, now)
        without = np.where(is_new, self.known, CURVE.recall(stability, self.date - last))
        left = self.date - day
        after = chance * CURVE.recall(remembered[0], left) + (1 - chance) * CURVE.recall(missed[0], left)
        seconds = np.where(is_new, self.costs.of_new(self.known), self.costs.of_seen(now))
        return Looks(is_new, chance, remembered, missed, seconds, without, after - without)

    def ranked(self, cards: Cards, day: int, looks: Looks) -> Ranked:
        """The order in which to ask the cards on `day`, if none was asked yet."""
        is_new, rate = looks.is_new, looks.gain / looks.seconds * 60
        begin = self.refresh_begins(is_new.shape[-1])
        place = np.cumsum(is_new, axis=-1)
        unmet = place[..., -1:]
        studied = np.cumsum([0, *(seconds > 0 for seconds in self.seconds)])
        before = studied[np.maximum(begin, day)] - studied[day]
        is_first = is_new & (place <= np.ceil(unmet / np.maximum(1, before)))
        is_refresh = day >= begin
        stale = np.where(is_refresh, (cards.last < begin) | (looks.chance < FRESH), looks.chance <= KEEP)
        stale &= ~is_new
        worth = is_new | stale | (rate > WORTH)
        ahead = stale & (rate > AHEAD * rate.max(axis=-1, keepdims=True, initial=-np.inf, where=is_new))
        group = np.select([ahead, is_first, stale, is_new, worth], range(5), 5)
        # A gain is at most one card, and a card takes a second at least: no rate is above 60.
        key = group * 1000.0 + np.where(is_new, 0.0, -rate)
        kept = np.where(is_refresh, Reason.REFRESH, Reason.KEEP)
        reason = np.where(is_new, Reason.MEET, np.where(stale, kept, Reason.MORE)).astype(np.int8)
        return Ranked(np.argsort(key, axis=-1, kind="stable"), reason, worth)

    def refresh_begins(self, cards: int) -> NDArray[np.intp]:
        """The day from which on there is just time enough to ask every card once more; negative if that is past."""
        needed = np.asarray(cards * (self.costs.remembered + BETWEEN_CARDS))
        rest = np.cumsum(self.seconds[::-1])[::-1]
        study_days = sum(seconds > 0 for seconds in self.seconds)
        if study_days == 0:
            return np.zeros(needed.shape, np.intp)
        enough: NDArray[np.intp] = (rest >= needed[..., None]).sum(axis=-1)
        lacking = np.ceil((needed - rest[0]) / (rest[0] / study_days))
        begins: NDArray[np.intp] = np.where(enough > 0, enough - 1, -lacking).astype(np.intp)
        return begins

    @staticmethod
    def _relearned(memory: Memory, chance: Array) -> Memory:
        return CURVE.again_today(CURVE.missed(memory, chance), RETURNS)


def instead(is_new: NDArray[np.bool_], new: Memory, seen: Memory) -> Memory:
    """The memory `new` for new cards, and `seen` for the others."""
    return np.where(is_new, new[0], seen[0]), np.where(is_new, new[1], seen[1])
