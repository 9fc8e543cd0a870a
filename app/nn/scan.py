"""Linear recurrences h_t = a_t h_{t−1} + b_t as a scan, and layers that are made of them.

Source: the scan, Blelloch, "Prefix sums and their applications", 1990, section 1.4; minGRU, Feng et al., "Were RNNs all
we needed?", 2024, section 3.1; the kernel, Gu, Goel & Ré, "Efficiently modeling long sequences with structured state
spaces", 2022, eq. 5; linear attention, Katharopoulos et al., "Transformers are RNNs", 2020, eq. 18 to 20.
"""

import numpy as np

from app.nn.activations import sigmoid
from app.nn.shapes import Array, expect, overflow_is_a_result

Pair = tuple[Array, Array]
"""(a, b) stands for the function h ↦ a h + b."""


def combine(first: Pair, then: Pair) -> Pair:
    """The function `then` after `first`: (a₂ a₁, a₂ b₁ + b₂). Associative, so that it can be worked out as a tree."""
    return then[0] * first[0], then[0] * first[1] + then[1]


@overflow_is_a_result
def scan(a: Array, b: Array, h0: Array) -> Array:
    """h_t = a_t h_{t−1} + b_t, all T steps in ⌈log₂ T⌉ rounds: after each, a pair stands for twice as many steps.

    Shapes: a (T, h), b (T, h), h0 (h) → hs (T, h)
    """
    expect("a", a, ("T", *h0.shape))
    expect("b", b, a.shape)
    shift = 1
    while shift < len(a):
        later = combine((a[:-shift], b[:-shift]), (a[shift:], b[shift:]))
        a, b = np.concatenate((a[:shift], later[0])), np.concatenate((b[:shift], later[1]))
        shift *= 2
    hs: Array = a * h0 + b
    return hs


def min_gru(x: Array, W_z: Array, b_z: Array, W_h: Array, b_h: Array) -> Pair:
    """z_t = σ(x_t W_z + b_z), h_t = (1 − z_t) h_{t−1} + z_t (x_t W_h + b_h): as pairs, which no state is needed for.

    Shapes: x (T, n), W_z (n, h), b_z (h), W_h (n, h), b_h (h) → a (T, h), b (T, h)
    """
    expect("x", x, ("T", len(W_z)))
    expect("W_h", W_h, W_z.shape)
    z = sigmoid(x @ W_z + b_z)
    return 1 - z, z * (x @ W_h + b_h)


def ssm_kernel(A: Array, B: Array, C: Array, length: int) -> Array:
    """K_k = C A^k B, the convolution that h_t = A h_{t−1} + B x_t, y_t = C h_t is. Columns are states, as in the paper.

    Shapes: A (h, h), B (h), C (h) → K (length)
    """
    expect("A", A, ("h", len(B)))
    expect("C", C, B.shape)
    K = np.empty(length)
    for k in range(length):
        K[k] = C @ B
        B = A @ B
    return K


def linear_attention(Q: Array, K: Array, V: Array) -> Pair:
    """S_t = S_{t−1} + k_tᵀ v_t and y_t = q_t S_t, from S_0 = 0: no softmax, and not normalised.

    Shapes: Q (T, d), K (T, d), V (T, n) → S (T, d, n), y (T, n)
    """
    expect("K", K, Q.shape)
    expect("V", V, (len(Q), "n"))
    S: Array = np.cumsum(K[:, :, None] * V[:, None, :], axis=0)
    return S, np.einsum("td,tdn->tn", Q, S)
