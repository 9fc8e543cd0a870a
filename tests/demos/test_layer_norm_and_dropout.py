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
from tests.frameworks.recorded import PYTORCH


def curve(result: Result, name: str) -> Curve:
    return next(figure for figure in result.figures if isinstance(figure, Curve) and figure.name == name)


def test_the_row_that_a_card_works_by_hand() -> None:
    numbers = DEMO.result("framework=pytorch").numbers
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
    each, one = DEMO.result(f"rate={rate}&steps=10"), DEMO.result(f"rate={rate}&steps=10&dropout=one")
    assert each.numbers["expected"] == pytest.approx((1 - rate) ** 10)
    assert one.numbers["expected"] == 1 - rate
    for result in (each, one):
        share = result.numbers["expected"]
        assert result.numbers["passed"] == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / RUNS / UNITS))
    passed = curve(one, "memory").series[0].values
    assert (passed == passed[0]).all()


@given(size=st.floats(0.5, 10), gain=st.floats(0, 3, allow_subnormal=False), seed=st.integers(0, 999))
@examples(20)
def test_the_norm_holds_the_spread_at_1(size: float, gain: float, seed: int) -> None:
    result = DEMO.result(f"framework=pytorch&dropout=none&input={size!r}&gain={gain!r}&seed={seed}&steps=20")
    np.testing.assert_allclose(curve(result, "spread").series[0].values, 1.0, rtol=2e-3)


def test_without_dropout_one_run_is_the_average() -> None:
    result = DEMO.result("dropout=none")
    one, mean, none = (series.values for series in curve(result, "average").series)
    np.testing.assert_allclose(one, none, atol=1e-15)
    np.testing.assert_allclose(mean, none, atol=1e-14)
    assert "all runs are the same" in curve(result, "average").caption


def test_what_to_try_keeps_its_promises() -> None:
    default = DEMO.result("").numbers
    one, pytorch, tiny = (DEMO.compute(DEMO.changed(try_.change)).numbers for try_ in DEMO.try_this)
    assert default["passed"] < 0.01 < 0.7 < one["passed"]
    assert pytorch["passed"] == 1
    assert DEMO.result("norm=0&dropout=none&input=3").numbers["flat"] > 0.3 > 0.1 > default["flat"]
    assert tiny["spread"] > 0.9
    assert DEMO.result("input=0.03&gain=0&dropout=none").numbers["spread"] < 0.75
    assert tiny["spread_bare"] < 0.05


def test_each_framework_has_its_own_small_number_and_masks() -> None:
    keras, pytorch = (DEMO.result(f"dropout=framework&framework={one}").numbers for one in ("keras", "pytorch"))
    recorded = PYTORCH["normalised"]
    assert (keras["epsilon"], pytorch["epsilon"]) == (1e-3, recorded["eps"])
    assert [pytorch[f"n{j}"] for j in range(1, 5)] == pytest.approx(recorded["n"], rel=1e-12)
    assert (keras["expected"], pytorch["expected"]) == (0.8, 1)


def drawn(framework: str) -> list[float]:
    """Masks over 20 steps on the inputs, on the state and between layers."""
    row = DEMO.result(f"steps=20&framework={framework}").traces()[1].row("draws")
    assert row
    values: list[float] = row.values.tolist()
    return values


def test_pytorch_draws_a_new_mask_at_each_step_between_layers_alone() -> None:
    recorded = PYTORCH["dropped"]
    assert drawn("pytorch") == [0, 0, recorded["between"]] == [0, 0, 20]
    assert recorded["single"] == 1, "without a layer above there is one pattern: nothing is dropped"
    assert "after all but last recurrent layer" in recorded["warning"]


@pytest.mark.slow
def test_keras_draws_one_mask_for_all_steps() -> None:
    from tests.frameworks import keras_on_jax as keras

    eye, zero, h = np.eye(32), np.zeros((32, 32)), np.zeros(32)
    ones = np.ones((1, 20, 32))
    counts = []
    for option, recurrent, x in (
        ("dropout", zero, ones),
        ("recurrent_dropout", eye, np.concatenate([ones[:, :1], 0 * ones[:, 1:]], axis=1)),
    ):
        plain = keras.new("rnn", 32, activation=None, return_sequences=True, seed=0, **{option: 0.5})
        out = keras.numbers(keras.with_weights(plain, [eye, recurrent, h], 32)(x, training=True))[0]
        counts.append(len({tuple(row) for row in out[1:] > 0}))
        assert 0 < np.mean(out[-1] > 0) < 1
    assert drawn("keras") == [*counts, counts[0]] == [1, 1, 1]
    z = np.array([[1.0, 3.0, 5.0, 7.0]])
    n = [DEMO.result("").numbers[f"n{j}"] for j in range(1, 5)]
    assert n == pytest.approx(keras.numbers(keras.layer_norm()(z))[0].tolist(), rel=1e-6)
