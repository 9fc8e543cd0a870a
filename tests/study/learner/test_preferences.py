"""The learner's day in every zone, and preferences that fall back on the settings."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import update

from app.database import Database
from app.settings import Settings
from app.study.learner.preferences import Preferences, UnknownLearnerError, preferences
from app.tables import LEARNER
from tests.examples import examples

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(1975, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
HOURS = st.integers(0, 23)


def prefs(zone: ZoneInfo, hour: int) -> Preferences:
    return Preferences(1, zone, hour, 20, 0.9)


@examples(400)
@given(ZONES, MOMENTS, HOURS, st.integers(0, 3 * 86_400))
@example(ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC), 0, 300)  # back from 0:01 to 23:01
@example(ZoneInfo("Pacific/Apia"), datetime(2011, 12, 29, 10, tzinfo=UTC), 4, 86_400)  # a date that never was
def test_the_day_never_goes_back_as_time_goes_on(zone: ZoneInfo, now: datetime, hour: int, lapse: int) -> None:
    learner = prefs(zone, hour)
    assert learner.day(now) <= learner.day(now + timedelta(seconds=lapse))


@examples(400)
@given(ZONES, MOMENTS, HOURS)
def test_the_day_is_the_wall_clocks_where_no_clock_changes(zone: ZoneInfo, now: datetime, hour: int) -> None:
    local = now.astimezone(zone)
    offsets = {(now + timedelta(hours=h)).astimezone(zone).utcoffset() for h in range(-49, 50)}
    naive = (local.replace(tzinfo=None) - timedelta(hours=hour)).date()
    found = prefs(zone, hour).day(now)
    assert found == naive if len(offsets) == 1 else abs(found - naive) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "hour", "last_moment_before"),
    [
        ("Europe/Berlin", 4, "2025-06-10T01:59:59.999999+00:00"),
        ("Asia/Kolkata", 4, "2025-06-09T22:29:59.999999+00:00"),  # +5:30
        ("Asia/Kathmandu", 0, "2025-06-09T18:14:59.999999+00:00"),  # +5:45
        ("Pacific/Kiritimati", 4, "2025-06-09T13:59:59.999999+00:00"),  # +14
        ("Europe/Berlin", 2, "2025-03-30T00:59:59.999999+00:00"),  # 2:00 does not exist: 3:00 summer time
        ("Europe/Berlin", 2, "2025-10-25T23:59:59.999999+00:00"),  # 2:00 comes twice: the first
        ("America/New_York", 4, "2024-02-29T08:59:59.999999+00:00"),  # the leap day begins
        ("America/New_York", 4, "2024-03-01T08:59:59.999999+00:00"),  # and ends
    ],
)
def test_the_day_turns_at_the_hour(zone: str, hour: int, last_moment_before: str) -> None:
    before = datetime.fromisoformat(last_moment_before)
    learner = prefs(ZoneInfo(zone), hour)
    assert learner.day(before + timedelta(microseconds=1)) == learner.day(before) + timedelta(days=1)
    assert (
        learner.day(before + timedelta(microseconds=1)) == (before + timedelta(hours=1)).astimezone(learner.zone).date()
    )


def test_the_day_is_the_same_however_the_moment_is_written() -> None:
    learner = prefs(ZoneInfo("Europe/Berlin"), 4)
    moment = datetime(2025, 6, 10, 1, 30, tzinfo=UTC)
    assert learner.day(moment) == learner.day(moment.astimezone(ZoneInfo("Asia/Tokyo"))) == date(2025, 6, 9)


def test_what_a_learner_left_open_follows_the_settings(database: Database, settings: Settings) -> None:
    with database.write() as session:
        mine = preferences(session, settings, 1)
        assert mine == Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9, seed=mine.seed)
        own = {"time_zone": "Asia/Tokyo", "day_starts_at": 0, "new_per_day": 0, "desired_retention": 0.8}
        session.connection().execute(update(LEARNER).values(own))
        mine = preferences(session, settings, 1)
        assert mine == Preferences(1, ZoneInfo("Asia/Tokyo"), 0, 0, 0.8, seed=mine.seed)
        with pytest.raises(UnknownLearnerError, match="learner 7"):
            preferences(session, settings, learner_id=7)
