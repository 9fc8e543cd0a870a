"""Sampling the next token from a model's probabilities: temperature, top-k and nucleus.

Source: Ackley, Hinton & Sejnowski, "A learning algorithm for Boltzmann machines", 1985 (temperature); Fan, Lewis &
Dauphin, "Hierarchical neural story generation", 2018 (top-k); Holtzman et al., "The curious case of neural text
degeneration", 2020 (nucleus, top-p); inversion of the distribution function, Devroye, "Non-uniform random variate
generation", 1986, chapter 3.
"""

import numpy as np

from app.nn.attention import softmax
from app.nn.shapes import Array


def temper(s: Array, temperature: float) -> Array:
    """p_i = exp(s_i / τ) / Σ_k exp(s_k / τ). For τ → 0 the largest score takes all; at 0 the first of them.

    The largest score is subtracted first: for τ > 0 the result is the same, and nothing overflows.

    Shapes: s (V,), some finite → p (V,)
    """
    if temperature == 0:
        first: Array = np.eye(len(s))[int(np.argmax(s))]
        return first
    with np.errstate(over="ignore"):  # far below the largest, at a small τ: −∞, and a probability of 0
        return softmax((s - s.max()) / temperature)


def truncate(p: Array, top_k: int, nucleus: float) -> Array:
    """Keep the k likeliest tokens, and of these the fewest whose sum reaches the nucleus; their sum becomes 1 again.

    top_k = 0 and nucleus = 1 keep all. Of equal tokens the first is kept.

    Shapes: p (V,) → (V,)
    """
    order = np.argsort(-p, kind="stable")
    enough = int(np.searchsorted(np.cumsum(p[order]), nucleus - 1e-12)) + 1 if nucleus < 1 else len(p)
    kept = np.where(np.isin(np.arange(len(p)), order[: min(enough, top_k or len(p))]), p, 0.0)
    shares: Array = kept / kept.sum()
    return shares


def draw(p: Array, u: float) -> int:
    """The token whose interval of the distribution function contains u: the first i with p_1 + … + p_i > u.

    Shapes: p (V,), u from 0 up to but not including 1 → the token's index
    """
    place = int(np.searchsorted(np.cumsum(p), u, side="right"))
    return min(place, int(np.flatnonzero(p)[-1]))  # the sum may end just below 1
