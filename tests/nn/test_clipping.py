"""Clipping against what it must keep, cap and leave alone, and against JAX's clip."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from app.nn.clipping import by_norm, by_value, global_norm
from app.nn.shapes import Array
from tests.examples import examples

entries = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))
gradients = st.lists(arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=entries), min_size=1, max_size=4)
thresholds = st.floats(1e-3, 1e3)


def joined(parts: list[Array]) -> Array:
    return np.concatenate([part.ravel() for part in parts])


@given(gradients, thresholds)
@examples(200)
def test_by_norm_caps_the_global_norm_and_keeps_the_direction(parts: list[Array], c: float) -> None:
    clipped = by_norm(parts, c)
    before, after = joined(parts), joined(clipped)
    norm = float(np.sqrt(np.sum(before**2)))
    assert [part.shape for part in clipped] == [part.shape for part in parts]
    assert np.sqrt(np.sum(after**2)) == pytest.approx(min(norm, c), rel=1e-12)
    np.testing.assert_allclose(after * max(norm, c), before * c, rtol=1e-12, atol=1e-12)
    if norm < c:
        assert (after == before).all()


@given(gradients, thresholds)
@examples(100)
def test_by_value_is_jax_clip(parts: list[Array], c: float) -> None:
    for part, clipped in zip(parts, by_value(parts, c), strict=True):
        np.testing.assert_array_equal(clipped, jnp.clip(part, -c, c))


def test_the_two_ways_worked_by_hand() -> None:
    g = np.array([3.0, 4.0])
    assert by_norm([g], 1.0)[0].tolist() == [0.6, 0.8]
    assert by_value([g], 1.0)[0].tolist() == [1.0, 1.0]


def test_the_norm_is_over_all_arrays_together() -> None:
    clipped = by_norm([np.array([[3.0]]), np.array([4.0])], 1.0)
    assert [part.tolist() for part in clipped] == [[[0.6]], [0.8]]


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_what_is_huge_or_tiny_has_its_norm(size: float) -> None:
    assert global_norm([np.array([3.0, 4.0]) * size]) == pytest.approx(5 * size)


def test_a_zero_gradient_stays_and_an_infinite_one_is_not_hidden() -> None:
    assert by_norm([np.zeros(3)], 1.0)[0].tolist() == [0, 0, 0]
    assert np.isnan(by_norm([np.array([np.inf, 1.0])], 1.0)[0][0])
