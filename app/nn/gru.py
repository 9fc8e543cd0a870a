"""The gated recurrent unit: one state h, an update gate z and a reset gate r, a candidate n.

    z = σ(a_z)   r = σ(a_r)   where [a_z a_r] are the first two blocks of x_t W_xh + b + h_{t−1} W_hh (+ b_hh)
    n = tanh(x_t W_xn + b_n + (r h_{t−1}) W_hn)           reset before the product: b_hh is None
    n = tanh(x_t W_xn + b_n + r (h_{t−1} W_hn + b_hn))    reset after the product: b_hh, a second bias
    h_t = (1 − z) n + z h_{t−1}

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014 (reset before); reset after is
cuDNN's form, hence PyTorch's and the default of Keras (reset_after=True).
Convention: z keeps, as in Cho, Keras and PyTorch. Chung et al., "Empirical evaluation of gated recurrent neural
networks", 2014, write h_t = z n + (1 − z) h_{t−1}, where z renews: `other_convention` converts weights from one to the
other. The blocks of h columns are in the order z, r, n, as in Keras (PyTorch has r, z, n, transposed).
Letters and errors as in rnn.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.nn.activations import sigmoid
from app.nn.shapes import Array, LayerSizes, blocks, diag, expect, overflow_is_a_result, steps_as_batch

GATES = ("z", "r", "n")


@dataclass(frozen=True)
class GRUWeights(LayerSizes):
    """The weights of one layer, or the gradients of a loss with respect to them. Columns in blocks z, r, n.

    With b_hh, the bias on the state's side, the reset comes after the product; without it (None), before.

    Shapes: W_xh (n, 3h), W_hh (h, 3h), b (3h), b_hh (3h)
    """

    W_xh: Array
    W_hh: Array
    b: Array
    b_hh: Array | None = None

    def __post_init__(self) -> None:
        expect("W_hh", self.W_hh, (*self.draws, "h", "3h"))
        h = self.W_hh.shape[-2]
        expect("W_hh", self.W_hh, (*self.draws, h, 3 * h))
        expect("W_xh", self.W_xh, (*self.draws, "n", 3 * h))
        expect("b", self.b, (*self.draws, 3 * h))
        if self.b_hh is not None:
            expect("b_hh", self.b_hh, (*self.draws, 3 * h))

    @property
    def reset_after(self) -> bool:
        """True if r acts after the product h_{t−1} W_hn: then the state's side has a bias of its own."""
        return self.b_hh is not None

    def columns(self, gate: str) -> slice:
        """The columns of a gate's block: b[w.columns("z")] is the update bias."""
        first = GATES.index(gate) * self.h
        return slice(first, first + self.h)


def other_convention(w: GRUWeights) -> GRUWeights:
    """The weights with which h_t = z n + (1 − z) h_{t−1} computes the same. As σ(−a) = 1 − σ(a), block z is negated."""
    sign = np.ones(3 * w.h)
    sign[w.columns("z")] = -1.0
    return GRUWeights(w.W_xh * sign, w.W_hh * sign, w.b * sign, None if w.b_hh is None else w.b_hh * sign)


@dataclass(frozen=True)
class Cache:
    """What a step keeps for the backward pass. `m` is W_hn's product with h_prev, or with r h_prev.

    Shapes: x_t (batch, n), h_prev (batch, h), z (batch, h), r (batch, h), m (batch, h), n (batch, h), h_t (batch, h)
    """

    x_t: Array
    h_prev: Array
    z: Array
    r: Array
    m: Array
    n: Array
    h_t: Array
    w: GRUWeights


@overflow_is_a_result
def step(x_t: Array, h_prev: Array, w: GRUWeights) -> tuple[Array, Cache]:
    """One time step from h_{t−1} to h_t.

    Shapes: x_t (batch, n), h_prev (batch, h) → h_t (batch, h)
    """
    expect("x_t", x_t, (*w.draws, "batch", w.n))
    expect("h_prev", h_prev, (*x_t.shape[:-1], w.h))
    gates, candidate = slice(0, 2 * w.h), w.columns("n")
    a_x = x_t @ w.W_xh + w.b[..., None, :]
    if w.b_hh is not None:
        a_h = h_prev @ w.W_hh + w.b_hh[..., None, :]
        z, r = blocks(sigmoid(a_x[..., gates] + a_h[..., gates]), 2)
        m = a_h[..., candidate]
        n = np.tanh(a_x[..., candidate] + r * m)
    else:
        z, r = blocks(sigmoid(a_x[..., gates] + h_prev @ w.W_hh[..., gates]), 2)
        m = (r * h_prev) @ w.W_hh[..., candidate]
        n = np.tanh(a_x[..., candidate] + m)
    h_t = (1 - z) * n + z * h_prev
    return h_t, Cache(x_t, h_prev, z, r, m, n, h_t, w)


@overflow_is_a_result
def step_backward(dh_t: Array, cache: Cache) -> tuple[Array, Array, GRUWeights]:
    """Backward pass of one step. z passes its share of dh_t straight to h_{t−1}; the rest goes through the gates.

    Shapes: dh_t (batch, h)
    → dx_t (batch, n), dh_prev (batch, h), dW_xh (n, 3h), dW_hh (h, 3h), db (3h), db_hh (3h)
    """
    expect("dh_t", dh_t, cache.h_t.shape)
    da_x, da_h, dh_prev = _through_step(dh_t, cache)
    return da_x @ cache.w.W_xh.mT, dh_prev, _weight_gradients([cache], da_x, da_h)


def _through_step(dh_t: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Gradients of the products x_t W_xh and h_{t−1} W_hh, which differ where r comes between them, and dh_prev."""
    h_prev, z, r, n = cache.h_prev, cache.z, cache.r, cache.n
    W_hh, gates, candidate = cache.w.W_hh, slice(0, 2 * cache.w.h), cache.w.columns("n")
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    da_n = dh_t * (1 - z) * (1 - n**2)
    if cache.w.reset_after:
        da_r = da_n * cache.m * r * (1 - r)
        da_h = np.concatenate((da_z, da_r, da_n * r), axis=-1)
        dh_prev = dh_t * z + da_h @ W_hh.mT
    else:
        drh = da_n @ W_hh[..., candidate].mT  # gradient of r h_prev
        da_r = drh * h_prev * r * (1 - r)
        da_h = np.concatenate((da_z, da_r, da_n), axis=-1)
        dh_prev = dh_t * z + drh * r + da_h[..., gates] @ W_hh[..., gates].mT
    return np.concatenate((da_z, da_r, da_n), axis=-1), da_h, dh_prev


def _weight_gradients(caches: Sequence[Cache], da_x: Array, da_h: Array) -> GRUWeights:
    w, x = caches[0].w, np.concatenate([k.x_t for k in caches], axis=-2)
    h_prev = np.concatenate([k.h_prev for k in caches], axis=-2)
    if w.reset_after:
        return GRUWeights(x.mT @ da_x, h_prev.mT @ da_h, da_x.sum(axis=-2), da_h.sum(axis=-2))
    rh = np.concatenate([k.r for k in caches], axis=-2) * h_prev
    gates, candidate = slice(0, 2 * w.h), w.columns("n")
    dW_hh = np.concatenate((h_prev.mT @ da_h[..., gates], rh.mT @ da_h[..., candidate]), axis=-1)
    return GRUWeights(x.mT @ da_x, dW_hh, da_x.sum(axis=-2))


@overflow_is_a_result
def step_jacobian(cache: Cache) -> Array:
    """∂h_t/∂h_{t−1}: the direct path diag(z), plus the paths through the candidate and through the two gates.

    Shapes: cache → jacobian (batch, h, h)
    """
    h_prev, z, r, n = cache.h_prev, cache.z, cache.r, cache.n
    W_z, W_r, W_n = (block.mT[..., None, :, :] for block in blocks(cache.w.W_hh, 3))

    eye, dr = np.eye(cache.w.h), r * (1 - r)
    if cache.w.reset_after:
        by_candidate = diag(r) * W_n + diag(cache.m * dr) * W_r
    else:
        by_candidate = W_n @ (diag(r) * eye + diag(h_prev * dr) * W_r)
    by_update = diag((h_prev - n) * z * (1 - z)) * W_z
    jacobian: Array = diag(z) * eye + diag((1 - z) * (1 - n**2)) * by_candidate + by_update
    return jacobian


@overflow_is_a_result
def forward(x: Array, h0: Array, w: GRUWeights) -> tuple[Array, list[Cache]]:
    """The loop over time: the same weights at every step. hs[:, t] is the state after x[:, t].

    Shapes: x (batch, time, n), h0 (batch, h) → hs (batch, time, h)
    """
    expect("x", x, (*w.draws, "batch", "time", w.n))
    *batch, time, _ = x.shape
    expect("h0", h0, (*batch, w.h))
    hs, caches, h_t = np.empty((*batch, time, w.h)), [], h0
    for t in range(time):
        h_t, cache = step(x[..., t, :], h_t, w)
        hs[..., t, :] = h_t
        caches.append(cache)
    return hs, caches


@overflow_is_a_result
def backward(dhs: Array, caches: Sequence[Cache]) -> tuple[Array, Array, GRUWeights]:
    """Backpropagation through time. dhs[:, t] is what the loss at step t alone sends into h_t.

    Shapes: dhs (batch, time, h)
    → dx (batch, time, n), dh0 (batch, h), dW_xh (n, 3h), dW_hh (h, 3h), db (3h), db_hh (3h)
    """
    (*batch, h), time, w = caches[0].h_t.shape, len(caches), caches[0].w
    expect("dhs", dhs, (*batch, time, h))
    da_x, da_h, dh = np.empty((time, *batch, 3 * h)), np.empty((time, *batch, 3 * h)), np.zeros((*batch, h))
    for t in reversed(range(time)):
        da_x[t], da_h[t], dh = _through_step(dhs[..., t, :] + dh, caches[t])
    dw = _weight_gradients(caches, steps_as_batch(da_x), steps_as_batch(da_h))
    return np.moveaxis(da_x @ w.W_xh.mT, 0, -2), dh, dw
