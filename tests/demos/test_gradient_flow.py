"""Gradient flow against closed forms, bounds, and JAX's Jacobians of cells written out again."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.gradient_flow import DEMO, GradientFlow, draw, run_cell
from app.demos.machine.figures import Curve
from app.demos.machine.result import Result
from tests.examples import examples

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]


def curve_of(result: Result) -> Curve:
    return next(figure for figure in result.figures if isinstance(figure, Curve))


def left_of(result: Result) -> Any:
    return next(series.values for series in curve_of(result).series if series.key == "left")


def test_the_default_is_the_number_that_cards_quote() -> None:
    numbers = DEMO.result("").numbers
    assert numbers["ratio"] == pytest.approx(0.9**50, rel=1e-12)
    assert f"{numbers['ratio']:.4f}" == "0.0052"
    assert numbers["per_step"] == pytest.approx(0.9)
    assert numbers["half_life"] == pytest.approx(math.log(0.5) / math.log(0.9))


@given(gain=st.floats(0.01, 3), steps=st.integers(1, 200))
@examples(40)
def test_a_linear_scalar_is_a_power_of_its_weight(gain: float, steps: int) -> None:
    result = DEMO.result(f"units=1&phi=linear&gain={gain!r}&steps={steps}")
    expected = [gain ** (steps - t) for t in range(steps + 1)]
    # Numbers below the smallest normal one have fewer digits the smaller they are.
    np.testing.assert_allclose(left_of(result), expected, rtol=1e-10, atol=np.finfo(float).tiny)


@given(data=st.data())
@examples(60)
def test_nothing_is_ever_above_its_bound(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    with np.errstate(all="ignore"):
        run = run_cell(p)
    known = np.isfinite(run.left) & np.isfinite(run.bound)
    assert (run.left[known] <= run.bound[known] * (1 + 1e-9) + 1e-300).all()
    if p.cell == "rnn":
        gamma = {"sigmoid": 0.25}.get(p.phi, 1.0)
        with np.errstate(all="ignore"):
            expected = (gamma * p.gain) ** np.arange(p.steps, -1, -1.0)
        np.testing.assert_allclose(run.bound, expected, rtol=1e-9)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + jnp.exp(-z))


def cell_again(p: GradientFlow, state: Any, x: Any) -> Any:
    """One step, written out gate by gate: state (h) or, for the LSTM, (h, c)."""
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[p.cell]
    W_xh, W_hh = (np.split(W, gates, axis=1) for W in draw(p.seed, p.units, gates))
    g = p.gain
    if p.cell == "rnn":
        phi: Any = {"tanh": jnp.tanh, "relu": jax.nn.relu, "sigmoid": sigmoid, "linear": lambda z: z}[p.phi]
        return phi(x @ W_xh[0] + state @ (g * W_hh[0]))
    if p.cell == "gru":
        z = sigmoid(x @ W_xh[0] + state @ (g * W_hh[0]) + p.forget_bias)
        r = sigmoid(x @ W_xh[1] + state @ (g * W_hh[1]))
        n = jnp.tanh(x @ W_xh[2] + (r * state) @ (g * W_hh[2]))
        return (1 - z) * n + z * state
    h, c = state
    i = sigmoid(x @ W_xh[0] + h @ (g * W_hh[0]))
    f = sigmoid(x @ W_xh[1] + h @ (g * W_hh[1]) + p.forget_bias)
    n = jnp.tanh(x @ W_xh[2] + h @ (g * W_hh[2]))
    o = sigmoid(x @ W_xh[3] + h @ (g * W_hh[3]))
    c = f * c + i * n
    return o * jnp.tanh(c), c


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("phi", ["tanh", "sigmoid"])
def test_the_norms_are_those_of_jax(cell: str, phi: str) -> None:
    p = DEMO.parse(f"cell={cell}&phi={phi}&steps=6&units=3&gain=0.8&input=1&seed=4&forget_bias=0.5")
    x = np.random.default_rng([p.seed, 1]).standard_normal((p.steps, p.units)) * p.input
    zero = jnp.zeros(p.units)
    state: Any = (zero, zero) if cell == "lstm" else zero
    seen = [state]
    for x_t in x:
        seen.append(cell_again(p, seen[-1], x_t))

    def last_h(h: Any, t: int) -> Any:
        now = (h, seen[t][1]) if cell == "lstm" else h
        for x_t in x[t:]:
            now = cell_again(p, now, x_t)
        return now[0] if cell == "lstm" else now

    for t in range(p.steps + 1):
        h = seen[t][0] if cell == "lstm" else seen[t]
        expected = np.linalg.norm(jax.jacfwd(last_h)(h, t), 2)
        assert run_cell(p).left[t] == pytest.approx(expected, rel=1e-10), f"t = {t}"


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_direct_path_is_the_product_of_the_gate_that_keeps(cell: str) -> None:
    # At rest and without recurrent weights the gate is σ(bias) at every step.
    numbers = DEMO.result(f"cell={cell}&gain=0&steps=30&forget_bias=2").numbers
    assert numbers["cell_ratio"] == pytest.approx((1 / (1 + math.exp(-2))) ** 30, rel=1e-12)


def test_a_high_forget_bias_keeps_and_zero_does_not() -> None:
    kept = DEMO.result("cell=lstm&steps=100&gain=0.1&forget_bias=8").numbers["cell_ratio"]
    lost = DEMO.result("cell=lstm&steps=100&gain=0.1&forget_bias=0").numbers["cell_ratio"]
    assert kept > 0.9
    assert lost == pytest.approx(0.5**100)


@pytest.mark.parametrize(
    ("query", "name"),
    [("", "It vanishes"), ("gain=1&phi=linear", "It holds"), ("gain=1.1&phi=linear", "It explodes"),
     ("gain=0.95&steps=40", "It fades"), ("gain=1.05&phi=linear&steps=40", "It grows")],
)  # fmt: skip
def test_what_happens_is_named(query: str, name: str) -> None:
    assert DEMO.result(query).figures[0].caption.startswith(name)


def test_overflow_is_named_by_its_step() -> None:
    result = DEMO.result("gain=50&phi=linear&steps=200")
    first = next(t for t in range(200, -1, -1) if (200 - t) * math.log(50) > math.log(1.797e308))
    assert result.numbers["overflow_at"] == first
    assert result.warnings[0] == f"The gradient overflowed at step **{first}**, counted from the start."
    assert "explodes" in result.figures[0].caption


def test_float32_would_overflow_sooner() -> None:
    result = DEMO.result("gain=2.5&phi=linear&steps=150")
    assert "overflow_at" not in result.numbers
    first = next(t for t in range(150, -1, -1) if (150 - t) * math.log(2.5) > math.log(3.4028e38))
    assert result.numbers["float32_overflow_at"] == first


def test_underflow_and_a_relu_at_rest_are_named() -> None:
    assert "too small for a float64" in DEMO.result("gain=0.01&phi=linear&steps=200").warnings[0]
    assert "slope is 0" in DEMO.result("phi=relu").warnings[0]


def test_an_overflowing_state_is_named() -> None:
    result = DEMO.result("gain=50&phi=linear&input=10&steps=200&units=2")
    assert f"**{int(result.numbers['state_overflow_at'])}**" in result.warnings[0]


def test_chaos_is_told_where_digits_cannot_be_trusted() -> None:
    assert any("chaotic" in sentence for sentence in DEMO.result("gain=4&input=1&steps=100").warnings)
    assert not any("chaotic" in sentence for sentence in DEMO.result("gain=0.9&input=1").warnings)


def test_the_shares_multiply_to_what_is_left() -> None:
    result = DEMO.result("cell=gru&input=1&steps=20&gain=1.5")
    passed = result.traces()[0].row("passed")
    assert passed is not None
    assert float(np.prod(passed.values)) == pytest.approx(result.numbers["ratio"])
