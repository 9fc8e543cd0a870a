"""Attention against JAX, forward and backward, against central differences and against a case worked by hand."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import attention as att
from app.nn.shapes import Array
from tests.examples import examples

SHAPES = [(1, 1, 1, 1, 1), (2, 3, 4, 2, 3), (1, 5, 2, 7, 1), (3, 2, 6, 4, 5)]  # batch, m, T, d, n
draws: dict[str, Any] = {"shape": st.sampled_from(SHAPES), "seed": st.integers(0, 2**32 - 1)}


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def draw(shape: tuple[int, ...], seed: int) -> tuple[Array, Array, Array, Array]:
    batch, m, T, d, n = shape
    rng = np.random.default_rng(seed)
    Q, K, V = rng.normal(size=(batch, m, d)), rng.normal(size=(batch, T, d)), rng.normal(size=(batch, T, n))
    return Q, K, V, rng.normal(size=(batch, m, n))


def test_a_softmax_worked_by_hand() -> None:
    total = math.exp(1) + math.exp(3) + 1
    close(att.softmax(np.array([1.0, 3.0, 0.0])), [math.e / total, math.exp(3) / total, 1 / total])


def test_large_scores_do_not_overflow_and_minus_infinity_has_no_weight() -> None:
    close(att.softmax(np.array([1000.0, 1000.0, -np.inf])), [0.5, 0.5, 0.0])


def scaled_dot(Q: Any, K: Any, V: Any) -> Any:
    return jnp.einsum("bmt,btn->bmn", jax.nn.softmax(jnp.einsum("bmd,btd->bmt", Q, K) / math.sqrt(Q.shape[-1])), V)


def additive(Q: Any, K: Any, V: Any, W_q: Any, W_k: Any, v: Any) -> Any:
    """Column vectors, one pair of query and key at a time."""

    def pair(q: Any, k: Any) -> Any:
        return v @ jnp.tanh(W_q.T @ q + W_k.T @ k)

    def one(Q: Any, K: Any, V: Any) -> Any:
        return jax.nn.softmax(jax.vmap(lambda q: jax.vmap(lambda k: pair(q, k))(K))(Q)) @ V

    return jax.vmap(one)(Q, K, V)


@functools.cache
def oracle(run: Any) -> Any:
    """The function's value and what a gradient of its result becomes, compiled once a shape."""

    def run_and_pull(dcontext: Any, *arguments: Any) -> Any:
        context, pull = jax.vjp(run, *arguments)
        return context, pull(dcontext)

    return jax.jit(run_and_pull)


@given(**draws)
@examples(60)
def test_scaled_dot_product_is_that_of_jax(shape: tuple[int, ...], seed: int) -> None:
    Q, K, V, dc = draw(shape, seed)
    scale = 1 / math.sqrt(shape[3])
    alpha, context = att.attend(att.dot_scores(Q, K, scale), V)
    wanted, pulled = oracle(scaled_dot)(dc, Q, K, V)
    close(context, wanted)
    close(alpha.sum(axis=-1), 1.0)
    de, dV = att.attend_backward(dc, alpha, V)
    for got, want in zip((*att.dot_scores_backward(de, Q, K, scale), dV), pulled, strict=True):
        close(got, want)


def test_equal_widths_are_compared_with_the_library_function_too() -> None:
    Q, K, V, _ = draw((2, 3, 4, 5, 5), 1)
    wanted = jax.nn.dot_product_attention(Q[:, :, None], K[:, :, None], V[:, :, None])[:, :, 0]
    # The library takes its softmax in float32.
    np.testing.assert_allclose(att.attend(att.dot_scores(Q, K, 1 / math.sqrt(5)), V)[1], wanted, atol=1e-6)


@given(**draws)
@examples(60)
def test_additive_scores_are_those_of_jax(shape: tuple[int, ...], seed: int) -> None:
    Q, K, V, dc = draw(shape, seed)
    rng = np.random.default_rng(seed + 1)
    d, width = shape[3], 3
    w = att.AdditiveWeights(rng.normal(size=(d, width)), rng.normal(size=(d, width)), rng.normal(size=width))
    e, _ = att.additive_scores(Q, K, w)
    alpha, context = att.attend(e, V)
    wanted, pulled = oracle(additive)(dc, Q, K, V, w.W_q, w.W_k, w.v)
    close(context, wanted)
    close(att.attend_backward(dc, alpha, V)[1], pulled[2])


def test_backward_is_the_central_difference() -> None:
    Q, K, V, dc = draw((2, 3, 4, 2, 3), 5)

    def loss(Q: Array) -> float:
        return float((att.attend(att.dot_scores(Q, K, 0.7), V)[1] * dc).sum())

    alpha, _ = att.attend(att.dot_scores(Q, K, 0.7), V)
    dQ, _ = att.dot_scores_backward(att.attend_backward(dc, alpha, V)[0], Q, K, 0.7)
    for at in np.ndindex(Q.shape):
        nudge = np.zeros_like(Q)
        nudge[at] = 1e-6
        assert dQ[at] == pytest.approx((loss(Q + nudge) - loss(Q - nudge)) / 2e-6, abs=1e-8)


def test_wrong_shapes_are_named() -> None:
    Q, K, V, _ = draw((2, 3, 4, 2, 3), 0)
    with pytest.raises(ValueError, match="K has shape"):
        att.dot_scores(Q, K[..., :1], 1.0)
    with pytest.raises(ValueError, match="V has shape"):
        att.attend(att.dot_scores(Q, K, 1.0), V[:, :2])
    with pytest.raises(ValueError, match="W_q has shape"):
        att.AdditiveWeights(np.ones((2, 3)), np.ones((2, 2)), np.ones(2))
