"""Clipping a gradient: scaled down as a whole, or clipped entry by entry.

    by norm    g ← g · min(1, c / ‖g‖)         ‖g‖ over all parameters together: the global norm
    by value   g_j ← min(c, max(−c, g_j))

Source: Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", 2013, algorithm 1; by
value, Mikolov, "Statistical language models based on neural networks", 2012. PyTorch adds 1e-6 to the norm.
"""

from collections.abc import Sequence

import numpy as np

from app.nn.shapes import Array, overflow_is_a_result


def global_norm(gradients: Sequence[Array]) -> float:
    """√Σ g², over the entries of all arrays, scaled so that squares neither over- nor underflow.

    Shapes: gradients (any, …) → norm ()
    """
    largest = max((float(np.abs(g).max(initial=0.0)) for g in gradients), default=0.0)
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(np.sum((g / largest) ** 2)) for g in gradients)))


@overflow_is_a_result
def by_norm(gradients: Sequence[Array], c: float) -> list[Array]:
    """All arrays scaled by one factor, so that their global norm is at most c. The direction does not change.

    Shapes: gradients (any, …) → clipped (any, …)
    """
    norm = global_norm(gradients)
    return [g if norm <= c else g / norm * c for g in gradients]


def by_value(gradients: Sequence[Array], c: float) -> list[Array]:
    """Every entry clipped to −c … c by itself, which changes the direction.

    Shapes: gradients (any, …) → clipped (any, …)
    """
    return [np.clip(g, -c, c) for g in gradients]
