"""Layer normalisation and dropout in a recurrent layer: what each does to the sums, the states and the memory."""

import math
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Trace, Values
from app.demos.machine.numbers import factor, fill, latex
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.nn import dropout, layer_norm
from app.nn.activations import ACTIVATIONS
from app.nn.initialise import orthogonal
from app.nn.signal import spread

UNITS, RUNS = 16, 32
FLAT = 0.05  # a slope of tanh below this counts as flat


class LayerNormAndDropout(Parameters):
    """A layer of 16 tanh units whose recurrent weights are `gain` times an orthogonal matrix, run 32 times."""

    sums: Numbers = entries((1, 3, 5, 7), title="Sums to normalise", says="One row of up to 12, worked by hand.")
    norm: bool = flag(True, title="Layer norm", says="On the sums, before tanh.")
    dropout: Literal["none", "each", "one"] = choice(
        "each", title="Dropout masks", says="On the state: none, a new one each step, or one for all steps."
    )
    rate: float = number(0.2, 0, 0.9, step=0.05, title="Dropout rate $p$", says="The chance that a unit is dropped.")
    steps: int = number(50, 1, 100, step=1, title="Steps $T$", says="Of the recurrence.")
    gain: float = number(2, 0, 10, slide=(0, 3), step=0.1, title="Gain", says="Size of the recurrent weights.")
    input: float = number(1, 0, 10, step=0.1, title="Size of the inputs", says="Their standard deviation.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws weights, inputs and masks.")


@dataclass(frozen=True)
class Run:
    """What goes into tanh, and the states.

    Shapes: into (time, batch, h), states (time, batch, h)
    """

    into: Values
    states: Values

    def flat(self) -> float:
        """The share of states on the flat parts of tanh."""
        return float(np.mean(1 - self.states**2 < FLAT))


def recur(inputs: Values, W_hh: Values, masks: Values, norm: bool) -> Run:
    """h_t = tanh(LN(x_t W_xh + (m_t h_{t−1}) W_hh)). `inputs` are x_t W_xh.

    Shapes: inputs (time, h), W_hh (h, h), masks (time, batch, h)
    """
    time, batch, h = masks.shape
    into, states, state = np.empty(masks.shape), np.empty(masks.shape), np.zeros((batch, h))
    one, zero = np.ones(h), np.zeros(h)
    for t in range(time):
        z = inputs[t] + (masks[t] * state) @ W_hh
        into[t] = layer_norm.forward(z, one, zero)[0] if norm else z
        states[t] = state = np.tanh(into[t])
    return Run(into, states)


def compute(p: LayerNormAndDropout) -> Result:
    """Normalise one row by hand; run the layer with the chosen masks, without any, and bare."""
    rng = np.random.default_rng(p.seed)
    W_hh = p.gain * orthogonal(rng, UNITS)
    inputs = p.input * rng.standard_normal((p.steps, UNITS)) @ orthogonal(rng, UNITS)
    m = dropout.masks(rng, p.dropout, p.rate, p.steps, RUNS, UNITS)
    none = np.ones((p.steps, 1, UNITS))
    together = recur(inputs, W_hh, np.concatenate((m, none), axis=1), p.norm)
    runs = Run(together.into[:, :RUNS], together.states[:, :RUNS])
    whole = Run(together.into[:, RUNS:], together.states[:, RUNS:])
    bare = recur(inputs, W_hh, none, False) if p.norm else whole

    passed = dropout.passed_on(m)
    keep = 1 - p.rate if p.dropout != "none" else 1.0
    steps = np.arange(1.0, p.steps + 1)
    expected = keep**steps if p.dropout == "each" else np.full(p.steps, keep)
    numbers: dict[str, float] = {"steps": p.steps, "rate": p.rate, "keep": keep}
    numbers |= {"spread": spread(runs.into), "spread_bare": spread(bare.into)}
    numbers |= {"flat": runs.flat(), "flat_bare": bare.flat()}
    numbers |= {"passed": float(passed[-1]), "expected": float(expected[-1])}
    average = runs.states[:, :, 0].mean(axis=1)
    numbers |= {"state_one": float(runs.states[-1, 0, 0]), "state_average": float(average[-1])}
    numbers |= {"state_none": float(whole.states[-1, 0, 0]), "off": spread(average - whole.states[:, 0, 0])}
    table = _by_hand(p, numbers)

    figures = (
        _curve(
            "memory",
            "What is passed on at every step",
            _memory_told(p),
            numbers,
            steps,
            "share of the units",
            False,
            (
                Series("passed", "never dropped so far", "units never dropped so far", passed),
                Series("expected", "expected", "expected share", expected, "dashed"),
            ),
        ),
        table,
        _curve(
            "spread",
            "What goes into tanh",
            _spread_told(p),
            numbers,
            steps,
            "spread of the sums",
            False,
            (
                Series("spread", "here", "spread here", np.sqrt((runs.into**2).mean(axis=(1, 2)))),
                Series(
                    "bare",
                    "without norm and dropout",
                    "spread of the bare layer",
                    np.sqrt((bare.into**2).mean(axis=(1, 2))),
                    "dashed",
                ),
            ),
        ),
        _curve(
            "average",
            "One run and the average of many",
            _average_told(p),
            numbers,
            steps,
            "state of unit 1",
            False,
            (
                Series("one", "one run", "one run", runs.states[:, 0, 0]),
                Series("mean", f"average of {RUNS}", f"average of {RUNS} runs", average, "dashed"),
                Series("none", "without dropout", "without dropout", whole.states[:, 0, 0], "dotted"),
            ),
        ),
    )
    return Result(numbers, figures)


def _curve(
    name: str,
    title: str,
    told: str,
    numbers: dict[str, float],
    x: Values,
    y: str,
    log: bool,
    series: tuple[Series, ...],
) -> Curve:
    caption = fill(told, numbers)
    return Curve(name, title, caption, "step t", y, x, series, log=log)


def _memory_told(p: LayerNormAndDropout) -> str:
    after = "1 step" if p.steps == 1 else "{steps} steps"
    if p.dropout == "none" or p.rate == 0:
        return f"Without dropout every unit is passed on at each of {after}: {{passed}}."
    if p.dropout == "each":
        return (
            f"A new mask at each step: after {after} a share of {{passed}} of the units has never been dropped "
            f"(expected, {{keep}} to the power of the steps: {{expected}}). What the others held is gone."
        )
    told = f"One mask for all steps: after {after} as after the first, {{passed}} of the units "
    return told + "remember (expected {keep})."


def _spread_told(p: LayerNormAndDropout) -> str:
    told = "Into tanh go sums of spread {spread}, and {flat} of the units are flat"
    if not p.norm:
        return told + ": nothing holds the spread."
    return told + "; bare, it would be a spread of {spread_bare} and {flat_bare} of them."


def _average_told(p: LayerNormAndDropout) -> str:
    if p.dropout == "none" or p.rate == 0:
        return "Without dropout all runs are one: at the end unit 1 is at {state_one}."
    return (
        "At the end unit 1 is at {state_one} in one run, at {state_average} on average, and at {state_none} without "
        "dropout. The masks are 1 on average, but tanh bends: the average run is off by {off}."
    )


def _by_hand(p: LayerNormAndDropout, numbers: dict[str, float]) -> Trace:
    z, tanh = np.array(p.sums, dtype=float), ACTIVATIONS["tanh"]
    h = len(z)
    n, cache = layer_norm.forward(z[None, :], np.ones(h), np.zeros(h))
    mean, deviation = float(z.mean()), float(cache.deviation[0, 0])
    values = {"z": z, "apart": z - mean, "n": n[0], "raw": tanh.f(z), "a": tanh.f(n[0])}
    values |= {"rawslope": tanh.slope(values["raw"]), "slope": tanh.slope(values["a"])}
    numbers |= {"mean": mean, "variance": float(z.var()), "deviation": deviation}
    numbers |= {f"n{j}": float(value) for j, value in enumerate(n[0], start=1)}
    numbers |= {"n_last": float(n[0, -1]), "h_last": float(values["a"][-1]), "slope_last": float(values["slope"][-1])}
    numbers |= {"raw_last": float(values["raw"][-1]), "raw_slope_last": float(values["rawslope"][-1])}
    rows = (
        Row("z", "sum $z_j$", z, group="as they are"),
        Row("raw", r"$\tanh(z_j)$", values["raw"], words="tanh of the sum", group="as they are"),
        Row("rawslope", "slope", values["rawslope"], group="as they are"),
        Row("apart", r"$z_j - \mu$", values["apart"], words="distance from the mean", group="normalised"),
        Row("n", r"$\hat{z}_j$", values["n"], words="normalised", group="normalised"),
        Row("a", r"$\tanh(\hat{z}_j)$", values["a"], words="tanh of the normalised sum", group="normalised"),
        Row("slope", "slope", values["slope"], words="slope after normalising", group="normalised"),
    )

    def arithmetic(key: str, column: int) -> Arithmetic:
        j, now = column + 1, {name: float(row[column]) for name, row in values.items()}
        match key:
            case "z":
                return Arithmetic(f"z_{{{j}}}", latex(now["z"]), now["z"], "It is given.")
            case "apart":
                filled = rf"{latex(now['z'])} - {factor(mean)}"
                return Arithmetic(rf"z_{{{j}}} - \mu", filled, now["apart"], "The mean over the units of this row.")
            case "n":
                filled = rf"{latex(now['apart'])} / \sqrt{{{latex(numbers['variance'])} + 10^{{-5}}}}"
                says = "The variance is the mean square of the distances; the small number keeps the root off 0."
                return Arithmetic(rf"(z_{{{j}}} - \mu) / \sqrt{{\sigma^2 + \varepsilon}}", filled, now["n"], says)
            case "raw" | "a":
                inside, symbol = (now["z"], "z") if key == "raw" else (now["n"], r"\hat{z}")
                return Arithmetic(rf"\tanh({symbol}_{{{j}}})", rf"\tanh({latex(inside)})", now[key])
        output = now["raw"] if key == "rawslope" else now["a"]
        shown = factor(output)
        shown = f"({shown})" if r"\cdot" in shown else shown  # a power of ten, squared
        return Arithmetic("1 - a^2", f"1 - {shown}^2", now[key], "What a gradient keeps on its way through.")

    told = "From mean {mean} and variance {variance} to mean 0 and variance 1. The last unit's slope goes from "
    caption = fill(told + "{raw_slope_last} to {slope_last}.", numbers)
    columns = [f"unit {j}" for j in range(1, h + 1)]
    return Trace(
        "hand",
        "One row, normalised",
        caption,
        rows,
        ("n", h - 1),
        columns=columns,
        column_word="unit",
        by_hand=arithmetic,
    )


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "sums": rng.choice(["1,3,5,7", "2,4,4,6", "0,0,4,8", "-2,0,2,8", "1,1,7,3", "-3,-1,-1,1", "2,8,5,1"]),
        "steps": "1",
    }


def _question(p: LayerNormAndDropout) -> Question:
    return Question(
        "What does layer normalisation make of the last of these sums?",
        "n_last",
        (
            "$z = " + r",\; ".join(map(latex, p.sums)) + "$, the sums of one example at one step",
            "the learned gain is 1 and the shift 0, as at the start",
        ),
    )


def _steps(p: LayerNormAndDropout, result: Result) -> list[Arithmetic]:
    n, count = result.numbers, len(p.sums)
    total = " + ".join(factor(z) for z in p.sums)
    squares = " + ".join(f"{factor(z - n['mean'])}^2" for z in p.sums)
    last = result.traces()[0]
    return [
        Arithmetic(r"\mu", f"({total}) / {count}", n["mean"]),
        Arithmetic(r"\sigma^2", f"({squares}) / {count}", n["variance"]),
        last.arithmetic("apart", count - 1),
        last.arithmetic("n", count - 1),
    ]


def _slips(p: LayerNormAndDropout, result: Result) -> Slips:
    n, z = result.numbers, np.array(p.sums)
    apart, variance = float(z[-1]) - n["mean"], n["variance"]
    return (
        (apart, "That is the distance from the mean: it is still to be divided by the standard deviation."),
        (apart / variance, "That divides by the variance: its root is meant."),
        (apart / math.sqrt(float(z.var(ddof=1))), "That is the sample's deviation, by $h - 1$; here it is by $h$."),
        (float(z[-1]) / math.sqrt(variance), "The mean has not been taken off."),
        (-apart / math.sqrt(variance), "The sign is turned: it is the sum less the mean."),
        (math.tanh(n["n_last"]), "That is already through tanh."),
    )


DEMO = Demo(
    __file__,
    LayerNormAndDropout,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01, why="two decimals are enough")),
    shows=(layer_norm.forward, dropout.masks, dropout.passed_on, recur),
    miniature="memory",
)
