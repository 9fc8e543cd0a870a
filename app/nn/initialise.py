"""Initial weight matrices, drawn from the generator that is passed in."""

import numpy as np

from app.nn.shapes import Array


def orthogonal(rng: np.random.Generator, h: int) -> Array:
    """A random orthogonal matrix, drawn uniformly (Haar measure): it rotates a vector and keeps its length.

    Source: Saxe, McClelland & Ganguli, 2014; the signs, which make the draw by QR uniform, Mezzadri, 2007.

    Shapes: rng, h → Q (h, h)
    """
    Q, R = np.linalg.qr(rng.standard_normal((h, h)))
    return Q * np.where(np.diag(R) < 0, -1.0, 1.0)


def glorot_uniform(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    """Uniform on ±√(6 / (fan_in + fan_out)), so the variance is 2 / (fan_in + fan_out).

    Source: Glorot & Bengio, 2010.

    Shapes: rng, fan_in, fan_out → W (fan_in, fan_out)
    """
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    """Normal with variance 2 / fan_in, which compensates for the half that ReLU sets to 0.

    Source: He, Zhang, Ren & Sun, "Delving deep into rectifiers", 2015.

    Shapes: rng, fan_in, fan_out → W (fan_in, fan_out)
    """
    W: Array = rng.standard_normal((fan_in, fan_out)) * np.sqrt(2.0 / fan_in)
    return W


def semi_orthogonal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    """As `orthogonal`, for any shape: its rows are orthonormal, or its columns, whichever are fewer.

    Source: Keras' Orthogonal.

    Shapes: rng, fan_in, fan_out → W (fan_in, fan_out)
    """
    Q, R = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)
    return Q if fan_in >= fan_out else Q.T
