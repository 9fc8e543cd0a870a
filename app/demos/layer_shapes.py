"""Shapes through a recurrent model, and its parameter count as a formula with the numbers in it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Diagram, Edge, Node, Row, Trace
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import Parameters, choice, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.nn import count

KERAS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU", "dense": "Dense"}


class LayerShapes(Parameters):
    """A stack of layers of one kind, with a Dense layer on top unless `outputs` is 0."""

    batch: int = number(5, 1, 1024, slide=(1, 64), step=1, title="Batch", says="Sequences at once.")
    time: int = number(10, 1, 1000, slide=(1, 60), step=1, title="Time", says="Steps in each sequence.")
    features: int = number(
        2, 1, 4096, slide=(1, 64), step=1, title="Features", says="Numbers that come in at each step."
    )
    layer: Literal["rnn", "lstm", "gru", "dense"] = choice("rnn", title="Layer", says="What the stack is made of.")
    units: int = number(32, 1, 4096, slide=(1, 128), step=1, title="Units", says="Of each layer.")
    layers: int = number(1, 1, 6, step=1, title="Layers", says="Stacked, each on the one below.")
    bidirectional: bool = flag(
        False, title="Bidirectional", says="One layer reads forward, one backward; both are joined."
    )
    return_sequences: bool = flag(
        True, title="Return sequences", says="Whether the top layer gives every step or its last."
    )
    reset_after: bool = flag(
        True, title="Reset after", says="GRU alone: the reset after the product, with a second bias."
    )
    outputs: int = number(
        0, 0, 4096, slide=(0, 32), step=1, title="Outputs", says="Units of a Dense on top; 0 is none."
    )


@dataclass(frozen=True)
class Layer:
    """One layer of the model: the shape of its output and the count of its parameters, in one direction."""

    name: str
    shape: tuple[int, ...]
    count: count.Count
    directions: int = 1

    @property
    def total(self) -> int:
        """Its parameters, in both directions if it has two."""
        return self.directions * self.count.total

    def term(self, part: str) -> tuple[str | int, ...]:
        """The term of the count for its kernel, recurrent kernel or bias; empty if a Dense layer has none."""
        terms = self.count.terms
        return () if part == "recurrent" and len(terms) == 2 else terms[{"kernel": 0, "recurrent": 1, "bias": -1}[part]]

    def size(self, part: str) -> int:
        """The parameters of this part, in both directions if it has two."""
        term = self.term(part)
        return self.directions * replace(self.count, terms=(term,)).total if term else 0


def build(p: LayerShapes) -> Iterator[Layer]:
    """The layers from the bottom up. A layer below a recurrent one must return every step."""
    width, directions = p.features, 2 if p.bidirectional and p.layer != "dense" else 1
    steps: tuple[int, ...] = (p.time,)
    for depth in range(1, p.layers + 1):
        counts = {"rnn": count.rnn, "lstm": count.lstm, "dense": count.dense}
        counted = count.gru(width, p.units, p.reset_after) if p.layer == "gru" else counts[p.layer](width, p.units)
        if p.layer != "dense" and depth == p.layers and not p.return_sequences:
            steps = ()
        width = p.units * directions
        name = f"{KERAS[p.layer]}({p.units})"
        yield Layer(f"Bidirectional {name}" if directions == 2 else name, (p.batch, *steps, width), counted, directions)
    if p.outputs:
        yield Layer(f"Dense({p.outputs})", (p.batch, *steps, p.outputs), count.dense(width, p.outputs))


def compute(p: LayerShapes) -> Result:
    """Count every layer's parameters and follow the shape from the input to the top."""
    layers = list(build(p))
    top = layers[-1]
    numbers: dict[str, float] = {
        "parameters": sum(layer.total for layer in layers),
        "layer_parameters": layers[0].total,
        "dense_parameters": layers[-1].total if p.outputs else 0,
        "out_time": top.shape[1] if len(top.shape) == 3 else 1,
        "out_features": top.shape[-1],
    }
    return Result(numbers, (_diagram(p, layers, numbers), _trace(layers, numbers)))


def _diagram(p: LayerShapes, layers: list[Layer], numbers: dict[str, float]) -> Diagram:
    """The input's shape, then each layer and its output's shape: one layer in a row, several downwards."""
    shapes = [_shape((p.batch, p.time, p.features)), *(_shape(layer.shape) for layer in layers)]
    wide, high, gap = max(160.0, 8.2 * max(len(layer.name) for layer in layers) + 24), 54.0, 34.0
    row = len(layers) == 1
    nodes, edges, at = [], [], 8.0
    for i, shape in enumerate(shapes):
        if i:
            x, y = (at + wide / 2, 44.0) if row else (wide / 2 + 60, at + high / 2)
            layer = layers[i - 1]
            nodes.append(Node(x, y, layer.name, "box", wide, high, note=f"{layer.total:,} parameters"))
            edges.append(Edge(len(nodes) - 2, len(nodes) - 1))
            at += (wide if row else high) + gap
        room = max(8.6 * len(shape) + 14, 140)
        x, y = (at + room / 2, 44.0) if row else (wide / 2 + 60, at + 13)
        nodes.append(Node(x, y, shape, "text", room, 26, note="" if i else "batch, time, features", strong=True))
        if i:
            edges.append(Edge(len(nodes) - 2, len(nodes) - 1))
        elif not row:
            at += 14
        at += (room if row else 26) + gap
    width, height = (at - gap + 8, 88.0) if row else (wide + 120, at - gap + 6)
    some = "{out_features} number" + "s" * (numbers["out_features"] != 1)
    steps = "The one step gives" if p.time == 1 else "Each of {out_time} steps gives"
    told = f"{steps} {some}" if len(layers[-1].shape) == 3 else f"Only the last step is kept: {some} a sequence"
    told = fill(f"{told}, for {{parameters}} parameters. Neither batch nor time is in the count.", numbers)
    alt = f"{shapes[0]} goes in. " + " ".join(
        f"{layer.name}, {layer.total:,} parameters, gives {_shape(layer.shape)}." for layer in layers
    )
    return Diagram("model", "Shapes through the model", told, alt, width, height, nodes, edges)


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


PARTS = {"kernel": "input weights", "recurrent": "recurrent weights", "bias": "biases"}


def _trace(layers: list[Layer], numbers: dict[str, float]) -> Trace:
    def part(key: str) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            layer = layers[column - 1]
            term = layer.term(key)
            if not term:
                return given("0", "A Dense layer does not look back.")
            factors = [str(n) for n in (layer.directions, layer.count.times, *term) if n != 1]
            return Formula(r" \cdot ".join(factors or ["1"]), SAYS[layer.count.times], values=layer.count.sizes)

        return formula

    def total(column: int) -> Formula:
        layer = layers[column - 1]
        text = layer.count.formula.replace("·", r" \cdot ")
        if layer.directions == 2:
            text = rf"2 \cdot {text}" if "(" in text else rf"2 \cdot ({text})"
        return Formula(text, SAYS[layer.count.times], values=layer.count.sizes)

    def row(key: str, label: str) -> Row:
        return Row(key, label, np.array([float(layer.size(key)) for layer in layers]), part(key))

    totals = np.array([float(layer.total) for layer in layers])
    rows = (*(row(*one) for one in PARTS.items()), Row("total", "**layer**", totals, total, words="all parameters"))
    return Trace(
        "count",
        "Where the parameters are",
        fill("All layers together have {parameters}. Choose a number to see its formula.", numbers),
        rows,
        ("total", 0),
        index="",
        columns=[f"{i} · {layer.name}" for i, layer in enumerate(layers, start=1)],
        column_word="layer",
        coloured=False,
    )


SAYS = {
    1: "One weight from each input to each unit, and a bias each.",
    3: "Three times: update, reset, candidate.",
    4: "Four times: input, forget and output gate, and candidate.",
}


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "features": str(rng.choice([1, 2, 3, 8, 10])),
        "units": str(rng.choice([4, 8, 10, 16, 32])),
        "layer": rng.choice(["rnn", "lstm", "gru"]),
        "bidirectional": rng.choice(["0", "0", "1"]),  # one in three
        "reset_after": rng.choice("01"),
    }


def _question(p: LayerShapes) -> Question:
    reset = f", with reset_after {'on' if p.reset_after else 'off'}" if p.layer == "gru" else ""
    both = ", run in both directions" if p.bidirectional else ""
    return Question(
        "How many parameters does it have?",
        "parameters",
        (
            f"one {KERAS[p.layer]} layer of {p.units} units{reset}{both}",
            f"{p.features} features come in at each of {p.time} steps",
        ),
    )


def _slips(p: LayerShapes, result: Result) -> Slips:
    layer = next(build(p))
    recurrent, bias = layer.size("recurrent"), layer.size("bias")
    total, times, both = layer.total, layer.count.times, layer.directions
    return (
        (total / times, f"That is one gate's share: {KERAS[p.layer]} has {times} such sets."),
        (total - bias, "The biases are missing."),
        (total - recurrent, "The recurrent weights, from each unit to each, are missing."),
        (total / both, "That is one direction: there are two."),
        (total * p.time, "The same weights serve every step: time is not in the count."),
        (total - times * p.units * both, "With reset_after a GRU has two biases a gate."),
        (total + times * p.units * both, "One bias too many: that would be reset_after, or PyTorch's two."),
    )


DEMO = Demo(
    __file__,
    LayerShapes,
    compute,
    Prediction(
        _instance,
        _question,
        ("kernel,1", "recurrent,1", "bias,1", "total,1"),
        _slips,
        Tolerance(why="It is a whole number: only the exact count is right"),
    ),
    shows=(build, count.rnn, count.lstm, count.gru, count.dense),
)
