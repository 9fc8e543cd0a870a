"""Losses, each with its gradient beside it."""

from collections.abc import Sequence

import numpy as np

from app.nn.attention import softmax
from app.nn.shapes import Array, expect, overflow_is_a_result


@overflow_is_a_result
def mean_squared(y: Array, target: Array) -> tuple[Array, Array]:
    """L = mean (y − target)², and ∂L/∂y = 2 (y − target) / batch.

    Shapes: y (batch), target (batch) → L (), dy (batch)
    """
    expect("y", y, (*y.shape[:-1][:1], "batch"))
    expect("target", target, y.shape)
    error = y - target
    return np.mean(error**2, axis=-1), 2 * error / error.shape[-1]


@overflow_is_a_result
def cross_entropy(s: Array, target: Sequence[int]) -> tuple[float, Array]:
    """L = mean of −ln p_target with p = softmax(s), and ∂L/∂s = (p − one-hot) / batch.

    ln p is s − max − ln Σ exp(s − max): it stays finite where p itself would be 0.

    Shapes: s (batch, V), target: batch numbers below V → L (), ds (batch, V)
    """
    expect("s", s, (len(target), "V"))
    rows, shifted = np.arange(len(s)), s - s.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    ds = softmax(s)
    ds[rows, target] -= 1
    return float(-log_p[rows, target].mean()), ds / len(s)
