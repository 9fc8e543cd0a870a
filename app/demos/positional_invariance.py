"""A pattern moves: convolution and max-pool find it anywhere, a dense layer only where it learned it."""

import random

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Term, sum_of_products
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Trace
from app.demos.machine.numbers import fill, latex
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.demos.parts.conv_and_dense import two_layers
from app.demos.parts.moved_pattern import PositionalInvariance, Run, run_both
from app.nn import conv1d


def compute(p: PositionalInvariance) -> Result:
    """Both layers' answers to the pattern where it is, where it was learned, and at every other place."""
    run, now, then = run_both(p), p.position - 1, p.learned - 1
    winner = int(np.argmax(run.maps[now]))
    numbers: dict[str, float] = {
        "pooled": float(run.pooled[now]),
        "pooled_learned": float(run.pooled[then]),
        "dense": float(run.dense[now]),
        "dense_learned": float(run.dense[then]),
        "position": p.position,
        "learned": p.learned,
        "found_at": winner * p.stride + 1,
        "moved": p.position - p.learned,
        "weights_conv": len(p.kernel),
        "weights_dense": p.length,
        "places": len(run.x),
        "same": int((run.pooled == run.pooled[then]).sum()),
        "dense_same": int((run.dense == run.dense[then]).sum()),
    }
    figures = (
        two_layers(p, run, winner, numbers),
        _curve(run, numbers),
        _answers(p, run),
        _map(p, run, winner, numbers),
        _input(p, run),
    )
    return Result(numbers, figures)


def _curve(run: Run, numbers: dict[str, float]) -> Curve:
    told = fill(
        "Of {places} places, max-pool gives the same answer as at the learned one at {same}, the dense layer at "
        "{dense_same}.",
        numbers,
    )
    return Curve(
        "places",
        "The answer for each place of the pattern",
        told,
        "place of the pattern",
        "answer",
        np.arange(1.0, len(run.x) + 1),
        (
            Series("dense_at", "dense layer", "the dense layer's answer", run.dense),
            Series("pooled_at", "convolution, then max-pool", "the max-pool's answer", run.pooled, "dashed"),
        ),
    )


def _answers(p: PositionalInvariance, run: Run) -> Trace:
    both = {"then": p.learned - 1, "now": p.position - 1}

    def arithmetic(key: str, column: int) -> Arithmetic:
        place = both[key]
        if column == 0:
            filled = r",\; ".join(map(latex, run.maps[place].tolist()))
            says = "Whichever place it comes from: the largest is passed on, its place is dropped."
            return Arithmetic(r"\max_j \, y_j", rf"\max({filled})", float(run.pooled[place]), says)
        terms = [
            Term(f"W_{{{t + 1}}}", run.W[t], f"x_{{{t + 1}}}", run.x[place, t])
            for t in range(p.learned - 1, p.learned - 1 + len(p.kernel))
        ]
        says = "A weight of its own for each place; those that learned nothing are 0 and left out here."
        return sum_of_products(r"\mathrm{dense}", terms, float(run.dense[place]), says=says)

    rows = [
        Row(key, label, np.array([run.pooled[both[key]], run.dense[both[key]]]))
        for key, label in (("then", f"pattern at {p.learned}, as learned"), ("now", f"pattern at {p.position}, now"))
    ]
    caption = "What the two layers answer, there and here."
    columns = ("convolution + max-pool", "dense layer")
    return Trace(
        "answers",
        "Answers",
        caption,
        rows,
        ("now", 0),
        columns=columns,
        column_word="layer",
        coloured=False,
        by_hand=arithmetic,
    )


def _map(p: PositionalInvariance, run: Run, winner: int, numbers: dict[str, float]) -> Trace:
    rows = {"was": p.learned - 1, "y": p.position - 1}

    def arithmetic(key: str, column: int) -> Arithmetic:
        first, place = column * p.stride, rows[key]
        terms = [
            Term(f"k_{{{i + 1}}}", weight, f"x_{{{first + i + 1}}}", run.x[place, first + i])
            for i, weight in enumerate(p.kernel)
        ]
        return sum_of_products(f"y_{{{column + 1}}}", terms, float(run.maps[place, column]), says=SAME)

    if numbers["moved"] % p.stride:
        told = (
            "The pattern moved by {moved}, which is no multiple of the stride: the map shows other numbers now. "
            "A convolution with a stride is equivariant to moves by whole strides alone."
        )
    else:
        told = (
            "The map moves with the pattern, number for number: that is equivariance. Its largest stands at {found_at}."
        )
    return Trace(
        "map",
        "The feature map",
        fill(told, numbers),
        (
            Row("was", f"pattern at {p.learned}", run.maps[rows["was"]], words="map for the learned place"),
            Row("y", f"pattern at {p.position}", run.maps[rows["y"]], words="map for the place now"),
        ),
        ("y", winner),
        columns=[f"from {j * p.stride + 1}" for j in range(run.maps.shape[1])],
        column_word="window",
        by_hand=arithmetic,
    )


SAME = "The same weights at every window."


def _input(p: PositionalInvariance, run: Run) -> Trace:
    x = run.x[p.position - 1]

    def arithmetic(key: str, column: int) -> Arithmetic:
        t, value, weight = column + 1, float(x[column]), float(run.W[column])
        if key == "x":
            return Arithmetic(f"x_{{{t}}}", "", value, "Part of the pattern." if value else "No pattern here.")
        if key == "W":
            return Arithmetic(f"W_{{{t}}}", "", weight, "This place's own weight: it serves no other.")
        return sum_of_products("", [Term(f"W_{{{t}}}", weight, f"x_{{{t}}}", value)], weight * value)

    return Trace(
        "input",
        "What the dense layer reads",
        fill(
            "The dense layer has {weights_dense} weights, one a step; the kernel {weights_conv} for all places.",
            {"weights_dense": p.length, "weights_conv": len(p.kernel)},
        ),
        (
            Row("x", "input $x_t$", x),
            Row("W", "dense weight $W_t$", run.W),
            Row("Wx", r"product $W_t \, x_t$", run.W * x),
        ),
        ("x", p.position - 1),
        columns=[f"t = {t}" for t in range(1, p.length + 1)],
        by_hand=arithmetic,
    )


def _instance(rng: random.Random) -> dict[str, str]:
    pattern = ",".join(map(str, rng.sample([-2, -1, 2, 3, 4], 3)))
    learned, position = rng.sample(range(1, 9), 2)
    return {"pattern": pattern, "kernel": pattern, "learned": str(learned), "position": str(position), "length": "11"}


def _question(p: PositionalInvariance) -> Question:
    pattern = r",\; ".join(map(latex, p.pattern))
    return Question(
        "What does the max-pool over the whole feature map give?",
        "pooled",
        (
            f"the pattern is $({pattern})$ and begins at place {p.position}; all else is 0",
            "the kernel is the pattern itself, its stride is 1",
            f"a dense layer with the same weights has learned the pattern at place {p.learned}",
        ),
    )


def _steps(p: PositionalInvariance, result: Result) -> list[Arithmetic]:
    answers, feature_map, _ = result.traces()
    return [feature_map.arithmetic("y", feature_map.chosen[1]), answers.arithmetic("now", 0)]


def _slips(p: PositionalInvariance, result: Result) -> Slips:
    return [
        (result.numbers["dense"], "That is the dense layer's answer: its weights stayed at the old place."),
        (sum(p.pattern), "That is the sum of the pattern: each number is also weighted by the kernel's."),
        (max(p.pattern), "That is the pattern's largest: the pool looks at the feature map, not at the input."),
        (float(result.numbers["found_at"]), "That is where it was found: the pool forgets the place."),
        (float(np.sum(np.square(p.pattern)) / len(p.pattern)), "That averages: max-pool takes the largest sum."),
    ]


DEMO = Demo(
    __file__,
    PositionalInvariance,
    compute,
    Prediction(
        _instance, _question, _steps, _slips, Tolerance(why="They are whole numbers: only the exact one is right")
    ),
    shows=(run_both, conv1d.forward),
    miniature="layers",
)
