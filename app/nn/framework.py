"""Keras and PyTorch: how each stores the weights of a recurrent layer, and how it draws them before training.

    Keras     W_xh by Glorot, W_hh with orthonormal rows as a whole, b = 0; an LSTM's b_f = 1 (unit_forget_bias)
    PyTorch   every weight and both biases uniform on ±1/√h

Source: Keras' SimpleRNN, LSTM and GRU; PyTorch's nn.RNN, nn.LSTM and nn.GRU.
Convention: matrices are stored as here, (n, k·h); PyTorch's weight_ih and weight_hh are their transposes. The k blocks
of h columns come in the framework's own order. Letters as in rnn.py.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.nn.initialise import glorot_uniform, semi_orthogonal
from app.nn.shapes import Array

Framework = Literal["keras", "pytorch"]
Cell = Literal["rnn", "lstm", "gru"]

NAMES: dict[str, str] = {"keras": "Keras", "pytorch": "PyTorch"}
NO_RESET_BEFORE = "PyTorch's nn.GRU resets after the product, never before it."
BLOCKS: dict[Framework, dict[Cell, str]] = {
    "keras": {"rnn": "h", "lstm": "ifgo", "gru": "zrn"},
    "pytorch": {"rnn": "h", "lstm": "ifgo", "gru": "rzn"},
}
"""The gates in the order in which their blocks are stored. Keras writes c for the LSTM's g, and h for the GRU's n."""


def lacked(phi: str) -> str:
    """Why PyTorch has no RNN with this activation; empty if it has."""
    return "" if phi in ("tanh", "relu") else f"PyTorch's nn.RNN has no {phi} activation, only tanh and relu."


@dataclass(frozen=True)
class Start:
    """The weights of a new layer, k blocks of h columns. PyTorch has two biases, and so has Keras' GRU.

    Shapes: W_xh (n, k·h), W_hh (h, k·h), b (1 or 2, k·h)
    """

    W_xh: Array
    W_hh: Array
    b: Array


def start(rng: np.random.Generator, framework: Framework, cell: Cell, n: int, h: int) -> Start:
    """Draw the weights of a layer of h units on n inputs as the framework does by default.

    Shapes: rng, framework, cell, n, h → W_xh (n, k·h), W_hh (h, k·h), b (1 or 2, k·h)
    """
    blocks = BLOCKS[framework][cell]
    wide = len(blocks) * h
    if framework == "pytorch":
        return Start(*(pytorch_uniform(rng, h, (rows, wide)) for rows in (n, h, 2)))
    b = np.zeros((2 if cell == "gru" else 1, wide))
    if cell == "lstm":
        first = blocks.index("f") * h
        b[:, first : first + h] = 1.0
    return Start(glorot_uniform(rng, n, wide), semi_orthogonal(rng, h, wide), b)


def pytorch_uniform(rng: np.random.Generator, h: int, shape: tuple[int, ...]) -> Array:
    """Uniform on ±1/√h, so the variance is 1/(3h): PyTorch's start of everything in a recurrent layer of h units.

    Shapes: rng, h, shape → W (any, …)
    """
    limit = 1.0 / np.sqrt(h)
    return rng.uniform(-limit, limit, shape)
