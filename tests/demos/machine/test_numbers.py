"""How numbers are shown."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.numbers import fill, heat, latex, plain, short, show, ticks, words
from tests.examples import examples

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def read_back(text: str) -> float:
    """The number that a reader takes from a shown text."""
    text = text.replace("−", "-").replace(",", "").replace("∞", "inf").translate(SUPERSCRIPTS)
    return float(text.replace("×10", "e"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (1120.0, "1,120"),
        (0.8, "0.8"),
        (-0.5, "−0.5"),
        (0.9758816208890569, "0.9759"),
        (0.5000000001, "0.5000"),
        (2.9999999999999996, "3.0000"),
        (0.9999999, "1.0000"),
        (0.9**50, "0.00515"),
        (0.02248528, "0.0225"),
        (117.3908528, "117.39"),
        (12345.678, "12,346"),
        (5.8e7 + 0.5, "5.80×10⁷"),
        (-1.0763e-8, "−1.08×10⁻⁸"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_is_shown_as_one_reads_it(value: float, shown: str) -> None:
    assert show(value) == shown


@given(st.floats(-1e300, 1e300))
@examples(500)
def test_what_is_shown_reads_back_within_its_digits(value: float) -> None:
    assert read_back(show(value)) == pytest.approx(value, rel=0.0051, abs=0)


@given(st.floats(allow_nan=False, allow_infinity=False))
@examples(300)
def test_an_address_holds_the_very_float(value: float) -> None:
    assert float(plain(value)) == value


@given(st.floats(-1e300, 1e300))
@examples(300)
def test_a_circle_holds_a_short_text_that_reads_back(value: float) -> None:
    text = short(value)
    assert len(text) <= 7
    assert read_back(text) == pytest.approx(value, rel=0.5, abs=0.0051)


@pytest.mark.parametrize(
    ("values", "alike", "texts"),
    [
        ((0.0, 0.5, 1.0), True, "0.0 0.5 1.0"),
        ((0.0, 0.25, 0.5), True, "0.00 0.25 0.50"),
        ((-2000.0, 0.0, 2000.0), True, "−2,000 0 2,000"),
        ((0.0, 5000.0, 10000.0, 15000.0), True, "0 5,000 10⁴ 1.5×10⁴"),
        ((0.0, 5e-4, 1e-3), True, "0 5×10⁻⁴ 0.001"),
        ((-5e6, -1e6), True, "−5×10⁶ −10⁶"),
        ((0.01, 0.1, 1.0, 10.0), False, "0.01 0.1 1 10"),
        ((1e-300, 1e-7, 1e300), False, "10⁻³⁰⁰ 10⁻⁷ 10³⁰⁰"),
        ((), True, ""),
    ],
)
def test_the_numbers_of_an_axis_are_short_and_alike(values: tuple[float, ...], alike: bool, texts: str) -> None:
    assert ticks(values, alike) == texts.split()


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e308))
@examples(100)
def test_heat_has_the_sign_of_the_number_and_nine_steps(value: float, largest: float) -> None:
    found = heat(value, largest)
    assert -9 <= found <= 9
    assert found * value >= 0


def test_heat_is_strongest_for_the_largest_and_none_for_what_is_not_finite() -> None:
    assert [heat(v, 2.0) for v in (2.0, -2.0, 1.0, 0.0, math.nan, math.inf)] == [9, -9, 4, 0, 0, 0]


def test_a_sentence_states_only_numbers_that_were_computed() -> None:
    assert fill("It is {h} of $W_{hh}$.", {"h": 0.5}) == "It is **0.5** of $W_{hh}$."
    with pytest.raises(KeyError):
        fill("It is {g}.", {"h": 0.5})


@pytest.mark.parametrize(
    ("count", "told"), [(6, "**6** linear steps, **6** copies"), (1, "**1** linear step, **1** copy")]
)
def test_one_thing_is_not_named_as_many(count: int, told: str) -> None:
    assert fill("{n linear steps}, {n copies}", {"n": count}) == told


def test_a_text_alternative_has_no_marks() -> None:
    assert words(r"left **0.5** of $\lVert \partial h_T \rVert$ to $h_{t-1}$") == "left 0.5 of ‖ ∂ h T ‖ to h t−1"


@given(st.floats(allow_nan=False))
@examples(100)
def test_latex_of_a_number_has_only_what_mathml_can_take(value: float) -> None:
    assert re.fullmatch(r"-?(\d+(\.\d+)?( \\cdot 10\^\{-?\d+\})?|\\infty)", latex(value))
