"""When a card returns: FSRS-6 with its published parameters. Nothing else imports the FSRS library.

The formulas are those of https://github.com/open-spaced-repetition/fsrs4anki/wiki/The-Algorithm (FSRS-6), in 32-bit
floats. Two readings of them are in circulation, and these are the ones taken here:

- A second look on the same day never lowers the stability unless the answer was missed (the page says so for
  G ≥ 2, Hard included; py-fsrs did it for Good and Easy only until 6.3.2).
- Stability stays within 0.001 to 36,500 days; py-fsrs has the lower bound only.
"""

import hashlib
import math
from datetime import timedelta
from typing import NamedTuple

from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, ItemState, MemoryState

from app.study.schedule.scale import Rating

MAX_DAYS = 36_500
IN_SITTING = {Rating.NOT_AT_ALL: timedelta(minutes=1), Rating.HARDLY: timedelta(minutes=10)}
"""How long after the press a missed card returns."""

DECAY = -DEFAULT_PARAMETERS[20]
FACTOR = 0.9 ** (1 / DECAY) - 1

_FSRS = FSRS(DEFAULT_PARAMETERS)
# Anki's fuzz: one day, and for each stretch of the interval a share of the days that lie in it (from, to, share).
_FUZZ = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.1), (20.0, math.inf, 0.05))


class Memory(NamedTuple):
    """What FSRS knows of a card: stability in days until recall falls to 90 %, difficulty from 1 to 10."""

    stability: float
    difficulty: float


class Outcome(NamedTuple):
    """What a rating leads to: the new memory, FSRS's interval in days, and the whole days until the card returns.

    `days` is 0 when it returns within the sitting.
    """

    memory: Memory
    interval: float
    days: int


def outcomes(
    memory: Memory | None, elapsed_days: int, desired_retention: float, seed: int, reviews: int
) -> dict[Rating, Outcome]:
    """What each rating would lead to, never fewer days for a better one.

    `memory` is None for a new card, `elapsed_days` the whole days since the last review, and `reviews` how many there
    were: with the card's seed it decides the fuzz, so that it can be foretold.
    """
    known = None if memory is None else MemoryState(*memory)
    states = _FSRS.next_states(known, desired_retention, elapsed_days)
    chance = _chance(seed, reviews)
    # The published parameters never cross; fitted ones may, in the stability after a first answer.
    hard = fuzzed(states.hard.interval, chance)
    good = max(hard, fuzzed(states.good.interval, chance))
    easy = max(good, fuzzed(states.easy.interval, chance))

    missed = _outcome(states.again, 0)
    return {
        Rating.NOT_AT_ALL: missed,
        Rating.HARDLY: missed,
        Rating.WITH_EFFORT: _outcome(states.hard, hard),
        Rating.WELL: _outcome(states.good, good),
        Rating.PERFECTLY: _outcome(states.easy, easy),
    }


def fuzzed(interval: float, chance: float) -> int:
    """`interval` in days, moved by up to Anki's fuzz: `chance` in [0, 1) picks one of the whole days in the range."""
    interval = min(interval, MAX_DAYS)
    if interval < 2.5:
        return max(1, _round(interval))

    delta = 1 + sum(share * max(0.0, min(interval, end) - start) for start, end, share in _FUZZ)
    earliest = max(2, _round(interval - delta))
    latest = min(_round(interval + delta), MAX_DAYS)
    return earliest + math.floor(chance * (latest - earliest + 1))


def recall(stability: float, elapsed_days: int) -> float:
    """The chance, 0 to 1, that the card is known after `elapsed_days`."""
    return math.pow(1 + FACTOR * elapsed_days / stability, DECAY)


def days_until(stability: float, desired_retention: float) -> float:
    """After how many days the chance that the card is known falls to `desired_retention`, before rounding and fuzz."""
    return float(stability / FACTOR * (math.pow(desired_retention, 1 / DECAY) - 1))


def _chance(seed: int, reviews: int) -> float:
    digest = hashlib.blake2b(f"{seed} {reviews}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def _round(days: float) -> int:
    return math.floor(days + 0.5)


def _outcome(state: ItemState, days: int) -> Outcome:
    return Outcome(Memory(state.memory.stability, state.memory.difficulty), state.interval, days)
