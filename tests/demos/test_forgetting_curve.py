"""The forgetting recurrence against the scheduler that Recur runs, to the digits that are shown."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.forgetting_curve import DEMO, ForgettingCurve, remember
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Curve
from app.demos.machine.numbers import show
from app.demos.parts.forgetting_formulas import five_digits
from app.study.schedule import scheduler
from app.study.schedule.scale import Rating
from tests.examples import examples

histories = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from([0, 1, 2, 5, 11, 46, 163, 1000])), max_size=12
).filter(bool)


def query_of(history: list[tuple[int, int]], retention: float = 0.9) -> str:
    ratings, days = (",".join(map(str, column)) for column in zip(*history, strict=True))
    return f"ratings={ratings}&days={days}&retention={retention}"


def scheduled(p: ForgettingCurve) -> list[tuple[float, float, float, float]]:
    """(stability, difficulty, interval, recall then) after each review, by the scheduler's own 32-bit floats."""
    memory, elapsed, found = None, 0, []
    for rating, waited in p.reviews():
        outcome = scheduler.outcomes(memory, elapsed, p.retention, 1, 0)[Rating(rating)]
        memory, elapsed = outcome.memory, waited
        found.append((*memory, outcome.interval, scheduler.recall(memory.stability, waited)))
    return found


@given(history=histories, retention=st.sampled_from([0.7, 0.8, 0.9, 0.95]))
@examples(300)
def test_every_number_is_the_schedulers(history: list[tuple[int, int]], retention: float) -> None:
    p = DEMO.parse(query_of(history, retention))
    numbers = DEMO.compute(p).numbers
    names = ("stability", "difficulty", "interval", "recall")
    for k, theirs in enumerate(scheduled(p), start=1):
        for name, value in zip(names, theirs, strict=True):
            unit = 10 ** (math.floor(math.log10(value)) - 4)
            # Half a unit of the last digit that is shown, and what twelve reviews in 32 bits may add.
            assert abs(numbers[f"{name}{k}"] - value) <= unit / 2 + 2e-5 * value, f"{name} {k}"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "ratings=3,4,5,4&days=1,5,30,100",
        "ratings=4,4,4,1,4&days=2,11,46,1,30",
        "ratings=2,2,3,4&days=0,0,1,3",
        "ratings=5,5,5&days=8,60,200&retention=0.85",
    ],
)
def test_what_is_shown_is_the_schedulers_to_the_digit(query: str) -> None:
    p = DEMO.parse(query)
    numbers = DEMO.compute(p).numbers
    for k, theirs in enumerate(scheduled(p), start=1):
        for name, value in zip(("stability", "difficulty", "interval", "recall"), theirs, strict=True):
            assert show(numbers[f"{name}{k}"]) == show(five_digits(value)), f"{name} {k}"


@given(data=st.data())
@examples(40)
def test_the_curve_falls_between_reviews_and_starts_anew_at_each(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result, seen = DEMO.compute(p), remember(p)
    curve = result.figures[0]
    assert isinstance(curve, Curve)
    known = curve.series[0].values
    assert known[0] == 1
    assert ((known > 0) & (known <= 1)).all()
    days = np.cumsum([0, *(one.waited for one in seen)])
    for one, day in zip(seen, days[1:], strict=True):
        if one.waited:
            assert known[curve.x == day][0] == pytest.approx(one.recall, rel=1e-9)
    rises = curve.x[1:][np.diff(known) > 1e-12]
    assert set(np.floor(rises)) <= set(days[:-1].astype(float))


def test_what_to_try_keeps_its_promises() -> None:
    spaced = DEMO.result("").numbers["stability"]
    crammed, missed, late = (DEMO.compute(DEMO.changed(one.change)).numbers for one in DEMO.try_this)
    assert spaced > 100
    assert crammed["stability"] < 3
    assert missed["stability4"] < 5 < 40 < missed["stability3"]
    assert late["stability"] > 2 * spaced


def test_misses_and_same_day_reviews_are_told() -> None:
    assert "a miss" in DEMO.result("ratings=4,2&days=2,1").figures[0].caption
    assert "missed" not in DEMO.result("ratings=4,3&days=2,1").figures[0].caption


@pytest.mark.parametrize(
    ("query", "sentence", "nearest"),
    [
        ("ratings=7,2.5", "ratings is '7,2.5', but must be whole numbers from 1 to 5", "ratings=5,2"),
        ("days=5000", "whole days from 0 to 3,650, one alone or one for each rating", "days=3650"),
        ("days=-3,2", "whole days from 0 to 3,650", "days=0,2,2,2"),
        ("ratings=4,4&days=1,2,3", "one for each rating", "days=1,2"),
    ],
)
def test_what_is_no_rating_or_no_wait_is_named(query: str, sentence: str, nearest: str) -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse(query)
    assert sentence in str(caught.value)
    assert nearest in caught.value.nearest
    DEMO.parse(caught.value.nearest)


def test_one_wait_serves_all() -> None:
    assert DEMO.parse("ratings=4,4,4&days=7").reviews() == [(4, 7), (4, 7), (4, 7)]
