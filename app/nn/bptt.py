"""Backpropagation through time, step by step: the error δ_t, each step's share of the gradient, truncation after k.

    δ_t = (g_t + δ_{t+1} W_hhᵀ) φ′(z_t),   δ_{T+1} = 0         g_t = ∂L_t/∂h_t, from the loss at step t alone
    ∂L/∂W_hh = Σ_t h_{t−1}ᵀ δ_t            ∂L/∂W_xh = Σ_t x_tᵀ δ_t            ∂L/∂b = Σ_t δ_t

Source: Werbos, "Backpropagation through time", 1990; truncated, Williams & Peng, "An efficient gradient-based algorithm
for on-line training of recurrent network trajectories", 1990.
Truncated, the sequence is cut into pieces of k steps, counted from the end: δ stops at the start of a piece, while the
state carries on, as in a training loop that detaches it every k steps. rnn.backward is the full version, and faster.
"""

from collections.abc import Sequence

import numpy as np

from app.nn.rnn import Cache
from app.nn.shapes import Array, expect, overflow_is_a_result


def piece_starts(time: int, k: int) -> list[bool]:
    """For t = 0 … time−1, True if a piece of k steps starts there. Only the first piece may be shorter."""
    return [t == 0 or (time - t) % k == 0 for t in range(time)]


@overflow_is_a_result
def deltas(dhs: Array, caches: Sequence[Cache], k: int) -> Array:
    """The error δ_t = ∂L/∂z_t at every step, followed back to the start of its piece; k = T is the full sequence.

    Shapes: dhs (batch, time, h) → delta (batch, time, h)
    """
    (batch, h), time, w = caches[0].h_t.shape, len(caches), caches[0].w
    expect("dhs", dhs, (batch, time, h))
    delta, from_later, starts = np.empty((batch, time, h)), np.zeros((batch, h)), piece_starts(time, k)
    for t in reversed(range(time)):
        delta[:, t] = (dhs[:, t] + from_later) * caches[t].phi.slope(caches[t].h_t)
        from_later = np.zeros((batch, h)) if starts[t] else delta[:, t] @ w.W_hh.T
    return delta


@overflow_is_a_result
def shares(delta: Array, caches: Sequence[Cache]) -> tuple[Array, Array, Array]:
    """Each step's contribution to the gradients of the shared weights; summed over time they are the gradients.

    Shapes: delta (batch, time, h) → share_W_xh (time, n, h), share_W_hh (time, h, h), share_b (time, h)
    """
    expect("delta", delta, (caches[0].h_t.shape[0], len(caches), caches[0].w.h))
    xs, before = (np.stack([getattr(c, name) for c in caches]) for name in ("x_t", "h_prev"))
    by_time = delta.swapaxes(0, 1)
    return xs.swapaxes(1, 2) @ by_time, before.swapaxes(1, 2) @ by_time, by_time.sum(axis=1)
