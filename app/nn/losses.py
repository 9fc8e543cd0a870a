"""Losses, each with its gradient beside it."""

import numpy as np

from app.nn.shapes import Array, expect, overflow_is_a_result


@overflow_is_a_result
def mean_squared(y: Array, target: Array) -> tuple[float, Array]:
    """L = mean (y − target)², and ∂L/∂y = 2 (y − target) / batch.

    Shapes: y (batch), target (batch) → dy (batch)
    """
    expect("y", y, ("batch",))
    expect("target", target, y.shape)
    error = y - target
    return float(np.mean(error**2)), 2 * error / len(error)
