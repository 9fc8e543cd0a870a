"""The convolution against JAX's own and its autodiff, and against sums written out."""

from functools import partial
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import conv1d
from tests.examples import examples

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
runs: dict[str, Any] = {
    "shape": st.sampled_from([(1, 9, 1, 1, 1), (2, 12, 3, 2, 3), (3, 20, 2, 4, 2), (1, 16, 1, 3, 4)]),
    "stride": st.integers(1, 3),
    "dilation": st.integers(1, 2),
    "seed": st.integers(0, 2**32 - 1),
}


@partial(jax.jit, static_argnums=(3, 4))
def jax_forward(x: Any, W: Any, b: Any, stride: int, dilation: int) -> Any:
    return b + jax.lax.conv_general_dilated(
        x, W, (stride,), "VALID", rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
    )


@given(**runs)
@examples(120)
def test_forward_and_backward_are_those_of_jax(
    shape: tuple[int, int, int, int, int], stride: int, dilation: int, seed: int
) -> None:
    batch, time, n, m, k = shape
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(batch, time, n)), conv1d.ConvWeights(rng.normal(size=(k, n, m)), rng.normal(size=m))
    y = conv1d.forward(x, w, stride, dilation)
    wanted, pull = jax.vjp(lambda x, W, b: jax_forward(x, W, b, stride, dilation), x, w.W, w.b)
    np.testing.assert_allclose(y, wanted, rtol=1e-10, atol=1e-10)
    dy = rng.normal(size=y.shape)
    dx, dw = conv1d.backward(dy, x, w, stride, dilation)
    for got, want in zip((dx, dw.W, dw.b), pull(dy), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def test_a_sum_written_out() -> None:
    x = np.array([1.0, 2, 3, 4, 5])[None, :, None]
    w = conv1d.ConvWeights(np.array([10.0, 1])[:, None, None], np.array([0.5]))
    assert conv1d.forward(x, w)[0, :, 0].tolist() == [12.5, 23.5, 34.5, 45.5]
    assert conv1d.forward(x, w, stride=2)[0, :, 0].tolist() == [12.5, 34.5]
    assert conv1d.forward(x, w, dilation=3)[0, :, 0].tolist() == [14.5, 25.5]


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    w = conv1d.ConvWeights(np.ones((3, 1, 1)), np.zeros(1))
    with pytest.raises(ValueError, match="over 5 steps does not fit into x with 4"):
        conv1d.forward(np.ones((1, 4, 1)), w, dilation=2)
    with pytest.raises(ValueError, match="x has shape"):
        conv1d.forward(np.ones((1, 4, 2)), w)
    with pytest.raises(ValueError, match="dy has shape"):
        conv1d.backward(np.ones((1, 3, 1)), np.ones((1, 4, 1)), w)
