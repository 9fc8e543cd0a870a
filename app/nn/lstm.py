"""Long short-term memory: a gated, additive cell state c beside the hidden state h.

    i, f, o = σ(a_i), σ(a_f), σ(a_o)   g = tanh(a_g)   where [a_i a_f a_g a_o] = x_t W_xh + h_{t−1} W_hh + b
    c_t = f c_{t−1} + i g              h_t = o tanh(c_t)

Source: Hochreiter & Schmidhuber, "Long short-term memory", 1997; the forget gate f, Gers, Schmidhuber & Cummins,
"Learning to forget", 2000. No peepholes.
Convention: the four blocks of h columns stand in the order i, f, g, o, as in PyTorch (whose matrices are the transposes
of these) and Keras (which stores them as here and calls the third c). One bias: the sum of PyTorch's two.
Letters and errors as in rnn.py; a state is the pair (h, c), and so is its gradient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.nn.activations import sigmoid
from app.nn.shapes import Array, LayerSizes, blocks, diag, expect, overflow_is_a_result, steps_as_batch

GATES = ("i", "f", "g", "o")


class State(NamedTuple):
    """What an LSTM carries from step to step. Over a whole run each has a time axis: (batch, time, h).

    Shapes: h (batch, h), c (batch, h)
    """

    h: Array
    c: Array


@dataclass(frozen=True)
class LSTMWeights(LayerSizes):
    """The weights of one layer, or the gradients of a loss with respect to them. Columns in blocks i, f, g, o.

    Shapes: W_xh (n, 4h), W_hh (h, 4h), b (4h)
    """

    W_xh: Array
    W_hh: Array
    b: Array

    def __post_init__(self) -> None:
        expect("W_hh", self.W_hh, (*self.draws, "h", "4h"))
        h = self.W_hh.shape[-2]
        expect("W_hh", self.W_hh, (*self.draws, h, 4 * h))
        expect("W_xh", self.W_xh, (*self.draws, "n", 4 * h))
        expect("b", self.b, (*self.draws, 4 * h))

    def columns(self, gate: str) -> slice:
        """The columns of a gate's block: b[w.columns("f")] is the forget bias."""
        first = GATES.index(gate) * self.h
        return slice(first, first + self.h)


@dataclass(frozen=True)
class Cache:
    """What a step keeps for the backward pass: the state before, the gates, the new cell and its tanh.

    Shapes: x_t (batch, n), h_prev (batch, h), c_prev (batch, h), i (batch, h), f (batch, h), g (batch, h),
    o (batch, h), c_t (batch, h), tanh_c (batch, h)
    """

    x_t: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    c_t: Array
    tanh_c: Array
    w: LSTMWeights


@overflow_is_a_result
def step(x_t: Array, state: tuple[Array, Array], w: LSTMWeights) -> tuple[State, Cache]:
    """One time step from (h_{t−1}, c_{t−1}) to (h_t, c_t).

    Shapes: x_t (batch, n), state.h (batch, h), state.c (batch, h) → h_t (batch, h), c_t (batch, h)
    """
    h_prev, c_prev = state
    expect("x_t", x_t, (*w.draws, "batch", w.n))
    expect("state.h", h_prev, (*x_t.shape[:-1], w.h))
    expect("state.c", c_prev, (*x_t.shape[:-1], w.h))
    a = x_t @ w.W_xh + h_prev @ w.W_hh + w.b[..., None, :]
    i, f, _, o = blocks(sigmoid(a), 4)  # one call for all is quicker than three
    g = np.tanh(a[..., w.columns("g")])
    c_t = f * c_prev + i * g
    tanh_c = np.tanh(c_t)
    return State(o * tanh_c, c_t), Cache(x_t, h_prev, c_prev, i, f, g, o, c_t, tanh_c, w)


@overflow_is_a_result
def step_backward(dstate: tuple[Array, Array], cache: Cache) -> tuple[Array, State, LSTMWeights]:
    """Backward pass of one step. c_t receives two gradients, its own and h_t's through tanh; f carries both on.

    Shapes: dstate.h (batch, h), dstate.c (batch, h)
    → dx_t (batch, n), dh_prev (batch, h), dc_prev (batch, h), dW_xh (n, 4h), dW_hh (h, 4h), db (4h)
    """
    expect("dstate.h", dstate[0], cache.c_t.shape)
    expect("dstate.c", dstate[1], cache.c_t.shape)
    da, dstate_prev = _through_step(*dstate, cache)
    return da @ cache.w.W_xh.mT, dstate_prev, _weight_gradients(cache.x_t, cache.h_prev, da)


def _through_step(dh_t: Array, dc_t: Array, cache: Cache) -> tuple[Array, State]:
    i, f, g, o, tanh_c = cache.i, cache.f, cache.g, cache.o, cache.tanh_c
    dc = dc_t + dh_t * o * (1 - tanh_c**2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * cache.c_prev * f * (1 - f)
    da_g = dc * i * (1 - g**2)
    da_o = dh_t * tanh_c * o * (1 - o)
    da = np.concatenate((da_i, da_f, da_g, da_o), axis=-1)
    return da, State(da @ cache.w.W_hh.mT, dc * f)


def _weight_gradients(x: Array, h_prev: Array, da: Array) -> LSTMWeights:
    return LSTMWeights(W_xh=x.mT @ da, W_hh=h_prev.mT @ da, b=da.sum(axis=-2))


@overflow_is_a_result
def step_jacobian(cache: Cache) -> Array:
    """∂(h_t, c_t)/∂(h_{t−1}, c_{t−1}): four blocks of (h, h), rows and columns h first, then c.

    The block ∂c_t/∂c_{t−1} is diag(f): the direct path along the cell, which no weight matrix multiplies.

    Shapes: cache → jacobian (batch, 2h, 2h)
    """
    i, f, g, o, tanh_c = cache.i, cache.f, cache.g, cache.o, cache.tanh_c
    W_i, W_f, W_g, W_o = (block.mT[..., None, :, :] for block in blocks(cache.w.W_hh, 4))

    eye = np.eye(cache.w.h)
    dc_dh = diag(g * i * (1 - i)) * W_i + diag(cache.c_prev * f * (1 - f)) * W_f + diag(i * (1 - g**2)) * W_g
    dc_dc = diag(f) * eye
    show = diag(o * (1 - tanh_c**2))  # ∂h_t/∂c_t
    dh_dh = show * dc_dh + diag(tanh_c * o * (1 - o)) * W_o
    return np.block([[dh_dh, show * dc_dc], [dc_dh, dc_dc]])


@overflow_is_a_result
def forward(x: Array, state0: tuple[Array, Array], w: LSTMWeights) -> tuple[State, list[Cache]]:
    """The loop over time: the same weights at every step.

    Shapes: x (batch, time, n), state0.h (batch, h), state0.c (batch, h) → hs (batch, time, h), cs (batch, time, h)
    """
    expect("x", x, (*w.draws, "batch", "time", w.n))
    *batch, time, _ = x.shape
    expect("state0.h", state0[0], (*batch, w.h))
    expect("state0.c", state0[1], (*batch, w.h))
    states, caches, state = State(np.empty((*batch, time, w.h)), np.empty((*batch, time, w.h))), [], State(*state0)
    for t in range(time):
        state, cache = step(x[..., t, :], state, w)
        states.h[..., t, :], states.c[..., t, :] = state
        caches.append(cache)
    return states, caches


@overflow_is_a_result
def backward(dstates: tuple[Array, Array], caches: Sequence[Cache]) -> tuple[Array, State, LSTMWeights]:
    """Backpropagation through time. dstates is what the loss at each step alone sends into h_t and c_t.

    Shapes: dstates.h (batch, time, h), dstates.c (batch, time, h)
    → dx (batch, time, n), dh0 (batch, h), dc0 (batch, h), dW_xh (n, 4h), dW_hh (h, 4h), db (4h)
    """
    (*batch, h), time, w = caches[0].c_t.shape, len(caches), caches[0].w
    dhs, dcs = dstates
    expect("dstates.h", dhs, (*batch, time, h))
    expect("dstates.c", dcs, (*batch, time, h))
    da, dstate = np.empty((time, *batch, 4 * h)), State(np.zeros((*batch, h)), np.zeros((*batch, h)))
    for t in reversed(range(time)):
        da[t], dstate = _through_step(dhs[..., t, :] + dstate.h, dcs[..., t, :] + dstate.c, caches[t])
    # One product over all steps and sequences is the sum of the steps' products.
    x, h_prev = np.concatenate([k.x_t for k in caches], axis=-2), np.concatenate([k.h_prev for k in caches], axis=-2)
    return np.moveaxis(da @ w.W_xh.mT, 0, -2), dstate, _weight_gradients(x, h_prev, steps_as_batch(da))
