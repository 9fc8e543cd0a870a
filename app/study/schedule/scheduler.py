"""What a card's ratings add up to, and when it returns: FSRS-6 with its published parameters.

Nothing else imports the FSRS library. The table card_state stores the result of the fold.

The formulas are those of https://github.com/open-spaced-repetition/fsrs4anki/wiki/The-Algorithm (FSRS-6), in 32-bit
floats. Two readings of them are in circulation, and these are the ones taken here:

- A second look on the same day never lowers the stability unless the answer was missed (the page says so for
  G ≥ 2, Hard included; py-fsrs did it for Good and Easy only until 6.3.2).
- Stability stays within 0.001 to 36,500 days; py-fsrs has the lower bound only.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, ItemState, MemoryState

from app.study.schedule.scale import Rating

MAX_DAYS = 36_500
IN_SITTING = {Rating.NOT_AT_ALL: timedelta(minutes=1), Rating.HARDLY: timedelta(minutes=10)}
"""How long after the press a missed card returns."""
MOST_MISSES = 4
"""A card missed so often on a day returns on a later one: it would take the minutes of all others."""
SECOND_LOOK = timedelta(minutes=1)
"""A remembered card looked at again within this time tells nothing new."""

DECAY = -DEFAULT_PARAMETERS[20]
FACTOR = 0.9 ** (1 / DECAY) - 1

PARAMETERS = tuple(DEFAULT_PARAMETERS)
"""The published parameters, w0 to w20."""

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


class CountedRating(NamedTuple):
    """A rating that was not undone, as far as the schedule and the totals need it. The fields are review's columns."""

    id: int
    rating: int
    shown_at: datetime | None
    revealed_at: datetime | None
    rated_at: datetime
    day: date
    desired_retention: float
    sure: int | None = None


class State(NamedTuple):
    """One learner's card after its ratings. The fields are card_state's columns, in the same units.

    The last three are the card's own record: its recalls (ratings a day or more after the one before), the sum of
    (recalled - FSRS's chance) over them, and the misses on its last day.
    """

    stability: float
    difficulty: float
    due_on: date
    due_at: datetime | None
    introduced_on: date
    reviewed_on: date
    reviewed_at: datetime
    reviews: int
    lapses: int
    last_review_id: int
    recalls: int = 0
    residual: float = 0.0
    day_misses: int = 0


def foretell(state: State | None, seed: int, day: date, desired_retention: float) -> dict[Rating, Outcome]:
    """What each rating given on `day` would lead to.

    `state` is None for a new card; `seed` decides the card's fuzz.
    """
    if state is None:
        return outcomes(None, 0, desired_retention, seed, 0)
    # If a clock or a time zone was set back since the last review, no time has passed.
    elapsed = max(0, (day - state.reviewed_on).days)
    return outcomes(Memory(state.stability, state.difficulty), elapsed, desired_retention, seed, state.reviews)


def is_second_look(state: State | None, revealed_at: datetime) -> bool:
    """True if the answer shown at `revealed_at` (aware) was still in mind from the review before: it counts nothing.

    A missed card that returns within its sitting is not a second look: that is how it is learned.
    """
    if state is None or state.due_at is not None:
        return False
    return timedelta(0) <= revealed_at - state.reviewed_at < SECOND_LOOK


def after(state: State | None, seed: int, given: CountedRating) -> State:
    """The state after the rating `given`. A second look changes only which review was the last."""
    # The last to be stored: a form made before it shows other dates, even if the rating comes before others in order.
    last_review_id = given.id if state is None else max(given.id, state.last_review_id)
    if state is not None and is_second_look(state, given.revealed_at or given.rated_at):
        return state._replace(last_review_id=last_review_id)
    rating = Rating(given.rating)
    outcome = foretell(state, seed, given.day, given.desired_retention)[rating]
    # due_at is set exactly if the last answer was missed; a second miss in a row is not a second lapse.
    lapsed = rating.missed and state is not None and state.due_at is None
    recalls, residual, day_misses = _record(state, given.day, rating.missed)
    return State(
        stability=outcome.memory.stability,
        difficulty=outcome.memory.difficulty,
        due_on=given.day + timedelta(days=outcome.days),
        due_at=given.rated_at + IN_SITTING[rating] if rating.missed else None,
        introduced_on=given.day if state is None else state.introduced_on,
        reviewed_on=given.day,
        reviewed_at=given.rated_at,
        reviews=1 if state is None else state.reviews + 1,
        lapses=(0 if state is None else state.lapses) + lapsed,
        last_review_id=last_review_id,
        recalls=recalls,
        residual=residual,
        day_misses=day_misses,
    )


def _record(state: State | None, day: date, missed: bool) -> tuple[int, float, int]:
    """The last three fields of the state after a rating."""
    if state is None:
        return 0, 0.0, int(missed)
    days = (day - state.reviewed_on).days
    if days < 1:
        return state.recalls, state.residual, state.day_misses + missed
    return state.recalls + 1, state.residual + (not missed) - recall(state.stability, days), int(missed)


def steps(seed: int, ratings: Iterable[CountedRating]) -> Iterator[tuple[State | None, CountedRating, State]]:
    """Each of `ratings`, in order, with the state before it (None for a new card) and after it."""
    state = None
    for given in ratings:
        before, state = state, after(state, seed, given)
        yield before, given, state


def fold(seed: int, ratings: Iterable[CountedRating]) -> State | None:
    """The state after `ratings`, in order; None if there are none."""
    state = None
    for given in ratings:
        state = after(state, seed, given)
    return state


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
