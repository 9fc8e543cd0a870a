"""The steps of a task, from one to one to many to many: which read, which write, and one unit run over them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.demos.machine.figures import Values
from app.nn import rnn
from app.nn.activations import TANH


class TaskStep(NamedTuple):
    """The numbers of the input that a step reads, the output that it writes and the output that it is fed.

    Numbers start at 1; 0 is for none.
    """

    reads: int
    writes: int
    fed_back: int = 0

    @property
    def says(self) -> str:
        """What it reads and writes, in words."""
        acts = [f"reads x {self.reads}"] * (self.reads > 0) + [f"writes y {self.writes}"] * (self.writes > 0)
        return " and ".join(acts)


def steps_of(kind: str, inputs: int, outputs: int) -> list[TaskStep]:
    """The steps of a task of this kind. Where the kind has one input or output, that count is ignored."""
    match kind:
        case "one-to-one":
            return [TaskStep(1, 1)]
        case "one-to-many":
            return [TaskStep(1, 1)] + [TaskStep(0, k, k - 1) for k in range(2, outputs + 1)]
        case "many-to-one":
            return [TaskStep(t, 1 if t == inputs else 0) for t in range(1, inputs + 1)]
        case "aligned":
            return [TaskStep(t, t) for t in range(1, inputs + 1)]
    return [TaskStep(t, 0) for t in range(1, inputs + 1)] + [TaskStep(0, k, k - 1) for k in range(1, outputs + 1)]


@dataclass(frozen=True)
class TaskRun:
    """What each step was fed, its state, and ∂h_t/∂x_1, how far it feels the first input: each (steps)."""

    fed: Values
    h: Values
    felt: Values


def run_steps(steps: list[TaskStep], x: Values, w: rnn.RNNWeights) -> TaskRun:
    """Run one unit over the steps. A step that reads nothing is fed the output before it; if there is none, 0.

    ∂h_t/∂x_1 comes by the chain rule: through the state, and through the output that is fed back.
    """
    h, felt = np.zeros((1, 1)), 0.0
    fed, states, felts = [], [], []
    for step in steps:
        u = x[step.reads - 1] if step.reads else float(h[0, 0]) if step.fed_back else 0.0
        h, cache = rnn.step(np.full((1, 1), u), h, w, TANH)
        weight = w.W_hh[0, 0] + (w.W_xh[0, 0] if step.fed_back else 0.0)
        felt = float(TANH.slope(h)[0, 0]) * (w.W_xh[0, 0] if step.reads == 1 else weight * felt)
        fed.append(float(cache.x_t[0, 0]))
        states.append(float(h[0, 0]))
        felts.append(felt)
    return TaskRun(np.array(fed), np.array(states), np.array(felts))
