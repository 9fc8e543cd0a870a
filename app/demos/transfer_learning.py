"""A small recurrent network learned one task from many examples: what is that worth for a second task with few?"""

import math
import random

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.demos.parts.two_tasks import (
    DRAWS,
    MIX,
    MOST,
    UNITS,
    TransferLearning,
    carried_over,
    pretrain,
    second_task,
    three_ways,
)
from app.nn.least_squares import fit

COUNTS = (2, 4, 8, 12, 16, 24, 32, 48, MOST)  # examples of the second task
WAYS = {
    "frozen": ("frozen, new readout", "frozen extractor, new readout"),
    "tuned": ("fine-tuned", "fine-tuned from the pre-trained weights"),
    "scratch": ("from scratch", "from scratch"),
}
TRAITS = ("level", "trend", "bend", "swing")


def compute(p: TransferLearning) -> Result:
    """The error of each way after each number of examples, by the error of always predicting the mean."""
    data = pretrain(p.seed)
    truth = second_task(p, data.test_x)
    std = float(truth.std())
    counts = sorted({*COUNTS, p.examples})
    off: dict[str, Values] = {way: np.empty(len(counts)) for way in WAYS}
    for i, count in enumerate(counts):
        for way, told in three_ways(p, data, count).items():
            off[way][i] = np.sqrt(np.mean((told - truth) ** 2, axis=1)).mean()
    errors = {way: values / std for way, values in off.items()}
    at = counts.index(p.examples)
    overtakes = next((count for i, count in enumerate(counts) if errors["scratch"][i] < errors["frozen"][i]), math.inf)
    numbers: dict[str, float] = {way: float(values[at]) for way, values in errors.items()}
    numbers |= {f"{way}_most": float(values[-1]) for way, values in errors.items()}
    numbers |= {
        "examples": p.examples,
        "most": MOST,
        "crossover": overtakes,
        "floor": math.sqrt(1 - p.related**2),
        "frozen_weights": 3 + 1,
        "weights": UNITS + 1,
    }
    return Result(numbers, (_curve(p, counts, errors, numbers), _errors(p, counts, off, std), _traits(p)))


def _verdict(p: TransferLearning, numbers: dict[str, float]) -> str:
    told = (
        "After {examples examples} the error is {frozen} with the extractor frozen, {tuned} fine-tuned, {scratch} from "
        "scratch; 1 is what always predicting the mean gives. "
    )
    if p.hold < 0.1 and p.examples > UNITS:
        return told + "Without a hold nothing of the start is left: fine-tuning is plain least squares, noise and all."
    if numbers["crossover"] == math.inf:
        told += "Up to {most examples} training from scratch does not overtake the frozen extractor with its "
        return told + "{frozen_weights} new weights."
    if numbers["scratch"] >= numbers["frozen"]:
        told += "At {crossover examples} training from scratch overtakes the frozen extractor, which cannot learn what "
        return told + "it dropped."
    start = "and the start misleads fine-tuning, too."
    if numbers["tuned"] <= numbers["scratch"]:
        start = "fine-tuning learns it, and still profits from the start."
    return told + f"The frozen features lack something that this task asks for; {start}"


def _curve(p: TransferLearning, counts: list[int], errors: dict[str, Values], numbers: dict[str, float]) -> Curve:
    told = fill(_verdict(p, numbers), numbers)
    return Curve(
        "learning",
        "Error against examples",
        told,
        "examples of the second task",
        "error",
        np.array(counts, dtype=float),
        (
            Series("tuned_line", *WAYS["tuned"], errors["tuned"]),
            Series("frozen_line", *WAYS["frozen"], errors["frozen"], "dashed"),
            Series("scratch_line", *WAYS["scratch"], errors["scratch"], "dotted"),
        ),
        places=[Spot(Handle(across="examples"), x=p.examples, unit=1)],
    )


def _errors(p: TransferLearning, counts: list[int], off: dict[str, Values], std: float) -> Trace:
    learned = {
        "frozen": f"3 + 1 weights learned, {UNITS} states behind them as they are.",
        "tuned": f"{UNITS} + 1 weights, which start from the pre-trained ones.",
        "scratch": f"{UNITS} + 1 weights, which start from 0.",
    }
    draws = f"Mean of {DRAWS} draws of the examples; the same draws for all three."
    ratio = {
        way: Formula(r"\mathrm{RMSE} / \mathrm{std}(y)", f"{said} {draws}", rf"e_{{{way}}} / s")
        for way, said in learned.items()
    }
    return Trace(
        "errors",
        "Errors side by side",
        "Three times the same examples and network: what differs is where the weights start, and which may move.",
        [Row(way, label, off[way] / std, ratio[way], words=words) for way, (label, words) in WAYS.items()],
        ("tuned", counts.index(p.examples)),
        {f"e_{{{way}}}": values for way, values in off.items()} | {"s": std},
        columns=[f"{count} examples" for count in counts],
        column_word="count",
    )


def _traits(p: TransferLearning) -> Trace:
    left, variance = carried_over(p.seed)
    taught = Formula(r"r \cdot m_k", "In the first task, too.")
    swing = Formula(r"\sqrt{1 - r^2}", "The first task never asked for the swing.")

    def told(by: str, note: str) -> Formula:
        return Formula(r"1 - \text{error}^2 / \text{variance}", note, rf"1 - n_{{{by}}} / v")

    features = told("features", "Share of its variance that a readout of the three features can tell.")
    states = told("states", "The states hold it all: it is the three features that drop it.")
    by_features, by_states = 1 - left["features"] / variance, 1 - left["states"] / variance
    share = np.append(p.related * MIX, math.sqrt(1 - p.related**2))
    rows = (
        Row("share", "weight in the second task", share, lambda k: taught if k <= len(MIX) else swing),
        Row(
            "features", "told by the 3 features", by_features, features, words="share of variance told by the features"
        ),
        Row("states", "told by all states", by_states, states, words="share of variance told by the states"),
    )
    symbols: Symbols = {"r": p.related, "m_k": np.append(MIX, 0.0), "v": variance}
    symbols |= {f"n_{{{by}}}": values for by, values in left.items()}
    caption = "What the second task asks for, and how much of it the pre-trained features still hold."
    chosen = ("features", 3)
    return Trace(
        "traits", "What was carried over", caption, rows, chosen, symbols, "k", columns=TRAITS, column_word="trait"
    )


def _instance(rng: random.Random) -> dict[str, str]:
    return {"related": str(rng.randint(10, 98) / 100), "examples": str(MOST), "noise": "0"}


def _question(p: TransferLearning) -> Question:
    return Question(
        "How small can the error become with the extractor frozen? (1 is what always predicting the mean gives.)",
        "floor",
        (
            rf"the second task is $y = r \, a + \sqrt{{1 - r^2}} \, s$ with $r = {latex(p.related)}$; $a$ and $s$ are "
            "independent and of variance 1",
            "the frozen features tell $a$ almost perfectly, and nothing of $s$",
        ),
    )


def _steps(p: TransferLearning, result: Result) -> list[Arithmetic]:
    square = Formula("1 - r^2", "The variance of the part that the features lack:", values={"r": p.related})
    swing = Formula(r"\mathrm{std}(\sqrt{1 - r^2} \, s) = \sqrt{1 - r^2}", values={"r": p.related})
    floor = result.numbers["floor"]
    return [square.worked_out(floor**2, {}), swing.worked_out(floor, {})]


def _slips(p: TransferLearning, result: Result) -> Slips:
    return [
        (result.numbers["floor"] ** 2, "That is the variance that is left: the error is its root."),
        (1 - p.related, parting(1, "Shares of a length, not of a sum: the rest of $r$ is $\\sqrt{1 - r^2}$.")),
        (p.related, parting(1, "That is the part that it can tell; the error is the part that it cannot.")),
        (0.0, parting(1, "No number of examples teaches frozen features what they dropped.")),
    ]


DEMO = Demo(
    __file__,
    TransferLearning,
    compute,
    Prediction(
        _instance,
        _question,
        _steps,
        _slips,
        tolerance=HUNDREDTH,
        compute=lambda p: Result({"floor": math.sqrt(1 - p.related**2)}, ()),
    ),
    shows=(fit, pretrain, three_ways),
)
