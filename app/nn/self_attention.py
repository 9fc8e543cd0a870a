"""Multi-head self-attention: every position of a sequence attends to every other, or to those before it.

Source: Vaswani et al., "Attention is all you need", 2017, section 3.2 and, for the position codes, section 3.5.
Letters: T positions of width d, cut into `heads` blocks of width d/heads. A gradient dX of a loss L is ∂L/∂X.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.nn.attention import attend, attend_backward, dot_scores, dot_scores_backward
from app.nn.shapes import Array, expect


@dataclass(frozen=True)
class Weights:
    """The four matrices of a layer, or the gradients of a loss with respect to them.

    Shapes: W_q (d, d), W_k (d, d), W_v (d, d), W_o (d, d)
    """

    W_q: Array
    W_k: Array
    W_v: Array
    W_o: Array

    def __post_init__(self) -> None:
        d = len(self.W_q)
        for name in ("W_q", "W_k", "W_v", "W_o"):
            expect(name, getattr(self, name), (d, d))


@dataclass(frozen=True)
class Cache:
    """What the layer keeps for the backward pass; Q, K, V, e and alpha hold one batch row and head after the other.

    Shapes: X (batch, T, d), Q, K, V (batch·heads, T, d/heads), e, alpha (batch·heads, T, T), joined (batch, T, d)
    """

    X: Array
    Q: Array
    K: Array
    V: Array
    e: Array
    alpha: Array
    joined: Array
    w: Weights
    heads: int


def causal_mask(T: int) -> Array:
    """0 where position i may attend to j ≤ i, and −∞ above the diagonal: later positions get the weight 0.

    Shapes: T → mask (T, T)
    """
    return np.triu(np.full((T, T), -np.inf), k=1)


def split(X: Array, heads: int) -> Array:
    """The width split into heads. Shapes: X (batch, T, d) → (batch·heads, T, d/heads)"""
    batch, T, d = X.shape
    return X.reshape(batch, T, heads, d // heads).swapaxes(1, 2).reshape(batch * heads, T, d // heads)


def join(X: Array, heads: int) -> Array:
    """The heads side by side again. Shapes: X (batch·heads, T, d/heads) → (batch, T, d)"""
    rows, T, width = X.shape
    return X.reshape(rows // heads, heads, T, width).swapaxes(1, 2).reshape(rows // heads, T, heads * width)


def forward(X: Array, w: Weights, heads: int, causal: bool) -> tuple[Array, Cache]:
    """Y = concat_h(softmax(Q_h K_hᵀ / √(d/heads) + mask) V_h) W_o, with Q = X W_q, K = X W_k, V = X W_v.

    Shapes: X (batch, T, d) → Y (batch, T, d)
    """
    d = len(w.W_q)
    expect("X", X, ("batch", "T", d))
    if d % heads:
        raise ValueError(f"A width of {d} cannot be cut into {heads} heads of one size.")
    Q, K, V = (split(X @ W, heads) for W in (w.W_q, w.W_k, w.W_v))
    e = dot_scores(Q, K, 1 / math.sqrt(d // heads))
    if causal:
        e = e + causal_mask(X.shape[1])
    alpha, context = attend(e, V)
    joined = join(context, heads)
    return joined @ w.W_o, Cache(X, Q, K, V, e, alpha, joined, w, heads)


def backward(dY: Array, cache: Cache) -> tuple[Array, Weights]:
    """Backward pass. A position gets gradient from every position that attended to it, in one step from any distance.

    Shapes: dY (batch, T, d) → dX (batch, T, d), dw as w
    """
    w, heads, X = cache.w, cache.heads, cache.X
    expect("dY", dY, X.shape)
    de, dV = attend_backward(split(dY @ w.W_o.T, heads), cache.alpha, cache.V)
    dQ, dK = dot_scores_backward(de, cache.Q, cache.K, 1 / math.sqrt(cache.Q.shape[-1]))
    into = [join(dZ, heads) for dZ in (dQ, dK, dV)]
    dX: Array = sum((dZ @ W.T for dZ, W in zip(into, (w.W_q, w.W_k, w.W_v), strict=True)), np.zeros(X.shape))
    dW_q, dW_k, dW_v = (np.einsum("btd,bte->de", X, dZ) for dZ in into)
    return dX, Weights(dW_q, dW_k, dW_v, np.einsum("btd,bte->de", cache.joined, dY))


def sinusoids(T: int, d: int) -> Array:
    """Position codes: sine and cosine of t at wavelengths from 2π to 10,000 · 2π, side by side.

    Shapes: T, d (even) → codes (T, d)
    """
    angle = np.arange(T)[:, None] / 10_000 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(T, d)
