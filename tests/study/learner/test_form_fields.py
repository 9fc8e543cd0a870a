"""A preference as the settings page asks for it: words with its bounds, and its value as typed."""

from dataclasses import replace
from typing import Any

import pytest

from app.models import Learner
from app.settings import Settings
from app.study.learner.form_fields import PreferenceField
from app.study.learner.profile import PREFERENCES

BY_NAME = {one.name: one for one in PREFERENCES}


def test_every_column_of_a_learner_is_asked_for_once() -> None:
    apart = {"id", "name", "own_keys", "seed", "key", "leaves_at", "importing"}
    assert [one.name for one in PREFERENCES] == [name for name in Learner.model_fields if name not in apart]


def test_the_bounds_are_those_of_the_type_and_of_the_server() -> None:
    bounds = {one.name: (one.low, one.high) for one in PREFERENCES if one.low is not None and one.high is not None}
    assert bounds == {
        "day_starts_at": (0, 23),
        "new_per_day": (0, 9999),
        "desired_retention": (0.70, 0.97),
        "say_within": (5, 300),
    }
    for name in bounds.keys() & Settings.model_fields.keys():
        low, high = bounds[name]
        assert getattr(Settings(**{name: low}), name) == low  # type: ignore[arg-type]
        assert getattr(Settings(**{name: high}), name) == high  # type: ignore[arg-type]
        for beyond in (low - 0.01, high + 0.01):
            with pytest.raises(ValueError, match=name):
                Settings(**{name: beyond})  # type: ignore[arg-type]
    assert BY_NAME["theme"].choices == ("light", "dark")
    assert BY_NAME["text_size"].choices == (110, 125, 150, 175, 200)


def test_the_words_hold_the_bounds_and_the_server_s_setting() -> None:
    assert BY_NAME["new_per_day"].words("20").startswith("From 0 to 9999. Each new card comes back")
    assert BY_NAME["desired_retention"].words("90").endswith("70 to 97. Higher means better recall and more "
        "reviews. Applies from your next rating. Empty: this server’s default, 90.")  # fmt: skip
    assert BY_NAME["say_within"].words("").endswith("5 to 300. It never cuts you off. Empty: off.")


@pytest.mark.parametrize(
    ("control", "text", "value"),
    [
        ("number", "7", 7),
        ("number", "", None),
        ("percent", "87.5 %", 0.875),
        ("percent", "0.875", 0.875),
        ("tick", "on", True),
        ("tick", "", False),
        ("choice", "b", "b"),
        ("choice", "", None),
        ("zone", "europe/berlin", "Europe/Berlin"),
    ],
)
def test_a_value_is_read_by_its_control(control: Any, text: str, value: object) -> None:
    field = replace(PreferenceField("number", "s", "l", "says"), control=control, low=0, high=9, choices=("a", "b"))
    if control == "percent":
        field = replace(field, high=1)
    assert field.read(text, None) == value
    assert field.read(field.text(value), value) == value


def test_what_is_left_as_it_was_stays_to_the_last_digit() -> None:
    field = BY_NAME["desired_retention"]
    third = 1 / 3 + 0.5
    assert field.read(field.text(third), third) == third


def test_a_refusal_names_the_bounds() -> None:
    with pytest.raises(ValueError, match="'98' is not a chance of recall from 70 to 97 per cent"):
        BY_NAME["desired_retention"].read("98", None)
    with pytest.raises(ValueError, match="'24' is not an hour from 0 to 23"):
        BY_NAME["day_starts_at"].read("24", None)
