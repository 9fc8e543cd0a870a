"""The GRU, reset before and after, in both conventions of z, against Equinox's cell, the papers' equations and JAX."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import gru
from app.nn.shapes import Array
from tests.examples import examples

Shape = tuple[int, int, int, int]
SHAPES = [(1, 1, 1, 1), (2, 5, 3, 4), (3, 25, 2, 6), (8, 100, 1, 16)]
seeds = st.integers(0, 2**32 - 1)
either = st.booleans()
MakeCell = Callable[..., Callable[[Any, Any], Any]]


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def draw(shape: Shape, gain: float, seed: int, reset_after: bool) -> tuple[Array, Array, gru.GRUWeights, Array]:
    batch, time, n, h = shape
    rng = np.random.default_rng(seed)
    W_hh = gain * rng.normal(size=(h, 3 * h)) / np.sqrt(h)
    b_hh = rng.normal(size=3 * h) if reset_after else None
    w = gru.GRUWeights(rng.normal(size=(n, 3 * h)), W_hh, rng.normal(size=3 * h), b_hh)
    return rng.normal(size=(batch, time, n)), rng.normal(size=(batch, h)), w, rng.normal(size=(batch, time, h))


def arrays(w: gru.GRUWeights) -> tuple[Array, ...]:
    return (w.W_xh, w.W_hh, w.b) if w.b_hh is None else (w.W_xh, w.W_hh, w.b, w.b_hh)


def by_gate(matrix: Any) -> dict[str, Any]:
    """Our blocks of columns by name: z, r, n."""
    return dict(zip("zrn", jnp.split(matrix, 3, axis=-1), strict=True))


def equinox_cell(W_xh: Any, W_hh: Any, b: Any, b_hh: Any) -> Any:
    """Equinox keeps rows of gates in the order r, z, n, one bias for both sides of r and z, and bias_n within r."""
    x, h, b, b_hh = (by_gate(array) for array in (W_xh, W_hh, b, b_hh))
    leaves = [
        jnp.concatenate([x["r"].T, x["z"].T, x["n"].T]),
        jnp.concatenate([h["r"].T, h["z"].T, h["n"].T]),
        jnp.concatenate([b["r"] + b_hh["r"], b["z"] + b_hh["z"], b["n"]]),
        b_hh["n"],
    ]
    cell = eqx.nn.GRUCell(W_xh.shape[0], W_hh.shape[0], key=jax.random.PRNGKey(0))
    return eqx.tree_at(lambda cell: (cell.weight_ih, cell.weight_hh, cell.bias, cell.bias_n), cell, leaves)


def cho_cell(W_xh: Any, W_hh: Any, b: Any) -> Callable[[Any, Any], Any]:
    """Equations 5 to 8 of Cho et al. 2014, with biases: the reset comes before the product, and z keeps."""
    W, U, b = by_gate(W_xh), by_gate(W_hh), by_gate(b)

    def cell(x: Any, h: Any) -> Any:
        r = jax.nn.sigmoid(W["r"].T @ x + U["r"].T @ h + b["r"])
        z = jax.nn.sigmoid(W["z"].T @ x + U["z"].T @ h + b["z"])
        return z * h + (1 - z) * jnp.tanh(W["n"].T @ x + U["n"].T @ (r * h) + b["n"])

    return cell


def chung_cell(W_xh: Any, W_hh: Any, b: Any) -> Callable[[Any, Any], Any]:
    """Equations 5 to 8 of Chung et al. 2014, with biases: z renews."""
    W, U, b = by_gate(W_xh), by_gate(W_hh), by_gate(b)

    def cell(x: Any, h: Any) -> Any:
        r = jax.nn.sigmoid(W["r"].T @ x + U["r"].T @ h + b["r"])
        z = jax.nn.sigmoid(W["z"].T @ x + U["z"].T @ h + b["z"])
        return (1 - z) * h + z * jnp.tanh(W["n"].T @ x + U["n"].T @ (r * h) + b["n"])

    return cell


def run(make_cell: MakeCell, x: Any, h0: Any, *weights: Any) -> Any:
    cell = make_cell(*weights)

    def step(h: Any, x_t: Any) -> Any:
        h = cell(x_t, h)
        return h, h

    return jax.vmap(lambda x, h: jax.lax.scan(step, h, x)[1])(x, h0)


def run_and_pull(make_cell: MakeCell) -> Any:
    def both(dhs: Any, *arguments: Any) -> Any:
        hs, pull = jax.vjp(lambda *a: run(make_cell, *a), *arguments)
        return hs, pull(dhs)

    return jax.jit(both)


ORACLE = {True: run_and_pull(equinox_cell), False: run_and_pull(cho_cell)}


@given(shape=st.sampled_from(SHAPES), gain=st.floats(0.0, 1.0), seed=seeds, reset_after=either)
@examples(100)
def test_forward_and_backward_are_those_of_equinox_and_of_cho(
    shape: Shape, gain: float, seed: int, reset_after: bool
) -> None:
    x, h0, w, dhs = draw(shape, gain, seed, reset_after)
    hs, caches = gru.forward(x, h0, w)
    dx, dh0, dw = gru.backward(dhs, caches)
    assert w.reset_after == dw.reset_after == reset_after
    wanted_hs, wanted = ORACLE[reset_after](dhs, x, h0, *arrays(w))
    close(hs, wanted_hs)
    for got, want in zip((dx, dh0, *arrays(dw)), wanted, strict=True):
        close(got, want)


CHUNG = jax.jit(lambda *arguments: run(chung_cell, *arguments))


@given(seed=seeds)
@examples(50)
def test_both_conventions_agree_once_z_and_1_minus_z_change_places(seed: int) -> None:
    x, h0, w, _ = draw((2, 5, 3, 4), 1.0, seed, reset_after=False)
    hs, _ = gru.forward(x, h0, w)
    other = gru.other_convention(w)
    close(hs, CHUNG(x, h0, *arrays(other)))
    assert np.abs(hs - CHUNG(x, h0, *arrays(w))).max() > 1e-3  # without the exchange they do not


@given(seed=seeds, reset_after=either)
@examples(25)
def test_the_other_of_the_other_convention_is_the_first(seed: int, reset_after: bool) -> None:
    _, _, w, _ = draw((1, 1, 2, 3), 1.0, seed, reset_after)
    for there, here in zip(arrays(gru.other_convention(gru.other_convention(w))), arrays(w), strict=True):
        assert (there == here).all()


def test_reset_before_and_after_agree_when_nothing_is_reset_and_differ_otherwise() -> None:
    x, h0, w, _ = draw((2, 5, 3, 4), 1.0, seed=5, reset_after=False)
    after = gru.GRUWeights(w.W_xh, w.W_hh, w.b, np.zeros(12))
    assert np.abs(gru.forward(x, h0, w)[0] - gru.forward(x, h0, after)[0]).max() > 1e-3
    w.b[w.columns("r")] = 1e3  # shared by both: r is 1
    close(gru.forward(x, h0, w)[0], gru.forward(x, h0, after)[0])


@given(shape=st.sampled_from(SHAPES), seed=seeds, reset_after=either)
@examples(50)
def test_backward_is_step_backward_from_the_last_step_to_the_first(shape: Shape, seed: int, reset_after: bool) -> None:
    x, h0, w, dhs = draw(shape, 1.0, seed, reset_after)
    _, caches = gru.forward(x, h0, w)
    dx, dh0, dw = gru.backward(dhs, caches)
    dh, sums = np.zeros_like(h0), [np.zeros_like(array) for array in arrays(w)]
    for t in reversed(range(shape[1])):
        dx_t, dh, step = gru.step_backward(dhs[:, t] + dh, caches[t])
        sums = [total + part for total, part in zip(sums, arrays(step), strict=True)]
        close(dx_t, dx[:, t])
    for got, want in zip((dh, *sums), (dh0, *arrays(dw)), strict=True):
        close(got, want)


@given(seed=seeds, reset_after=either)
@examples(50)
def test_gradients_are_the_central_differences(seed: int, reset_after: bool) -> None:
    x, h0, w, dhs = draw((2, 6, 3, 4), 1.0, seed, reset_after)
    start = [x, h0, *arrays(w)]

    def loss(x: Array, h0: Array, *weights: Array) -> float:
        return float(np.vdot(dhs, gru.forward(x, h0, gru.GRUWeights(*weights))[0]))

    _, caches = gru.forward(x, h0, w)
    dx, dh0, dw = gru.backward(dhs, caches)
    rng, eps = np.random.default_rng(seed), 1e-5
    for k, gradient in enumerate((dx, dh0, *arrays(dw))):
        way = rng.normal(size=gradient.shape)
        there, back = ([*start[:k], start[k] + sign * eps * way, *start[k + 1 :]] for sign in (1, -1))
        slope = (loss(*there) - loss(*back)) / (2 * eps)
        assert slope == pytest.approx(np.sum(gradient * way), rel=1e-6, abs=1e-6)


def jacobian_oracle(make_cell: MakeCell) -> Any:
    return jax.jit(lambda x_t, h, *weights: jax.jacrev(lambda h: make_cell(*weights)(x_t, h))(h))


JACOBIAN = {True: jacobian_oracle(equinox_cell), False: jacobian_oracle(cho_cell)}


@given(seed=seeds, gain=st.floats(0.0, 3.0), reset_after=either)
@examples(50)
def test_the_jacobian_of_a_step_is_that_of_jax(seed: int, gain: float, reset_after: bool) -> None:
    x, h0, w, _ = draw((2, 1, 2, 5), gain, seed, reset_after)
    _, cache = gru.step(x[:, 0], h0, w)
    jacobian = gru.step_jacobian(cache)
    for k in range(2):
        close(jacobian[k], JACOBIAN[reset_after](x[k, 0], h0[k], *arrays(w)))


@pytest.mark.parametrize("reset_after", [True, False])
def test_z_at_1_keeps_the_state_exactly_and_z_at_0_replaces_it(reset_after: bool) -> None:
    x, h0, w, _ = draw((2, 200, 1, 3), 1.0, 0, reset_after)
    w.b[w.columns("z")] = 1e3
    hs, _ = gru.forward(x, h0, w)
    assert (hs == h0[:, None]).all()
    w.b[w.columns("z")] = -1e3
    _, caches = gru.forward(x, h0, w)
    assert all((cache.h_t == cache.n).all() for cache in caches)
