"""The five buttons: when the card would return."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.study.learner.preferences import Preferences
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import IN_SITTING, State, foretell, is_second_look


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

    `counts` is False if the card was rated within the minute before: whatever is pressed, its date stays.
    """

    choices: tuple[Choice, ...]
    after: int
    counts: bool = True


def offer(learner: Preferences, state: State | None, seed: int, revealed_at: datetime) -> Offer:
    """What each rating would lead to if the answer was shown at `revealed_at` (aware).

    `state` and `seed` are the card's. `rate()` gives the same dates for the same `revealed_at`, whenever it is called.
    """
    revealed_at = revealed_at.astimezone(UTC)
    day = learner.day(revealed_at)
    if state is not None and is_second_look(state, revealed_at):
        label = days_label(max(0, (state.due_on - day).days))
        same = tuple(Choice(rating, label, state.due_on, state.due_at) for rating in Rating)
        return Offer(same, state.last_review_id, counts=False)
    choices = []
    for rating, outcome in foretell(state, seed, day, learner.desired_retention).items():
        delay = IN_SITTING.get(rating)
        choices.append(
            Choice(
                rating=rating,
                label=days_label(outcome.days) if delay is None else minutes_label(delay),
                due_on=day + timedelta(days=outcome.days),
                due_at=None if delay is None else revealed_at + delay,
            )
        )
    return Offer(tuple(choices), 0 if state is None else state.last_review_id)


def minutes_label(delay: timedelta) -> str:
    """`1 min`."""
    return f"{delay // timedelta(minutes=1)} min"


def days_label(days: int) -> str:
    """`3 d`, from 30 days on `2.1 mo`, from 365 on `1.4 y`."""
    if days < 30:
        return f"{days} d"
    if days < 365:
        return f"{days / 30.4375:.1f} mo"
    return f"{days / 365.25:.1f} y"
