"""The LSTM against Equinox's cell and JAX's autodiff, against central differences and against what gates must do."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import lstm
from app.nn.shapes import Array
from tests.examples import examples

Shape = tuple[int, int, int, int]
SHAPES = [(1, 1, 1, 1), (2, 5, 3, 4), (3, 25, 2, 6), (8, 100, 1, 16)]
seeds = st.integers(0, 2**32 - 1)


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def draw(shape: Shape, gain: float, seed: int) -> tuple[Array, lstm.State, lstm.LSTMWeights, lstm.State]:
    batch, time, n, h = shape
    rng = np.random.default_rng(seed)
    W_hh = gain * rng.normal(size=(h, 4 * h)) / np.sqrt(h)
    w = lstm.LSTMWeights(rng.normal(size=(n, 4 * h)), W_hh, rng.normal(size=4 * h))
    state0 = lstm.State(rng.normal(size=(batch, h)), rng.normal(size=(batch, h)))
    dstates = lstm.State(rng.normal(size=(batch, time, h)), rng.normal(size=(batch, time, h)))
    return rng.normal(size=(batch, time, n)), state0, w, dstates


def equinox_cell(W_xh: Any, W_hh: Any, b: Any) -> Any:
    """Equinox keeps rows of gates in the order i, f, g, o. Each block is put in its place by name."""
    h, n = W_hh.shape[0], W_xh.shape[0]
    ours = {gate: slice(k * h, (k + 1) * h) for k, gate in enumerate("ifgo")}
    theirs = ["i", "f", "g", "o"]
    rows = [
        jnp.concatenate([W_xh[:, ours[gate]].T for gate in theirs]),
        jnp.concatenate([W_hh[:, ours[gate]].T for gate in theirs]),
        jnp.concatenate([b[ours[gate]] for gate in theirs]),
    ]
    cell = eqx.nn.LSTMCell(n, h, key=jax.random.PRNGKey(0))
    return eqx.tree_at(lambda cell: (cell.weight_ih, cell.weight_hh, cell.bias), cell, rows)


def run(x: Any, h0: Any, c0: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
    cell = equinox_cell(W_xh, W_hh, b)

    def step(state: Any, x_t: Any) -> Any:
        state = cell(x_t, state)
        return state, state

    return jax.vmap(lambda x, h, c: jax.lax.scan(step, (h, c), x)[1])(x, h0, c0)


@jax.jit
def oracle(dstates: Any, *arguments: Any) -> Any:
    states, pull = jax.vjp(run, *arguments)
    return states, pull(dstates)


@given(shape=st.sampled_from(SHAPES), gain=st.floats(0.0, 1.0), seed=seeds)
@examples(200)
def test_forward_and_backward_are_those_of_equinox(shape: Shape, gain: float, seed: int) -> None:
    x, state0, w, dstates = draw(shape, gain, seed)
    states, caches = lstm.forward(x, state0, w)
    dx, dstate0, dw = lstm.backward(dstates, caches)
    wanted_states, wanted = oracle(tuple(dstates), x, *state0, w.W_xh, w.W_hh, w.b)
    for got, want in zip(states, wanted_states, strict=True):
        close(got, want)
    for got, want in zip((dx, *dstate0, dw.W_xh, dw.W_hh, dw.b), wanted, strict=True):
        close(got, want)


@given(shape=st.sampled_from(SHAPES), seed=seeds)
@examples(50)
def test_backward_is_step_backward_from_the_last_step_to_the_first(shape: Shape, seed: int) -> None:
    x, state0, w, dstates = draw(shape, 1.0, seed)
    _, caches = lstm.forward(x, state0, w)
    dx, dstate0, dw = lstm.backward(dstates, caches)
    dh, dc, dW_xh, dW_hh, db = (np.zeros_like(a) for a in (*state0, w.W_xh, w.W_hh, w.b))
    for t in reversed(range(shape[1])):
        dx_t, (dh, dc), step = lstm.step_backward((dstates.h[:, t] + dh, dstates.c[:, t] + dc), caches[t])
        dW_xh, dW_hh, db = dW_xh + step.W_xh, dW_hh + step.W_hh, db + step.b
        close(dx_t, dx[:, t])
    for got, want in zip((dh, dc, dW_xh, dW_hh, db), (*dstate0, dw.W_xh, dw.W_hh, dw.b), strict=True):
        close(got, want)


@given(seed=seeds)
@examples(50)
def test_gradients_are_the_central_differences(seed: int) -> None:
    x, state0, w, dstates = draw((2, 6, 3, 4), 1.0, seed)
    start = {"x": x, "h0": state0.h, "c0": state0.c, "W_xh": w.W_xh, "W_hh": w.W_hh, "b": w.b}

    def loss(x: Array, h0: Array, c0: Array, **weights: Array) -> float:
        states, _ = lstm.forward(x, (h0, c0), lstm.LSTMWeights(**weights))
        return float(np.vdot(dstates.h, states.h) + np.vdot(dstates.c, states.c))

    _, caches = lstm.forward(x, state0, w)
    dx, dstate0, dw = lstm.backward(dstates, caches)
    gradients = {"x": dx, "h0": dstate0.h, "c0": dstate0.c, "W_xh": dw.W_xh, "W_hh": dw.W_hh, "b": dw.b}
    rng, eps = np.random.default_rng(seed), 1e-5
    for argument, gradient in gradients.items():
        way = rng.normal(size=gradient.shape)
        there, back = ({**start, argument: start[argument] + sign * eps * way} for sign in (1, -1))
        slope = (loss(**there) - loss(**back)) / (2 * eps)
        assert slope == pytest.approx(np.sum(gradient * way), rel=1e-6, abs=1e-6)


@jax.jit
def jacobian_oracle(x_t: Any, h: Any, c: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
    """∂(h, c)/∂(h_prev, c_prev) with h and c joined, of one sequence."""
    cell = equinox_cell(W_xh, W_hh, b)
    units = len(h)
    return jax.jacrev(lambda s: jnp.concatenate(cell(x_t, (s[:units], s[units:]))))(jnp.concatenate((h, c)))


@given(seed=seeds, gain=st.floats(0.0, 3.0))
@examples(50)
def test_the_jacobian_of_a_step_is_that_of_equinox(seed: int, gain: float) -> None:
    x, state0, w, _ = draw((2, 1, 2, 5), gain, seed)
    _, cache = lstm.step(x[:, 0], state0, w)
    jacobian = lstm.step_jacobian(cache)
    for k in range(2):
        wanted = jacobian_oracle(x[k, 0], state0.h[k], state0.c[k], w.W_xh, w.W_hh, w.b)
        close(jacobian[k], wanted)


def forced(h: int, **biases: float) -> lstm.LSTMWeights:
    """Weights that ignore input and state: each gate is what its bias says."""
    w = lstm.LSTMWeights(np.zeros((1, 4 * h)), np.zeros((h, 4 * h)), np.zeros(4 * h))
    for gate, bias in biases.items():
        w.b[w.columns(gate)] = bias
    return w


@given(seed=seeds)
@examples(25)
def test_forget_1_and_input_0_keep_the_cell_exactly(seed: int) -> None:
    x, state0, _, _ = draw((2, 200, 1, 3), 0.0, seed)
    states, caches = lstm.forward(x, state0, forced(3, f=1e3, i=-1e3, g=0.7))
    assert (states.c == state0.c[:, None]).all()
    _, dstate0, _ = lstm.backward(
        (np.zeros_like(states.h), np.eye(200)[-1][None, :, None] * np.ones((2, 1, 3))), caches
    )
    assert (dstate0.c == 1.0).all()


def test_forget_0_and_input_1_replace_the_cell() -> None:
    x, state0, _, _ = draw((2, 4, 1, 3), 0.0, seed=0)
    states, _ = lstm.forward(x, state0, forced(3, f=-1e3, i=1e3, g=0.7))
    assert (states.c == np.tanh(0.7)).all()


def test_a_shut_output_gate_hides_the_cell() -> None:
    x, state0, _, _ = draw((2, 4, 1, 3), 0.0, seed=0)
    states, _ = lstm.forward(x, state0, forced(3, f=1e3, i=-1e3, o=-1e3))
    assert (states.h == 0.0).all()
    assert (states.c == state0.c[:, None]).all()


def test_biases_of_a_thousand_neither_raise_nor_warn() -> None:
    x, state0, _, dstates = draw((2, 50, 1, 3), 0.0, seed=0)
    states, caches = lstm.forward(x * 1e300, state0, forced(3, i=1e3, f=1e3, g=-1e3, o=1e3))
    dx, _, _ = lstm.backward(dstates, caches)
    assert np.isfinite(states.c).all()
    assert np.isfinite(dx).all()
