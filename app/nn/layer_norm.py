"""Layer normalisation: the units of one example at one step get mean 0 and variance 1, then are scaled and shifted.

    ẑ = (z − μ) / √(σ² + ε),   y = g ẑ + b          μ and σ² over the units of a row; σ² is the mean square, by h

Source: Ba, Kiros & Hinton, "Layer normalization", 2016. ε is 10⁻⁵ as in PyTorch; Keras has 10⁻³.
It uses neither the batch nor time, so that a row is treated the same alone and at any step.
"""

from dataclasses import dataclass

import numpy as np

from app.nn.shapes import Array, expect, overflow_is_a_result

EPSILON = 1e-5


@dataclass(frozen=True)
class Cache:
    """What the backward pass needs.

    Shapes: z_hat (batch, h), deviation (batch, 1), g (h)
    """

    z_hat: Array
    deviation: Array
    g: Array


@overflow_is_a_result
def forward(z: Array, g: Array, b: Array, epsilon: float = EPSILON) -> tuple[Array, Cache]:
    """Normalise every row, scale by g, shift by b.

    Shapes: z (batch, h), g (h), b (h) → y (batch, h)
    """
    expect("z", z, ("batch", "h"))
    expect("g", g, (z.shape[1],))
    expect("b", b, (z.shape[1],))
    apart = z - np.add.reduce(z, axis=1, keepdims=True) / z.shape[1]
    deviation = np.sqrt(np.add.reduce(apart * apart, axis=1, keepdims=True) / z.shape[1] + epsilon)
    z_hat = apart / deviation
    return g * z_hat + b, Cache(z_hat, deviation, g)


@overflow_is_a_result
def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Backward pass. Mean and deviation depend on every unit, so two terms are subtracted from each row's gradient.

    Shapes: dy (batch, h) → dz (batch, h), dg (h), db (h)
    """
    expect("dy", dy, cache.z_hat.shape)
    dz_hat = dy * cache.g
    along = np.mean(dz_hat * cache.z_hat, axis=1, keepdims=True)
    dz: Array = (dz_hat - dz_hat.mean(axis=1, keepdims=True) - cache.z_hat * along) / cache.deviation
    return dz, (dy * cache.z_hat).sum(axis=0), dy.sum(axis=0)
