"""By kind of layer: how many steps are sequential, and how long the path between the ends of a sequence is.

Source: Vaswani et al., "Attention is all you need", 2017, table 1; here exact counts, not orders of growth.
T positions, width d, kernels of k positions. Work counts the multiplications by all matrices of one layer, and those
of scores and means.
"""

from typing import NamedTuple


class Reach(NamedTuple):
    """`in_sequence` steps run one after the other; a signal takes `path` steps from the first position to the last."""

    in_sequence: int
    path: int
    work: int


def recurrent(T: int, d: int) -> Reach:
    """T steps, one after the other; h_1 reaches h_T by T − 1 of them. A step multiplies by two d × d matrices."""
    return Reach(T, T - 1, 2 * T * d * d)


def convolution(T: int, d: int, k: int) -> Reach:
    """All positions at once. Each (causal) layer reaches k − 1 positions back: the path runs through the layers."""
    return Reach(1, -(-(T - 1) // (k - 1)), k * T * d * d)


def dilated(T: int, d: int, k: int) -> Reach:
    """As a convolution, but the dilation grows k-fold from layer to layer, so L layers reach k^L positions."""
    layers = 0
    while k**layers < T:
        layers += 1
    return Reach(1, layers, k * T * d * d)


def attention(T: int, d: int) -> Reach:
    """All positions at once, any two one step apart (none if T is 1); four projections, scores and means."""
    return Reach(1, min(1, T - 1), 4 * T * d * d + mixing(T, d))


def mixing(T: int, d: int) -> int:
    """Multiplications of the T² scores and the T² terms of the means, without the projections; over all heads."""
    return 2 * T * T * d


def pairs(T: int, causal: bool) -> int:
    """Scores that one head computes and uses: T², or with a causal mask T (T + 1) / 2."""
    return T * (T + 1) // 2 if causal else T * T
