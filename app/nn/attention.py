"""Attention: scores of queries against keys, a softmax over each row of scores, and the weighted mean of the values.

Source: scaled dot product, Vaswani et al., "Attention is all you need", 2017, eq. 1; additive, Bahdanau, Cho & Bengio,
"Neural machine translation by jointly learning to align and translate", 2015, eq. 6 and appendix A.1.2.
Letters: m queries Q, T keys K and values V, of widths d and n. A gradient dQ of a loss L is ∂L/∂Q, of the shape of Q.
"""

from dataclasses import dataclass

import numpy as np

from app.nn.shapes import Array, expect


def softmax(e: Array) -> Array:
    """α_t = exp(e_t) / Σ_k exp(e_k) along the last axis. A score of −inf has the weight 0; not all may be −inf.

    The largest score is subtracted first: the weights stay the same, and nothing overflows.

    Shapes: e (…, T) → alpha (…, T)
    """
    share = np.exp(e - e.max(axis=-1, keepdims=True))
    alpha: Array = share / share.sum(axis=-1, keepdims=True)
    return alpha


def softmax_backward(dalpha: Array, alpha: Array) -> Array:
    """de_t = α_t (dα_t − Σ_k α_k dα_k): a weight can only grow at the cost of the others.

    Shapes: dalpha (…, T), alpha (…, T) → de (…, T)
    """
    de: Array = alpha * (dalpha - (alpha * dalpha).sum(axis=-1, keepdims=True))
    return de


def dot_scores(Q: Array, K: Array, scale: float) -> Array:
    """e_ij = scale · q_i k_jᵀ; a scale of 1/√d keeps the scores' standard deviation the same at any width.

    Shapes: Q (batch, m, d), K (batch, T, d) → e (batch, m, T)
    """
    expect("K", K, (len(Q), "T", Q.shape[-1]))
    e: Array = scale * (Q @ K.swapaxes(-1, -2))
    return e


def dot_scores_backward(de: Array, Q: Array, K: Array, scale: float) -> tuple[Array, Array]:
    """dQ = scale · de K and dK = scale · deᵀ Q.

    Shapes: de (batch, m, T) → dQ (batch, m, d), dK (batch, T, d)
    """
    return scale * (de @ K), scale * (de.swapaxes(-1, -2) @ Q)


@dataclass(frozen=True)
class AdditiveWeights:
    """The small network that scores a query and a key, or the gradients of a loss with respect to it.

    Shapes: W_q (d_q, a), W_k (d_k, a), v (a,)
    """

    W_q: Array
    W_k: Array
    v: Array

    def __post_init__(self) -> None:
        expect("v", self.v, ("a",))
        expect("W_q", self.W_q, ("d_q", len(self.v)))
        expect("W_k", self.W_k, ("d_k", len(self.v)))


def additive_scores(Q: Array, K: Array, w: AdditiveWeights) -> tuple[Array, Array]:
    """e_ij = tanh(q_i W_q + k_j W_k) v; also the tanh itself, which the backward pass needs.

    Shapes: Q (batch, m, d_q), K (batch, T, d_k) → e (batch, m, T), hidden (batch, m, T, a)
    """
    expect("Q", Q, ("batch", "m", len(w.W_q)))
    expect("K", K, (len(Q), "T", len(w.W_k)))
    hidden = np.tanh((Q @ w.W_q)[:, :, None] + (K @ w.W_k)[:, None])
    return hidden @ w.v, hidden


def attend(e: Array, V: Array) -> tuple[Array, Array]:
    """From scores to contexts: α = softmax(e), c_i = Σ_t α_it v_t.

    Shapes: e (batch, m, T), V (batch, T, n) → alpha (batch, m, T), context (batch, m, n)
    """
    expect("V", V, (len(e), e.shape[-1], "n"))
    alpha = softmax(e)
    return alpha, alpha @ V


def attend_backward(dcontext: Array, alpha: Array, V: Array) -> tuple[Array, Array]:
    """dV = αᵀ dc, and dα = dc Vᵀ goes back through the softmax.

    Shapes: dcontext (batch, m, n) → de (batch, m, T), dV (batch, T, n)
    """
    return softmax_backward(dcontext @ V.swapaxes(-1, -2), alpha), alpha.swapaxes(-1, -2) @ dcontext
