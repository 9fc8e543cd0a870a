"""The steps of a task, one to one up to many to many: which read, which write, and how a unit runs through them."""

from dataclasses import dataclass

import numpy as np

from app.demos.machine.figures import Values
from app.nn import rnn
from app.nn.activations import TANH


@dataclass(frozen=True)
class Step:
    """What happens at a step: the input that it reads and the output that it writes, each from 1, or None."""

    reads: int | None
    writes: int | None


def steps_of(kind: str, inputs: int, outputs: int) -> list[Step]:
    """The steps of a task of this kind with so many inputs and outputs to choose from."""
    match kind:
        case "one-to-one":
            return [Step(1, 1)]
        case "one-to-many":
            return [Step(1 if t == 1 else None, t) for t in range(1, outputs + 1)]
        case "many-to-one":
            return [Step(t, 1 if t == inputs else None) for t in range(1, inputs + 1)]
        case "aligned":
            return [Step(t, t) for t in range(1, inputs + 1)]
    return [Step(t, None) for t in range(1, inputs + 1)] + [Step(None, k) for k in range(1, outputs + 1)]


@dataclass(frozen=True)
class Run:
    """What each step was fed, its state, and how far it still feels the first input: each (steps)."""

    fed: Values
    h: Values
    felt: Values


def run_steps(steps: list[Step], x: Values, w: rnn.RNNWeights) -> Run:
    """Run the steps. One that reads nothing is fed the output before it, or 0, the start mark, where there is none.

    ∂h_t/∂x_1 comes along, by the chain rule through the state and through the output that is fed back.
    """
    h, felt, before = np.zeros((1, 1)), 0.0, False
    fed, states, felts = [], [], []
    for step in steps:
        back = step.reads is None and before
        u = x[step.reads - 1] if step.reads is not None else float(h[0, 0]) if back else 0.0
        h, cache = rnn.step(np.full((1, 1), u), h, w, TANH)
        weight = w.W_hh[0, 0] + (w.W_xh[0, 0] if back else 0.0)
        felt = float(TANH.slope(h)[0, 0]) * (w.W_xh[0, 0] if step.reads == 1 else weight * felt)
        before = step.writes is not None
        fed.append(float(cache.x_t[0, 0]))
        states.append(float(h[0, 0]))
        felts.append(felt)
    return Run(np.array(fed), np.array(states), np.array(felts))
