"""The rating that a judged answer proposes, from 1 to 5. The learner may give another one."""

from collections.abc import Sequence
from statistics import median

from app.ask.judge import Judged

FEWEST_TIMES = 5
"""So many right answers to such questions make a median to compare with."""
FAST, SLOW = 0.6, 1.5
"""Shares of the learner's own median time: a right answer up to the first is a 5, beyond the second a 3."""
TWO_MINUTES = 120.0
"""Every question can be answered within this time, so it stands in where there is no median."""
MOST_OF_FOUR = 4
"""One right answer in four is a guess."""


def proposed(judged: Judged, seconds: float, times: Sequence[float] = (), *, of_four: bool = False) -> int:
    """The rating for an answer that took so many seconds.

    `times` are the seconds of the learner's earlier right answers to such questions. A wrong answer is a 2 where it
    went part of the way (it is a known slip, or a line of the working), otherwise a 1. A right one is a 3, 4 or 5 by
    the median of `times`; with fewer than five of them a 4 within two minutes, otherwise a 3. An answer chosen
    `of_four` is a 4 at most. Raises ValueError for an answer that could not be read: it is asked again, not rated.
    """
    if judged.verdict == "unreadable":
        raise ValueError("An answer that could not be read has no rating.")
    if not judged.is_right:
        return 2 if judged.verdict == "slip" or judged.line else 1
    if len(times) < FEWEST_TIMES:
        return 4 if seconds <= TWO_MINUTES else 3
    usual = median(times)
    if seconds > SLOW * usual:
        return 3
    return 5 if seconds <= FAST * usual and not of_four else MOST_OF_FOUR
