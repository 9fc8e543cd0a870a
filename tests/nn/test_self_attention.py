"""Self-attention against JAX, forward and backward, and what its mask and its position codes must do."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import self_attention as sa
from app.nn.shapes import Array
from tests.examples import examples

SHAPES = [(1, 1, 2, 1), (2, 5, 4, 2), (1, 9, 6, 3), (3, 4, 8, 4)]  # batch, T, d, heads
draws: dict[str, Any] = {"shape": st.sampled_from(SHAPES), "causal": st.booleans(), "seed": st.integers(0, 2**32 - 1)}


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def draw(shape: tuple[int, ...], seed: int) -> tuple[Array, sa.Weights, Array]:
    batch, T, d, _ = shape
    rng = np.random.default_rng(seed)
    w = sa.Weights(*(rng.normal(size=(d, d)) / math.sqrt(d) for _ in range(4)))
    return rng.normal(size=(batch, T, d)), w, rng.normal(size=(batch, T, d))


@functools.cache
def oracle(heads: int, causal: bool) -> Any:
    """One sequence, one head at a time, columns cut out of the projections; masked by hand."""

    def one(X: Any, W_q: Any, W_k: Any, W_v: Any, W_o: Any) -> Any:
        T, d = X.shape
        width, parts = d // heads, []
        for h in range(heads):
            cut = slice(h * width, (h + 1) * width)
            scores = (X @ W_q)[:, cut] @ (X @ W_k)[:, cut].T / jnp.sqrt(width)
            if causal:
                scores = jnp.where(jnp.tril(jnp.ones((T, T), bool)), scores, -jnp.inf)
            parts.append(jax.nn.softmax(scores) @ (X @ W_v)[:, cut])
        return jnp.concatenate(parts, axis=1) @ W_o

    def run(X: Any, *weights: Any) -> Any:
        return jax.vmap(one, in_axes=(0, None, None, None, None))(X, *weights)

    def run_and_pull(dY: Any, *arguments: Any) -> Any:
        Y, pull = jax.vjp(run, *arguments)
        return Y, pull(dY)

    return jax.jit(run_and_pull)


@given(**draws)
@examples(80)
def test_forward_and_backward_are_those_of_jax(shape: tuple[int, ...], causal: bool, seed: int) -> None:
    X, w, dY = draw(shape, seed)
    Y, cache = sa.forward(X, w, shape[3], causal)
    wanted, pulled = oracle(shape[3], causal)(dY, X, w.W_q, w.W_k, w.W_v, w.W_o)
    close(Y, wanted)
    close(cache.alpha.sum(axis=-1), 1.0)
    dX, dw = sa.backward(dY, cache)
    for got, want in zip((dX, dw.W_q, dw.W_k, dw.W_v, dw.W_o), pulled, strict=True):
        close(got, want)


@given(**draws)
@examples(40)
def test_a_causal_mask_hides_what_comes_later(shape: tuple[int, ...], causal: bool, seed: int) -> None:
    X, w, other = draw(shape, seed)
    t = shape[1] // 2
    changed = np.concatenate([X[:, : t + 1], other[:, t + 1 :]], axis=1)
    close(sa.forward(X, w, shape[3], True)[0][:, : t + 1], sa.forward(changed, w, shape[3], True)[0][:, : t + 1])


@given(**draws)
@examples(40)
def test_without_position_codes_a_shuffled_sequence_gives_the_shuffled_outputs(
    shape: tuple[int, ...], causal: bool, seed: int
) -> None:
    X, w, _ = draw(shape, seed)
    order = np.random.default_rng(seed).permutation(shape[1])
    close(sa.forward(X[:, order], w, shape[3], False)[0], sa.forward(X, w, shape[3], False)[0][:, order])


def test_splitting_and_joining_undo_each_other() -> None:
    X = np.arange(48.0).reshape(2, 3, 8)
    close(sa.join(sa.split(X, 4), 4), X)
    assert sa.split(X, 4)[1].tolist() == X[0, :, 2:4].tolist()


def test_position_codes_are_the_paper_s() -> None:
    codes = sa.sinusoids(5, 4)
    for t in range(5):
        close(codes[t], [math.sin(t), math.cos(t), math.sin(t / 100), math.cos(t / 100)])


def test_heads_must_divide_the_width() -> None:
    X, w, _ = draw((1, 2, 4, 1), 0)
    with pytest.raises(ValueError, match="cannot be cut into 3 heads"):
        sa.forward(X, w, 3, False)
