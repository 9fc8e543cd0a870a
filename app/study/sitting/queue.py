"""The queue of a sitting: which card comes next, and how far one has come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.plan.rule import Reason
from app.study.plan.todays_list import PlannedCard
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import IN_SITTING, SECOND_LOOK
from app.study.selection.selection import Selection
from app.study.sitting.asked import COLUMNS, AskedCard, asked
from app.study.sitting.order import MOST_COUNTED, Mode, next_and_progress_statement, next_statements, progress_statement
from app.study.sitting.plan_today import PlanToday, plan_today
from app.study.sitting.plans import plans

NEAR = timedelta(days=30)
"""How long before an interview a sitting ahead of the schedule asks new cards first."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What a sitting asks: cards of a deck, as far as the selection has them.

    Unless the mode is DUE, it asks each card once, and `since` (aware) says when the sitting began. With `plan` it asks
    `planned`, which is what the plan has left in the deck.
    """

    deck_id: int
    selection: Selection = field(default_factory=Selection)
    mode: Mode = Mode.DUE
    since: datetime | None = None
    plan: PlanToday | None = None
    planned: Sequence[PlannedCard] = ()

    def __post_init__(self) -> None:
        if self.mode is not Mode.DUE and self.since is None:
            raise ValueError("A sitting ahead of the schedule needs the time at which it began.")


@dataclass(slots=True)
class Progress:
    """Cards done in the sitting and still to do: due, missed in it, new ones, and those asked before their date.

    New cards are those that the day allows, if the sitting follows the schedule; with a plan, `due` and `new` are what
    it has left. `remaining` is everything still to do, `today` the learner's date. Every count stops at MOST_COUNTED.
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


def queue_of_today(
    session: Session, learner: Preferences, now: datetime, deck_id: int, minutes: int | None = None
) -> Queue:
    """What the deck asks today: by the plan, if one is for its cards, and else by the schedule.

    `minutes` are today's, if not the plan's.
    """
    plan = plan_today(session, learner, now)
    if plan is None or deck_id not in plan.plan.decks:
        return Queue(deck_id)
    return Queue(deck_id, plan=plan, planned=plan.left(deck_id, minutes))


def next_card(session: Session, learner: Preferences, now: datetime, queue: Queue) -> AskedCard | None:
    """The card to ask now; None if the sitting is over."""
    values = parameters(learner, now, queue)
    new_first = _new_first(session, learner, queue, values["today"])
    statements = next_statements(queue.selection.shape, queue.mode, new_first, queue.plan is not None)
    return _next(session.connection(), statements, values)


def progress(
    session: Session, learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None
) -> Progress:
    """How far the learner has come with the queue.

    Done is what was rated today or, with `sitting`, in the sitting that reviews keep under this name.
    """
    values = parameters(learner, now, queue, sitting)
    statement = progress_statement(queue.selection.shape, queue.mode, sitting is not None, queue.plan is not None)
    return _progress(queue, values, session.connection().execute(statement, values).one())


def next_and_progress(
    session: Session, learner: Preferences, now: datetime, queue: Queue, sitting: str | None = None
) -> tuple[AskedCard | None, Progress]:
    """Both, most often with one statement: the page after a rating needs both."""
    values, shape, is_apart = parameters(learner, now, queue, sitting), queue.selection.shape, sitting is not None
    connection, new_first = session.connection(), _new_first(session, learner, queue, values["today"])
    how = new_first, queue.plan is not None
    row = next_and_progress_statement(shape, queue.mode, *how, is_apart).one_or_none(connection, values)
    if row is not None:
        return asked(row), _progress(queue, values, row[COLUMNS:])
    counts = connection.execute(progress_statement(shape, queue.mode, is_apart, queue.plan is not None), values).one()
    others = next_statements(shape, queue.mode, *how)[1:]
    return _next(connection, others, values), _progress(queue, values, counts)


def _new_first(session: Session, learner: Preferences, queue: Queue, today: date) -> bool:
    if queue.mode is not Mode.AHEAD or learner.plans_until is None or learner.plans_until < today:
        return False
    return any(today <= one.interview_on <= today + NEAR for one in plans(session, learner.learner_id))


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
        "planned": next((card.id for card in queue.planned), None),
        **queue.selection.parameters(today),
    }


def _next(connection: Connection, statements: Sequence[Select[Any]], values: dict[str, Any]) -> AskedCard | None:
    for statement in statements:
        row = connection.execute(statement, values).one_or_none()
        if row is not None:
            return asked(row)
    return None


def _progress(queue: Queue, values: dict[str, Any], counts: Sequence[Any]) -> Progress:
    done, due, in_sitting, new, early, introduced = counts
    if queue.plan is not None:
        reasons = Counter(card.reason for card in queue.planned)
        new = reasons.pop(Reason.MEET, 0)
        return Progress(values["today"], done, reasons.total(), in_sitting, new)
    if queue.mode is Mode.DUE:
        new = min(new, max(0, values["new_per_day"] - introduced))
    return Progress(values["today"], done, due, in_sitting, new, early)
