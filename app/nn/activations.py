"""The activations φ of the recurrent cells, each with its slope φ′ beside it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.nn.shapes import Array


@dataclass(frozen=True)
class Activation:
    """A function φ that works element by element.

    `slope` gives φ′ from the output a = φ(z), the value that a backward pass has kept.
    `gamma` is γ, the largest slope there is: no step's gradient grows by more than γ σ₁(W_hh) (Pascanu et al. 2013).
    """

    name: str
    f: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    gamma: float


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^−z) for any shape of z, with an exponent that is never positive, so that it cannot overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1.0) / (1.0 + e)


TANH = Activation("tanh", np.tanh, lambda a: 1.0 - a * a, gamma=1.0)
SIGMOID = Activation("sigmoid", sigmoid, lambda a: a * (1.0 - a), gamma=0.25)
# The slope of relu is 0 at 0, where φ has no derivative; and nan stays nan.
RELU = Activation("relu", lambda z: np.maximum(z, 0.0), lambda a: np.heaviside(a, 0.0), gamma=1.0)
LINEAR = Activation("linear", lambda z: z, np.ones_like, gamma=1.0)

ACTIVATIONS: dict[str, Activation] = {phi.name: phi for phi in (TANH, SIGMOID, RELU, LINEAR)}
