"""The plain RNN against JAX's autodiff, against central differences and against work done by hand."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import rnn
from app.nn.activations import ACTIVATIONS, LINEAR, RELU, TANH, Activation
from app.nn.shapes import Array
from tests.examples import examples

JAX: dict[str, Any] = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "linear": lambda z: z}
Shape = tuple[int, int, int, int]
SHAPES = [(1, 1, 1, 1), (2, 5, 3, 4), (3, 25, 2, 6), (8, 100, 1, 16)]
runs: dict[str, Any] = {
    "shape": st.sampled_from(SHAPES),
    "name": st.sampled_from(sorted(ACTIVATIONS)),
    "gain": st.floats(0.0, 1.0),
    "seed": st.integers(0, 2**32 - 1),
}


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def draw(shape: Shape, gain: float, seed: int) -> tuple[Array, Array, rnn.RNNWeights, Array]:
    """Weights whose recurrent gain is at most 1: beyond it long runs are chaotic, and no two programs agree."""
    batch, time, n, h = shape
    rng = np.random.default_rng(seed)
    # The normal matrix's σ₁ comes near 2, so 1/2 keeps even the runs of 100 linear steps contracting.
    w = rnn.RNNWeights(rng.normal(size=(n, h)), 0.5 * gain * rng.normal(size=(h, h)) / np.sqrt(h), rng.normal(size=h))
    return rng.normal(size=(batch, time, n)), rng.normal(size=(batch, h)), w, rng.normal(size=(batch, time, h))


@functools.cache
def oracle(name: str) -> Any:
    """Column vectors, one sequence at a time, matrices transposed: the textbook's convention, not the kernel's."""

    def run(x: Any, h0: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
        def one(x: Any, h: Any) -> Any:
            def cell(h: Any, x_t: Any) -> Any:
                h = JAX[name](W_hh.T @ h + W_xh.T @ x_t + b)
                return h, h

            return jax.lax.scan(cell, h, x)[1]

        return jax.vmap(one)(x, h0)

    def run_and_pull(dhs: Array, *arguments: Array) -> Any:
        hs, pull = jax.vjp(run, *arguments)
        return hs, pull(dhs)

    return jax.jit(run_and_pull)


@given(**runs)
@examples(200)
def test_forward_and_backward_are_those_of_jax(shape: Shape, name: str, gain: float, seed: int) -> None:
    x, h0, w, dhs = draw(shape, gain, seed)
    hs, caches = rnn.forward(x, h0, w, ACTIVATIONS[name])
    dx, dh0, dw = rnn.backward(dhs, caches)
    wanted_hs, wanted = oracle(name)(dhs, x, h0, w.W_xh, w.W_hh, w.b)
    close(hs, wanted_hs)
    for got, want in zip((dx, dh0, dw.W_xh, dw.W_hh, dw.b), wanted, strict=True):
        close(got, want)


@given(**runs)
@examples(50)
def test_backward_is_step_backward_from_the_last_step_to_the_first(
    shape: Shape, name: str, gain: float, seed: int
) -> None:
    x, h0, w, dhs = draw(shape, gain, seed)
    _, caches = rnn.forward(x, h0, w, ACTIVATIONS[name])
    dx, dh0, dw = rnn.backward(dhs, caches)
    dh, dW_xh, dW_hh, db = np.zeros_like(h0), *(np.zeros_like(a) for a in (w.W_xh, w.W_hh, w.b))
    for t in reversed(range(shape[1])):
        dx_t, dh, step = rnn.step_backward(dhs[:, t] + dh, caches[t])
        dW_xh, dW_hh, db = dW_xh + step.W_xh, dW_hh + step.W_hh, db + step.b
        close(dx_t, dx[:, t])
    for got, want in zip((dh, dW_xh, dW_hh, db), (dh0, dw.W_xh, dw.W_hh, dw.b), strict=True):
        close(got, want)


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(["tanh", "sigmoid", "linear"]))
@examples(50)
def test_gradients_are_the_central_differences(seed: int, name: str) -> None:
    x, h0, w, dhs = draw((2, 6, 3, 4), 1.0, seed)
    start = {"x": x, "h0": h0, "W_xh": w.W_xh, "W_hh": w.W_hh, "b": w.b}

    def loss(x: Array, h0: Array, **weights: Array) -> float:
        return float(np.vdot(dhs, rnn.forward(x, h0, rnn.RNNWeights(**weights), ACTIVATIONS[name])[0]))

    _, caches = rnn.forward(x, h0, w, ACTIVATIONS[name])
    dx, dh0, dw = rnn.backward(dhs, caches)
    rng, eps = np.random.default_rng(seed), 1e-5
    for argument, gradient in {"x": dx, "h0": dh0, "W_xh": dw.W_xh, "W_hh": dw.W_hh, "b": dw.b}.items():
        way = rng.normal(size=gradient.shape)
        there, back = ({**start, argument: start[argument] + sign * eps * way} for sign in (1, -1))
        slope = (loss(**there) - loss(**back)) / (2 * eps)
        assert slope == pytest.approx(np.sum(gradient * way), rel=1e-6, abs=1e-6)


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(sorted(ACTIVATIONS)))
@examples(50)
def test_the_jacobian_of_a_step_carries_any_gradient_back(seed: int, name: str) -> None:
    x, h0, w, dhs = draw((3, 1, 2, 5), 1.0, seed)
    _, cache = rnn.step(x[:, 0], h0, w, ACTIVATIONS[name])
    _, dh, _ = rnn.step_backward(dhs[:, 0], cache)
    close(np.einsum("bi,bij->bj", dhs[:, 0], rnn.step_jacobian(cache)), dh)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_jacobian_of_a_step_is_that_of_jax(name: str) -> None:
    x, h0, w, _ = draw((1, 1, 2, 5), 1.0, seed=3)
    _, cache = rnn.step(x[:, 0], h0, w, ACTIVATIONS[name])
    wanted = jax.jacfwd(lambda h: JAX[name](w.W_hh.T @ h + w.W_xh.T @ x[0, 0] + w.b))(jnp.asarray(h0[0]))
    close(rnn.step_jacobian(cache)[0], wanted)


def scalar(W_x: float, W_h: float, b: float = 0.0) -> rnn.RNNWeights:
    return rnn.RNNWeights(np.array([[W_x]]), np.array([[W_h]]), np.array([b]))


def test_one_neuron_by_hand() -> None:
    hs, caches = rnn.forward(np.array([[[1.0], [2.0], [3.0]]]), np.zeros((1, 1)), scalar(0.5, 0.8), TANH)
    # 0.5·1 + 0.8·0 = 0.5; 0.5·2 + 0.8·0.4621 = 1.3697; 0.5·3 + 0.8·0.8786 = 2.2029
    assert [round(float(c.z[0, 0]), 4) for c in caches] == [0.5, 1.3697, 2.2029]
    assert [round(float(h), 4) for h in hs[0, :, 0]] == [0.4621, 0.8786, 0.9759]


def test_a_batch_is_its_sequences_one_by_one() -> None:
    x, h0, w, _ = draw((4, 7, 3, 5), 1.0, seed=1)
    together, _ = rnn.forward(x, h0, w, TANH)
    for k in range(4):
        alone, _ = rnn.forward(x[k : k + 1], h0[k : k + 1], w, TANH)
        np.testing.assert_allclose(alone[0], together[k], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("phi", [LINEAR, RELU], ids=lambda phi: phi.name)
def test_an_exploding_run_says_inf_and_neither_raises_nor_warns(phi: Activation) -> None:
    x = np.ones((1, 400, 1))
    hs, caches = rnn.forward(x, np.zeros((1, 1)), scalar(1.0, 10.0), phi)
    assert np.isfinite(hs[0, 300, 0])
    assert hs[0, -1, 0] == np.inf
    dx, dh0, _ = rnn.backward(np.ones((1, 400, 1)), caches)
    assert dh0[0, 0] == np.inf
    assert dx[0, -1, 0] == 1.0


def test_inf_against_inf_is_nan_and_not_hidden() -> None:
    w = rnn.RNNWeights(np.ones((1, 2)), np.array([[10.0, -10.0], [-10.0, 10.0]]), np.zeros(2))
    hs, caches = rnn.forward(np.ones((1, 400, 1)), np.array([[1.0, 2.0]]), w, LINEAR)
    assert hs[0, -1].tolist() == [-np.inf, np.inf]
    dx, _, _ = rnn.backward(np.ones((1, 400, 1)) * np.array([1.0, -1.0]), caches)
    assert np.isnan(dx[0, 0]).all()  # inf for one unit less inf for the other
