"""What a card's reviews come to: a pure fold, of which the table card_state is the stored result."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import IN_SITTING, Memory, Outcome, outcomes

SECOND_LOOK = timedelta(minutes=1)
"""A remembered card looked at again within this time tells nothing new."""


class Counted(NamedTuple):
    """A rating that was not undone, as far as the schedule and the totals go."""

    id: int
    rating: int
    shown_at: datetime | None
    revealed_at: datetime | None
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
    reviewed_at: datetime
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


def is_second_look(state: State | None, revealed_at: datetime) -> bool:
    """Whether an answer shown at `revealed_at` (aware) is still in mind from the review before, and so counts nothing.

    A missed card that returns within its sitting is not meant: that is how it is learned.
    """
    if state is None or state.due_at is not None:
        return False
    return timedelta(0) <= revealed_at - state.reviewed_at < SECOND_LOOK


def count(state: State | None, seed: int, review: Counted) -> State:
    """The state once `review` is counted. A second look changes nothing of it but which review was the last."""
    if state is not None and is_second_look(state, review.revealed_at or review.rated_at):
        return replace(state, last_review_id=review.id)
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
        reviewed_at=review.rated_at,
        reviews=1 if state is None else state.reviews + 1,
        lapses=(0 if state is None else state.lapses) + lapsed,
        last_review_id=review.id,
    )


def steps(seed: int, reviews: Iterable[Counted]) -> Iterator[tuple[State | None, Counted, State]]:
    """Each of `reviews`, in the order of their ids, between the state before it (None for a new card) and after it."""
    state = None
    for review in reviews:
        before, state = state, count(state, seed, review)
        yield before, review, state


def fold(seed: int, reviews: Iterable[Counted]) -> State | None:
    """The state after `reviews`, in the order of their ids; None when there are none."""
    state = None
    for _before, _review, after in steps(seed, reviews):
        state = after
    return state
