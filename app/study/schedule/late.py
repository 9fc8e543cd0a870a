"""Ratings and undos that a device made without a net, taken in when they arrive: each once, at its own time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select
from sqlmodel import Session

from app.database import lock_learner
from app.models import Review
from app.study.learner.preferences import Preferences
from app.study.schedule.checksum import checksum
from app.study.schedule.rate import counts_from
from app.study.schedule.refold import refolded
from app.study.schedule.review_log import MAX_ID, UNDOING, as_review, change_from
from app.study.schedule.undo import add_undo
from app.tables import CARD, REVIEW, chunks

KEPT_FOR = timedelta(days=30)
"""How long after it was made an event is still taken in."""
_CARDS = select(CARD.c.id).where(CARD.c.id.in_(bindparam("cards", expanding=True)))
_REVIEWS = select(REVIEW).where(REVIEW.c.token.in_(bindparam("tokens", expanding=True)))
_UNDONE = select(UNDOING.c.id).where(UNDOING.c.undoes_id == bindparam("id"))


class LateRating(NamedTuple):
    """A rating by its own token. `after` is the token of the card's rating that the device knew, None if it knew none.

    The times (aware) are when question and answer were shown, and when it was rated. `points` are as a review keeps
    them.
    """

    token: str
    card_id: int
    rating: int
    after: str | None
    shown_at: datetime
    revealed_at: datetime
    rated_at: datetime
    points: str | None = None


class LateUndo(NamedTuple):
    """The undo of the rating whose token is `undoes`, made at `rated_at` (aware)."""

    token: str
    undoes: str
    rated_at: datetime


Event = LateRating | LateUndo


class Fate(StrEnum):
    """What became of an event. One that is known was counted before; one that waits builds on one that is to come."""

    COUNTED = "counted"
    KNOWN = "known"
    WAITS = "waits"
    REFUSED = "refused"


class Told(NamedTuple):
    """What became of the event with this token, and for one that was not counted, why in a sentence."""

    token: str
    fate: Fate
    why: str = ""


class _RefusedError(Exception):
    """The event cannot be counted; the message says why."""


def take_in(session: Session, learner: Preferences, events: Sequence[Event], now: datetime) -> list[Told]:
    """Count each event once, in any order of arrival, and tell of each what became of it. Call it in a write session.

    A rating counts at its own time, but after the one that it builds on, so the learner's states are the same in
    whichever order devices send. Times later than `now` (aware) become `now`. An event builds on one that the server
    or the same call has; otherwise it waits. A rating of a retired card counts like any other.
    """
    connection = session.connection()
    lock_learner(connection, learner.learner_id)
    batch = _Batch(connection, learner, events, now.astimezone(UTC))
    with refolded(connection, learner.learner_id, batch.card_ids()):
        return batch.take_in(events)


class _Batch:
    def __init__(self, connection: Connection, learner: Preferences, events: Iterable[Event], now: datetime) -> None:
        self.connection, self.learner, self.now = connection, learner, now
        ratings = [one for one in events if isinstance(one, LateRating)]
        undos = [one for one in events if isinstance(one, LateUndo)]
        named = {one.token for one in events} | {one.after for one in ratings if one.after}
        self.known: dict[str, Review] = {}
        for tokens in chunks(named | {one.undoes for one in undos}):
            rows = connection.execute(_REVIEWS, {"tokens": tokens}).mappings()
            self.known |= {row["token"]: as_review(row) for row in rows}
        self.cards: set[int] = set()
        for ids in chunks(one.card_id for one in ratings if 0 < one.card_id <= MAX_ID):
            self.cards |= set(connection.execute(_CARDS, {"cards": ids}).scalars())

    def card_ids(self) -> set[int]:
        """The cards whose ratings may change."""
        return self.cards | {one.card_id for one in self.known.values() if one.learner_id == self.learner.learner_id}

    def take_in(self, events: Sequence[Event]) -> list[Told]:
        """Tell what became of each event, in their order."""
        told: dict[Event, Told] = {}
        left = list(dict.fromkeys(events))
        while left:  # until none of them has what another waited for
            for one in left:
                told[one] = self._told(one)
            waiting = [one for one in left if told[one].fate is Fate.WAITS]
            if len(waiting) == len(left):
                break
            left = waiting
        return [told[one] for one in events]

    def _told(self, event: Event) -> Told:
        try:
            fate, why = self._rating(event) if isinstance(event, LateRating) else self._undo(event)
        except _RefusedError as error:
            return Told(event.token, Fate.REFUSED, str(error))
        return Told(event.token, fate, why)

    def _rating(self, event: LateRating) -> tuple[Fate, str]:
        if (known := self._own(event.token)) is not None:
            if (known.card_id, known.rating) != (event.card_id, event.rating):
                raise _RefusedError("Another rating was counted with this token.")
            return Fate.KNOWN, ""
        if event.card_id not in self.cards:
            raise _RefusedError("This card is no longer on the server.")
        self._check_age(event)
        base = None if event.after is None else self._own(event.after)
        if event.after is not None and base is None:
            return Fate.WAITS, "The rating before it has not arrived."
        if base is not None and (base.card_id != event.card_id or base.rating is None):
            raise _RefusedError("It names a rating of another card as the one before it.")
        rated_at = min(event.rated_at, self.now).astimezone(UTC)
        revealed_at = min(event.revealed_at, rated_at).astimezone(UTC)
        values: dict[str, Any] = {
            "learner_id": self.learner.learner_id,
            "card_id": event.card_id,
            "token": event.token,
            "rating": event.rating,
            "shown_at": min(event.shown_at, revealed_at).astimezone(UTC),
            "revealed_at": revealed_at,
            "rated_at": rated_at,
            "counts_at": counts_from(rated_at, base.counts_at if base else None),
            "day": self.learner.day(revealed_at),
            "desired_retention": self.learner.desired_retention,
            "points": event.points,
        }
        self.connection.execute(insert(REVIEW), values | {"checksum": checksum(values)})
        change_from(self.connection, self.learner.learner_id, values["counts_at"])
        self._remember(event.token)
        return Fate.COUNTED, ""

    def _undo(self, event: LateUndo) -> tuple[Fate, str]:
        known, undone = self._own(event.token), self._own(event.undoes)
        if known is not None:
            if undone is None or known.undoes_id != undone.id:
                raise _RefusedError("Another rating or undo was counted with this token.")
            return Fate.KNOWN, ""
        self._check_age(event)
        if undone is None:
            return Fate.WAITS, "The rating that it undoes has not arrived."
        if undone.rating is None:
            raise _RefusedError("It undoes an undo; rate the card again instead.")
        if self.connection.execute(_UNDONE, {"id": undone.id}).scalar() is not None:
            return Fate.KNOWN, "The rating was undone before."
        at = min(event.rated_at, self.now)
        add_undo(self.connection, self.learner, undone, event.token, (at, counts_from(at, undone.counts_at)))
        self._remember(event.token)
        return Fate.COUNTED, ""

    def _own(self, token: str) -> Review | None:
        found = self.known.get(token)
        if found is not None and found.learner_id != self.learner.learner_id:
            raise _RefusedError("A token of it belongs to another learner.")
        return found

    def _check_age(self, event: Event) -> None:
        if self.now - event.rated_at > KEPT_FOR:
            raise _RefusedError(f"It is older than {KEPT_FOR.days} days.")

    def _remember(self, token: str) -> None:
        row = self.connection.execute(_REVIEWS, {"tokens": [token]}).mappings().one()
        self.known[token] = as_review(row)
