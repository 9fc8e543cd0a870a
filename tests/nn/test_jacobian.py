"""Products of Jacobians against JAX's derivative of the whole run, and what theory says of their size."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import gru, lstm, rnn
from app.nn.activations import ACTIVATIONS, LINEAR, SIGMOID, TANH
from app.nn.initialise import orthogonal
from app.nn.jacobian import cell_path, gradient_norms, jacobians, products, rnn_bound, spectral_norms
from app.nn.shapes import Array
from tests.examples import examples

BATCH, TIME, N, H = 2, 12, 3, 4
seeds = st.integers(0, 2**32 - 1)


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def run_cell(cell: str, seed: int) -> tuple[Array, tuple[Array, ...], Array, Array]:
    """A random run of one cell: its inputs, its weights' arrays, its initial state and every step's Jacobian."""
    rng = np.random.default_rng(seed)
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[cell] * H
    weights = rng.normal(size=(N, gates)), rng.normal(size=(H, gates)) / np.sqrt(H), rng.normal(size=gates)
    x, h0, c0 = rng.normal(size=(BATCH, TIME, N)), rng.normal(size=(BATCH, H)), rng.normal(size=(BATCH, H))
    if cell == "lstm":
        _, lstm_caches = lstm.forward(x, (h0, c0), lstm.LSTMWeights(*weights))
        return x, weights, np.concatenate((h0, c0), axis=1), jacobians(lstm.step_jacobian, lstm_caches)
    if cell == "gru":
        _, gru_caches = gru.forward(x, h0, gru.GRUWeights(*weights))
        return x, weights, h0, jacobians(gru.step_jacobian, gru_caches)
    _, rnn_caches = rnn.forward(x, h0, rnn.RNNWeights(*weights), TANH)
    return x, weights, h0, jacobians(rnn.step_jacobian, rnn_caches)


def jax_step(cell: str, s: Any, x: Any, W: Any, U: Any, b: Any) -> Any:
    """One step of the joined state of one sequence, from the equations."""
    if cell == "rnn":
        return jnp.tanh(W.T @ x + U.T @ s + b)
    if cell == "gru":
        a, gates = W.T @ x + b, U[:, : 2 * H].T @ s
        z, r = jax.nn.sigmoid(a[:H] + gates[:H]), jax.nn.sigmoid(a[H : 2 * H] + gates[H:])
        return (1 - z) * jnp.tanh(a[2 * H :] + U[:, 2 * H :].T @ (r * s)) + z * s
    a_i, a_f, a_g, a_o = jnp.split(W.T @ x + U.T @ s[:H] + b, 4)
    c = jax.nn.sigmoid(a_f) * s[H:] + jax.nn.sigmoid(a_i) * jnp.tanh(a_g)
    return jnp.concatenate((jax.nn.sigmoid(a_o) * jnp.tanh(c), c))


def oracle(cell: str) -> Any:
    """∂s_T/∂s_t for all t at once: by a nudge that is added to each state on the way, differentiated at 0."""

    def last_state(nudges: Any, x: Any, s0: Any, *weights: Any) -> Any:
        def step(s: Any, at: Any) -> Any:
            x_t, nudge = at
            return jax_step(cell, s, x_t, *weights) + nudge, None

        return jax.lax.scan(step, s0 + nudges[0], (x, nudges[1:]))[0]

    def derivative(x: Any, s0: Any, *weights: Any) -> Any:
        return jax.jacrev(last_state)(jnp.zeros((len(x) + 1, len(s0))), x, s0, *weights).swapaxes(0, 1)

    return jax.jit(derivative)


ORACLE = {cell: oracle(cell) for cell in ("rnn", "lstm", "gru")}


@given(cell=st.sampled_from(sorted(ORACLE)), seed=seeds)
@examples(60)
def test_products_are_the_derivatives_of_the_whole_run(cell: str, seed: int) -> None:
    x, weights, s0, J = run_cell(cell, seed)
    got = products(J)
    for k in range(BATCH):
        close(got[k], ORACLE[cell](x[k], s0[k], *weights))


@given(cell=st.sampled_from(sorted(ORACLE)), seed=seeds)
@examples(60)
def test_a_vector_carried_back_is_the_vector_times_the_product(cell: str, seed: int) -> None:
    *_, J = run_cell(cell, seed)
    ds_T = np.random.default_rng(seed).normal(size=(BATCH, J.shape[-1]))
    norms = gradient_norms(ds_T, J)
    close(norms, np.linalg.norm(np.einsum("bi,btij->btj", ds_T, products(J)), axis=2))
    most = np.linalg.norm(ds_T, axis=1)[:, None] * spectral_norms(products(J))
    assert (norms <= most * (1 + 1e-12)).all()


def test_the_spectral_norm_is_the_largest_singular_value_and_1_at_the_end() -> None:
    P = products(run_cell("lstm", 0)[-1])
    norms = spectral_norms(P)
    assert norms.shape == (BATCH, TIME + 1)
    close(norms, np.linalg.norm(P, ord=2, axis=(2, 3)))
    close(norms[:, -1], 1.0)


def constant(W_hh: Array, time: int) -> Array:
    """The Jacobians of a linear run, which are the same at every step: J is W_hh transposed."""
    h = len(W_hh)
    _, caches = rnn.forward(
        np.zeros((1, time, 1)), np.zeros((1, h)), rnn.RNNWeights(np.zeros((1, h)), W_hh, np.zeros(h)), LINEAR
    )
    return jacobians(rnn.step_jacobian, caches)


@pytest.mark.parametrize("w", [0.5, -0.5, 1.0, -1.0, 2.0, 0.0])
def test_the_linear_scalar_case_is_a_power_exactly(w: float) -> None:
    P = products(constant(np.array([[w]]), 100))
    assert P[0, :, 0, 0].tolist() == [w ** (100 - t) for t in range(101)]
    assert spectral_norms(P)[0].tolist() == [abs(w) ** (100 - t) for t in range(101)]


@given(w=st.floats(-3.0, 3.0), time=st.integers(1, 200))
@examples(100)
def test_the_linear_scalar_case_is_a_power_to_round_off(w: float, time: int) -> None:
    J = constant(np.array([[w]]), time)
    for norms in (spectral_norms(products(J)), gradient_norms(np.ones((1, 1)), J)):
        for t in range(time + 1):
            assert math.isclose(norms[0, t], abs(w) ** (time - t), rel_tol=1e-13, abs_tol=1e-300)


@given(
    name=st.sampled_from(sorted(ACTIVATIONS)),
    gain=st.floats(0.0, 5.0),
    h=st.sampled_from([1, 2, 8]),
    time=st.integers(1, 60),
    seed=seeds,
)
@examples(200)
def test_no_norm_is_above_the_bound(name: str, gain: float, h: int, time: int, seed: int) -> None:
    rng, phi = np.random.default_rng(seed), ACTIVATIONS[name]
    w = rnn.RNNWeights(rng.normal(size=(2, h)), gain * rng.normal(size=(h, h)) / np.sqrt(h), rng.normal(size=h))
    _, caches = rnn.forward(rng.normal(size=(1, time, 2)), rng.normal(size=(1, h)), w, phi)
    norms, bound = spectral_norms(products(jacobians(rnn.step_jacobian, caches)))[0], rnn_bound(w, phi, time)
    assert bound.shape == norms.shape == (time + 1,)
    assert (norms <= bound * (1 + 1e-9) + 1e-300).all()  # round-off, also among the subnormal numbers


def test_the_bound_is_reached_by_an_orthogonal_matrix_at_rest() -> None:
    W_hh = 0.9 * orthogonal(np.random.default_rng(0), 16)
    w = rnn.RNNWeights(np.zeros((1, 16)), W_hh, np.zeros(16))
    for phi, factor in ((TANH, 0.9), (SIGMOID, 0.225)):
        _, caches = rnn.forward(np.zeros((1, 50, 1)), np.zeros((1, 16)), w, phi)
        wanted = factor ** np.arange(50, -1, -1.0)
        np.testing.assert_allclose(rnn_bound(w, phi, 50), wanted, rtol=1e-12)
        if phi is TANH:  # its slope is 1 at 0, where this run stays
            norms = spectral_norms(products(jacobians(rnn.step_jacobian, caches)))[0]
            np.testing.assert_allclose(norms, wanted, rtol=1e-12)
            assert round(float(norms[0]), 4) == 0.0052


@given(seed=seeds)
@examples(25)
def test_the_cell_path_is_the_whole_truth_where_the_state_does_not_feed_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w = lstm.LSTMWeights(rng.normal(size=(N, 4 * H)), np.zeros((H, 4 * H)), rng.normal(size=4 * H))
    _, caches = lstm.forward(rng.normal(size=(BATCH, TIME, N)), (np.zeros((BATCH, H)),) * 2, w)
    f = np.stack([cache.f for cache in caches], axis=1)
    path = cell_path(f)
    for t in range(TIME + 1):
        np.testing.assert_allclose(path[:, t], np.prod(f[:, t:], axis=1), rtol=1e-13)
    of_c = products(jacobians(lstm.step_jacobian, caches))[:, :, H:, H:]
    np.testing.assert_allclose(of_c, path[..., None] * np.eye(H), rtol=1e-12)


def test_a_forget_gate_of_1_carries_a_gradient_200_steps_undiminished() -> None:
    assert (cell_path(np.ones((1, 200, 3))) == 1.0).all()


def test_overflow_is_said_and_underflow_is_0() -> None:
    J = constant(1e10 * np.array([[1.0, -1.0], [1.0, 1.0]]), 100)
    norms = spectral_norms(products(J))[0]
    assert np.isfinite(norms[-20:]).all()
    assert not np.isfinite(norms[0])
    assert not np.isfinite(gradient_norms(np.ones((1, 2)), J)[0, 0])
    assert rnn_bound(rnn.RNNWeights(np.ones((1, 1)), np.array([[1e10]]), np.zeros(1)), LINEAR, 100)[0] == np.inf
    assert spectral_norms(products(constant(np.eye(2) * 1e-10, 100)))[0, 0] == 0.0


def test_norms_near_both_ends_of_the_range_keep_their_digits() -> None:
    for size in (1e-300, 1e300):
        np.testing.assert_allclose(gradient_norms(np.array([[3.0, 4.0]]), size * np.eye(2)[None, None])[0, 0], 5 * size)


def test_a_matrix_with_inf_has_norm_inf_and_one_with_nan_nan() -> None:
    matrices = np.array([[[[np.inf, 0.0], [0.0, 1.0]], [[np.nan, np.inf], [0.0, 1.0]], [[3.0, 0.0], [0.0, -4.0]]]])
    np.testing.assert_array_equal(spectral_norms(matrices), [[np.inf, np.nan, 4.0]])
    np.testing.assert_array_equal(spectral_norms(matrices[:, :1]), [[np.inf]])
