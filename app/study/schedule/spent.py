"""How long a card took."""

from datetime import datetime, timedelta

LONGEST_LOOK = timedelta(minutes=2)
"""A card on the page for longer was left, not thought about: no more of it counts."""


def time_spent(shown_at: datetime | None, rated_at: datetime) -> timedelta:
    """From the question to the rating, at most LONGEST_LOOK; nothing where it is not known or a clock was set back."""
    if shown_at is None:
        return timedelta()
    return min(max(rated_at - shown_at, timedelta()), LONGEST_LOOK)
