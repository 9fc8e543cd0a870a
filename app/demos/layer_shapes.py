"""Shapes through a recurrent model in Keras or PyTorch, and its parameter count as a formula with the numbers in it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Diagram, Edge, Handle, Node, Row, Trace
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import InFramework, choice, flag, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.nn import count
from app.nn.framework import NAMES, Framework

LAYERS: dict[Framework, dict[str, str]] = {
    "keras": {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU", "dense": "Dense"},
    "pytorch": {"rnn": "nn.RNN", "lstm": "nn.LSTM", "gru": "nn.GRU", "dense": "nn.Linear"},
}


class LayerShapes(InFramework):
    """A stack of layers of one kind, with a dense layer on top unless `outputs` is 0."""

    batch: int = number(5, 1, 1024, slide=(1, 64), step=1, title="Batch", says="Sequences at once.")
    time: int = number(10, 1, 1000, slide=(1, 60), step=1, title="Time", says="Steps in each sequence.")
    features: int = number(2, 1, 4096, slide=(1, 64), step=1, title="Features", says="Numbers read at each step.")
    layer: Literal["rnn", "lstm", "gru", "dense"] = choice("rnn", title="Layer", says="What the stack is made of.")
    units: int = number(32, 1, 4096, slide=(1, 128), step=1, title="Units", says="Of each layer.")
    layers: int = number(1, 1, 6, step=1, title="Layers", says="Stacked, each on the one below.")
    bidirectional: bool = flag(False, title="Bidirectional", says="One layer reads forward, one back; both are joined.")
    return_sequences: bool = flag(
        True, title="Return sequences", says="Every step goes on, or the last. PyTorch returns both; the code picks."
    )
    reset_after: bool = flag(
        True, title="Reset after", says="Keras' GRU: reset after the product, with two biases. PyTorch's always does."
    )
    batch_first: bool = flag(True, title="Batch first", says="PyTorch alone; off by default, with time first.")
    outputs: int = number(0, 0, 4096, slide=(0, 32), step=1, title="Outputs", says="Of a dense layer on top; 0: none.")

    @property
    def directions(self) -> int:
        """2 for a recurrent layer that reads both ways."""
        return 2 if self.bidirectional and self.layer != "dense" else 1

    @property
    def time_first(self) -> bool:
        """True if the first axis is time: PyTorch's default."""
        return self.framework == "pytorch" and not self.batch_first

    def counted(self, width: int) -> count.Count:
        """The parameters of one direction of a layer that reads `width` numbers a step."""
        in_pytorch = self.framework == "pytorch"
        if self.layer == "dense":
            return count.dense(width, self.units)
        if self.layer == "gru":
            return count.gru(width, self.units, in_pytorch or self.reset_after)
        return (count.rnn if self.layer == "rnn" else count.lstm)(width, self.units, in_pytorch)

    def named(self, layer: str, width: int, units: int) -> str:
        """A layer as its framework's code names it: "LSTM(32)" or "nn.LSTM(2, 32)"."""
        name = LAYERS[self.framework][layer]
        return f"{name}({width}, {units})" if self.framework == "pytorch" else f"{name}({units})"

    def shape(self, steps: int | None, width: int) -> tuple[int, ...]:
        """The shape of `width` numbers at each of these steps, or of those of one step."""
        if steps is None:
            return (self.batch, width)
        return (steps, self.batch, width) if self.time_first else (self.batch, steps, width)

    def states(self) -> dict[str, tuple[int, ...]]:
        """The last states that the recurrent layers hand back beside the output, by name, with their shapes.

        PyTorch stacks those of all layers and directions, whatever batch_first says. In Keras each layer has its own,
        with return_state=True: here those of the top layer.
        """
        letters = {"rnn": "h", "gru": "h", "lstm": "hc"}.get(self.layer, "")
        if self.framework == "pytorch":
            return {f"{letter}_n": (self.layers * self.directions, self.batch, self.units) for letter in letters}
        both = ("forward ", "backward ") if self.directions == 2 else ("state ",)
        return {f"{way}{letter}": (self.batch, self.units) for way in both for letter in letters}


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
    width: int = p.features
    steps: int | None = p.time
    for depth in range(1, p.layers + 1):
        counted, name = p.counted(width), p.named(p.layer, width, p.units)
        if p.directions == 2:
            name = f"Bidirectional {name}" if p.framework == "keras" else f"{name}, bidirectional"
        if p.layer != "dense" and depth == p.layers and not p.return_sequences:
            steps = None
            name += PICKED[p.directions] if p.framework == "pytorch" else ""
        width = p.units * p.directions
        yield Layer(name, p.shape(steps, width), counted, p.directions)
    if p.outputs:
        yield Layer(p.named("dense", width, p.outputs), p.shape(steps, p.outputs), count.dense(width, p.outputs))


PICKED = {1: " → last of h_n", 2: " → last two of h_n"}
"""How PyTorch's code takes the last state, of the top layer's one or two directions."""


def compute(p: LayerShapes) -> Result:
    """Count every layer's parameters and follow the shape from the input to the top."""
    layers = list(build(p))
    top, states = layers[-1], p.states()
    numbers: dict[str, float] = {
        "parameters": sum(layer.total for layer in layers),
        "layer_parameters": layers[0].total,
        "dense_parameters": layers[-1].total if p.outputs else 0,
        "out_time": p.time if len(top.shape) == 3 else 1,
        "out_features": top.shape[-1],
        "state_tensors": len(states),
        "h_rows": p.layers * p.directions if p.framework == "pytorch" and states else 0,
    }
    return Result(numbers, (_diagram(p, layers, numbers), _blocks(p, layers[0], numbers), _trace(p, layers, numbers)))


def _diagram(p: LayerShapes, layers: list[Layer], numbers: dict[str, float]) -> Diagram:
    """The input's shape, then downwards each layer and its output's shape.

    Beside the top recurrent layer stand the states that it hands back.
    """
    shapes, states = [_shape(p.shape(p.time, p.features)), *(_shape(layer.shape) for layer in layers)], p.states()
    longest = max(len(text) for layer in layers for text in (layer.name, f"{layer.total:,} parameters"))
    wide, high, gap = max(150.0, 8.2 * longest + 12), 54.0, 30.0
    room = max(8.6 * max(map(len, shapes)) + 14, wide, 150.0)
    middle, at, top = room / 2 + 8, 21.0, 0
    axes = "time, batch, features" if p.time_first else "batch, time, features"
    nodes, edges = [Node(middle, at, shapes[0], "text", room, 60, note=axes, strong=True)], list[Edge]()
    for i, (layer, shape) in enumerate(zip(layers, shapes[1:], strict=True), start=1):
        at += gap + (27 if i > 1 else 40) + high / 2 - 13
        nodes.append(Node(middle, at, layer.name, "box", wide, high, note=f"{layer.total:,} parameters"))
        top = len(nodes) - 1 if i <= p.layers else top
        at += high / 2 + gap + 13
        nodes.append(Node(middle, at, shape, "text", room, 26, strong=True))
        edges += [Edge(len(nodes) - 3, len(nodes) - 2), Edge(len(nodes) - 2, len(nodes) - 1)]
    width, height = 2 * middle, at + 20
    for k, (name, size) in enumerate(states.items()):
        shape, box = _shape(size), nodes[top]
        aside = 8.6 * len(shape) + 14
        x = box.x + wide / 2 + gap + aside / 2
        nodes.append(Node(x, box.y + 46 * k, shape, "text", aside, 26, note=name))
        edges.append(Edge(top, len(nodes) - 1))
        width, height = max(width, x + max(aside, 60) / 2 + 4), max(height, box.y + 46 * k + 32)
    told = fill(f"{_told(p, layers, numbers)} Neither batch nor time is in the count.", numbers)
    alt = f"{shapes[0]} goes in. " + " ".join(
        f"{layer.name}, {layer.total:,} parameters, gives {_shape(layer.shape)}." for layer in layers
    )
    alt += "".join(f" Shape of {name}: {_shape(size)}." for name, size in states.items())
    return Diagram("model", "Shapes through the model", told, alt, width, height, nodes, edges)


ROOM, LEAST = (190.0, 190.0), (18.0, 8.0)
"""The room for the weights of a layer, and the least size of a block: width and height."""
BLOCKS = {1: " ", 3: "zrn", 4: "ifgo"}


def _blocks(p: LayerShapes, layer: Layer, numbers: dict[str, float]) -> Diagram:
    """The first layer's weights to scale: a row for each number that is read, a column for each unit, gate by gate."""
    times, (inputs, units) = layer.count.times, layer.count.sizes.values()
    parts = {
        "kernel": ("W_x", inputs),
        "recurrent": ("W_h", units),
        "bias": ("b", layer.size("bias") // times // units),
    }
    heights = {
        key: rows // (layer.directions if key == "bias" else 1) for key, (_, rows) in parts.items() if layer.size(key)
    }
    scale = min(ROOM[0] / (times * units), ROOM[1] / sum(heights.values()))
    wide, nodes, y = max(LEAST[0], scale * units), list[Node](), 14.0
    last = 112 + (wide + 4) * (times - 1) + wide / 2
    if times > 1:
        nodes += [
            Node(112 + (wide + 4) * i + wide / 2, y, g, "text", 20, 20, strong=True, gate=g)
            for i, g in enumerate(BLOCKS[times])
        ]
        y += 16
    for key, rows in heights.items():
        high = max(LEAST[1], scale * rows)
        y += max(high, 44) / 2
        nodes.append(Node(56, y - 8, parts[key][0], "text", 70, 20, note=f"{rows} × {times * units}", strong=True))
        nodes += [
            Node(112 + (wide + 4) * i + wide / 2, y, "", "box", wide, high, gate=g.strip())
            for i, g in enumerate(BLOCKS[times])
        ]
        if key != "bias":
            grows = Handle(
                down="features" * (key == "kernel"), across="units" * (key == "recurrent" or p.layer == "dense")
            )
            nodes[-1] = nodes[-1]._replace(handle=grows)
        nodes.append(Node(last + wide / 2 + 42, y, f"{layer.size(key):,}", "text", 80, 20, at=f"{key},1"))
        y += max(high, 44) / 2 + 10
    told = f"The weights of {layer.name}, to scale: a row for each number it reads, a column for each unit"
    told += f", in {times} blocks" * (times > 1) + ", and as much again backward" * (layer.directions == 2)
    alt = "".join(f"{parts[key][0].replace('_', ' ')} is {rows} by {times * units}. " for key, rows in heights.items())
    caption = fill(told + ". All steps share these {layer_parameters}.", numbers)
    return Diagram("weights", "The weights to scale", caption, alt, max(400, last + wide / 2 + 86), y, nodes)


def _told(p: LayerShapes, layers: list[Layer], numbers: dict[str, float]) -> str:
    some = "{out_features} number" + "s" * (numbers["out_features"] != 1)
    kept = "Only the last state of each direction is kept" if p.directions == 2 else "Only the last step is kept"
    steps = "The one step gives" if p.time == 1 else "Each of {out_time} steps gives"
    told = f"{steps} {some}" if len(layers[-1].shape) == 3 else f"{kept}, which gives {some} for each sequence"
    told += ". The model has {parameters parameters}."
    if not p.states():
        return told
    if p.framework == "keras":
        states = "last state" if len(p.states()) == 1 else "last states, {state_tensors} in all"
        return f"{told} With return_state=True the top layer also returns its {states}."
    both = "h_n and c_n have" if p.layer == "lstm" else "h_n has"
    return f"{told} {both} {{h_rows rows}}, one for each layer and direction, whatever batch_first says."


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


PARTS = {"kernel": "input weights", "recurrent": "recurrent weights", "bias": "biases"}


def _trace(p: LayerShapes, layers: list[Layer], numbers: dict[str, float]) -> Trace:
    def part(key: str) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            layer = layers[column - 1]
            term = layer.term(key)
            if not term:
                return given("0", "A dense layer does not look back.")
            factors = [str(n) for n in (layer.directions, layer.count.times, *term) if n != 1]
            note = SAYS[key] if key != "bias" or 2 not in term else TWO[p.framework]
            return Formula(r" \cdot ".join(factors or ["1"]), note, values=layer.count.sizes)

        return formula

    def total(column: int) -> Formula:
        layer = layers[column - 1]
        text = layer.count.formula.replace("·", r" \cdot ")
        if layer.directions == 2:
            text = rf"2 \cdot {text}" if "(" in text else rf"2 \cdot ({text})"
        return Formula(text, TIMES[layer.count.times], values=layer.count.sizes)

    def row(key: str, label: str) -> Row:
        return Row(key, label, np.array([float(layer.size(key)) for layer in layers]), part(key))

    totals = np.array([float(layer.total) for layer in layers])
    rows = (*(row(*one) for one in PARTS.items()), Row("total", "**layer**", totals, total, words="all parameters"))
    have = "All layers together have" if len(layers) > 1 else "The layer has"
    return Trace(
        "count",
        "Where the parameters are",
        fill(
            f"{have} {{parameters parameters}}. Choose a number to see its formula.",
            numbers,
        ),
        rows,
        ("total", 0),
        index="",
        columns=[f"{i} · {layer.name}" for i, layer in enumerate(layers, start=1)],
        column_word="layer",
        coloured=False,
    )


SAYS = {
    "kernel": "One weight from each input to each unit.",
    "recurrent": "One weight from each unit to each unit.",
    "bias": "One bias for each unit.",
}
TWO: dict[Framework, str] = {
    "keras": "Two biases for each unit: in the candidate the reset gate stands between them.",
    "pytorch": "Two biases for each unit, bias_ih and bias_hh.",
}
TIMES = {
    1: "All its weights and biases.",
    3: "Three blocks: update gate, reset gate, candidate.",
    4: "Four blocks: input, forget and output gate, and candidate.",
}


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "framework": rng.choice(["keras", "pytorch"]),
        "features": str(rng.choice([1, 2, 3, 8, 10])),
        "units": str(rng.choice([4, 8, 10, 16, 32])),
        "layer": rng.choice(["rnn", "lstm", "gru"]),
        "bidirectional": rng.choice(["0", "0", "1"]),  # one in three
        "reset_after": rng.choice("01"),
    }


def _question(p: LayerShapes) -> Question:
    in_keras = p.framework == "keras"
    reset = f", with reset_after {'on' if p.reset_after else 'off'}" if p.layer == "gru" and in_keras else ""
    both = ", run in both directions" if p.bidirectional else ""
    return Question(
        "How many parameters does it have?",
        "parameters",
        (
            f"one {LAYERS[p.framework][p.layer]} layer of {NAMES[p.framework]}, with {p.units} units{reset}{both}",
            f"each of {p.time} steps has {p.features} features",
        ),
    )


def _slips(p: LayerShapes, result: Result) -> Slips:
    layer = next(build(p))
    recurrent, bias = layer.size("recurrent"), layer.size("bias")
    total, times, both = layer.total, layer.count.times, layer.directions
    name, one = LAYERS[p.framework][p.layer], times * p.units * both
    why = (
        parting(3, "PyTorch's layers have two biases for each unit.")
        if p.framework == "pytorch"
        else parting(3, "With reset_after a GRU has two biases.")
    )
    part = []
    if times > 1:
        part += [(total / times, parting(1, f"That is one of the {times} blocks of the {name}."))]
    if both > 1:
        part += [(total / both, parting(1, "That is one direction, and there are two."))]
    return (
        *part,
        (total - bias, parting(3, "The biases are missing.")),
        (total - recurrent, parting(2, "The recurrent weights, from unit to unit, are missing.")),
        (total * p.time, "Every step uses the same weights, so time is not in the count."),
        (total - one, why),
        (
            total + one,
            parting(3, "That has one bias too many: two belong to PyTorch, and to Keras' GRU with reset_after."),
        ),
    )


DEMO = Demo(
    __file__,
    LayerShapes,
    compute,
    Prediction(_instance, _question, ("kernel,1", "recurrent,1", "bias,1", "total,1"), _slips, EXACT),
    shows=(build, count.rnn, count.lstm, count.gru, count.dense),
    layers=lambda p: Layered({name: value for name, value in p if name != "framework"}),
)
