"""A learner's settings: read, refused, kept; and what a new time zone does to the schedule."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from fsrs import Scheduler as PyFsrs
from hypothesis import given
from hypothesis import strategies as st

from app.models import Learner
from app.study.learner.keys import ALL_OFF
from app.study.learner.preferences import UnknownLearnerError, look
from app.study.learner.profile import (
    Profile,
    WrongProfileError,
    change,
    profile,
    read_profile,
    texts_of,
)
from app.study.learners import add_learner, all_learners, rename
from app.study.schedule.scheduler import days_until
from tests.examples import examples
from tests.study.conftest import Study

EMPTY = Profile("You")
FULL = Profile("Ada", "Asia/Tokyo", 0, 7, 0.87, True, True, True, 60, "dark", 150, True, {"undo": "z", "edit": ""})


def read(before: Profile = EMPTY, /, **texts: str) -> Profile:
    return read_profile(texts_of(before) | texts, before)


def test_a_profile_is_the_learners_row() -> None:
    not_chosen = ("id", "seed", "key", "leaves_at", "importing")
    assert [f.name for f in fields(Profile)] == [name for name in Learner.model_fields if name not in not_chosen]


@pytest.mark.parametrize("kept", [EMPTY, FULL, replace(FULL, own_keys=ALL_OFF, desired_retention=1 / 3 + 0.5)])
def test_a_form_sent_back_untouched_changes_nothing(kept: Profile) -> None:
    assert read(kept) == kept


@pytest.mark.parametrize(
    ("texts", "is_now"),
    [
        ({"time_zone": "america/new york"}, {"time_zone": "America/New_York"}),
        ({"time_zone": ""}, {"time_zone": None}),
        ({"day_starts_at": " 0 "}, {"day_starts_at": 0}),
        ({"new_per_day": "0"}, {"new_per_day": 0}),
        ({"new_per_day": "9999"}, {"new_per_day": 9999}),
        ({"desired_retention": "70"}, {"desired_retention": 0.7}),
        ({"desired_retention": "0.97"}, {"desired_retention": 0.97}),
        ({"desired_retention": "92,5 %"}, {"desired_retention": 0.925}),
        ({"types_answers": "on", "say_within": "5"}, {"types_answers": True, "say_within": 5}),
        ({"theme": ""}, {"theme": None}),
        ({"text_size": "200"}, {"text_size": 200}),
        ({"name": "  Ada   Lovelace "}, {"name": "Ada Lovelace"}),
        ({"key-undo": "x"}, {"own_keys": {"undo": "x", "edit": ""}}),
        ({"all_keys": "usual"}, {"own_keys": {}}),
        ({"all_keys": "off", "key-undo": "nonsense"}, {"own_keys": ALL_OFF}),
    ],
)
def test_a_field_is_read(texts: dict[str, str], is_now: dict[str, object]) -> None:
    assert asdict(read(FULL, **texts)) == asdict(FULL) | is_now


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("name", "  ", "Enter a name"),
        ("name", "x" * 61, "at most 60"),
        ("name", "a\x00b", "control characters"),
        ("time_zone", "Europe/Berln", "Did you mean Europe/Berlin?"),
        ("time_zone", "../../etc/passwd", "is not a time zone"),
        ("day_starts_at", "24", "'24' is not an hour from 0 to 23."),
        ("day_starts_at", "-1", "from 0 to 23"),
        ("day_starts_at", "4.5", "from 0 to 23"),
        ("new_per_day", "10000", "from 0 to 9999"),
        ("new_per_day", "٣", "from 0 to 9999"),
        ("new_per_day", "9" * 5000, "from 0 to 9999"),
        ("desired_retention", "69.9", "from 70 to 97 per cent"),
        ("desired_retention", "98", "from 70 to 97"),
        ("desired_retention", "nan", "from 70 to 97"),
        ("desired_retention", "inf", "from 70 to 97"),
        ("desired_retention", "high", "'high' is not a chance"),
        ("say_within", "4", "from 5 to 300"),
        ("say_within", "301", "from 5 to 300"),
        ("theme", "sepia", "must be one of light, dark"),
        ("text_size", "300", "must be one of 110"),
        ("key-undo", "e", "edit the card"),
        ("key-undo", "two", "not a single key"),
    ],
)
def test_a_bad_value_is_named_at_its_field(field: str, text: str, says: str) -> None:
    with pytest.raises(WrongProfileError) as refused:
        read(**{field: text})
    assert set(refused.value.problems) == {field}
    assert says in refused.value.problems[field]


def test_every_bad_value_is_named_at_once() -> None:
    with pytest.raises(WrongProfileError) as refused:
        read(name="", time_zone="?", new_per_day="x", desired_retention="2", say_within="1", text_size="1")
    assert len(refused.value.problems) == 6


TEXTS = st.dictionaries(st.sampled_from([*texts_of(FULL), "all_keys", "key-x"]), st.text(max_size=30))


@examples(300)
@given(TEXTS)
def test_whatever_is_typed_is_read_or_refused_by_field(texts: dict[str, str]) -> None:
    problems: Mapping[str, str] = {}
    made = EMPTY
    try:
        made = read_profile(texts, EMPTY)
    except WrongProfileError as error:
        problems = error.problems
    assert set(problems) <= {*texts_of(EMPTY), "key-x"}
    assert read_profile(texts_of(made), made) == made


def test_a_profile_is_kept(study: Study) -> None:
    with study.database.write() as session:
        change(session, 1, FULL)
    with study.database.read() as session:
        assert profile(session, 1) == FULL
        assert profile(session, 2) == Profile("Second")
        shown = look(session, 1)
        assert (shown.theme, shown.text_size, shown.keys) == ("dark", 150, {"u": "z", "e": ""})
        with pytest.raises(UnknownLearnerError):
            profile(session, 3)
    with study.database.write() as session:
        with pytest.raises(UnknownLearnerError):
            change(session, 3, EMPTY)
        with pytest.raises(WrongProfileError, match="A learner called Second"):
            change(session, 1, Profile("SECOND"))
        change(session, 1, Profile("ADA"))


def test_learners_are_added_and_renamed(study: Study) -> None:
    with study.database.write() as session:
        added = add_learner(session, " Eve ", Random(1))
        assert added >= 100_000
        assert profile(session, added) == Profile("Eve")
        with pytest.raises(WrongProfileError, match="Eve"):
            add_learner(session, "eve", Random(2))
        with pytest.raises(WrongProfileError, match="Enter a name"):
            add_learner(session, "", Random(2))
        other = add_learner(session, "Bob", Random(1))  # the same numbers are drawn: the next is taken
        assert other != added
        rename(session, added, "Eva")
        with pytest.raises(WrongProfileError):
            rename(session, added, "bob")
        with pytest.raises(UnknownLearnerError):
            rename(session, 3, "Ann")
    study.rate(1, 4)
    with study.database.read() as session:
        known = [(one.name, one.studied_at) for one in all_learners(session)]
    assert known == [("Bob", None), ("Eva", None), ("Second", None), ("You", study.now)]


@pytest.mark.parametrize("stability", [0.5, 3.0, 30.0, 4_000.0])
@pytest.mark.parametrize("chance", [0.70, 0.80, 0.9, 0.97])
def test_the_days_shown_are_those_of_the_formula(stability: float, chance: float) -> None:
    days = days_until(stability, chance)
    assert (1 + (0.9 ** (-1 / 0.1542) - 1) * days / stability) ** -0.1542 == pytest.approx(chance, rel=1e-6)
    oracle = PyFsrs(desired_retention=chance, enable_fuzzing=False, maximum_interval=10**9)
    assert max(1, round(days)) == oracle._next_interval(stability=stability)
    if chance == 0.9:
        assert days == pytest.approx(stability)


MOVES = [
    ("Europe/Berlin", 0),
    ("Europe/Berlin", 23),
    ("Pacific/Kiritimati", 4),  # a day ahead
    ("Pacific/Pago_Pago", 4),  # a day behind
    ("America/New_York", 12),
    ("Asia/Kathmandu", 0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "hour"), MOVES)
@pytest.mark.parametrize("clock", ["21:59", "22:01", "01:59", "02:01"])  # around midnight and four in Berlin
def test_a_new_zone_or_turn_of_the_day_loses_and_doubles_nothing(
    study: Study, zone: str, hour: int, clock: str
) -> None:
    study.now = datetime.fromisoformat(f"2025-06-01T{clock}:00+00:00")
    for rating in range(1, 6):
        study.rate(rating, rating)
        study.later(seconds=70)
    before = study.states()
    days = study.rows("SELECT id, day, rated_at FROM review ORDER BY id")
    study.prefs = replace(study.prefs, zone=ZoneInfo(zone), day_starts_at=hour)
    # What was learned stays, to the bit, and a replay agrees under the new settings.
    study.replay()
    assert study.states() == before
    assert study.rows("SELECT id, day, rated_at FROM review ORDER BY id") == days
    # From then on every card is asked on the day it is due, and none again before.
    study.prefs = replace(study.prefs, new_per_day=10)
    asked: set[tuple[int, date]] = set()
    for _hour in range(24 * 14):
        while (card := study.next()) is not None:
            today = study.prefs.day(study.now)
            state = next((row for row in study.states() if row[1] == card), None)
            returns = card in study.once_more()
            assert state is None or state[5] is not None or state[4] <= today or returns
            assert (card, today) not in asked or returns
            asked.add((card, today))
            rated = study.rate(card, 4)
            assert rated.review.day == today
            assert rated.state.reviews == (1 if state is None else state[9] + 1)
            study.later(seconds=70)
        study.later(hours=1)
        assert all(row[4] > study.prefs.day(study.now - timedelta(hours=1)) for row in study.states())
    final = study.states()
    study.replay()
    assert study.states() == final
    assert {row[1] for row in final} == set(range(1, 11))


def test_the_day_that_is_ahead_after_a_move_west_costs_no_recall(study: Study) -> None:
    """The last review was «tomorrow»: no time has passed since, rather than less than none."""
    study.prefs = replace(study.prefs, zone=ZoneInfo("Pacific/Kiritimati"))
    ahead = study.rate(1, 4).state
    study.prefs = replace(study.prefs, zone=ZoneInfo("Pacific/Pago_Pago"))
    study.later(minutes=5)
    assert study.prefs.day(study.now) < ahead.reviewed_on
    again = study.rate(1, 4).state
    assert again.stability >= ahead.stability
    assert again.due_on >= study.prefs.day(study.now) + timedelta(days=1)
