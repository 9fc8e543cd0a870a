"""A plain RNN over a padded batch: where the mask is 0, the state is passed on unchanged.

    ĥ_t = φ(x_t W_xh + h_{t−1} W_hh + b)      h_t = m_t ĥ_t + (1 − m_t) h_{t−1}

Source: Keras, "Masking and padding": how its layers treat masked steps.
Convention: the mask m is 1 at real steps and 0 at padding. Letters and errors as in rnn.py.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from app.nn import rnn
from app.nn.activations import Activation
from app.nn.shapes import Array, expect, overflow_is_a_result


def pad(sequences: Sequence[Sequence[float]], side: Literal["pre", "post"], value: float) -> tuple[Array, Array]:
    """Sequences of one feature, padded before or after to the longest, and the mask of the real steps.

    Shapes: → x (batch, time, 1), mask (batch, time)
    """
    longest = max(map(len, sequences))
    x, mask = np.full((len(sequences), longest, 1), float(value)), np.zeros((len(sequences), longest))
    for row, sequence in enumerate(sequences):
        real = slice(0, len(sequence)) if side == "post" else slice(longest - len(sequence), longest)
        x[row, real, 0], mask[row, real] = sequence, 1.0
    return x, mask


@overflow_is_a_result
def forward(x: Array, mask: Array, h0: Array, w: rnn.RNNWeights, phi: Activation) -> tuple[Array, list[rnn.Cache]]:
    """The loop over time. A cache holds ĥ_t, the cell's output for the step, used or not.

    Shapes: x (batch, time, n), mask (batch, time), h0 (batch, h) → hs (batch, time, h)
    """
    expect("x", x, ("batch", "time", w.n))
    batch, time, _ = x.shape
    expect("mask", mask, (batch, time))
    expect("h0", h0, (batch, w.h))
    hs, caches, h_t = np.empty((batch, time, w.h)), [], h0
    for t in range(time):
        made, cache = rnn.step(x[:, t], h_t, w, phi)
        h_t = np.where(mask[:, t, None] == 1, made, h_t)  # chosen, not multiplied: 0 · ∞ would be NaN
        hs[:, t] = h_t
        caches.append(cache)
    return hs, caches


@overflow_is_a_result
def backward(dhs: Array, mask: Array, caches: Sequence[rnn.Cache]) -> tuple[Array, Array, rnn.RNNWeights]:
    """Backpropagation through time. At a masked step the whole gradient passes to h_{t−1}, and the weights get none.

    Shapes: dhs (batch, time, h), mask (batch, time)
    → dx (batch, time, n), dh0 (batch, h), dW_xh (n, h), dW_hh (h, h), db (h)
    """
    (batch, h), time, w = caches[0].h_t.shape, len(caches), caches[0].w
    expect("dhs", dhs, (batch, time, h))
    expect("mask", mask, (batch, time))
    dx, dh = np.empty((batch, time, w.n)), np.zeros((batch, h))
    dw = rnn.RNNWeights(np.zeros_like(w.W_xh), np.zeros_like(w.W_hh), np.zeros_like(w.b))
    for t in reversed(range(time)):
        real, dh = mask[:, t, None], dhs[:, t] + dh
        dx[:, t], dh_made, step = rnn.step_backward(real * dh, caches[t])
        dh = dh_made + (1 - real) * dh
        dw = rnn.RNNWeights(dw.W_xh + step.W_xh, dw.W_hh + step.W_hh, dw.b + step.b)
    return dx, dh, dw
