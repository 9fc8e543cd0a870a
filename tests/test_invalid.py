"""What pydantic finds wrong is said in our words, whatever the model."""

import datetime
import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from app.invalid import in_words
from app.settings import Settings

PYDANTIC = re.compile(r"[Ii]nput should|valid (string|integer|number|boolean)|Field required|unable to|[{}]")


class Everything(BaseModel, extra="forbid"):
    whole: Annotated[int, Field(ge=1, le=9)] = 1
    real: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5
    flag: bool = False
    word: Literal["one", "two"] = "one"
    text: Annotated[str, Field(min_length=2, max_length=4, pattern=r"^[a-z]+$")] = "abc"
    day: datetime.date = datetime.date(2026, 1, 1)
    moment: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    names: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)] = ("a",)


NUMBERS = [-1, 10, 0.5, float("nan"), float("inf"), "1" * 5_000, True]
ODD: list[Any] = [*NUMBERS, "x", "", "\0", b"\xff", None, [], ["a"] * 3, {}]


@pytest.mark.parametrize("name", [*Everything.model_fields, "unknown"])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_words_of_pydantic_are_shown(name: str, value: object) -> None:
    try:
        Everything.model_validate({name: value})
    except ValidationError as error:
        for problem in error.errors():
            said = in_words(name, problem)
            assert not PYDANTIC.search(said), said
            assert said.startswith(f"{name} "), said


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("whole", "eight", "whole must be a whole number"),
        ("whole", "2.5", "whole must be a whole number"),
        ("whole", "10", "whole must be at most 9"),
        ("real", "0", "real must be more than 0.0"),
        ("word", "three", "word must be 'one' or 'two'"),
        ("text", "a", "text must have at least 2 characters"),
        ("text", "A?", "text has a character or a form that is not allowed here"),
        ("day", "tomorrow", "day must be a date, such as 2026-05-01"),
        ("flag", "perhaps", "flag must be yes or no"),
        ("names", ["a"] * 3, "names must have at most 2"),
    ],
)
def test_a_value_is_told_what_it_must_be(field: str, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({field: value})
    [problem] = caught.value.errors()
    assert in_words(field, problem) == said
    assert in_words(field, problem, tells_value=True) == f"{said}, not {value!r}"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_setting_is_refused_in_words_of_pydantic(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("x y", "-1", "", "999999999999"):
        monkeypatch.setenv(f"RECUR_{name.upper()}", value)
        try:
            Settings()
        except ValidationError as error:
            for problem in error.errors():
                assert not PYDANTIC.search(in_words("it", problem)), problem
