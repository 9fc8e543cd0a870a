"""The masked recurrence against JAX's autodiff of its equation, and against each sequence run alone."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import masking, rnn
from app.nn.activations import ACTIVATIONS, LINEAR, TANH
from tests.examples import examples

seeds = st.integers(0, 2**32 - 1)


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def weights(rng: np.random.Generator, n: int, h: int) -> rnn.RNNWeights:
    return rnn.RNNWeights(rng.normal(size=(n, h)), 0.5 * rng.normal(size=(h, h)) / np.sqrt(h), rng.normal(size=h))


@jax.jit
def oracle(dhs: Any, mask: Any, *arguments: Any) -> Any:
    def run(x: Any, h0: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
        def cell(h: Any, step: Any) -> Any:
            x_t, m = step
            h = m[:, None] * jnp.tanh(x_t @ W_xh + h @ W_hh + b) + (1 - m[:, None]) * h
            return h, h

        return jax.lax.scan(cell, h0, (x.swapaxes(0, 1), mask.T))[1].swapaxes(0, 1)

    hs, pull = jax.vjp(run, *arguments)
    return hs, pull(dhs)


@given(seed=seeds)
@examples(100)
def test_forward_and_backward_are_those_of_jax(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, h0, w = rng.normal(size=(3, 6, 2)), rng.normal(size=(3, 4)), weights(rng, 2, 4)
    mask, dhs = rng.integers(0, 2, (3, 6)).astype(float), rng.normal(size=(3, 6, 4))
    hs, caches = masking.forward(x, mask, h0, w, TANH)
    dx, dh0, dw = masking.backward(dhs, mask, caches)
    wanted, gradients = oracle(dhs, mask, x, h0, w.W_xh, w.W_hh, w.b)
    close(hs, wanted)
    for got, want in zip((dx, dh0, dw.W_xh, dw.W_hh, dw.b), gradients, strict=True):
        close(got, want)


@given(
    sequences=st.lists(st.lists(st.floats(-3, 3), min_size=1, max_size=9), min_size=1, max_size=5),
    side=st.sampled_from(["pre", "post"]),
    value=st.floats(-5, 5),
    name=st.sampled_from(sorted(ACTIVATIONS)),
    seed=seeds,
)
@examples(100)
def test_masked_equals_each_sequence_run_alone(
    sequences: list[list[float]], side: Any, value: float, name: str, seed: int
) -> None:
    w = weights(np.random.default_rng(seed), 1, 3)
    x, mask = masking.pad(sequences, side, value)
    hs, _ = masking.forward(x, mask, np.zeros((len(sequences), 3)), w, ACTIVATIONS[name])
    for row, sequence in enumerate(sequences):
        alone, _ = rnn.forward(np.array(sequence)[None, :, None], np.zeros((1, 3)), w, ACTIVATIONS[name])
        close(hs[row, -1], alone[0, -1])
        close(hs[row][mask[row] == 1], alone[0])


def test_padding_on_either_side() -> None:
    x, mask = masking.pad([[1, 2, 3], [4]], "post", -1)
    assert x[:, :, 0].tolist() == [[1, 2, 3], [4, -1, -1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    x, mask = masking.pad([[1, 2, 3], [4]], "pre", 0)
    assert x[:, :, 0].tolist() == [[1, 2, 3], [0, 0, 4]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_what_overflows_at_a_masked_step_does_not_come_back() -> None:
    w = rnn.RNNWeights(np.ones((1, 1)), np.full((1, 1), 1e200), np.zeros(1))
    x, mask = masking.pad([[1.0], [1.0, 1.0, 1.0, 1.0]], "post", 0)
    hs, _ = masking.forward(x, mask, np.zeros((2, 1)), w, LINEAR)
    assert hs[:, -1, 0].tolist() == [1.0, np.inf]


def test_a_mask_of_another_length_is_refused() -> None:
    w = weights(np.random.default_rng(0), 2, 3)
    with pytest.raises(ValueError, match=r"^mask has shape \(1, 4\); wanted \(1, 5\)\.$"):
        masking.forward(np.zeros((1, 5, 2)), np.zeros((1, 4)), np.zeros((1, 3)), w, TANH)
