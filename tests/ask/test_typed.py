"""What people type, in every form, and what is refused."""

import random
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ask.typed import BadAnswerError, number, shape, word
from tests.ask.spellings import of_number, of_shape
from tests.examples import examples


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0.36", 0.36), (".36", 0.36), ("36 %", 0.36), ("36%", 0.36), ("36 percent", 0.36), ("9/25", 0.36),
        ("9 / 25", 0.36), ("9⁄25", 0.36), ("3.6e-1", 0.36), ("3.6E−1", 0.36), ("3.6×10^-1", 0.36), ("3.6·10⁻¹", 0.36),
        ("3.6 x 10^-1", 0.36), ("3.6*10**-1", 0.36), (" 0,36 ", 0.36), (",36", 0.36), ("0,360", 0.36), ("≈ 0.36", 0.36),
        ("= 0.36", 0.36), ("1 1/2", 1.5), ("−1 1/2", -1.5), ("−3", -3), ("–3", -3), ("- 3", -3), ("+3", 3), ("3.", 3),
        ("10^-3", 0.001), ("10⁻³", 0.001), ("2^10", 1024), ("1e3", 1000), ("1 120", 1120), ("1\u202f120", 1120),
        ("1'120", 1120), ("1_120", 1120), ("1,120.5", 1120.5), ("1.120,5", 1120.5), ("1,120,000", 1_120_000),
        ("1.120.000", 1_120_000), ("1 120 000,5", 1_120_000.5), ("1234,567", 1234.567), ("12,5", 12.5), ("0", 0),
        ("1 120/7", 160), ("-9/25", -0.36), ("1.120", 1.12), ("100 %", 1), ("1.5 %", 0.015),
    ],
)  # fmt: skip
def test_a_number_is_read(typed: str, value: float) -> None:
    assert number(typed) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("typed", ["1,120", "1.120", "12,345", "-1,120", "1,120 %", "1,120/2"])
def test_what_can_be_read_in_two_ways_is_refused(typed: str) -> None:
    whole = "." in typed
    with pytest.raises(BadAnswerError, match="can mean"):
        number(typed, whole)


def test_a_comma_before_three_digits_is_for_thousands_where_a_whole_number_is_asked() -> None:
    assert number("1,120", whole=True) == 1120
    assert number("-33,792", whole=True) == -33_792
    assert number("1 120.0", whole=True) == 1120


@pytest.mark.parametrize(
    "typed",
    ["", " ", "two", "nan", "inf", "∞", "1/0", "1//2", "1/2/3", "--3", "3-", "1 2", "12 34", "1,2,3", "1,12,000", "e5",
     "1e", "1e5e", "0x10", "1e999", "10^9999", "%", "1,120,5", "0,120,000", "3.4.5", "5 KB", "(3)", "1" * 90, "^"],
)  # fmt: skip
def test_the_rest_is_refused_clearly(typed: str) -> None:
    with pytest.raises(BadAnswerError, match=r"Write it|at most|is no number"):
        number(typed)


def test_the_unit_may_stand_behind_and_no_other() -> None:
    assert number("1,120 bytes", whole=True, unit="byte") == 1120
    assert number("1 byte", whole=True, unit="byte") == 1
    with pytest.raises(BadAnswerError, match="It is asked in bytes"):
        number("1 KB", whole=True, unit="byte")


@given(st.fractions(-10_000, 10_000, max_denominator=1000))
@examples(300)
def test_every_spelling_of_a_number_is_that_number(value: Fraction) -> None:
    for typed in of_number(float(value), whole=value.denominator == 1):
        assert number(typed, whole=value.denominator == 1) == pytest.approx(float(value), rel=1e-9, abs=1e-12), typed


@given(st.lists(st.one_of(st.none(), st.integers(1, 5000)), min_size=1, max_size=5))
@examples(200)
def test_every_spelling_of_a_shape_is_that_shape(axes: list[int | None]) -> None:
    for typed in of_shape(tuple(axes)):
        assert shape(typed) == tuple(axes), typed


@pytest.mark.parametrize("typed", ["", "()", "(32, 10]", "32,,10", "(3.5, 2)", "(a, 2)", "-5, 3", "((1, 2), (3, 4))"])
def test_what_is_no_shape_is_refused(typed: str) -> None:
    with pytest.raises(BadAnswerError, match="is not a shape"):
        shape(typed)


def test_letters_are_read_without_quotes_spaces_and_case() -> None:
    for typed in ("hello", "“hello”", " Hello ", "h e l l o", "'HELLO'", "«hello»"):
        assert word(typed) == "hello"
    with pytest.raises(BadAnswerError):
        word(" ")


def is_read(read: Callable[[str], object], typed: str) -> bool:
    """Whether it is read. What is not has a message; anything else that is raised fails the test."""
    try:
        read(typed)
    except BadAnswerError as error:
        return not str(error)
    return True


@given(st.text(max_size=30))
@examples(300)
def test_nothing_that_is_typed_breaks_it(typed: str) -> None:
    for read in (number, shape, word):
        is_read(read, typed)


def test_marks_of_numbers_in_any_order_never_break_it() -> None:
    rng = random.Random(1)
    typed = ["".join(rng.choice("0123456789.,-−/ e^×x*%'10") for _ in range(rng.randint(1, 12))) for _ in range(5000)]
    assert 100 < sum(is_read(number, one) for one in typed) < 4000
