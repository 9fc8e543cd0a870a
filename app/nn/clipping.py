"""Clipping a gradient: scaled down as a whole, or clipped entry by entry.

    by norm    g ← g · min(1, c / ‖g‖)         ‖g‖ over all parameters together: the global norm
    by value   g_j ← min(c, max(−c, g_j))

Source: Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", 2013, algorithm 1; by
value, Mikolov, "Statistical language models based on neural networks", 2012. PyTorch adds 1e-6 to the norm.
"""

from collections.abc import Sequence

import numpy as np

from app.nn.shapes import Array, overflow_is_a_result


@overflow_is_a_result
def global_norms(gradients: Sequence[Array]) -> Array:
    """√Σ g² of each draw, over the entries of all arrays, scaled so that squares neither over- nor underflow.

    Shapes: gradients (draws, …) → norms (draws)
    """
    entries = np.concatenate([g.reshape(len(g), -1) for g in gradients], axis=1)
    largest = np.abs(entries).max(axis=1, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)[:, None]
    norms: Array = scale[:, 0] * np.sqrt(np.sum((entries / scale) ** 2, axis=1))
    return np.where(np.isfinite(largest), norms, largest)


def global_norm(gradients: Sequence[Array]) -> float:
    """√Σ g², over the entries of all arrays of one draw.

    Shapes: gradients (any, …) → norm ()
    """
    return float(global_norms([g[None] for g in gradients])[0]) if gradients else 0.0


@overflow_is_a_result
def by_norms(gradients: Sequence[Array], c: float) -> list[Array]:
    """All arrays of a draw scaled by one factor, so that their global norm is at most c.

    Shapes: gradients (draws, …) → clipped (draws, …)
    """
    norms = global_norms(gradients)
    each = [norms.reshape(-1, *[1] * (g.ndim - 1)) for g in gradients]
    return [np.where(norm <= c, g, g / norm * c) for g, norm in zip(gradients, each, strict=True)]


def by_norm(gradients: Sequence[Array], c: float) -> list[Array]:
    """All arrays scaled by one factor, so that their global norm is at most c. The direction does not change.

    Shapes: gradients (any, …) → clipped (any, …)
    """
    return [g[0] for g in by_norms([g[None] for g in gradients], c)]


def by_value(gradients: Sequence[Array], c: float) -> list[Array]:
    """Every entry clipped to −c … c by itself, which changes the direction.

    Shapes: gradients (any, …) → clipped (any, …)
    """
    return [np.clip(g, -c, c) for g in gradients]
