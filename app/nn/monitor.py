"""A forecaster in production and its monitor: smoothed inputs, a readout, a rolling error, an alarm.

Source: exponential smoothing as a linear recurrence, Holt, 1957; watching the error of a model in use, Gama et al., "A
survey on concept drift adaptation", 2014.
Letters: f smoothed copies of the input.
"""

import numpy as np

from app.nn import rnn
from app.nn.activations import LINEAR
from app.nn.shapes import Array, expect


def smoothed(u: Array, keeps: Array) -> Array:
    """Exponential smoothing at several rates, h_t = λ h_{t−1} + (1 − λ) u_t: a linear RNN whose units do not mix.

    Shapes: u (time), keeps λ (f) → h (time, f)
    """
    w = rnn.RNNWeights((1.0 - keeps)[None, :], np.diag(keeps), np.zeros(len(keeps)))
    hs, _ = rnn.forward(u[None, :, None], np.zeros((1, w.h)), w, LINEAR)
    states: Array = hs[0]
    return states


def rolling_mean(x: Array, window: int) -> Array:
    """The mean of each value and the `window` − 1 before it.

    Shapes: x (time) → means (time − window + 1)
    """
    expect("x", x, ("time",))
    if not 1 <= window <= len(x):
        raise ValueError(f"window is {window}; wanted 1 to {len(x)}, the length of x.")
    means: Array = np.lib.stride_tricks.sliding_window_view(x, window).mean(axis=1)
    return means


def first_above(x: Array, limit: float) -> int | None:
    """The first position where x is above the limit; None if it never is.

    Shapes: x (time) → position
    """
    above = np.flatnonzero(x > limit)
    return int(above[0]) if above.size else None
