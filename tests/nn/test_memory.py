"""Bytes against those of NumPy's own arrays."""

import numpy as np
import pytest

from app.nn import memory


def test_states_are_as_large_as_numpys() -> None:
    for cell, carried in (("rnn", 1), ("lstm", 2), ("gru", 1)):
        states = np.zeros((carried, 3, 5, 7), np.float32)
        assert memory.state(cell, batch=5, layers=3, h=7) == states.nbytes  # type: ignore[arg-type]
        assert memory.kept(cell, 5, 11, 3 * 7, "float16") == 11 * states.astype(np.float16).nbytes  # type: ignore[arg-type]


def test_a_cache_grows_with_the_text_and_a_state_does_not() -> None:
    keys = np.zeros((2, 3, 11, 4, 16), np.float16)
    assert memory.kv_cache(batch=2, time=11, layers=3, width=4 * 16) == 2 * keys.nbytes
    assert (
        memory.kv_cache(1, 4096, 32, 32 * 128) == 2 * 1024**3
    )  # an often quoted 2 GiB: 7 billion weights, 4,096 tokens


def test_an_axis_below_1_is_named() -> None:
    with pytest.raises(ValueError, match=r"axes are \(3, 0\); wanted a size of at least 1 each\."):
        memory.size(3, 0)
