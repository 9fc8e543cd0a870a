"""The plain recurrent network: h_t = φ(x_t W_xh + h_{t−1} W_hh + b), forward and backward.

Source: Elman, "Finding structure in time", 1990; backward, Werbos, "Backpropagation through time", 1990.
Convention: states are rows, batch first, so a product is row times matrix. PyTorch's weight_ih and weight_hh are the
transposes of these matrices, and b is the sum of its two biases; Keras stores them as here.
Letters: n inputs, h units. A gradient dx of a loss L is ∂L/∂x and has the shape of x. A wrong shape is a ValueError.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.nn.activations import Activation
from app.nn.shapes import Array, LayerSizes, diag, expect, overflow_is_a_result, steps_as_batch


@dataclass(frozen=True)
class RNNWeights(LayerSizes):
    """The weights of one layer, or the gradients of a loss with respect to them.

    Shapes: W_xh (n, h), W_hh (h, h), b (h)
    """

    W_xh: Array
    W_hh: Array
    b: Array

    def __post_init__(self) -> None:
        draws, h = self.W_xh.shape[:-2][:1], self.W_xh.shape[-1]
        expect("W_xh", self.W_xh, (*draws, "n", "h"))
        expect("W_hh", self.W_hh, (*draws, h, h))
        expect("b", self.b, (*draws, h))


@dataclass(frozen=True)
class Cache:
    """What a step keeps: all that the backward pass, and a reader who wants to look inside, needs.

    Shapes: x_t (batch, n), h_prev (batch, h), z (batch, h), h_t (batch, h)
    """

    x_t: Array
    h_prev: Array
    z: Array
    h_t: Array
    w: RNNWeights
    phi: Activation


@overflow_is_a_result
def step(x_t: Array, h_prev: Array, w: RNNWeights, phi: Activation) -> tuple[Array, Cache]:
    """One time step: z_t = x_t W_xh + h_{t−1} W_hh + b, then h_t = φ(z_t).

    Shapes: x_t (batch, n), h_prev (batch, h) → h_t (batch, h)
    """
    expect("x_t", x_t, (*w.draws, "batch", w.n))
    expect("h_prev", h_prev, (*x_t.shape[:-1], w.h))
    z = x_t @ w.W_xh + h_prev @ w.W_hh + w.b[..., None, :]
    h_t = phi.f(z)
    return h_t, Cache(x_t, h_prev, z, h_t, w, phi)


@overflow_is_a_result
def step_backward(dh_t: Array, cache: Cache) -> tuple[Array, Array, RNNWeights]:
    """Backward pass of one step: dz_t = dh_t φ′(z_t), and every gradient is one product with dz_t.

    Shapes: dh_t (batch, h) → dx_t (batch, n), dh_prev (batch, h), dW_xh (n, h), dW_hh (h, h), db (h)
    """
    expect("dh_t", dh_t, cache.h_t.shape)
    dz, dh_prev = _through_step(dh_t, cache)
    return dz @ cache.w.W_xh.mT, dh_prev, _weight_gradients(cache.x_t, cache.h_prev, dz)


def _through_step(dh_t: Array, cache: Cache) -> tuple[Array, Array]:
    dz = dh_t * cache.phi.slope(cache.h_t)
    return dz, dz @ cache.w.W_hh.mT


def _weight_gradients(x: Array, h_prev: Array, dz: Array) -> RNNWeights:
    return RNNWeights(W_xh=x.mT @ dz, W_hh=h_prev.mT @ dz, b=dz.sum(axis=-2))


@overflow_is_a_result
def step_jacobian(cache: Cache) -> Array:
    """∂h_t/∂h_{t−1} = diag(φ′(z_t)) W_hhᵀ: row i, column j is how unit i now depends on unit j one step before.

    Shapes: cache → jacobian (batch, h, h)
    """
    return diag(cache.phi.slope(cache.h_t)) * cache.w.W_hh.mT[..., None, :, :]


@overflow_is_a_result
def forward(x: Array, h0: Array, w: RNNWeights, phi: Activation) -> tuple[Array, list[Cache]]:
    """The loop over time: the same weights at every step. hs[:, t] is the state after x[:, t].

    Shapes: x (batch, time, n), h0 (batch, h) → hs (batch, time, h)
    """
    n, h = w.n, w.h
    expect("x", x, (*w.draws, "batch", "time", n))
    *batch, time, _ = x.shape
    expect("h0", h0, (*batch, h))
    hs, caches, h_t = np.empty((*batch, time, h)), [], h0
    W_xh, W_hh, b = w.W_xh, w.W_hh, w.b[..., None, :]
    for t in range(time):  # as `step` does, without its checks, which would take half of the time
        x_t, h_prev = x[..., t, :], h_t
        z = x_t @ W_xh + h_prev @ W_hh + b
        hs[..., t, :] = h_t = phi.f(z)
        caches.append(Cache(x_t, h_prev, z, h_t, w, phi))
    return hs, caches


@overflow_is_a_result
def backward(dhs: Array, caches: Sequence[Cache]) -> tuple[Array, Array, RNNWeights]:
    """Backpropagation through time. dhs[:, t] is what the loss at step t alone sends into h_t.

    Each step adds the gradient that comes back from the next step; the shared weights' gradients sum over all steps.

    Shapes: dhs (batch, time, h) → dx (batch, time, n), dh0 (batch, h), dW_xh (n, h), dW_hh (h, h), db (h)
    """
    (*batch, h), time, w = caches[0].h_t.shape, len(caches), caches[0].w
    expect("dhs", dhs, (*batch, time, h))
    dz, dh = np.empty((time, *batch, h)), np.zeros((*batch, h))
    for t in reversed(range(time)):
        dz[t], dh = _through_step(dhs[..., t, :] + dh, caches[t])
    # One product over all steps and sequences is the sum of the steps' products.
    x, h_prev = np.concatenate([c.x_t for c in caches], axis=-2), np.concatenate([c.h_prev for c in caches], axis=-2)
    return np.moveaxis(dz @ w.W_xh.mT, 0, -2), dh, _weight_gradients(x, h_prev, steps_as_batch(dz))
