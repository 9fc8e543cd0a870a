"""FSRS-6 over whole arrays of cards, for plans and forecasts that try thousands of futures.

It computes what `schedule/scheduler.py` has the FSRS library compute, one card at a time, for Again and Good: see there
for the source of the formulas. Stabilities S are in days, difficulties D from 1 to 10, and times in whole days. All
arrays broadcast. `parameters` holds FSRS's 21: each a number, or an array that broadcasts (one for each learner).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.study.schedule.scheduler import MAX_DAYS, PARAMETERS

Array = NDArray[np.float64]
Memory = tuple[Array, Array]
"""Stability and difficulty."""

LEAST_STABILITY = 0.001


class Forgetting:
    """FSRS-6 with its published parameters, or with those of synthetic learners."""

    def __init__(self, parameters: Sequence[float | Array] = PARAMETERS) -> None:
        self._w = w = parameters
        self._decay = -w[20]
        self._factor = 0.9 ** (1 / self._decay) - 1
        self._easy = w[4] - np.exp(w[5] * 3) + 1  # what difficulty returns to; not clipped, as in fsrs-rs

    def recall(self, stability: Array, days: Array | float) -> Array:
        """The chance, 0 to 1, that a card is known after so many days (0 or more)."""
        base = 1 + self._factor * days / stability
        return np.asarray(np.exp(self._decay * np.log(base)))

    def first(self, remembered: bool) -> Memory:
        """A new card's memory after Good, or after Again."""
        w = self._w
        stability, grade = (w[2], 3) if remembered else (w[0], 1)
        return np.asarray(stability), np.clip(w[4] - np.exp(w[5] * (grade - 1)) + 1, 1, 10)

    def remembered(self, memory: Memory, chance: Array) -> Memory:
        """The memory after Good, a day or more after the last rating; `chance` is that of recall at the time."""
        w, (stability, difficulty) = self._w, memory
        growth = (11 - difficulty) * np.exp(w[8] - w[9] * np.log(stability)) * np.expm1((1 - chance) * w[10])
        return _within(stability * (1 + growth)), self._moved(difficulty, 3)

    def missed(self, memory: Memory, chance: Array) -> Memory:
        """The memory after Again, a day or more after the last rating."""
        w, (stability, difficulty) = self._w, memory
        kept = np.exp((1 - chance) * w[14] - w[12] * np.log(difficulty) + w[13] * np.log1p(stability))
        after = w[11] * kept * (1 - np.exp(-w[13] * np.log1p(stability)))
        return _within(np.minimum(after, stability / np.exp(w[17] * w[18]))), self._moved(difficulty, 1)

    def again_today(self, memory: Memory, times: int = 1) -> Memory:
        """The memory after `times` ratings Good on the day of the last rating."""
        w, (stability, difficulty) = self._w, memory
        for _ in range(times):
            growth = np.exp(w[17] * w[18] - w[19] * np.log(stability))
            stability, difficulty = _within(stability * np.maximum(growth, 1)), self._moved(difficulty, 3)
        return stability, difficulty

    def _moved(self, difficulty: Array, grade: int) -> Array:
        w = self._w
        towards = difficulty - w[6] * (grade - 3) * (10 - difficulty) / 9
        return np.clip(w[7] * self._easy + (1 - w[7]) * towards, 1, 10)


def _within(stability: Array) -> Array:
    return np.clip(stability, LEAST_STABILITY, MAX_DAYS)
