"""How far a sitting has come."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, literal, select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.schedule.new_card_cursor import unseen
from app.study.schedule.review_log import COUNTED, STANDS
from app.study.selection.selection import Shape, lets_new_ones_through, matching
from app.study.selection.standing import ARE_ASKABLE
from app.study.sitting.queue import (
    INTRODUCED,
    IS_AHEAD,
    IS_IN_SITTING,
    IS_SIMPLY_DUE,
    MOST_COUNTED,
    Mode,
    Queue,
    mine,
    not_yet_in_sitting,
    parameters,
)
from app.tables import CARD, CARD_STATE, REVIEW, THE_DECK, THE_LEARNER, TODAY


@dataclass(frozen=True, slots=True)
class Progress:
    """Cards done in the sitting and still to do: due, missed in it, new ones, and those asked before their date.

    New cards are those that the day allows, where the sitting follows the schedule. Every count stops at MOST_COUNTED.
    """

    done: int
    due: int
    in_sitting: int
    new: int
    early: int = 0

    @property
    def remaining(self) -> int:
        """Everything still to do."""
        return self.due + self.in_sitting + self.new + self.early


def _count(cards: Select[Any], limit: int | BindParameter[int] = MOST_COUNTED) -> ColumnElement[int]:
    return select(func.count()).select_from(cards.limit(limit).subquery()).scalar_subquery()


_STATE = select(CARD_STATE.c.card_id)
_NONE = literal(0)
_MOST_NEW: BindParameter[int] = bindparam("most_new")

_DONE = (
    select(CARD_STATE.c.card_id)
    .distinct()
    .select_from(
        COUNTED.join(
            CARD_STATE, and_(CARD_STATE.c.learner_id == REVIEW.c.learner_id, CARD_STATE.c.card_id == REVIEW.c.card_id)
        ).join(CARD, CARD.c.id == CARD_STATE.c.card_id)
    )
    .where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.day == TODAY, STANDS)
    .where(CARD_STATE.c.due_at.is_(None), CARD.c.deck_id == THE_DECK)
)
_DONE_IN_SITTING = _DONE.where(REVIEW.c.sitting == bindparam("sitting"))
"""The cards that were rated today, or in this sitting, and are not missed. They need not pass the filters any more: a
new card has been seen by then, and a due one is not due."""


@lru_cache(maxsize=256)
def _progress(shape: Shape, mode: Mode, is_apart: bool) -> Select[Any]:
    done = _DONE_IN_SITTING if is_apart else _DONE
    early: ColumnElement[int] = _NONE
    due: ColumnElement[int] = _count(_STATE.where(mine(shape), IS_SIMPLY_DUE))
    new: ColumnElement[int] = _NONE
    if lets_new_ones_through(shape):
        new = _count(unseen("id", matching(shape) & ARE_ASKABLE), _MOST_NEW)
    if mode is Mode.AHEAD:
        early = _count(_STATE.where(mine(shape), IS_AHEAD))
    if mode is Mode.CRAM:
        early, due, new = _count(not_yet_in_sitting(shape)), _NONE, _NONE
    return select(_count(done), due, _count(_STATE.where(mine(shape), IS_IN_SITTING)), new, early, INTRODUCED)


def progress(session: Session, prefs: Preferences, now: datetime, queue: Queue, sitting: str | None = None) -> Progress:
    """How far the learner has come with the queue.

    Done is what was rated today or, with `sitting`, in the sitting that reviews keep under this name.
    """
    is_limited = queue.mode is Mode.DUE
    more = {"most_new": min(prefs.new_per_day, MOST_COUNTED) if is_limited else MOST_COUNTED, "sitting": sitting}
    statement = _progress(queue.selection.shape, queue.mode, sitting is not None)
    row = session.connection().execute(statement, parameters(prefs, now, queue) | more).one()
    done, due, in_sitting, new, early, introduced = row
    if is_limited:
        new = min(new, max(0, prefs.new_per_day - introduced))
    return Progress(done, due, in_sitting, new, early)
