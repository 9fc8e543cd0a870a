"""Layer norm and dropout: the row worked by hand, the layer written out again, and what each mask leaves."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.layer_norm_and_dropout import DEMO, RUNS, UNITS, recur
from app.demos.machine.figures import Curve
from app.demos.machine.result import Result
from app.nn.dropout import masks
from tests.examples import examples


def compute(query: str) -> Result:
    return DEMO.compute(DEMO.parse(query))


def curve(result: Result, name: str) -> Curve:
    return next(figure for figure in result.figures if isinstance(figure, Curve) and figure.name == name)


def test_the_row_that_a_card_works_by_hand() -> None:
    numbers = compute("").numbers
    assert (numbers["mean"], numbers["variance"]) == (4, 5)
    assert [round(numbers[f"n{j}"], 3) for j in range(1, 5)] == [-1.342, -0.447, 0.447, 1.342]
    assert round(numbers["h_last"], 4) == 0.8721
    assert round(numbers["slope_last"], 4) == 0.2395
    assert numbers["raw_last"] == pytest.approx(math.tanh(7))


def test_the_layer_is_the_formula_written_out() -> None:
    rng = np.random.default_rng(3)
    inputs, W, m = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)), masks(rng, "each", 0.5, 4, 2, 3)
    for norm in (False, True):
        run = recur(inputs, W, m, norm)
        for k in range(2):
            h = [0.0] * 3
            for t in range(4):
                z = [inputs[t][j] + sum(m[t][k][i] * h[i] * W[i][j] for i in range(3)) for j in range(3)]
                if norm:
                    mean = sum(z) / 3
                    deviation = math.sqrt(sum((v - mean) ** 2 for v in z) / 3 + 1e-5)
                    z = [(v - mean) / deviation for v in z]
                h = [math.tanh(v) for v in z]
                assert run.into[t, k].tolist() == pytest.approx(z, rel=1e-9, abs=1e-9)
                assert run.states[t, k].tolist() == pytest.approx(h, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5])
def test_what_is_passed_on_is_near_what_is_expected(rate: float) -> None:
    each, one = compute(f"rate={rate}&steps=10"), compute(f"rate={rate}&steps=10&dropout=one")
    assert each.numbers["expected"] == pytest.approx((1 - rate) ** 10)
    assert one.numbers["expected"] == 1 - rate
    for result in (each, one):
        share = result.numbers["expected"]
        assert result.numbers["passed"] == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / RUNS / UNITS))
    passed = curve(one, "memory").series[0].values
    assert (passed == passed[0]).all()


@given(size=st.floats(0.5, 10), gain=st.floats(0, 3), seed=st.integers(0, 999))
@examples(20)
def test_the_norm_holds_the_spread_at_1(size: float, gain: float, seed: int) -> None:
    result = compute(f"dropout=none&input={size!r}&gain={gain!r}&seed={seed}&steps=20")
    np.testing.assert_allclose(curve(result, "spread").series[0].values, 1.0, rtol=2e-3)


def test_without_dropout_one_run_is_the_average() -> None:
    result = compute("dropout=none")
    one, mean, none = (series.values for series in curve(result, "average").series)
    np.testing.assert_allclose(one, none, atol=1e-15)
    np.testing.assert_allclose(mean, none, atol=1e-14)
    assert "all runs are one" in curve(result, "average").caption


def test_what_to_try_keeps_its_promises() -> None:
    default = compute("").numbers
    one, bare, tiny = (DEMO.compute(DEMO.changed(try_.change)).numbers for try_ in DEMO.try_this)
    assert default["passed"] < 0.01 < 0.7 < one["passed"]
    assert bare["flat"] > 0.3 > 0.1 > default["flat"]
    assert tiny["spread"] > 0.9
    assert tiny["spread_bare"] < 0.05
