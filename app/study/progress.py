"""How far a sitting has come."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, case, func, literal, select
from sqlmodel import Session

from app.study.filters import Filters, Mode, Shape, lets_new_ones_through
from app.study.history import COUNTED, STANDS
from app.study.learner import Preferences
from app.study.new_cards import unseen
from app.study.queue import (
    EVERYTHING,
    INTRODUCED,
    IS_AHEAD,
    IS_IN_SITTING,
    IS_SIMPLY_DUE,
    LEARNER,
    MOST_COUNTED,
    TODAY,
    askable,
    mine,
    not_yet_in_sitting,
    parameters,
)
from app.study.tables import CARD_STATE, REVIEW


@dataclass(frozen=True, slots=True)
class Progress:
    """Cards done in the sitting and still to do: due, missed in it, new ones, and those asked before their date.

    New cards are those that the day allows, where the sitting follows the schedule. None is counted further than
    MOST_COUNTED.
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
_REVIEWED = select(REVIEW.c.card_id).where(REVIEW.c.learner_id == LEARNER, REVIEW.c.day == TODAY)
_NONE = literal(0)
_MOST_NEW: BindParameter[int] = bindparam("most_new")


_IN_THIS_SITTING = (
    select(REVIEW.c.card_id)
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == LEARNER, REVIEW.c.day == TODAY, STANDS, REVIEW.c.sitting == bindparam("sitting"))
)


def _flag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition`, in a form for which no planner will leave the index on what was reviewed today."""
    return case((condition, 1), else_=0) == 1


_IS_OVER = _flag(CARD_STATE.c.due_at.is_(None))
_DONE_TODAY = (CARD_STATE.c.card_id.in_(_REVIEWED), _flag(CARD_STATE.c.reviewed_on == TODAY), _IS_OVER)
_DONE_IN_SITTING = (CARD_STATE.c.card_id.in_(_IN_THIS_SITTING), _IS_OVER)


@lru_cache(maxsize=256)
def _progress(shape: Shape, mode: Mode, is_apart: bool) -> Select[Any]:
    # What was done under filters need not pass them any more: a new card is seen, a due one is not due.
    done = _STATE.where(mine(), *(_DONE_IN_SITTING if is_apart else _DONE_TODAY))
    early: ColumnElement[int] = _NONE
    due: ColumnElement[int] = _count(_STATE.where(mine(shape), IS_SIMPLY_DUE))
    new: ColumnElement[int] = _NONE
    if lets_new_ones_through(shape):
        new = _count(unseen("id", askable(shape)), _MOST_NEW)
    if mode is Mode.AHEAD:
        early = _count(_STATE.where(mine(shape), IS_AHEAD))
    if mode is Mode.CRAM:
        early, due, new = _count(not_yet_in_sitting(shape)), _NONE, _NONE
    return select(_count(done), due, _count(_STATE.where(mine(shape), IS_IN_SITTING)), new, early, INTRODUCED)


def progress(
    session: Session,
    prefs: Preferences,
    now: datetime,
    deck_id: int,
    filters: Filters = EVERYTHING,
    sitting: str | None = None,
) -> Progress:
    """How far the learner has come with the deck, as far as the filters let through.

    Done is what was rated today; with `sitting`, what a review keeps of it, what was rated in it.
    """
    is_limited = filters.mode is Mode.DUE
    more = {"most_new": min(prefs.new_per_day, MOST_COUNTED) if is_limited else MOST_COUNTED, "sitting": sitting}
    statement = _progress(filters.shape, filters.mode, sitting is not None)
    row = session.connection().execute(statement, parameters(prefs, now, deck_id, filters) | more).one()
    done, due, in_sitting, new, early, introduced = row
    if is_limited:
        new = min(new, max(0, prefs.new_per_day - introduced))
    return Progress(done, due, in_sitting, new, early)
