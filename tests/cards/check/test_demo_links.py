"""A card can quote no number that the demo does not compute."""

import math
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.cards.check.demo_links import demo_mistakes, is_of_one_draw
from app.demos.machine.demo import BadParametersError, Problem
from app.demos.registry import find


class Constant:
    """A demo whose one number is given in its address, in hexadecimal."""

    def parse(self, query: str) -> float:
        return float.fromhex(query)

    def compute(self, number: float) -> SimpleNamespace:
        return SimpleNamespace(numbers={"n": number})


def find_constant(name: str) -> Constant:
    return Constant()


def says(computed: float, printed: str) -> Sequence[str]:
    return demo_mistakes("constant", computed.hex(), f"n={printed}", find_constant)


FINITE = st.floats(-1e12, 1e12, allow_nan=False)


@given(FINITE, st.integers(0, 12))
def test_a_number_rounded_to_any_digits_is_so_and_its_neighbours_are_not(number, places):
    printed = f"{number:.{places}f}"
    assert says(number, printed) == []
    step = Decimal(1).scaleb(-places)
    distance = abs(Decimal(number) - Decimal(printed))
    assume(distance < step * Decimal("0.499"))
    for neighbour in (Decimal(printed) + step, Decimal(printed) - step):
        (message,) = says(number, f"{neighbour:f}")
        assert "is stated, but" in message


@given(FINITE.filter(lambda number: abs(number) > 1e-12), st.integers(0, 6))
def test_powers_of_ten_can_be_written(number, places):
    assert says(number, f"{number:.{places}e}") == []


@pytest.mark.parametrize("printed", ["0.12", "0.13"])
def test_a_tie_may_be_rounded_either_way(printed):
    assert says(0.125, printed) == []


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_called_so(number):
    assert says(number, repr(number)) == []
    assert says(number, "1") == [f"demo constant: n=1 is stated, but {number!r} is computed"]
    assert says(1.0, repr(number)) == [f"demo constant: n={number!r} is stated, but 1.0 is computed"]


@pytest.mark.parametrize("printed", ["", "one", "1 000", "1,5", "0x1", "1e", "٣"])
def test_what_is_no_number_is_refused(printed):
    (message,) = says(1.0, printed)
    assert "is no number" in message


def test_a_real_demo_is_run():
    query = "cell=rnn&steps=50&gain=0.9"
    assert demo_mistakes("gradient-flow", query, "ratio=0.0052&half_life=6.6") == []
    (message,) = demo_mistakes("gradient-flow", query, "ratio=0.0053")
    assert "ratio=0.0053 is stated, but 0.005153775207 is computed: write 0.0052" in message
    with pytest.raises(BadParametersError):
        find("gradient-flow").parse("steps=0")
    (message,) = demo_mistakes("gradient-flow", "steps=0", "")
    assert "steps" in message


def test_several_bad_parameters_are_all_named():
    class Picky:
        def parse(self, query: str) -> None:
            raise BadParametersError("picky", [Problem("a", "", "a is bad."), Problem("b", "", "b too.")], "")

        def compute(self, parameters: None) -> None:
            raise AssertionError("bad parameters are not computed")

    assert demo_mistakes("picky", "", "", lambda name: Picky()) == ["demo picky: a is bad. b too."]


FLOW = "cell=rnn&steps=10&gain=1&phi=relu&input=1&units=8"


@pytest.mark.parametrize(
    ("query", "numbers", "words"),
    [
        (f"{FLOW}&seed=0..39", "median:ratio=0.050&q05:ratio=0.0012&q95:ratio=0.38&T=10", None),
        (f"{FLOW}&seed=0..39", "median:ratio=0.051", "is stated, but 0.0502"),
        (f"{FLOW}&seed=0..39", "ratio=0.050", "is not 0.050 in every draw of 0..39: state one of count:ratio, median:"),
        (f"{FLOW}&seed=0..39", "mean:ratio=0.050", "'mean' is none of count, median, q05, q95"),
        (f"{FLOW}&seed=0..39", "median:rato=0.050", "computes no number 'rato'. Did you mean 'ratio'?"),
        (f"{FLOW}&seed=3", "median:ratio=0.050", "is a statistic of many draws: ask for a range of seeds"),
        (f"{FLOW}&seed=0..1000", "median:ratio=0.050", "write a range of 2 to 100"),
    ],
)
def test_numbers_over_draws(query, numbers, words):
    found = demo_mistakes("gradient-flow", query, numbers)
    assert len(found) == (words is not None), found
    assert words is None or words in found[0]


@pytest.mark.parametrize(
    ("name", "query", "numbers", "is_one"),
    [
        ("gradient-flow", f"{FLOW}&seed=0", "ratio=0.0937", True),
        ("gradient-flow", f"{FLOW}&seed=0", "T=10", False),
        ("gradient-flow", "cell=rnn&steps=10&gain=0.9&phi=tanh&input=0&seed=0", "ratio=0.3487", False),
        ("gradient-flow", f"{FLOW}&seed=0", "", False),
        ("gradient-flow", f"{FLOW}&seed=0..3", "T=10", False),
        ("activations", "phi=tanh&z=0", "gamma=1", False),
        ("no-such-demo", "seed=0", "ratio=1", False),
    ],
)
def test_a_number_of_one_draw_is_told_from_one_that_every_draw_has(name, query, numbers, is_one):
    assert is_of_one_draw(name, query, numbers) == is_one
