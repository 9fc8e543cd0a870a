"""A pattern moves: convolution and max-pool find it anywhere, a dense layer only where it learned it."""

import random
from collections.abc import Callable, Sequence

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, first_then, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Trace, Values
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
    def answer(place: int) -> Callable[[int], Formula]:
        maps = {f"y_{{{j}}}": y for j, y in enumerate(run.maps[place].tolist(), start=1)}
        largest = "Whichever place it comes from: the largest is passed on, its place is dropped."
        own = "A weight of its own for each place; those that learned nothing are 0 and left out here."
        learned = slice(p.learned - 1, p.learned - 1 + len(p.kernel))
        terms, values = _terms("W", run.W[learned].tolist(), p.learned, run.x[place, learned], p.learned)
        pooled = Formula(r"\max_j \, y_j", largest, rf"\max({', '.join(maps)})", maps)
        dense = Formula(rf"\mathrm{{dense}} = {terms}", own, values=values)
        return first_then(pooled, dense)

    rows = [
        Row(key, label, np.array([run.pooled[place - 1], run.dense[place - 1]]), answer(place - 1))
        for key, label, place in (
            ("then", f"pattern at {p.learned}, as learned", p.learned),
            ("now", f"pattern at {p.position}, now", p.position),
        )
    ]
    caption, columns = "What the two layers answer, there and here.", ("convolution + max-pool", "dense layer")
    return Trace("answers", "Answers", caption, rows, ("now", 0), columns=columns, column_word="layer", coloured=False)


def _terms(weight: str, weights: Sequence[float], w: int, x: Values, first: int) -> tuple[str, dict[str, float]]:
    """The sum of weights times inputs, whose numbers begin with `w` and `first`, and its symbols' values."""
    names = [(f"{weight}_{{{w + i}}}", f"x_{{{first + i}}}") for i in range(len(weights))]
    values = {a: float(v) for (a, _), v in zip(names, weights, strict=True)}
    values |= {b: float(v) for (_, b), v in zip(names, x, strict=True)}
    return " + ".join(rf"{a} \, {b}" for a, b in names), values


def _map(p: PositionalInvariance, run: Run, winner: int, numbers: dict[str, float]) -> Trace:
    def at(place: int) -> Callable[[int], Formula]:
        def formula(j: int) -> Formula:
            first = (j - 1) * p.stride
            terms, values = _terms("k", p.kernel, 1, run.x[place, first : first + len(p.kernel)], first + 1)
            return Formula(f"y_{{{j}}} = {terms}", "The same weights at every window.", values=values)

        return formula

    if numbers["moved"] % p.stride:
        told = (
            "The pattern moved by {moved}, which is no multiple of the stride: the map shows other numbers now. "
            "A convolution with a stride is equivariant to moves by whole strides alone."
        )
    else:
        told = (
            "The map moves with the pattern, number for number: that is equivariance. Its largest stands at {found_at}."
        )
    then, now = p.learned - 1, p.position - 1
    rows = (
        Row("was", f"pattern at {p.learned}", run.maps[then], at(then), words="map for the learned place"),
        Row("y", f"pattern at {p.position}", run.maps[now], at(now), words="map for the place now"),
    )
    columns = [f"from {j * p.stride + 1}" for j in range(run.maps.shape[1])]
    title, told = "The feature map", fill(told, numbers)
    return Trace("map", title, told, rows, ("y", winner), columns=columns, column_word="window")


def _input(p: PositionalInvariance, run: Run) -> Trace:
    x = run.x[p.position - 1]
    told = "The dense layer has {weights_dense} weights, one a step; the kernel {weights_conv} for all places."
    told = fill(told, {"weights_dense": p.length, "weights_conv": len(p.kernel)})
    rows = (
        Row("x", "input $x_t$", x, lambda t: given("x_t", "Part of the pattern." if x[t - 1] else "No pattern here.")),
        Row("W", "dense weight $W_t$", run.W, given("W_t", "This place's own weight: it serves no other.")),
        Row("Wx", r"product $W_t \, x_t$", run.W * x),
    )
    return Trace("input", "What the dense layer reads", told, rows, ("x", p.position - 1))


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
