"""The queue of a sitting: which card comes next, and how far one has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import IN_SITTING, SECOND_LOOK
from app.study.selection.selection import Selection
from app.study.sitting.asked import AskedCard
from app.study.sitting.order import (
    MOST_COUNTED,
    Mode,
    next_and_progress_statement,
    next_statements,
    progress_statement,
)

NEAR = timedelta(days=30)
"""How long before an interview a sitting ahead of the schedule asks new cards first."""


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
            raise ValueError("A sitting ahead of the schedule needs the time at which it began.")


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
    values = parameters(learner, now, queue)
    statements = next_statements(queue.selection.shape, queue.mode, _new_first(learner, queue, values["today"]))
    return _next(session.connection(), statements, values)


def progress(
    session: Session, learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None
) -> Progress:
    """How far the learner has come with the queue.

    Done is what was rated today or, with `sitting`, in the sitting that reviews keep under this name.
    """
    values = parameters(learner, now, queue, sitting)
    statement = progress_statement(queue.selection.shape, queue.mode, sitting is not None)
    return _progress(queue, values, session.connection().execute(statement, values).one())


def next_and_progress(
    session: Session, learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None
) -> tuple[AskedCard | None, Progress]:
    """Both, most often with one statement: the page after a rating needs both."""
    values, shape, is_apart = parameters(learner, now, queue, sitting), queue.selection.shape, sitting is not None
    connection, new_first = session.connection(), _new_first(learner, queue, values["today"])
    row = connection.execute(next_and_progress_statement(shape, queue.mode, new_first, is_apart), values).one_or_none()
    if row is not None:
        fields = len(AskedCard._fields)
        return AskedCard(*row[:fields]), _progress(queue, values, row[fields:])
    counts = connection.execute(progress_statement(shape, queue.mode, is_apart), values).one()
    others = next_statements(shape, queue.mode, new_first)[1:]
    return _next(connection, others, values), _progress(queue, values, counts)


def _new_first(learner: Preferences, queue: Queue, today: date) -> bool:
    on = learner.interview_on
    return queue.mode is Mode.AHEAD and on is not None and today <= on <= today + NEAR


def parameters(learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None) -> dict[str, Any]:
    """The values that the statements about a queue are executed with."""
    today = learner.day(now)
    return {
        "learner": learner.learner_id,
        "deck": queue.deck_id,
        "now": now,
        "today": today,
        "since": queue.since,
        "a_look_ago": now - SECOND_LOOK,
        "some_minutes_ago": now - IN_SITTING[Rating.HARDLY],
        "new_per_day": learner.new_per_day,
        "most_new": min(learner.new_per_day, MOST_COUNTED) if queue.mode is Mode.DUE else MOST_COUNTED,
        "sitting": sitting,
        **queue.selection.parameters(today),
    }


def _next(connection: Connection, statements: Sequence[Select[Any]], values: dict[str, Any]) -> AskedCard | None:
    for statement in statements:
        row = connection.execute(statement, values).one_or_none()
        if row is not None:
            return AskedCard(*row)
    return None


def _progress(queue: Queue, values: dict[str, Any], counts: Sequence[Any]) -> Progress:
    done, due, in_sitting, new, early, introduced = counts
    if queue.mode is Mode.DUE:
        new = min(new, max(0, values["new_per_day"] - introduced))
    return Progress(values["today"], done, due, in_sitting, new, early)
