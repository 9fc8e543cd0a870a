"""Layer normalisation against Equinox and JAX's autodiff, and against what it promises."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import layer_norm
from app.nn.shapes import Array
from tests.examples import examples

seeds = st.integers(0, 2**32 - 1)


def draw(h: int, seed: int, size: float = 1.0) -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, h)) * size, rng.normal(size=h), rng.normal(size=h), rng.normal(size=(3, h))


def equinox_norm(z: Any, g: Any, b: Any) -> Any:
    norm = eqx.nn.LayerNorm(z.shape[1], eps=1e-5)
    norm = eqx.tree_at(lambda norm: (norm.weight, norm.bias), norm, (g, b))
    return jax.vmap(norm)(z)


@jax.jit
def oracle(dy: Any, *arguments: Any) -> Any:
    y, pull = jax.vjp(equinox_norm, *arguments)
    return y, pull(dy)


@given(h=st.sampled_from([1, 2, 5, 16]), seed=seeds)
@examples(100)
def test_forward_and_backward_are_those_of_equinox(h: int, seed: int) -> None:
    z, g, b, dy = draw(h, seed)
    y, cache = layer_norm.forward(z, g, b)
    wanted, gradients = oracle(dy, z, g, b)
    np.testing.assert_allclose(y, wanted, rtol=1e-10, atol=1e-10)
    for got, want in zip(layer_norm.backward(dy, cache), gradients, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@given(h=st.integers(2, 40), size=st.floats(1, 1e6), shift=st.floats(-1e3, 1e3), seed=seeds)
@examples(100)
def test_each_row_has_mean_0_and_variance_1(h: int, size: float, shift: float, seed: int) -> None:
    z, *_ = draw(h, seed, size)
    y, _ = layer_norm.forward(z + shift, np.ones(h), np.zeros(h))
    variance = z.var(axis=1)
    np.testing.assert_allclose(y.mean(axis=1), 0.0, atol=1e-6)
    np.testing.assert_allclose(y.var(axis=1), variance / (variance + 1e-5), rtol=1e-6)


@given(h=st.integers(2, 20), scale=st.floats(0.5, 1e4), shift=st.floats(-10, 10), seed=seeds)
@examples(50)
def test_neither_size_nor_shift_of_a_row_matters(h: int, scale: float, shift: float, seed: int) -> None:
    z, g, b, _ = draw(h, seed, 10.0)
    once, _ = layer_norm.forward(z, g, b, epsilon=0.0)
    again, _ = layer_norm.forward(z * scale + shift, g, b, epsilon=0.0)
    np.testing.assert_allclose(again, once, rtol=1e-6, atol=1e-6)


def test_a_row_is_treated_the_same_alone() -> None:
    z, g, b, _ = draw(6, 0)
    together, _ = layer_norm.forward(z, g, b)
    for row, whole in zip(z, together, strict=True):
        assert (layer_norm.forward(row[None, :], g, b)[0][0] == whole).all()


def test_equal_sums_become_0() -> None:
    y, _ = layer_norm.forward(np.full((1, 4), 7.0), np.ones(4), np.zeros(4))
    assert y.tolist() == [[0, 0, 0, 0]]


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(ValueError, match="g has shape"):
        layer_norm.forward(np.ones((2, 3)), np.ones(2), np.zeros(3))
