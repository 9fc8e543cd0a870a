"""Two plain RNNs over the same sequence, one from each end; their two states are concatenated at each position.

    →h_t = φ(x_t →W_xh + →h_{t−1} →W_hh + →b)     ←h_t = φ(x_t ←W_xh + ←h_{t+1} ←W_hh + ←b)     h_t = [→h_t ; ←h_t]

Source: Schuster & Paliwal, "Bidirectional recurrent neural networks", 1997.
Convention: states are concatenated as in PyTorch and Keras (merge_mode="concat"), forward first, each at its own
position: the backward layer's output is reversed again. Letters and errors as in rnn.py.
"""

from dataclasses import dataclass

import numpy as np

from app.nn import rnn
from app.nn.activations import Activation
from app.nn.shapes import Array, expect


@dataclass(frozen=True)
class BidirectionalWeights:
    """The weights of both directions, which share no weights; or the gradients of a loss with respect to them."""

    forward: rnn.RNNWeights
    backward: rnn.RNNWeights

    def __post_init__(self) -> None:
        expect("backward.W_xh", self.backward.W_xh, (self.forward.n, "h"))


@dataclass(frozen=True)
class Caches:
    """The caches of both runs, each in the order in which it read."""

    forward: list[rnn.Cache]
    backward: list[rnn.Cache]


def forward(x: Array, h0: tuple[Array, Array], w: BidirectionalWeights, phi: Activation) -> tuple[Array, Caches]:
    """Both runs, concatenated position by position. h0 holds the initial states: before x_1 and after x_T.

    Shapes: x (batch, time, n), h0[0] (batch, h), h0[1] (batch, k) → hs (batch, time, h+k)
    """
    left, left_caches = rnn.forward(x, h0[0], w.forward, phi)
    right, right_caches = rnn.forward(x[:, ::-1], h0[1], w.backward, phi)
    return np.concatenate((left, right[:, ::-1]), axis=2), Caches(left_caches, right_caches)


def backward(dhs: Array, caches: Caches) -> tuple[Array, tuple[Array, Array], BidirectionalWeights]:
    """Backward pass: each run gets its half of dhs, and the two gradients are added only at x.

    Shapes: dhs (batch, time, h+k) → dx (batch, time, n), dh0[0] (batch, h), dh0[1] (batch, k), dw
    """
    (batch, h), k = caches.forward[0].h_t.shape, caches.backward[0].h_t.shape[1]
    expect("dhs", dhs, (batch, len(caches.forward), h + k))
    dx_left, dh0_left, dw_left = rnn.backward(dhs[:, :, :h], caches.forward)
    dx_right, dh0_right, dw_right = rnn.backward(dhs[:, ::-1, h:], caches.backward)
    return dx_left + dx_right[:, ::-1], (dh0_left, dh0_right), BidirectionalWeights(dw_left, dw_right)
