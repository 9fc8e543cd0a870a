"""An LSTM whose output is projected to fewer numbers: the cell keeps h units, the state that goes round has p.

    c_t as in lstm.py, from the smaller state r_{t−1}        r_t = (o tanh c_t) W_hr

Source: Sak, Senior & Beaufays, "Long short-term memory recurrent neural network architectures for large scale acoustic
modeling", 2014, eq. 7; without its non-recurrent projection and peepholes. This is PyTorch's `proj_size`.
"""

from dataclasses import dataclass

import numpy as np

from app.nn.activations import sigmoid
from app.nn.shapes import Array, blocks, expect, overflow_is_a_result


@dataclass(frozen=True)
class ProjectedWeights:
    """The weights of one layer. Columns in blocks i, f, g, o.

    Shapes: W_xh (n, 4h), W_rh (p, 4h), b (4h), W_hr (h, p)
    """

    W_xh: Array
    W_rh: Array
    b: Array
    W_hr: Array

    def __post_init__(self) -> None:
        expect("W_hr", self.W_hr, ("h", "p"))
        h, p = self.W_hr.shape
        expect("W_xh", self.W_xh, ("n", 4 * h))
        expect("W_rh", self.W_rh, (p, 4 * h))
        expect("b", self.b, (4 * h,))


@overflow_is_a_result
def step(x_t: Array, state: tuple[Array, Array], w: ProjectedWeights) -> tuple[Array, Array]:
    """One time step from (r_{t−1}, c_{t−1}) to (r_t, c_t).

    Shapes: x_t (batch, n), r (batch, p), c (batch, h) → r_t (batch, p), c_t (batch, h)
    """
    r, c = state
    h, p = w.W_hr.shape
    expect("x_t", x_t, ("batch", len(w.W_xh)))
    expect("r", r, (len(x_t), p))
    expect("c", c, (len(x_t), h))
    a_i, a_f, a_g, a_o = blocks(x_t @ w.W_xh + r @ w.W_rh + w.b, 4)
    c_t = sigmoid(a_f) * c + sigmoid(a_i) * np.tanh(a_g)
    return (sigmoid(a_o) * np.tanh(c_t)) @ w.W_hr, c_t
