"""The smallest task that needs memory: read a number, wait, output it at the end; for any of the three cells.

    x = (v, 0, 0, …, 0),   v = ±1          y = h_T W_o          L = mean (y − v)²

A network that forgets can do no better than output 0, which costs 1.
Source: the "latch" task of Bengio, Simard & Frasconi, "Learning long-term dependencies with gradient descent is
difficult", 1994, with a number in place of a class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from app.nn import gru, jacobian, lstm, rnn
from app.nn.activations import TANH
from app.nn.initialise import glorot_uniform, orthogonal
from app.nn.losses import mean_squared
from app.nn.shapes import Array, overflow_is_a_result

Cell = Literal["rnn", "lstm", "gru"]
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
FORGETS_NOTHING = 1.0  # the loss of an output that is always 0


@dataclass(frozen=True)
class Model:
    """A cell that reads one number a step, and a readout of its last state; or the gradients of a loss.

    Shapes: w.W_xh (1, gates·h), w.W_hh (h, gates·h), w.b (gates·h), W_o (h)
    """

    cell: Cell
    w: Any
    W_o: Array

    def arrays(self) -> list[Array]:
        """W_xh, W_hh, b, W_o."""
        return [self.w.W_xh, self.w.W_hh, self.w.b, self.W_o]

    def with_arrays(self, arrays: list[Array]) -> "Model":
        """A model of the same form with these arrays."""
        W_xh, W_hh, b, W_o = arrays
        return Model(self.cell, replace(self.w, W_xh=W_xh, W_hh=W_hh, b=b), W_o)


class Pass(NamedTuple):
    """One batch forward and backward: the loss, its gradients, ∂L/∂h_T, and the caches."""

    loss: Array
    gradients: list[Array]
    dh_T: Array
    caches: list[Any]


def draw(rng: np.random.Generator, cell: Cell, units: int, gain: float, forget_bias: float = 1.0) -> Model:
    """A new model: recurrent blocks are `gain` times an orthogonal matrix; the keeping gates start more than half open.

    Shapes: rng, cell, units, gain → model
    """
    gates = GATES[cell]
    W_xh = np.hstack([glorot_uniform(rng, 1, units) for _ in range(gates)])
    W_hh = gain * np.hstack([orthogonal(rng, units) for _ in range(gates)])
    b, W_o = np.zeros(gates * units), glorot_uniform(rng, units, 1)[:, 0]
    if cell == "rnn":
        return Model(cell, rnn.RNNWeights(W_xh, W_hh, b), W_o)
    if cell == "lstm":
        b[units : 2 * units] = forget_bias
        return Model(cell, lstm.LSTMWeights(W_xh, W_hh, b), W_o)
    b[:units] = forget_bias
    return Model(cell, gru.GRUWeights(W_xh, W_hh, b), W_o)


def side_by_side(models: Sequence[Model]) -> Model:
    """Models of many draws as one, with an axis of draws before the others in every array."""
    alike = zip(*(model.arrays() for model in models), strict=True)
    return models[0].with_arrays([np.stack(arrays) for arrays in alike])


def examples(rng: np.random.Generator, batch: int, gap: int, noise: float = 0.0) -> tuple[Array, Array]:
    """Sequences of ±1 followed by `gap` zeros, or by noise of that standard deviation, and their targets.

    Shapes: rng, batch, gap, noise → x (batch, gap+1, 1), target (batch)
    """
    target = rng.choice([-1.0, 1.0], size=batch)
    x = noise * rng.standard_normal((batch, gap + 1, 1)) if noise else np.zeros((batch, gap + 1, 1))
    x[:, 0, 0] = target
    return x, target


def examples_of_draws(
    rngs: Sequence[np.random.Generator], batch: int, gap: int, noise: float = 0.0
) -> tuple[Array, Array]:
    """The examples of each draw from its own generator.

    Shapes: rngs, batch, gap, noise → x (draws, batch, gap+1, 1), target (draws, batch)
    """
    xs, targets = zip(*(examples(rng, batch, gap, noise) for rng in rngs), strict=True)
    return np.stack(xs), np.stack(targets)


@overflow_is_a_result
def forward_backward(model: Model, x: Array, target: Array) -> Pass:
    """Forward through the cell, the readout and the loss, then backward.

    Shapes: x (batch, time, 1), target (batch) → gradients as model.arrays(), dh_T (batch, h)
    """
    zero = np.zeros((*x.shape[:-2], model.W_o.shape[-1]))
    caches: Any
    if model.cell == "rnn":
        hs, caches = rnn.forward(x, zero, model.w, TANH)
    elif model.cell == "lstm":
        (hs, _), caches = lstm.forward(x, (zero, zero), model.w)
    else:
        hs, caches = gru.forward(x, zero, model.w)
    h_T, W_o = hs[..., -1, :], model.W_o[..., None]
    loss, dy = mean_squared((h_T @ W_o)[..., 0], target)
    dW_o, dh_T = (h_T.mT @ dy[..., None])[..., 0], dy[..., None] @ W_o.mT
    dhs = np.zeros_like(hs)
    dhs[..., -1, :] = dh_T
    if model.cell == "rnn":
        dw: Any = rnn.backward(dhs, caches)[2]
    elif model.cell == "lstm":
        dw = lstm.backward((dhs, np.zeros_like(dhs)), caches)[2]
    else:
        dw = gru.backward(dhs, caches)[2]
    return Pass(loss, [dw.W_xh, dw.W_hh, dw.b, dW_o], dh_T, caches)


def gradient_by_step(model: Model, done: Pass) -> Array:
    """‖∂L/∂s_t‖ over the whole batch for t = 1 … T, where s is h, or h and c of an LSTM.

    Shapes: model, done → norms (time)
    """
    J = jacobian.jacobians(_STEP_JACOBIAN[model.cell], done.caches)
    ds_T = done.dh_T
    if model.cell == "lstm":  # h_T reaches c_T by h_T = o tanh(c_T), so ∂L/∂c_T is no more than J says
        ds_T = np.concatenate([done.dh_T, np.zeros_like(done.dh_T)], axis=-1)
    norms = jacobian.gradient_norms(ds_T, J)
    largest = np.max(norms, axis=(-2, -1), keepdims=True)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    total: Array = scale[..., 0] * np.sqrt(np.sum((norms / scale) ** 2, axis=-2))
    return total[..., 1:]


_STEP_JACOBIAN: dict[str, Any] = {"rnn": rnn.step_jacobian, "lstm": lstm.step_jacobian, "gru": gru.step_jacobian}
