"""Two tasks for one recurrent network: many examples of the first, few of the second, and three ways to begin that."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.demos.machine.figures import Values
from app.demos.machine.parameters import Parameters, number
from app.nn import rnn
from app.nn.activations import TANH
from app.nn.initialise import orthogonal
from app.nn.least_squares import fit

T, UNITS, FIRST, TEST, DRAWS, MOST = 8, 16, 500, 200, 6, 64
PENALTY = 1.0
MIX = np.array([0.6, -0.64, 0.48])  # of length 1: how the second task mixes what the first one taught


class TransferLearning(Parameters):
    """How near the second task is to the first, how many examples it has, and how it starts."""

    examples: int = number(8, 2, MOST, step=1, title="Examples", says="Labelled sequences of the second task.")
    related: float = number(
        0.95, 0, 1, step=0.05, title="Relation $r$", says="Weight, in the second task, of what the first one taught."
    )
    noise: float = number(0.3, 0, 2, slide=(0, 1), step=0.05, title="Noise", says="In the second task's labels.")
    hold: float = number(
        1, 0, 1000, slide=(0, 20), step=0.5, title="Hold", says="How firmly fine-tuning holds on to where it started."
    )
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the network and all sequences.")


@dataclass(frozen=True)
class Data:
    """The pre-trained network, and the sequences of the second task as the network's last states.

    Shapes: W_pre (h, 3); test_x (200, T), test_h (200, h); x (draws, 64, T), h (draws, 64, h), noise (draws, 64)
    """

    W_pre: Values
    test_x: Values
    test_h: Values
    x: Values
    h: Values
    noise: Values


def traits() -> Values:
    """What a sequence can be asked for: level, trend, bend (all in the first task) and swing. Shapes: → Q (T, 4)"""
    t = np.arange(T) - (T - 1) / 2
    Q = np.linalg.qr(np.stack([np.ones(T), t, t**2, (-1.0) ** np.arange(T)], axis=1))[0]
    turned: Values = Q * np.sign(Q[-1])
    return turned


@lru_cache(maxsize=64)
def pretrain(seed: int) -> Data:
    """The first task: 500 sequences labelled with level, trend and bend, which three readouts learn to tell.

    The recurrence itself stays as it was drawn; what is learned is which mixtures of its states are worth keeping.
    """
    rng = np.random.default_rng(seed)
    core = rnn.RNNWeights(0.1 * rng.standard_normal((1, UNITS)), 0.95 * orthogonal(rng, UNITS), np.zeros(UNITS))

    def last_state(x: Values) -> Values:
        hs, _ = rnn.forward(x.reshape(-1, T, 1), np.zeros((x.size // T, UNITS)), core, TANH)
        return np.asarray(hs[:, -1]).reshape(*x.shape[:-1], UNITS)

    x = rng.standard_normal((FIRST, T))
    h = last_state(x)
    scale = h.std(axis=0)
    W_pre = np.stack([fit(h / scale, x @ trait, 1e-3).w for trait in traits().T[:3]], axis=1)
    test_x, x = rng.standard_normal((TEST, T)), rng.standard_normal((DRAWS, MOST, T))
    noise = rng.standard_normal((DRAWS, MOST))
    return Data(W_pre, test_x, last_state(test_x) / scale, x, last_state(x) / scale, noise)


@lru_cache(maxsize=64)
def carried_over(seed: int) -> tuple[dict[str, Values], Values]:
    """What a readout of the three features, and one of all states, leaves untold of each trait: mean squares (4).

    And what there is to tell: each trait's variance (4).
    """
    data = pretrain(seed)
    asked = data.test_x @ traits()

    def left(F: Values) -> Values:
        return np.array([np.mean((fit(F, trait, 1e-3)(F) - trait) ** 2) for trait in asked.T])

    return {"features": left(data.test_h @ data.W_pre), "states": left(data.test_h)}, asked.var(axis=0)


def second_task(p: TransferLearning, x: Values) -> Values:
    """y = r (what the first task taught) + √(1 − r²) (the swing, which it never asked for).

    Shapes: x (…, T) → y (…)
    """
    Q = traits()
    y: Values = p.related * (x @ Q[:, :3] @ MIX) + math.sqrt(1 - p.related**2) * (x @ Q[:, 3])
    return y


def three_ways(p: TransferLearning, data: Data, count: int) -> dict[str, Values]:
    """Forecasts (draws, 200) of the test sequences after `count` examples, the same ones for all three.

    Frozen: a readout of three features. From scratch: one of all states. Fine-tuned: as that, held to frozen's weights.
    """
    h, y = data.h[:, :count], (second_task(p, data.x) + p.noise * data.noise)[:, :count]
    frozen = fit(h @ data.W_pre, y, PENALTY)
    tuned = fit(h, y, p.hold, start=frozen.w @ data.W_pre.T)
    scratch = fit(h, y, PENALTY)
    return {"frozen": frozen(data.test_h @ data.W_pre), "tuned": tuned(data.test_h), "scratch": scratch(data.test_h)}
