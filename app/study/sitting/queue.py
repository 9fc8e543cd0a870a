"""The queue of a sitting: which card comes next, and how far one has come."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.selection.selection import Selection, Shape
from app.study.sitting.asked import AskedCard
from app.study.sitting.order import MOST_COUNTED, Mode, next_statements, progress_statement


@dataclass(frozen=True, slots=True)
class Queue:
    """What a sitting asks: cards of a deck, as far as the selection has them.

    Unless the mode is DUE, it asks each card once, and `since` (aware) says when the sitting began.
    """

    deck_id: int
    selection: Selection = field(default_factory=Selection)
    mode: Mode = Mode.DUE
    since: datetime | None = None

    def __post_init__(self) -> None:
        if self.mode is not Mode.DUE and self.since is None:
            raise ValueError("A sitting ahead of the schedule needs the time since when it goes on.")


@dataclass(slots=True)
class Progress:
    """Cards done in the sitting and still to do: due, missed in it, new ones, and those asked before their date.

    New cards are those that the day allows, if the sitting follows the schedule. `remaining` is everything still to
    do, `today` the learner's date. Every count stops at MOST_COUNTED.
    """

    today: date
    done: int
    due: int
    in_sitting: int
    new: int
    early: int = 0
    remaining: int = field(init=False)

    def __post_init__(self) -> None:
        self.remaining = self.due + self.in_sitting + self.new + self.early


def next_card(session: Session, learner: Preferences, now: datetime, queue: Queue) -> AskedCard | None:
    """The card to ask now; None if the sitting is over."""
    return _next(session.connection(), queue, parameters(learner, now, queue), queue.selection.shape)


def progress(
    session: Session, learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None
) -> Progress:
    """How far the learner has come with the queue.

    Done is what was rated today or, with `sitting`, in the sitting that reviews keep under this name.
    """
    return _progress(session.connection(), queue, parameters(learner, now, queue), queue.selection.shape, sitting)


def next_and_progress(
    session: Session, learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None
) -> tuple[AskedCard | None, Progress]:
    """Both at once, with one set of values: the page after a rating needs both."""
    connection, values, shape = session.connection(), parameters(learner, now, queue), queue.selection.shape
    return _next(connection, queue, values, shape), _progress(connection, queue, values, shape, sitting)


def parameters(learner: Preferences, now: datetime, queue: Queue) -> dict[str, Any]:
    """The values that the statements about a queue are executed with."""
    today = learner.day(now)
    return {
        "learner": learner.learner_id,
        "deck": queue.deck_id,
        "now": now,
        "today": today,
        "since": queue.since,
        "new_per_day": learner.new_per_day,
        **queue.selection.parameters(today),
    }


def _next(connection: Connection, queue: Queue, values: dict[str, Any], shape: Shape) -> AskedCard | None:
    for statement in next_statements(shape, queue.mode):
        row = connection.execute(statement, values).one_or_none()
        if row is not None:
            return AskedCard(*row)
    return None


def _progress(
    connection: Connection, queue: Queue, values: dict[str, Any], shape: Shape, sitting: str | None
) -> Progress:
    is_limited = queue.mode is Mode.DUE
    new_per_day = values["new_per_day"]
    more = {"most_new": min(new_per_day, MOST_COUNTED) if is_limited else MOST_COUNTED, "sitting": sitting}
    statement = progress_statement(shape, queue.mode, sitting is not None)
    done, due, in_sitting, new, early, introduced = connection.execute(statement, values | more).one()
    if is_limited:
        new = min(new, max(0, new_per_day - introduced))
    return Progress(values["today"], done, due, in_sitting, new, early)
