"""Who studies, by which preferences, and what the date is for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session

from app.database import BeingImportedError
from app.settings import Settings
from app.study.learner.keys import by_default_key
from app.tables import LEARNER, PLAN, THE_LEARNER, Prepared

_ONE_DAY = timedelta(days=1)


class UnknownLearnerError(LookupError):
    """There is no such learner."""


class LeavingLearnerError(UnknownLearnerError):
    """The learner asked to be deleted, and has not taken it back. `on` is the server's date of the deletion."""

    def __init__(self, on: date) -> None:
        super().__init__(f"This profile is to be deleted on {on.day} {on:%B %Y}. /learners can restore it until then.")
        self.on = on


@dataclass(frozen=True, slots=True)
class Preferences:
    """What decides a learner's schedule and sittings.

    `desired_retention` is a chance of recall, 0 to 1; `say_within` is in seconds, None for no timer. `plans_until` is
    the date of the last interview that a plan is for, past or to come. `seed` decides which instances of computed
    questions are asked, `of_four` whether they are answered by a choice.
    """

    learner_id: int
    zone: ZoneInfo
    day_starts_at: int
    new_per_day: int
    desired_retention: float
    types_answers: bool = False
    says_sure: bool = False
    say_within: int | None = None
    plans_until: date | None = None
    of_four: bool = False
    seed: int = 0

    def day(self, now: datetime) -> date:
        """The learner's date at `now` (aware). A day starts at `day_starts_at` o'clock, local time.

        It never goes backwards. If clocks are set back across the hour, the first passing counts; if they jump over
        it, the day starts as long after the jump as the hour lies within the gap.
        """
        local = now.astimezone(self.zone).date()
        day = local + _ONE_DAY
        while _turn(day, self.day_starts_at, self.zone) > now:
            day -= _ONE_DAY
        return day

    def day_ends(self, now: datetime) -> datetime:
        """The moment (UTC) at which the learner's date at `now` gives way to the next."""
        return _turn(self.day(now) + _ONE_DAY, self.day_starts_at, self.zone)


@lru_cache(maxsize=1024)
def _turn(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The moment at which `day` starts, in UTC."""
    return datetime.combine(day, time(hour, fold=0), zone).astimezone(UTC)


_PLANS_UNTIL = select(func.max(PLAN.c.interview_on)).where(PLAN.c.learner_id == THE_LEARNER).scalar_subquery()
_LEARNER = Prepared(
    select(
        LEARNER.c.time_zone,
        LEARNER.c.day_starts_at,
        LEARNER.c.new_per_day,
        LEARNER.c.desired_retention,
        LEARNER.c.types_answers,
        LEARNER.c.says_sure,
        LEARNER.c.say_within,
        _PLANS_UNTIL.label("plans_until"),
        LEARNER.c.of_four,
        LEARNER.c.seed,
        LEARNER.c.importing,
        LEARNER.c.leaves_at,
    ).where(LEARNER.c.id == THE_LEARNER)
)


def preferences(session: Session, settings: Settings, learner_id: int) -> Preferences:
    """The learner's preferences. What they left open follows `settings`.

    Raises UnknownLearnerError, which LeavingLearnerError is too, and BeingImportedError while a history of theirs is
    being imported.
    """
    row = _LEARNER.one_or_none(session.connection(), {"learner": learner_id})
    if row is None:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")
    if row.leaves_at is not None:
        raise LeavingLearnerError(row.leaves_at.astimezone(settings.zone).date())
    if row.importing is not None:
        raise BeingImportedError

    return Preferences(
        learner_id=learner_id,
        zone=ZoneInfo(settings.time_zone if row.time_zone is None else row.time_zone),
        day_starts_at=settings.day_starts_at if row.day_starts_at is None else row.day_starts_at,
        new_per_day=settings.new_per_day if row.new_per_day is None else row.new_per_day,
        desired_retention=settings.desired_retention if row.desired_retention is None else row.desired_retention,
        types_answers=row.types_answers,
        says_sure=row.says_sure,
        say_within=row.say_within,
        plans_until=row.plans_until,
        of_four=row.of_four,
        seed=row.seed,
    )


def defaults(settings: Settings) -> Preferences:
    """The preferences of nobody in particular."""
    chosen = settings.new_per_day, settings.desired_retention
    return Preferences(0, settings.zone, settings.day_starts_at, *chosen)


@dataclass(frozen=True, slots=True)
class Look:
    """How pages look and respond for a learner. `theme` and `text_size` (per cent) are None for the browser's own.

    `keys` has the learner's key for each default key that was changed, or "" if it is off. `name` is None if there is
    only one learner. If it `hides_hints`, no page says how it works.
    """

    theme: str | None = None
    text_size: int | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    hides_hints: bool = False


_ARE_MANY = select(LEARNER.c.id).offset(1).limit(1).scalar_subquery()
_LOOK = select(
    *(LEARNER.c.theme, LEARNER.c.text_size, LEARNER.c.own_keys, LEARNER.c.name, LEARNER.c.hides_hints),
    _ARE_MANY.label("are_many"),
).where(LEARNER.c.id == THE_LEARNER)


def look(session: Session, learner_id: int) -> Look:
    """The learner's look; the default if there is no such learner."""
    row = session.connection().execute(_LOOK, {"learner": learner_id}).one_or_none()
    if row is None:
        return Look()
    name = row.name if row.are_many else None
    return Look(row.theme, row.text_size, by_default_key(row.own_keys), name, row.hides_hints)
