"""SM-2, as P. A. Wozniak published it (1990), to be compared with: its interval and the chance of recall it stands for.

Only the first answer of a day counts, because SM-2 repeats what was missed until it is known, without counting it.
"""

from typing import NamedTuple

FIRST_INTERVALS = (1, 6)
FEWEST_EASE = 1.3


class Sm2(NamedTuple):
    """A card: its easiness factor, the repetitions since it was missed last, and its interval in days."""

    ease: float = 2.5
    repetitions: int = 0
    interval: float = 1.0


def sm2_after(card: Sm2 | None, rating: int) -> Sm2:
    """The card after an answer of quality `rating`, 1 to 5; None for a new one. Below 3 it begins again."""
    card = card or Sm2()
    if rating < 3:
        return card._replace(repetitions=0, interval=float(FIRST_INTERVALS[0]))
    ease = max(FEWEST_EASE, card.ease + 0.1 - (5 - rating) * (0.08 + (5 - rating) * 0.02))
    number = card.repetitions
    interval = FIRST_INTERVALS[number] if number < len(FIRST_INTERVALS) else card.interval * ease
    return Sm2(ease, number + 1, float(interval))


def sm2_recall(card: Sm2, days: int) -> float:
    """The chance of recall after so many days: 90 % at the end of the interval, as SM-2 asks then."""
    return float(0.9 ** (days / card.interval))
