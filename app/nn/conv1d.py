"""One-dimensional convolution: y_t = Σ_i x_{t·s + i·d} W_i + b, forward and backward.

The same k weight matrices serve every position: only that sets it apart from a dense layer on the whole window. As in
PyTorch and Keras the kernel is not flipped (so it is a cross-correlation), and nothing is padded: a causal layer is
this one on an input with (k−1)·d zeros before it.
Source: LeCun et al., "Backpropagation applied to handwritten zip code recognition", 1989; dilation, Yu & Koltun, 2016.
Letters: kernel size k, n channels in, m channels out, s the stride, d the dilation.
"""

from dataclasses import dataclass

import numpy as np

from app.nn.shapes import Array, expect, overflow_is_a_result


@dataclass(frozen=True)
class ConvWeights:
    """The weights of one layer, or the gradients of a loss with respect to them.

    Shapes: W (k, n, m), b (m)
    """

    W: Array
    b: Array

    def __post_init__(self) -> None:
        expect("W", self.W, ("k", "n", "m"))
        expect("b", self.b, (self.W.shape[2],))


def out_steps(time: int, k: int, stride: int, dilation: int) -> int:
    """How many positions the kernel has in `time` steps: ⌊(time − (k−1)·d − 1) / s⌋ + 1, 0 if it does not fit."""
    return max(0, (time - (k - 1) * dilation - 1) // stride + 1)


@overflow_is_a_result
def forward(x: Array, w: ConvWeights, stride: int = 1, dilation: int = 1) -> Array:
    """All outputs at once: none depends on another.

    Shapes: x (batch, time, n) → y (batch, out_steps, m). Raises ValueError where the kernel is longer than the input.
    """
    k, n, m = w.W.shape
    expect("x", x, ("batch", "time", n))
    steps = out_steps(x.shape[1], k, stride, dilation)
    if not steps:
        raise ValueError(f"A kernel over {(k - 1) * dilation + 1} steps does not fit into x with {x.shape[1]}.")
    y = np.broadcast_to(w.b, (x.shape[0], steps, m)).copy()
    for i in range(k):
        y += _seen(x, i, steps, stride, dilation) @ w.W[i]
    return y


@overflow_is_a_result
def backward(dy: Array, x: Array, w: ConvWeights, stride: int = 1, dilation: int = 1) -> tuple[Array, ConvWeights]:
    """Backward pass: each input gets a share from every output that saw it, each weight one from every position.

    Shapes: dy (batch, out_steps, m), x (batch, time, n) → dx (batch, time, n), dW (k, n, m), db (m)
    """
    k, n, m = w.W.shape
    expect("x", x, ("batch", "time", n))
    steps = out_steps(x.shape[1], k, stride, dilation)
    expect("dy", dy, (x.shape[0], steps, m))
    dx, dW = np.zeros(x.shape), np.empty(w.W.shape)
    for i in range(k):
        _seen(dx, i, steps, stride, dilation)[...] += dy @ w.W[i].T
        dW[i] = np.einsum("btn,btm->nm", _seen(x, i, steps, stride, dilation), dy)
    return dx, ConvWeights(dW, dy.sum(axis=(0, 1)))


def _seen(x: Array, i: int, steps: int, stride: int, dilation: int) -> Array:
    """The inputs that the kernel's weight i meets at each position: a view of x (batch, steps, n)."""
    first = i * dilation
    return x[:, first : first + (steps - 1) * stride + 1 : stride]
