"""A loss with its gradient beside it."""

import numpy as np

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
