"""Layer normalisation and dropout in a recurrent layer: what each does to the sums, the states and the memory."""

import math
import random
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import InFramework, Numbers, choice, entries, flag, number
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result, by_step
from app.nn import dropout, layer_norm
from app.nn.activations import ACTIVATIONS
from app.nn.dropout import Kind
from app.nn.framework import NAMES, Framework
from app.nn.initialise import orthogonal
from app.nn.signal import spread

UNITS, RUNS = 16, 32
FLAT = 0.05  # a slope of tanh below this counts as flat
EPSILON: dict[Framework, float] = {"keras": 1e-3, "pytorch": layer_norm.EPSILON}


class LayerNormAndDropout(InFramework):
    """A layer of 16 tanh units whose recurrent weights are `gain` times an orthogonal matrix, run 32 times."""

    sums: Numbers = entries((1, 3, 5, 7), title="Sums to normalise", says="One row of up to 12, worked by hand.")
    norm: bool = flag(True, title="Layer norm", says="On the sums, before tanh.")
    dropout: Literal["none", "each", "one", "framework"] = choice(
        "each", title="Dropout masks", says="On the state: none, one each step, one for all, or the framework's own."
    )
    rate: float = number(0.2, 0, 0.9, step=0.05, title="Dropout rate $p$", says="The chance that a unit is dropped.")
    steps: int = number(50, 1, 100, step=1, title="Steps $T$", says="Of the recurrence.")
    gain: float = number(2, 0, 10, slide=(0, 3), step=0.1, title="Gain", says="Size of the recurrent weights.")
    input: float = number(1, 0, 10, step=0.1, title="Size of the inputs", says="Their standard deviation.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws weights, inputs and masks.")

    @property
    def masks(self) -> Kind:
        """How masks on the state are drawn: Keras' recurrent_dropout has one for all steps, PyTorch's layers none."""
        if self.dropout == "framework":
            return "one" if self.framework == "keras" else "none"
        return self.dropout

    @property
    def epsilon(self) -> float:
        """The small number under the root of the framework's layer normalisation."""
        return EPSILON[self.framework]


@dataclass(frozen=True)
class Batch:
    """What goes into tanh, and the states.

    Shapes: into (time, batch, h), states (time, batch, h)
    """

    into: Values
    states: Values

    def flat(self) -> float:
        """The share of states on the flat parts of tanh."""
        return float(np.mean(1 - self.states**2 < FLAT))


def recur(inputs: Values, W_hh: Values, masks: Values, norm: bool, epsilon: float = layer_norm.EPSILON) -> Batch:
    """h_t = tanh(LN(x_t W_xh + (m_t h_{t−1}) W_hh)). `inputs` are x_t W_xh.

    Shapes: inputs (time, h), W_hh (h, h), masks (time, batch, h)
    """
    time, batch, h = masks.shape
    into, states, state = np.empty(masks.shape), np.empty(masks.shape), np.zeros((batch, h))
    one, zero = np.ones(h), np.zeros(h)
    for t in range(time):
        z = inputs[t] + (masks[t] * state) @ W_hh
        into[t] = layer_norm.forward(z, one, zero, epsilon)[0] if norm else z
        states[t] = state = np.tanh(into[t])
    return Batch(into, states)


def compute(p: LayerNormAndDropout) -> Result:
    """Normalise one row by hand; run the layer with the chosen masks, without any, and bare."""
    rng = np.random.default_rng(p.seed)
    W_hh = p.gain * orthogonal(rng, UNITS)
    inputs = p.input * rng.standard_normal((p.steps, UNITS)) @ orthogonal(rng, UNITS)
    m = dropout.masks(rng, p.masks, p.rate, p.steps, RUNS, UNITS)
    none = np.ones((p.steps, 1, UNITS))
    together = recur(inputs, W_hh, np.concatenate((m, none), axis=1), p.norm, p.epsilon)
    runs = Batch(together.into[:, :RUNS], together.states[:, :RUNS])
    whole = Batch(together.into[:, RUNS:], together.states[:, RUNS:])
    bare = recur(inputs, W_hh, none, False) if p.norm else whole

    passed = dropout.passed_on(m)
    keep = 1 - p.rate if p.masks != "none" else 1.0
    steps = np.arange(1.0, p.steps + 1)
    expected = keep**steps if p.masks == "each" else np.full(p.steps, keep)
    numbers: dict[str, float] = {"steps": p.steps, "rate": p.rate, "keep": keep, "epsilon": p.epsilon}
    numbers |= {"spread": spread(runs.into), "spread_bare": spread(bare.into)}
    numbers |= {"flat": runs.flat(), "flat_bare": bare.flat()}
    numbers |= {"passed": float(passed[-1]), "expected": float(expected[-1])}
    average = runs.states[:, :, 0].mean(axis=1)
    numbers |= {"state_one": float(runs.states[-1, 0, 0]), "state_average": float(average[-1])}
    numbers |= {"state_none": float(whole.states[-1, 0, 0]), "off": spread(average - whole.states[:, 0, 0])}
    one = _one_layer(p)
    numbers |= one.numbers()
    table = _by_hand(p, one, numbers)

    sums, bare_sums = (np.sqrt((run.into**2).mean(axis=(1, 2))) for run in (runs, bare))
    memory = (
        Series("passed", "never dropped so far", "units never dropped so far", passed),
        Series("expected", "expected", "expected share", expected, "dashed"),
    )
    spreads = (
        Series("spread", "here", "root mean square here", sums),
        Series("bare", "without norm and dropout", "root mean square of the bare layer", bare_sums, "dashed"),
    )
    averages = (
        Series("one", "one run", "one run", runs.states[:, 0, 0]),
        Series("mean", f"average of {RUNS}", f"average of {RUNS} runs", average, "dashed"),
        Series("none", "without dropout", "without dropout", whole.states[:, 0, 0], "dotted"),
    )
    told = [fill(words(p), numbers) for words in (_memory_told, _spread_told, _average_told)]
    gain = [Spot(Handle("gain"), x=float(steps[-1]), y=float(spreads[0].values[-1]))]
    figures = (
        Curve("memory", "What is passed on at every step", told[0], "step t", "share of the units", steps, memory),
        table,
        Curve(
            "spread",
            "What goes into tanh",
            told[1],
            "step t",
            "root mean square of the sums",
            steps,
            spreads,
            places=gain,
        ),
        Curve("average", "One run and the average of many", told[2], "step t", "state of unit 1", steps, averages),
        _places(p),
    )
    return Result(numbers, figures)


def _places(p: LayerNormAndDropout) -> Trace:
    """How many masks the framework's own arguments draw for a sequence, at each place."""
    keras = (1, 1, 1), ("dropout=", "recurrent_dropout=", "dropout= of the layer above")
    pytorch = (0, 0, p.steps), ("No argument does this.", "No argument does this.", "dropout=, with num_layers above 1")
    draws, how = keras if p.framework == "keras" else pytorch
    row = Row("draws", "masks drawn", np.array(draws, dtype=float), lambda at: given("m", how[at - 1]))
    told = {
        "keras": "Keras draws one mask for all steps. With recurrent_dropout it cannot use the fused kernel.",
        "pytorch": "PyTorch drops only between stacked layers, with a new mask at each step, and never on the state.",
    }
    columns = ["on the inputs", "on the state", "between layers"]
    title = f"How many masks {NAMES[p.framework]} draws"
    return Trace(
        "places", title, told[p.framework], (row,), ("draws", 1), index="", columns=columns, column_word="place"
    )


def _memory_told(p: LayerNormAndDropout) -> str:
    if p.masks == "none" or p.rate == 0:
        return "Without dropout on the state the share of units that is passed on is {passed} at every step."
    if p.masks == "each":
        told = "A new mask at each step: after {steps steps} a share of {passed} of the units has never been dropped "
        return told + "(expected, {keep} to the power of the steps: {expected}). All others were cut off at least once."
    told = "One mask for all steps: after {steps steps} as after the first, {passed} of the units "
    return told + "are passed on (expected {keep})."


def _spread_told(p: LayerNormAndDropout) -> str:
    told = "The sums that go into tanh have a root mean square of {spread}, and {flat} of the states are saturated "
    told += "(slope below 0.05)"
    if not p.norm:
        return told + ": nothing limits them."
    return told + "; in the bare layer it would be {spread_bare}, and {flat_bare} of them."


def _average_told(p: LayerNormAndDropout) -> str:
    if p.masks == "none" or p.rate == 0:
        return "Without dropout on the state all runs are the same: at the end unit 1 is at {state_one}."
    told = "At the end unit 1 is at {state_one} in one run, at {state_average} on average, and at {state_none} without "
    return told + "dropout. Masks are 1 on average, but tanh is not linear: over all steps the average is off by {off}."


class _Normalised(NamedTuple):
    """The sums of a layer's units `z`, normalised `n`, and tanh and its slope before (raw) and after."""

    z: Values
    n: Values
    deviation: float
    raw: Values
    a: Values
    raw_slope: Values
    slope: Values

    def numbers(self) -> dict[str, float]:
        """Its numbers by name."""
        told = by_step({"n": self.n}) | {"mean": float(self.z.mean()), "deviation": self.deviation}
        told |= {"variance": float(self.z.var()), "variance_after": float(self.n.var())}
        told |= {"n_last": float(self.n[-1]), "h_last": float(self.a[-1]), "slope_last": float(self.slope[-1])}
        return told | {"raw_last": float(self.raw[-1]), "raw_slope_last": float(self.raw_slope[-1])}


def _one_layer(p: LayerNormAndDropout) -> _Normalised:
    z, tanh = np.array(p.sums, dtype=float), ACTIVATIONS["tanh"]
    n, cache = layer_norm.forward(z[None, :], np.ones(len(z)), np.zeros(len(z)), p.epsilon)
    raw, a = tanh.f(z), tanh.f(n[0])
    return _Normalised(z, n[0], float(cache.deviation[0, 0]), raw, a, tanh.slope(raw), tanh.slope(a))


def _by_hand(p: LayerNormAndDropout, one: _Normalised, numbers: dict[str, float]) -> Trace:
    z, n, _, raw, a, raw_slope, slope = one
    h, mean, apart = len(z), numbers["mean"], z - numbers["mean"]
    small = f"The ε of {NAMES[p.framework]} keeps the root above 0."
    root = Formula(r"(z_j - \mu) / \sqrt{\sigma^2 + \varepsilon}", small, r"d / \sqrt{v + \varepsilon}")
    kept = Formula("1 - a^2", "What a gradient keeps on its way through.")
    rows = (
        Row("z", "sum $z_j$", z, given("z_j"), group="as they are", handle=each_of("sums")),
        Row("raw", r"$\tanh(z_j)$", raw, Formula(r"\tanh(z_j)", written=r"\tanh(s)"), words="tanh of the sum"),
        Row("rawslope", "slope", raw_slope, replace(kept, written="1 - r^2")),
        Row(
            "apart",
            r"$z_j - \mu$",
            apart,
            note="The mean over the units of this row.",
            words="distance from the mean",
            group="normalised",
        ),
        Row("n", r"$\hat{z}_j$", n, root, words="normalised"),
        Row("a", r"$\tanh(\hat{z}_j)$", a, Formula(r"\tanh(\hat{z}_j)", "", r"\tanh(n)"), words="tanh after the norm"),
        Row("slope", "slope", slope, kept, words="slope after normalising"),
    )
    symbols: Symbols = {"s": z, "r": raw, "d": apart, "n": n, "a": a, r"\mu": mean, "v": numbers["variance"]}
    symbols[r"\varepsilon"] = p.epsilon
    told = "From mean {mean} and variance {variance} to mean 0 and variance {variance_after}. "
    caption = fill(told + "The last unit's slope goes from {raw_slope_last} to {slope_last}.", numbers)
    columns, chosen = [f"unit {j}" for j in range(1, h + 1)], ("n", h - 1)
    return Trace(
        "hand", "One row, normalised", caption, rows, chosen, symbols, "j", columns=columns, column_word="unit"
    )


def _instance(rng: random.Random) -> dict[str, str]:
    apart = rng.choice(
        [(2, 2, -2, -2), (3, 3, -3, -3), (4, 4, -4, -4), (5, -3, -1, -1), (7, 1, -7, -1)]
    )  # roots of squares
    mean, sign = rng.choice([-2, -1, 1, 2, 3]), rng.choice([1, -1])
    return {"sums": ",".join(str(mean + sign * d) for d in rng.sample(apart, 4)), "steps": "1"}


def _question(p: LayerNormAndDropout) -> Question:
    return Question(
        "What does the last of these sums become by layer normalisation?",
        "n_last",
        (
            "$z = " + r",\; ".join(map(latex, p.sums)) + "$, the sums of one example at one step",
            "the learned gain is 1 and the shift 0, as at the start",
        ),
    )


def _steps(p: LayerNormAndDropout, result: Result) -> list[Arithmetic]:
    n, count = result.numbers, len(p.sums)
    sums = {f"z_{{{j}}}": z for j, z in enumerate(p.sums, start=1)}
    apart = {f"d_{{{j}}}": z - n["mean"] for j, z in enumerate(p.sums, start=1)}
    mean = Formula(r"\mu", written=f"({' + '.join(sums)}) / {count}", values=sums)
    variance = Formula(r"\sigma^2", written=f"({' + '.join(f'{d}^2' for d in apart)}) / {count}", values=apart)
    last = result.worked(f"apart,{count}", f"n,{count}")
    return [mean.worked_out(n["mean"], {}), variance.worked_out(n["variance"], {}), *last]


def _slips(p: LayerNormAndDropout, result: Result) -> Slips:
    n, z = result.numbers, np.array(p.sums)
    apart, variance = float(z[-1]) - n["mean"], n["variance"]
    return (
        (apart, "That is the distance from the mean. Divide it by the standard deviation."),
        (apart / variance, "That divides by the variance. Divide by its square root."),
        (
            apart / math.sqrt(float(z.var(ddof=1))),
            parting(2, "That uses the sample's deviation, with $h - 1$. Here the divisor is $h$."),
        ),
        (float(z[-1]) / math.sqrt(variance), parting(3, "The mean has not been subtracted.")),
        (-apart / math.sqrt(variance), parting(3, "The sign is wrong: subtract the mean from the sum.")),
        (math.tanh(n["n_last"]), "That is after tanh."),
    )


DEMO = Demo(
    __file__,
    LayerNormAndDropout,
    compute,
    Prediction(_instance, _question, _steps, _slips, HUNDREDTH),
    shows=(layer_norm.forward, dropout.masks, dropout.passed_on, recur),
    layers=lambda p: Layered({"sums": np.array(p.sums, dtype=float)}),
)
