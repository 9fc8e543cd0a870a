"""A stack of RNNs against JAX, which runs it the other way round: all layers of one step, then the next step."""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import rnn, stacked
from app.nn.activations import TANH
from tests.examples import examples


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


@jax.jit
def oracle(dhs: Any, x: Any, h0s: Any, ws: Any) -> Any:
    def run(x: Any, h0s: Any, ws: Any) -> Any:
        def step(states: Any, x_t: Any) -> Any:
            below, after = x_t, []
            for h, (W_xh, W_hh, b) in zip(states, ws, strict=True):
                below = jnp.tanh(below @ W_xh + h @ W_hh + b)
                after.append(below)
            return after, after

        return [hs.swapaxes(0, 1) for hs in jax.lax.scan(step, h0s, x.swapaxes(0, 1))[1]]

    hs, pull = jax.vjp(run, x, h0s, ws)
    return hs, pull(dhs)


@given(seed=st.integers(0, 2**32 - 1), sizes=st.sampled_from([(2, 3), (1, 4, 2), (3, 2, 2, 5)]))
@examples(100)
def test_forward_and_backward_are_those_of_jax(seed: int, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    ws = [
        rnn.RNNWeights(rng.normal(size=(n, h)), 0.5 * rng.normal(size=(h, h)) / np.sqrt(h), rng.normal(size=h))
        for n, h in pairwise(sizes)
    ]
    x = rng.normal(size=(3, 6, sizes[0]))
    h0s, dhs = ([rng.normal(size=shape) for shape in shapes] for shapes in (
        [(3, h) for h in sizes[1:]], [(3, 6, h) for h in sizes[1:]],
    ))  # fmt: skip
    hs, caches = stacked.forward(x, h0s, ws, TANH)
    dx, dh0s, dws = stacked.backward(dhs, caches)
    wanted, (want_x, want_h0s, want_ws) = oracle(dhs, x, h0s, [(w.W_xh, w.W_hh, w.b) for w in ws])
    close(dx, want_x)
    for layer in range(len(ws)):
        close(hs[layer], wanted[layer])
        close(dh0s[layer], want_h0s[layer])
        for got, want in zip((dws[layer].W_xh, dws[layer].W_hh, dws[layer].b), want_ws[layer], strict=True):
            close(got, want)


def test_one_layer_is_the_plain_rnn() -> None:
    rng = np.random.default_rng(0)
    w = rnn.RNNWeights(rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=3))
    x, h0 = rng.normal(size=(1, 5, 2)), rng.normal(size=(1, 3))
    assert (stacked.forward(x, [h0], [w], TANH)[0][0] == rnn.forward(x, h0, w, TANH)[0]).all()


def test_a_layer_that_cannot_read_the_one_below_is_refused() -> None:
    low, high = (rnn.RNNWeights(np.zeros((n, h)), np.zeros((h, h)), np.zeros(h)) for n, h in ((2, 3), (4, 3)))
    with pytest.raises(ValueError, match=r"^x has shape \(1, 5, 3\); wanted \(batch, time, 4\)\.$"):
        stacked.forward(np.zeros((1, 5, 2)), [np.zeros((1, 3))] * 2, [low, high], TANH)
    with pytest.raises(ValueError, match="at least one"):
        stacked.backward([], [])
