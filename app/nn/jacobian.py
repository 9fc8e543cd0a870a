"""How a gradient changes on its way back through time: products of the steps' Jacobians, and their norms.

    ∂s_T/∂s_t = J_T J_{T−1} … J_{t+1},   J_k = ∂s_k/∂s_{k−1}

Source: Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", 2013; Hochreiter &
Schmidhuber, "Long short-term memory", 1997, for the path along the cell.
The state s is h (s = h) or, for the LSTM, h and c side by side (s = 2h), so that h's own block of a product is
product[..., :h, :h]. Time runs from t = 0, the initial state, to T; at t = T a product is the identity and its norm 1.
The norm is the spectral norm σ₁: no gradient grows by more. The small singular values of such a product are round-off
and mean nothing; read only σ₁ from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from app.nn import gru, lstm, rnn
from app.nn.activations import Activation
from app.nn.shapes import Array, expect, overflow_is_a_result

AnyCache = TypeVar("AnyCache", rnn.Cache, lstm.Cache, gru.Cache)


def jacobians(step_jacobian: Callable[[AnyCache], Array], caches: Sequence[AnyCache]) -> Array:
    """The Jacobian of every step of a run, from a cell's step_jacobian and the caches of its forward pass.

    Shapes: step_jacobian, caches → J (batch, time, s, s)
    """
    first, (*draws, batch, _) = caches[0], caches[0].x_t.shape
    # All steps as one large batch: one call, much faster, and the same numbers.
    side_by_side: dict[str, Any] = {
        name: np.concatenate([getattr(cache, name) for cache in caches], axis=-2)
        for name, value in vars(first).items()
        if isinstance(value, np.ndarray)
    }
    J = step_jacobian(replace(first, **side_by_side))
    return J.reshape(*draws, len(caches), batch, *J.shape[-2:]).swapaxes(-4, -3)


@overflow_is_a_result
def products(J: Array) -> Array:
    """∂s_T/∂s_t for t = 0 … T, multiplied from the last step back: each is the next one times one Jacobian.

    Shapes: J (batch, time, s, s) → products (batch, time+1, s, s)
    """
    expect("J", J, ("batch", "time", "s", "s"))
    batch, time, s, _ = J.shape
    expect("J", J, (batch, time, s, s))
    products = np.empty((batch, time + 1, s, s))
    products[:, time] = np.eye(s)
    for t in reversed(range(time)):
        products[:, t] = products[:, t + 1] @ J[:, t]
    return products


def spectral_norms(products: Array) -> Array:
    """The largest singular value of each matrix; inf for one that overflowed, nan for one that holds a nan.

    Shapes: products (batch, time, r, s) → norms (batch, time)
    """
    expect("products", products, ("batch", "time", "r", "s"))
    norms: Array = np.abs(products).max(axis=(2, 3))  # inf or nan where there is one, which LAPACK would refuse
    finite = np.isfinite(norms)
    norms[finite] = np.linalg.svd(products[finite], compute_uv=False)[:, 0]
    return norms


@overflow_is_a_result
def gradient_norms(ds_T: Array, J: Array) -> Array:
    """‖∂L/∂s_t‖ for t = 0 … T, from one vector carried back, as backpropagation does it: far cheaper than products.

    Shapes: ds_T (batch, s), J (batch, time, s, s) → norms (batch, time+1)
    """
    draws = J.shape[:-4][:1]
    expect("J", J, (*draws, "batch", "time", "s", "s"))
    *batch, time, s, _ = J.shape
    expect("J", J, (*batch, time, s, s))
    expect("ds_T", ds_T, (*batch, s))
    gradients = np.empty((time + 1, *batch, 1, s))
    gradients[time, ..., 0, :] = ds_T
    for t in reversed(range(time)):
        gradients[t] = gradients[t + 1] @ J[..., t, :, :]
    largest = np.abs(gradients).max(axis=-1, keepdims=True)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)  # so that squares neither over- nor underflow
    norms: Array = scale * np.linalg.norm(gradients / scale, axis=-1, keepdims=True)
    return np.moveaxis(norms[..., 0, 0], 0, -1)


@overflow_is_a_result
def rnn_bound(w: rnn.RNNWeights, phi: Activation, time: int) -> Array:
    """(γ σ₁(W_hh))^(T−t) for t = 0 … T, an upper bound of ‖∂h_T/∂h_t‖ for a plain RNN.

    Below 1, gradients must vanish; above 1, they may explode, but need not.

    Shapes: w, phi, time → bound (time+1)
    """
    factor = phi.gamma * spectral_norms(w.W_hh[None, None])[0, 0]
    bound: Array = np.power(factor, np.arange(time, -1, -1.0))
    return bound


def cell_path(f: Array) -> Array:
    """The LSTM's direct path: ∂c_T/∂c_t of each unit when only c carries, which is f_{t+1} f_{t+2} … f_T.

    Exact where W_hh is 0; elsewhere the part of ∂c_T/∂c_t that no weight matrix multiplies.

    Shapes: f (batch, time, h) → path (batch, time+1, h)
    """
    expect("f", f, ("batch", "time", "h"))
    batch, time, h = f.shape
    path = np.ones((batch, time + 1, h))
    path[:, :time] = np.cumprod(f[:, ::-1], axis=1)[:, ::-1]
    return path
