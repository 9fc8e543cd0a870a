"""Runs over windows: stateful is one long run, stateless is many short ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import rnn, windows
from app.nn.activations import LINEAR, TANH
from app.nn.shapes import Array
from tests.examples import examples

runs = {"time": st.integers(1, 30), "window": st.integers(1, 12), "seed": st.integers(0, 2**32 - 1)}


def draw(time: int, seed: int) -> tuple[Array, Array, rnn.RNNWeights]:
    rng = np.random.default_rng(seed)
    w = rnn.RNNWeights(rng.normal(size=(2, 3)), 0.3 * rng.normal(size=(3, 3)), rng.normal(size=3))
    return rng.normal(size=(2, time, 2)), rng.normal(size=(2, 3)), w


@given(**runs)
@examples(100)
def test_stateful_over_windows_equals_one_long_run(time: int, window: int, seed: int) -> None:
    x, h0, w = draw(time, seed)
    long, caches = rnn.forward(x, h0, w, TANH)
    hs, befores = windows.forward(x, h0, w, TANH, window, (0, 1))
    assert (hs == long).all()
    assert (befores == np.stack([cache.h_prev for cache in caches], axis=1)).all()


@given(**runs)
@examples(100)
def test_stateless_is_each_window_alone(time: int, window: int, seed: int) -> None:
    x, h0, w = draw(time, seed)
    hs, _ = windows.forward(x, h0, w, TANH, window, None)
    zero = np.zeros_like(h0)
    for first in range(0, time, window):
        alone, _ = rnn.forward(x[:, first : first + window], h0 if first == 0 else zero, w, TANH)
        assert (hs[:, first : first + window] == alone).all()


@given(**runs)
@examples(100)
def test_rows_that_change_places_take_their_states_along(time: int, window: int, seed: int) -> None:
    x, h0, w = draw(time, seed)
    hs, _ = windows.forward(x, h0, w, TANH, window, (1, 0))
    # A state that moves to the other row at each cut has read every other window of the other row.
    swapped = np.arange(time) // window % 2 == 1
    woven = np.where(swapped[None, :, None], x[::-1], x)
    followed, _ = windows.forward(woven, h0, w, TANH, window, (0, 1))
    np.testing.assert_allclose(np.where(swapped[None, :, None], followed[::-1], followed), hs, rtol=1e-12)


def test_a_state_that_overflowed_is_dropped_at_a_stateless_cut() -> None:
    w = rnn.RNNWeights(np.ones((1, 1)), np.full((1, 1), 1e200), np.zeros(1))
    hs, _ = windows.forward(np.ones((1, 8, 1)), np.zeros((1, 1)), w, LINEAR, 4, None)
    assert hs[0, :, 0].tolist() == [1.0, 1e200, np.inf, np.inf] * 2


def test_a_window_of_no_step_is_refused() -> None:
    x, h0, w = draw(3, 0)
    with pytest.raises(ValueError, match=r"^window is 0; wanted at least 1\.$"):
        windows.forward(x, h0, w, TANH, 0, None)
