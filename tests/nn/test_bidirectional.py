"""The bidirectional layer against one JAX function that knows nothing of reversing arrays, and against itself."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import bidirectional, count, rnn
from app.nn.activations import TANH
from app.nn.bidirectional import BidirectionalWeights
from app.nn.shapes import Array
from tests.examples import examples

runs: dict[str, Any] = {
    "shape": st.sampled_from([(1, 1, 1, 1, 1), (2, 4, 3, 4, 2), (3, 5, 2, 3, 3)]),
    "seed": st.integers(0, 2**32 - 1),
}


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def draw(shape: tuple[int, ...], seed: int) -> tuple[Array, tuple[Array, Array], BidirectionalWeights, Array]:
    batch, time, n, h, k = shape
    rng = np.random.default_rng(seed)

    def weights(h: int) -> rnn.RNNWeights:
        return rnn.RNNWeights(rng.normal(size=(n, h)), 0.5 * rng.normal(size=(h, h)) / np.sqrt(h), rng.normal(size=h))

    w = BidirectionalWeights(weights(h), weights(k))
    h0 = (rng.normal(size=(batch, h)), rng.normal(size=(batch, k)))
    return rng.normal(size=(batch, time, n)), h0, w, rng.normal(size=(batch, time, h + k))


def oracle(x: Any, left: Any, right: Any, wf: Any, wb: Any) -> Any:
    """Position by position: ←h_t is found by walking from the end down to t, anew for every t."""
    out = []
    for t in range(x.shape[1]):
        f, b = left, right
        for s in range(t + 1):
            f = jnp.tanh(x[:, s] @ wf[0] + f @ wf[1] + wf[2])
        for s in range(x.shape[1] - 1, t - 1, -1):
            b = jnp.tanh(x[:, s] @ wb[0] + b @ wb[1] + wb[2])
        out.append(jnp.concatenate((f, b), axis=1))
    return jnp.stack(out, axis=1)


@jax.jit
def run_and_pull(dhs: Any, *arguments: Any) -> Any:
    hs, pull = jax.vjp(oracle, *arguments)
    return hs, pull(dhs)


@given(**runs)
@examples(100)
def test_forward_and_backward_are_those_of_jax(shape: tuple[int, ...], seed: int) -> None:
    x, h0, w, dhs = draw(shape, seed)
    hs, caches = bidirectional.forward(x, h0, w, TANH)
    dx, dh0, dw = bidirectional.backward(dhs, caches)
    parts = [(one.W_xh, one.W_hh, one.b) for one in (w.forward, w.backward)]
    wanted, (want_x, want_left, want_right, want_f, want_b) = run_and_pull(dhs, x, *h0, *parts)
    close(hs, wanted)
    for got, want in zip((dx, *dh0), (want_x, want_left, want_right), strict=True):
        close(got, want)
    for got_w, want_w in ((dw.forward, want_f), (dw.backward, want_b)):
        for got, want in zip((got_w.W_xh, got_w.W_hh, got_w.b), want_w, strict=True):
            close(got, want)


@given(**runs)
@examples(50)
def test_reversing_the_sequence_swaps_the_directions(shape: tuple[int, ...], seed: int) -> None:
    x, (left, right), w, _ = draw(shape, seed)
    hs, _ = bidirectional.forward(x, (left, right), w, TANH)
    swapped, _ = bidirectional.forward(x[:, ::-1], (right, left), BidirectionalWeights(w.backward, w.forward), TANH)
    h = w.forward.h
    close(hs[:, ::-1], np.concatenate((swapped[:, :, w.backward.h :], swapped[:, :, : w.backward.h]), axis=2))
    assert hs.shape[2] == h + w.backward.h


def test_it_has_twice_the_parameters_of_one_direction() -> None:
    one = rnn.RNNWeights(np.zeros((2, 32)), np.zeros((32, 32)), np.zeros(32))
    both = BidirectionalWeights(one, one)
    held = sum(a.size for w in (both.forward, both.backward) for a in vars(w).values())
    assert held == 2 * count.rnn(2, 32).total == 2240


def test_directions_that_read_different_inputs_are_refused() -> None:
    one, other = (rnn.RNNWeights(np.zeros((n, 3)), np.zeros((3, 3)), np.zeros(3)) for n in (2, 4))
    with pytest.raises(ValueError, match=r"backward\.W_xh has shape \(4, 3\); wanted \(2, h\)"):
        BidirectionalWeights(one, other)
