"""Updating weights from their gradients: plain gradient descent, and Adam.

Source: Kingma & Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
A model is a list of arrays; its gradients are a list of arrays of the same shapes. Nothing is changed in place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.nn.shapes import Array, overflow_is_a_result


@overflow_is_a_result
def descend(weights: Sequence[Array], gradients: Sequence[Array], rate: float) -> list[Array]:
    """W ← W − η ∂L/∂W for every array."""
    return [W - rate * g for W, g in zip(weights, gradients, strict=True)]


class Moments(NamedTuple):
    """Adam's state: running means of the gradients and of their squares, and the number of updates."""

    m: list[Array]
    v: list[Array]
    t: int


def at_rest(weights: Sequence[Array]) -> Moments:
    """The moments before the first update: all 0."""
    return Moments([np.zeros_like(W) for W in weights], [np.zeros_like(W) for W in weights], 0)


@overflow_is_a_result
def adam(
    weights: Sequence[Array],
    gradients: Sequence[Array],
    moments: Moments,
    rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[list[Array], Moments]:
    """W ← W − η m̂ / (√v̂ + ε), where m̂ and v̂ correct the bias of starting at 0."""
    t = moments.t + 1
    m = [beta1 * m + (1 - beta1) * g for m, g in zip(moments.m, gradients, strict=True)]
    v = [beta2 * v + (1 - beta2) * g * g for v, g in zip(moments.v, gradients, strict=True)]
    stepped = [
        W - rate * (m_W / (1 - beta1**t)) / (np.sqrt(v_W / (1 - beta2**t)) + epsilon)
        for W, m_W, v_W in zip(weights, m, v, strict=True)
    ]
    return stepped, Moments(m, v, t)
