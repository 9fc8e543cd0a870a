"""How long a learner takes for an answer: learned from their own answers, beginning with a guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.study.plan.curve import Array

LONGEST = 180.0
"""More seconds than this for one answer were not all spent on it."""
GUESSED_ANSWERS = 10
"""The guess counts as much as so many answers of the learner's own."""


class AnswerKind(StrEnum):
    """What an answer was: the first look at a card, a later one, or a missed card's return on the same day."""

    NEW_KNOWN = "new_known"
    NEW_MISSED = "new_missed"
    REMEMBERED = "remembered"
    MISSED = "missed"
    AGAIN = "again"


@dataclass(frozen=True)
class Costs:
    """Seconds for an answer of each kind. `again` is for all returns of one missed card on its day together.

    In a simulation each may be an array that broadcasts with the cards.
    """

    new_known: float | Array = 25.0
    new_missed: float | Array = 50.0
    remembered: float | Array = 20.0
    missed: float | Array = 35.0
    again: float | Array = 15.0

    def of_new(self, known: float | Array) -> float | Array:
        """Expected seconds for meeting a card that is known at first sight with the chance `known`."""
        return known * self.new_known + (1 - known) * (self.new_missed + self.again)

    def of_seen(self, chance: Array) -> Array:
        """Expected seconds for asking a card again that is recalled with `chance`."""
        return chance * self.remembered + (1 - chance) * (self.missed + self.again)

    def of(self, is_new: NDArray[np.bool_], known: NDArray[np.bool_]) -> Array:
        """Seconds for asking each card, if those `known` are recalled."""
        first = np.where(known, self.new_known, self.new_missed + self.again)
        return np.where(is_new, first, np.where(known, self.remembered, self.missed + self.again))


GUESS = Costs()


def seconds(shown_at: datetime | None, rated_at: datetime) -> float | None:
    """How long an answer took, at most LONGEST. None if nobody knows when the card was shown."""
    if shown_at is None or rated_at < shown_at:
        return None
    return min((rated_at - shown_at).total_seconds(), LONGEST)


def from_totals(count: Mapping[AnswerKind, int | Array], total: Mapping[AnswerKind, float | Array]) -> Costs:
    """Costs from the number of answers of each kind, and the seconds that they took together.

    They are means, not medians, since the seconds of a day are added up. The guess counts as GUESSED_ANSWERS answers,
    so that a few change little.
    """
    cards = {**count, AnswerKind.AGAIN: count[AnswerKind.NEW_MISSED] + count[AnswerKind.MISSED]}
    means = {
        kind.value: (GUESSED_ANSWERS * getattr(GUESS, kind.value) + total[kind]) / (GUESSED_ANSWERS + cards[kind])
        for kind in AnswerKind
    }
    return Costs(**means)
