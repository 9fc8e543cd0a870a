"""The glimpse sensor against JAX's windows, against whole images, and its core against the RNN's equation."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn.glimpse import looks, mean_pool, moments, sensor
from tests.examples import examples

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
seeds = st.integers(0, 2**32 - 1)


def image_of(seed: int, side: int = 16) -> Any:
    return np.random.default_rng(seed).uniform(size=(side, side))


def pooled_by_jax(image: Any, k: int) -> Any:
    total = jax.lax.reduce_window(jnp.asarray(image), 0.0, jax.lax.add, (k, k), (k, k), "VALID")
    return total / k**2


@given(seed=seeds, k=st.sampled_from([1, 2, 4, 8]))
@examples(40)
def test_at_full_scale_a_glimpse_is_the_mean_pooled_image(seed: int, k: int) -> None:
    image = image_of(seed)
    size = 16 // k
    scales = k.bit_length()
    if size % 2 == 0:
        np.testing.assert_allclose(sensor(image, 8, 8, size, scales)[-1], pooled_by_jax(image, k), rtol=1e-12)
    np.testing.assert_allclose(mean_pool(image, k), pooled_by_jax(image, k), rtol=1e-12)


@given(seed=seeds, row=st.integers(0, 16), column=st.integers(0, 16), size=st.sampled_from([2, 4, 8]))
@examples(60)
def test_every_cell_is_the_mean_of_its_pixels(seed: int, row: int, column: int, size: int) -> None:
    image, scales = image_of(seed), 3

    def pixel(i: int, j: int) -> float:
        return float(image[i, j]) if 0 <= i < 16 and 0 <= j < 16 else 0.0

    patches = sensor(image, row, column, size, scales)
    for scale in range(scales):
        k = 2**scale
        top, left = row - size * k // 2, column - size * k // 2
        for i in range(size):
            for j in range(size):
                seen = [pixel(top + i * k + a, left + j * k + b) for a in range(k) for b in range(k)]
                assert patches[scale, i, j] == pytest.approx(sum(seen) / k**2, abs=1e-12)


def test_moments_point_to_the_ink() -> None:
    patch = np.zeros((4, 4))
    patch[3, 1] = 1.0
    np.testing.assert_allclose(moments(patch) * 16, [0.75, -0.25])
    np.testing.assert_allclose(moments(np.ones((4, 4))), [0, 0], atol=1e-15)


@given(seed=seeds, keeps=st.floats(0, 0.9), gain=st.floats(0, 10), home=st.floats(0, 0.5))
@examples(40)
def test_the_core_is_a_plain_rnn_and_stays_within_the_image(seed: int, keeps: float, gain: float, home: float) -> None:
    made = looks(image_of(seed), (3, 13), 4, 2, 6, keeps, gain, home)
    before, place = np.zeros(2), np.array([3, 13])
    for look in made:
        assert look.place == tuple(place)
        what = moments(look.patches[-1])
        np.testing.assert_allclose(look.g, what + home * (8 - place) / 8, atol=1e-12)
        np.testing.assert_allclose(look.h, np.tanh(gain * look.g + keeps * before), atol=1e-12)
        before, place = look.h, np.clip(np.rint(place + 4 * look.h), 0, 16).astype(int)


def test_squares_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="squares of 3 do not fill"):
        mean_pool(np.ones((4, 6)), 3)
