"""Who studies, and when their day begins."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlmodel import Session

from app.settings import Settings
from app.study.tables import LEARNER

_ONE_DAY = timedelta(days=1)


class UnknownLearnerError(LookupError):
    """There is no such learner."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What decides a learner's schedule. `desired_retention` is a chance of recall, 0 to 1."""

    learner_id: int
    zone: ZoneInfo
    day_starts_at: int
    new_per_day: int
    desired_retention: float

    def day(self, now: datetime) -> date:
        """The learner's date at `now` (aware): it turns at `day_starts_at` o'clock, local time.

        It never goes back as time goes on: where clocks are set back over the hour, the first time counts, and where
        they are set forward over it, the day turns as many minutes after the change as the hour lies within the gap.
        """
        local = now.astimezone(self.zone).date()
        day = local + _ONE_DAY
        while _turn(day, self.day_starts_at, self.zone) > now:
            day -= _ONE_DAY
        return day


@lru_cache(maxsize=1024)
def _turn(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The moment at which `day` begins, in UTC."""
    return datetime.combine(day, time(hour, fold=0), zone).astimezone(UTC)


_LEARNER = select(LEARNER).where(LEARNER.c.id == bindparam("learner"))


def preferences(session: Session, settings: Settings, learner_id: int = 1) -> Preferences:
    """The learner's own preferences; what they left open follows `settings`.

    Raises UnknownLearnerError.
    """
    row = session.connection().execute(_LEARNER, {"learner": learner_id}).one_or_none()
    if row is None:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")

    return Preferences(
        learner_id=learner_id,
        zone=ZoneInfo(settings.time_zone if row.time_zone is None else row.time_zone),
        day_starts_at=settings.day_starts_at if row.day_starts_at is None else row.day_starts_at,
        new_per_day=settings.new_per_day if row.new_per_day is None else row.new_per_day,
        desired_retention=settings.desired_retention if row.desired_retention is None else row.desired_retention,
    )
