"""The five buttons: when the card would return."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.study.learner.preferences import Preferences
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import IN_SITTING, MOST_MISSES, SECOND_LOOK, State, foretell, is_second_look


@dataclass(frozen=True, slots=True)
class Choice:
    """One button. `due_at` is set if the card returns within the sitting, and counts from the reveal."""

    rating: Rating
    label: str
    due_on: date
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """The five choices, and the id of the review after which they hold (0 for a new card).

    They hold for an answer that is revealed before `until`. `counts` is False if the card was rated within the minute
    before: whatever is pressed, its date stays.
    """

    choices: tuple[Choice, ...]
    after: int
    until: datetime
    counts: bool = True


def offer(learner: Preferences, state: State | None, seed: int, revealed_at: datetime) -> Offer:
    """What each rating would lead to if the answer was shown at `revealed_at` (aware).

    `state` and `seed` are the card's. `rate()` gives the same dates for the same `revealed_at`, whenever it is called.
    """
    revealed_at = revealed_at.astimezone(UTC)
    day, until = learner.day(revealed_at), learner.day_ends(revealed_at)
    if state is not None and is_second_look(state, revealed_at):
        label = days_label(max(0, (state.due_on - day).days))
        same = tuple(Choice(rating, label, state.due_on, state.due_at) for rating in Rating)
        return Offer(same, state.last_review_id, min(until, state.reviewed_at + SECOND_LOOK), counts=False)
    misses = 1 + (state.day_misses if state is not None and state.reviewed_on >= day else 0)
    choices = []
    for rating, outcome in foretell(state, seed, day, learner.desired_retention).items():
        delay = IN_SITTING.get(rating)
        choices.append(
            Choice(
                rating=rating,
                label=f"{delay // timedelta(minutes=1)} min"
                if delay and misses < MOST_MISSES
                else days_label(outcome.days or 1),
                due_on=day + timedelta(days=outcome.days),
                due_at=None if delay is None else revealed_at + delay,
            )
        )
    return Offer(tuple(choices), 0 if state is None else state.last_review_id, until)


def days_label(days: int) -> str:
    """`1 day`, `3 days`, then `9 weeks`, `8 months` and `1.4 years`: short enough for a button on a phone."""
    if days < 30:
        return f"{days} day{'' if days == 1 else 's'}"
    if days < 91:
        return f"{days / 7:.0f} weeks"
    if days < 365:
        return f"{days / 30.4375:.0f} months"
    return f"{days / 365.25:.1f} years"
