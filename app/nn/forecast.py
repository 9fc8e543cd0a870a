"""Three networks that forecast one step ahead: random weights that stay as drawn, and a readout that is fitted.

So each is judged by what its structure can distinguish, in a millisecond, and not by how long it was trained. All
three forecast the *change* from the last value: a readout of 0 is the naive forecast.
Sources: a random hidden layer, Huang, Zhu & Siew, "Extreme learning machine", 2006; random kernels, Dempster et al.,
"ROCKET", 2020; a random recurrence, Jaeger, "The echo state approach", 2001.
Letters: w steps in the window, h units, k steps in a kernel, m kernels.
"""

import numpy as np

from app.nn import conv1d, rnn
from app.nn.activations import TANH
from app.nn.initialise import orthogonal
from app.nn.shapes import Array, expect


def windows(x: Array, w: int) -> Array:
    """Every window of w steps that is followed by another step.

    Shapes: x (time) → windows (time − w, w)
    """
    seen: Array = np.lib.stride_tricks.sliding_window_view(x, w)[:-1]
    return seen


def mlp_features(seen: Array, W: Array, b: Array) -> Array:
    """tanh(seen W + b): one weight for each lag and unit.

    Shapes: seen (n, w), W (w, h), b (h) → features (n, h)
    """
    expect("seen", seen, ("n", W.shape[0]))
    return TANH.f(seen @ W + b)


def cnn_features(seen: Array, w: conv1d.ConvWeights, pool: bool) -> Array:
    """The same k weights at each position of the window; then each kernel's largest and mean output, or all outputs.

    Shapes: seen (n, w), W (k, 1, m) → features (n, 2m) pooled, (n, (w − k + 1) m) not
    """
    answers = TANH.f(conv1d.forward(seen[:, :, None], w))
    pooled = np.hstack([answers.max(axis=1), answers.mean(axis=1)])
    return pooled if pool else answers.reshape(len(seen), -1)


def rnn_features(x: Array, w: rnn.RNNWeights) -> Array:
    """The state after each step of the whole series: no window, the past fades.

    Shapes: x (time) → features (time, h)
    """
    hs, _ = rnn.forward(x[None, :, None], np.zeros((1, w.h)), w, TANH)
    states: Array = hs[0]
    return states


def draw_mlp(rng: np.random.Generator, w: int, h: int) -> tuple[Array, Array]:
    """W of variance 1/w, so that a longer window does not saturate the units, and biases in ±½.

    Shapes: rng, w, h → W (w, h), b (h)
    """
    return rng.standard_normal((w, h)) / np.sqrt(w), rng.uniform(-0.5, 0.5, h)


def draw_cnn(rng: np.random.Generator, k: int, m: int) -> conv1d.ConvWeights:
    """Kernels of variance 1/k, and biases in ±½. Shapes: rng, k, m → W (k, 1, m), b (m)"""
    return conv1d.ConvWeights(rng.standard_normal((k, 1, m)) / np.sqrt(k), rng.uniform(-0.5, 0.5, m))


def draw_rnn(rng: np.random.Generator, h: int, keeps: float) -> rnn.RNNWeights:
    """W_hh is `keeps` times an orthogonal matrix, so that a step keeps that share of the state; inputs are halved.

    Shapes: rng, h, keeps → W_xh (1, h), W_hh (h, h), b (h) of 0
    """
    return rnn.RNNWeights(0.5 * rng.standard_normal((1, h)), keeps * orthogonal(rng, h), np.zeros(h))
