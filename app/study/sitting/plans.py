"""The learner's plans: each until an interview on a date, for some cards of a deck, with so many minutes a day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import ValidationError
from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session

from app.study.selection.selection import FILTERS, Selection
from app.tables import PLAN, THE_LEARNER

DEFAULT_MINUTES = 20
MINUTES = (5, 240)
"""The fewest and the most a day."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_PLANS = 20
LONGEST = timedelta(days=366)
"""A plan for a later day begins so long before it."""


class UnknownPlanError(LookupError):
    """The learner has no such plan."""


class TooManyPlansError(ValueError):
    """The learner has as many plans as there may be."""


@dataclass(frozen=True, slots=True)
class Interview:
    """A row of the table plan, as the learner has it. Its fields are the columns."""

    name: str
    interview_on: date
    minutes: int = DEFAULT_MINUTES
    deck: str = ""
    selection: str = ""
    days_off: str = ""
    is_over: bool = False
    asked: str = ""
    missing: str = ""

    @property
    def which(self) -> Selection:
        """The cards that it is for."""
        return Selection(**dict(parse_qsl(self.selection)))

    @property
    def weekdays_off(self) -> frozenset[int]:
        """0 is Monday."""
        return frozenset(map(int, self.days_off))

    def minutes_on(self, day: date) -> int:
        """The minutes of a day: none on a day off, and from the day of the interview on."""
        return 0 if day >= self.interview_on or day.weekday() in self.weekdays_off else self.minutes


def as_address(selection: Selection) -> str:
    """A selection as `Interview.selection` keeps it."""
    return urlencode(selection.pairs)


_COLUMNS = [PLAN.c[field.name] for field in fields(Interview)]
_PLANS = select(*_COLUMNS).where(PLAN.c.learner_id == THE_LEARNER).order_by(PLAN.c.interview_on, PLAN.c.name)
_ONE = (PLAN.c.learner_id == THE_LEARNER) & (PLAN.c.name == bindparam("plan"))


def plans(session: Session, learner_id: int) -> Sequence[Interview]:
    """All of the learner's, by date."""
    return [Interview(*row) for row in session.connection().execute(_PLANS, {"learner": learner_id})]


def plan_named(session: Session, learner_id: int, name: str) -> Interview:
    """One of them. Raises UnknownPlanError."""
    found = next((one for one in plans(session, learner_id) if one.name == name), None)
    if found is None:
        raise UnknownPlanError("There is no such plan. It may have been deleted on another page.")
    return found


def store(session: Session, learner_id: int, plan: Interview) -> None:
    """Add the plan, or change the one of its name. Call it in a write session. Raises TooManyPlansError."""
    connection = session.connection()
    change = update(PLAN).where(_ONE).values(asdict(plan))
    if connection.execute(change, {"learner": learner_id, "plan": plan.name}).rowcount:
        return
    if len(plans(session, learner_id)) >= MOST_PLANS:
        raise TooManyPlansError(f"You have {MOST_PLANS} plans already. Delete one that is over.")
    connection.execute(insert(PLAN).values(**asdict(plan), learner_id=learner_id))


def drop(session: Session, learner_id: int, name: str) -> None:
    """Delete a plan, with its notes. Call it in a write session. Raises UnknownPlanError."""
    if not session.connection().execute(delete(PLAN).where(_ONE), {"learner": learner_id, "plan": name}).rowcount:
        raise UnknownPlanError("There is no such plan. It may have been deleted on another page.")


class WrongPlanError(ValueError):
    """Some fields are invalid; `problems` has a sentence for each."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def texts_of_plan(plan: Interview) -> dict[str, str]:
    """The plan as a form's fields hold it."""
    texts = {"interview_on": plan.interview_on.isoformat(), "minutes": str(plan.minutes), "off": plan.days_off}
    return texts | {"deck": plan.deck} | plan.which.by_field


def read_plan(texts: Mapping[str, str], before: Interview, today: date) -> Interview:
    """`before` with what a form says; `off` has the digits of the days off. A field that is missing stays as it was.

    Raises WrongPlanError, with every problem at once.
    """
    problems: dict[str, str] = {}
    texts = texts_of_plan(before) | dict(texts)
    changes: dict[str, Any] = {"deck": texts["deck"]}
    for name, read in (("interview_on", _read_date), ("minutes", _read_minutes), ("days_off", _read_days_off)):
        text = texts["off" if name == "days_off" else name].strip()
        try:
            changes[name] = read(text, before, today)
        except ValueError as error:
            problems[name] = str(error)
    try:
        changes["selection"] = as_address(Selection(**{name: texts[name] for name in FILTERS if texts.get(name)}))
    except ValidationError as error:
        problems["selection"] = " ".join(one["msg"] for one in error.errors())
    if problems:
        raise WrongPlanError(problems)
    return replace(before, **changes)


def _read_date(text: str, before: Interview, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        typed = f"{text[:20]!r} is not a date" if text else "Enter the date"
        raise ValueError(f"{typed}: write it as {today.year + 1}-03-31.") from None
    if day < today and day != before.interview_on:
        raise ValueError("That day has passed. Choose a later one.")
    if day > today + LONGEST:
        raise ValueError("That is more than a year away. Plan for it when it is nearer.")
    return day


def _read_minutes(text: str, _before: Interview, _today: date) -> int:
    low, high = MINUTES
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and low <= int(text) <= high):
        raise ValueError(f"{text[:20]!r} is not a number of minutes from {low} to {high}.")
    return int(text)


def _read_days_off(text: str, _before: Interview, _today: date) -> str:
    days = sorted(set(text))
    if not set(days) <= set("0123456"):
        raise ValueError(f"{text[:20]!r} names no weekdays: 0 is Monday, 6 is Sunday.")
    if len(days) == len(WEEKDAYS):
        raise ValueError("Leave at least one day of the week to study.")
    return "".join(days)
