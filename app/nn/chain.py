"""A chain of single units, each fed by the one before: the effect of the slopes φ′ alone on a gradient.

    a_k = φ(z_k),   z_{k+1} = w a_k          ∂a_n/∂z_1 = φ′(z_1) · w φ′(z_2) · … · w φ′(z_n)

A layer of a deep network, or a step of a recurrent one, each with a single weight w.
Source: Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", 1991; Bengio, Simard & Frasconi, "Learning
long-term dependencies with gradient descent is difficult", 1994.
"""

import numpy as np

from app.nn.activations import Activation
from app.nn.shapes import Array, expect, overflow_is_a_result


@overflow_is_a_result
def forward(z1: float, w: float, depth: int, phi: Activation) -> tuple[Array, Array]:
    """The pre-activations and the outputs of the units, from the first to the last.

    Shapes: z1 (), w (), depth, phi → z (depth), a (depth)
    """
    z, a = np.empty(depth), np.empty(depth)
    z_k = np.array(z1)
    for k in range(depth):
        z[k], a[k] = z_k, phi.f(z_k)
        z_k = np.array(w * a[k])
    return z, a


@overflow_is_a_result
def slope_products(a: Array, phi: Activation) -> tuple[Array, Array]:
    """Each unit's slope φ′(z_k), and the product of the slopes of units 1 … k.

    Shapes: a (depth) → slopes (depth), products (depth)
    """
    expect("a", a, ("depth",))
    slopes = phi.slope(a)
    products: Array = np.multiply.accumulate(slopes)
    return slopes, products


@overflow_is_a_result
def gradients(slopes: Array, w: float) -> Array:
    """∂a_k/∂z_1 for every k: the product of the slopes, and one weight for each unit passed.

    Shapes: slopes (depth), w () → gradient (depth)
    """
    expect("slopes", slopes, ("depth",))
    factors = slopes * w
    factors[0] = slopes[0]
    gradient: Array = np.multiply.accumulate(factors)
    return gradient
