"""Starts of weights: the papers' variances, what orthogonal keeps, and what the numbers on cards say."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.initialisation import DEMO, draw
from app.demos.machine.figures import Curve
from app.demos.machine.result import Result
from tests.examples import examples


def row(result: Result, key: str) -> Any:
    found = result.traces()[0].row(key)
    assert found is not None
    return found.values


@pytest.mark.parametrize(
    ("query", "std"),
    [
        ("scheme=glorot&inputs=2&units=32", math.sqrt(2 / 34)),
        ("scheme=he&inputs=2&units=32", 1.0),
        ("scheme=he&inputs=512", 0.0625),
        ("scheme=orthogonal&inputs=16&units=64", 1 / 8),
        ("scheme=identity&inputs=64&units=64&gain=2", 2 / 8),
        ("scheme=framework&framework=keras&cell=lstm&inputs=2&units=32", math.sqrt(2 / (2 + 4 * 32))),
        ("scheme=framework&framework=keras&cell=rnn&inputs=2&units=32", math.sqrt(2 / 34)),
        ("scheme=framework&framework=pytorch&cell=gru&inputs=2&units=32", math.sqrt(1 / (3 * 32))),
    ],
)
def test_a_weight_has_the_spread_of_its_paper(query: str, std: float) -> None:
    assert DEMO.result(query).numbers["weight_std"] == pytest.approx(std, rel=1e-12)


@given(data=st.data())
@examples(40)
def test_what_is_drawn_is_what_the_rule_says(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    exact = p.scheme in ("orthogonal", "identity")
    key = (p.scheme, p.framework, p.cell)
    sizes = [W.size for W in draw(key, (p.inputs, *[p.units] * p.layers), p.shared, p.seed)]
    for drawn, rule, size in zip(row(result, "weight"), row(result, "rule"), sizes, strict=True):
        assert drawn == pytest.approx(rule, rel=1e-9 if exact else 5 / math.sqrt(size), abs=0)


@given(seed=st.integers(0, 9999), units=st.integers(1, 100), layers=st.integers(1, 30), scheme=st.sampled_from([0, 1]))
@examples(25)
def test_orthogonal_and_identity_keep_norms_forward_and_back(seed: int, units: int, layers: int, scheme: int) -> None:
    name = ("orthogonal", "identity")[scheme]
    result = DEMO.result(f"scheme={name}&phi=linear&units={units}&inputs={units}&layers={layers}&seed={seed}")
    np.testing.assert_allclose(row(result, "a"), result.numbers["spread_in"], rtol=1e-10)
    np.testing.assert_allclose(row(result, "grad"), 1.0, rtol=1e-10)


def test_relu_halves_the_mean_square_under_glorot_and_he_makes_up_for_it() -> None:
    for seed in range(3):
        glorot = row(DEMO.result(f"phi=relu&layers=10&units=100&inputs=100&seed={seed}"), "z")
        he = row(DEMO.result(f"phi=relu&scheme=he&layers=10&units=100&inputs=100&seed={seed}"), "z")
        assert (glorot[0] / glorot[-1]) ** (1 / 9) == pytest.approx(math.sqrt(2), rel=0.12)
        assert (he[0] / he[-1]) ** (1 / 9) == pytest.approx(1, rel=0.12)


def test_a_gain_on_an_orthogonal_start_is_a_power() -> None:
    result = DEMO.compute(DEMO.changed(DEMO.try_this[2].change))
    assert result.numbers["spread_last"] / result.numbers["spread_in"] == pytest.approx(1.1**30, rel=1e-10)
    assert result.numbers["gradient_first"] == pytest.approx(1.1**29, rel=1e-10)


def test_what_is_shared_is_one_matrix() -> None:
    matrices = draw(("he", "keras", "rnn"), (7, 5, 5, 5, 5), True, 0)
    assert matrices[0].shape == (7, 5)
    assert all(W is matrices[1] for W in matrices[2:])
    apart = draw(("he", "keras", "rnn"), (7, 5, 5, 5, 5), False, 0)
    assert not (apart[1] == apart[2]).all()


def test_saturated_and_silent_units_are_named() -> None:
    saturated = DEMO.result("gain=50").figures[0].caption
    assert "saturated" in saturated
    silent = DEMO.result("phi=relu&units=1&inputs=1&layers=30&seed=1")
    assert "nothing goes on" in " ".join(silent.warnings) or silent.numbers["flat_last"] < 1
    assert "Every output of a layer is 0" in " ".join(DEMO.result("gain=0").warnings)


def test_the_curve_is_the_trace() -> None:
    result = DEMO.result("scheme=he&phi=relu")
    curve = result.figures[0]
    assert isinstance(curve, Curve)
    assert (curve.series[0].values == row(result, "a")).all()
    assert (curve.series[1].values == row(result, "grad")).all()


def test_a_new_layer_in_each_framework() -> None:
    """The draws themselves are held to Keras and PyTorch in tests/nn/test_framework.py."""
    keras, pytorch = (DEMO.result(f"cell=lstm&inputs=2&units=32&framework={one}") for one in ("keras", "pytorch"))
    assert keras.numbers["kernel_std"] == pytest.approx(0.124, abs=5e-4)
    assert pytorch.numbers["kernel_std"] == pytest.approx(0.1021, abs=5e-5)
    assert (keras.numbers["forget_bias"], abs(pytorch.numbers["forget_bias"]) < 0.1) == (1, True)
    assert keras.numbers["largest"] < 1
    assert keras.numbers["smallest"] < 0.05
    plain = DEMO.result("cell=rnn&inputs=2&units=32").numbers
    assert (plain["largest"], plain["smallest"]) == pytest.approx((1, 1))
    assert keras.traces()[1].columns == ["block i", "block f", "block g", "block o"]


def test_recurrent_weights_of_pytorch_let_the_signal_fade() -> None:
    """±1/√h is a standard deviation of 1/√(3h): of a linear signal about 1/√3 is left at each step."""
    for seed in range(3):
        a = row(
            DEMO.result(f"scheme=framework&framework=pytorch&cell=rnn&phi=linear&units=100&inputs=100&seed={seed}"), "a"
        )
        assert (a[-1] / a[0]) ** (1 / 19) == pytest.approx(1 / math.sqrt(3), rel=0.05)
