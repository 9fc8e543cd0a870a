"""A long series split into windows, and what happens to the state between them.

Source: Keras, RNN layers: with stateful=True "the last state for each sample at index i in a batch will be used as
initial state for the sample of index i in the following batch".
Letters and errors as in rnn.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.nn import rnn
from app.nn.activations import Activation
from app.nn.shapes import Array, expect


class Windows(NamedTuple):
    """A run over windows: each step's state, and the state before it.

    Shapes: hs (batch, time, h), befores (batch, time, h)
    """

    hs: Array
    befores: Array


def forward(
    x: Array, h0: Array, w: rnn.RNNWeights, phi: Activation, window: int, inherits: Sequence[int] | None
) -> Windows:
    """Window after window. Row i starts from the last state of row `inherits[i]` in the window before.

    In a stateful layer each row inherits from itself; in a stateless one `inherits` is None, and each window starts
    at 0. The last window may be shorter.

    Shapes: x (batch, time, n), h0 (batch, h) → hs (batch, time, h), befores (batch, time, h)
    """
    expect("x", x, ("batch", "time", w.n))
    if window < 1:
        raise ValueError(f"window is {window}; wanted at least 1.")
    hs, befores, start = [], [], h0
    for first in range(0, x.shape[1], window):
        run, _ = rnn.forward(x[:, first : first + window], start, w, phi)
        hs.append(run)
        befores.append(np.concatenate((start[:, None], run[:, :-1]), axis=1))
        start = np.zeros_like(h0) if inherits is None else run[list(inherits), -1]
    return Windows(np.concatenate(hs, axis=1), np.concatenate(befores, axis=1))
