"""Dropout on the recurrent path: a new mask at every step, or one for the whole sequence.

    h_t = φ(x_t W_xh + (m_t h_{t−1}) W_hh)          m is 0 with probability p, else 1 / (1 − p), so that E[m] = 1

Source: Srivastava et al., "Dropout", 2014; one mask for all steps, Gal & Ghahramani, "A theoretically grounded
application of dropout in recurrent neural networks", 2016.
"""

from typing import Literal

import numpy as np

from app.nn.shapes import Array

Kind = Literal["none", "each", "one"]


def masks(rng: np.random.Generator, kind: Kind, p: float, time: int, batch: int, h: int) -> Array:
    """The mask of every step: all 1 for "none", a new draw for "each" step, or "one" draw for all steps.

    Shapes: rng, kind, p, time, batch, h → m (time, batch, h)
    """
    if kind == "none" or p == 0:
        return np.ones((time, batch, h))
    drawn = np.where(rng.random((time if kind == "each" else 1, batch, h)) < p, 0.0, 1.0 / (1.0 - p))
    return np.broadcast_to(drawn, (time, batch, h))


def passed_on(m: Array) -> Array:
    """The share of units that no mask has dropped up to each step, so that their memory survives.

    Shapes: m (time, batch, h) → share (time)
    """
    share: Array = np.logical_and.accumulate(m > 0, axis=0).mean(axis=(1, 2))
    return share
