"""Backpropagation through time, whole and cut, against JAX's autodiff, the fast kernel and central differences."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import bptt, rnn
from app.nn.activations import ACTIVATIONS
from app.nn.shapes import Array
from tests.examples import examples

SHAPES = [(1, 1, 1, 1), (3, 7, 2, 4)]
PHI: dict[str, Any] = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}
seeds = st.integers(0, 2**32 - 1)


def draw(shape: tuple[int, int, int, int], seed: int) -> tuple[Array, Array, rnn.RNNWeights, Array]:
    batch, time, n, h = shape
    rng = np.random.default_rng(seed)
    w = rnn.RNNWeights(rng.normal(size=(n, h)), rng.normal(size=(h, h)) / np.sqrt(h), rng.normal(size=h))
    return rng.normal(size=(batch, time, n)), rng.normal(size=(batch, h)), w, rng.normal(size=(batch, time, h))


def loss(weights: Any, x: Any, h: Any, dhs: Any, phi: str, k: int) -> Any:
    """Σ g_t h_t, with the state detached wherever a piece of k steps, counted from the end, begins."""
    W_xh, W_hh, b = weights
    total: Any = 0.0
    time = x.shape[1]
    for t in range(time):
        if (time - t) % k == 0:
            h = jax.lax.stop_gradient(h)
        h = PHI[phi](x[:, t] @ W_xh + h @ W_hh + b)
        total += jnp.sum(dhs[:, t] * h)
    return total


oracle = jax.jit(jax.grad(loss), static_argnames=("phi", "k"))


@given(shape=st.sampled_from(SHAPES), phi=st.sampled_from(sorted(PHI)), cut=st.sampled_from([1, 3, 12]), seed=seeds)
@examples(150)
def test_the_shares_add_up_to_the_gradient_that_jax_finds_with_the_state_detached(
    shape: tuple[int, int, int, int], phi: str, cut: int, seed: int
) -> None:
    x, h0, w, dhs = draw(shape, seed)
    _, caches = rnn.forward(x, h0, w, ACTIVATIONS[phi])
    got = bptt.shares(bptt.deltas(dhs, caches, cut), caches)
    for mine, wanted in zip(got, oracle((w.W_xh, w.W_hh, w.b), x, h0, dhs, phi, cut), strict=True):
        np.testing.assert_allclose(mine.sum(axis=0), wanted, rtol=1e-10, atol=1e-10)


@given(shape=st.sampled_from(SHAPES), phi=st.sampled_from(sorted(ACTIVATIONS)), beyond=st.integers(0, 5), seed=seeds)
@examples(60)
def test_k_of_t_or_more_is_the_whole_way(shape: tuple[int, int, int, int], phi: str, beyond: int, seed: int) -> None:
    x, h0, w, dhs = draw(shape, seed)
    _, caches = rnn.forward(x, h0, w, ACTIVATIONS[phi])
    _, _, dw = rnn.backward(dhs, caches)
    share_W_xh, share_W_hh, share_b = bptt.shares(bptt.deltas(dhs, caches, shape[1] + beyond), caches)
    for share, wanted in ((share_W_xh, dw.W_xh), (share_W_hh, dw.W_hh), (share_b, dw.b)):
        np.testing.assert_allclose(share.sum(axis=0), wanted, rtol=1e-12, atol=1e-12)


@given(seed=seeds)
@examples(30)
def test_a_share_is_what_nudging_the_weights_of_that_step_alone_does(seed: int) -> None:
    x, h0, w, dhs = draw((2, 5, 3, 4), seed)
    _, caches = rnn.forward(x, h0, w, ACTIVATIONS["tanh"])
    shares = bptt.shares(bptt.deltas(dhs, caches, 5), caches)[1]
    way = np.random.default_rng(seed).normal(size=w.W_hh.shape)

    def nudged(step: int, eps: float) -> float:
        h: Array = h0
        total = 0.0
        for t in range(5):
            W_hh = w.W_hh + (eps * way if t == step else 0.0)
            h = np.asarray(np.tanh(x[:, t] @ w.W_xh + h @ W_hh + w.b))
            total += float(np.sum(dhs[:, t] * h))
        return total

    for step in range(5):
        slope = (nudged(step, 1e-5) - nudged(step, -1e-5)) / 2e-5
        assert slope == pytest.approx(np.sum(shares[step] * way), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("time", "k", "starts"), [(6, 3, [0, 3]), (7, 3, [0, 1, 4]), (4, 9, [0]), (1, 1, [0]), (3, 1, [0, 1, 2])]
)
def test_pieces_are_counted_from_the_end(time: int, k: int, starts: list[int]) -> None:
    assert [t for t, begins in enumerate(bptt.piece_starts(time, k)) if begins] == starts


def test_a_wrong_shape_is_named() -> None:
    x, h0, w, dhs = draw((2, 5, 3, 4), 0)
    _, caches = rnn.forward(x, h0, w, ACTIVATIONS["tanh"])
    with pytest.raises(ValueError, match="dhs has shape"):
        bptt.deltas(dhs[:, :3], caches, 2)
