"""What a card's reviews come to: a pure fold, of which the table card_state is the stored result."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.study.rating import Rating
from app.study.scheduler import IN_SITTING, Memory, Outcome, outcomes


class Counted(NamedTuple):
    """A rating that was not undone, as far as the schedule goes."""

    id: int
    rating: int
    rated_at: datetime
    day: date
    desired_retention: float


@dataclass(frozen=True, slots=True)
class State:
    """One learner's card after its reviews; the fields are card_state's, and so are their units."""

    stability: float
    difficulty: float
    due_on: date
    due_at: datetime | None
    introduced_on: date
    reviewed_on: date
    reviews: int
    lapses: int
    last_review_id: int


def foretell(state: State | None, seed: int, day: date, desired_retention: float) -> dict[Rating, Outcome]:
    """What each rating given on `day` would lead to; `state` is None for a new card, `seed` decides the card's fuzz."""
    if state is None:
        return outcomes(None, 0, desired_retention, seed, 0)
    # A clock or a time zone may have been set back since: the card cannot have been forgotten for less than no time.
    elapsed = max(0, (day - state.reviewed_on).days)
    return outcomes(Memory(state.stability, state.difficulty), elapsed, desired_retention, seed, state.reviews)


def count(state: State | None, seed: int, review: Counted) -> State:
    """The state once `review` is counted."""
    rating = Rating(review.rating)
    outcome = foretell(state, seed, review.day, review.desired_retention)[rating]
    # due_at is set exactly when the last answer was missed, and a second miss in a row is no second lapse.
    lapsed = rating.missed and state is not None and state.due_at is None
    return State(
        stability=outcome.memory.stability,
        difficulty=outcome.memory.difficulty,
        due_on=review.day + timedelta(days=outcome.days),
        due_at=review.rated_at + IN_SITTING[rating] if rating.missed else None,
        introduced_on=review.day if state is None else state.introduced_on,
        reviewed_on=review.day,
        reviews=1 if state is None else state.reviews + 1,
        lapses=(0 if state is None else state.lapses) + lapsed,
        last_review_id=review.id,
    )


def fold(seed: int, reviews: Iterable[Counted]) -> State | None:
    """The state after `reviews`, in the order of their ids; None when there are none."""
    state = None
    for review in reviews:
        state = count(state, seed, review)
    return state
