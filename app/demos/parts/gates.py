"""Gated cells drawn at one step, and what the demos of LSTM and GRU share: forced gates, and the weights as stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.figures import GATES, Diagram, Edge, Node, Row, Trace, Values
from app.demos.machine.numbers import heat, short, show
from app.demos.machine.parameters import InFramework
from app.nn.framework import BLOCKS, NAMES, Cell, Framework
from app.nn.gru import GRUWeights
from app.nn.lstm import LSTMWeights

WIDE, SMALL, UNDER, BOX = 44.0, 26.0, 36.0, 46.0


def forced_bias(is_open: bool) -> float:
    """A bias with which the sigmoid is 1 or 0 to the last bit, once its weights are 0."""
    return 1000.0 if is_open else -1000.0


ARRAYS: dict[Framework, tuple[str, str, str, str]] = {
    "keras": ("kernel", "recurrent_kernel", "bias", "bias[1]"),
    "pytorch": ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"),
}
"""What the framework calls W_xh, W_hh, the bias on the input's side and that on the state's."""
HOLDS = {
    gate: f"{name}_bias" for gate, name in zip("fiozr", ("forget", "input", "output", "update", "reset"), strict=True)
}
"""The parameter with each gate's bias."""
KERAS_LETTERS = str.maketrans("gn", "ch")
"""Keras writes c for the LSTM's candidate and h for the GRU's."""
BIASES = {
    ("keras", "lstm"): "One bias for each unit and gate. unit_forget_bias=True starts the block f at 1, the rest at 0.",
    ("keras", "gru"): "With reset_after=True a GRU has two rows of biases; both start at 0.",
    (
        "pytorch",
        "lstm",
    ): "The two biases are added. Both are drawn from ±1/√h; nothing sets the block f: fill one with 1, one with 0.",
    ("pytorch", "gru"): "In r and z the two biases are added; in n only bias_hh is multiplied by r.",
}


def stored_weights(p: InFramework, cell: Cell, w: LSTMWeights | GRUWeights, forced: Mapping[str, str]) -> Trace:
    """The weights in the framework's own arrays and order; one without its second bias gets zeros, where it has one.

    Those of gates that are not `forced` are the parameters' own numbers, where these are not negated.
    """
    framework = p.framework
    order, ours = BLOCKS[framework][cell], BLOCKS["keras"][cell]
    at = np.concatenate([np.arange(w.h) + ours.index(gate) * w.h for gate in order])
    W_x, W_h, b, b_hh = ARRAYS[framework]
    letters = order.translate(KERAS_LETTERS) if framework == "keras" else order
    of = "" if framework == "keras" else ", transposed"
    blocks, note = f"The gates' blocks come in the order {', '.join(letters)}{of}.", BIASES[framework, cell]

    def row(key: str, label: str, values: Values, held: Mapping[Any, str]) -> Row:
        def formula(column: int) -> Formula:
            gate, unit = order[(column - 1) // w.h], (column - 1) % w.h + 1
            name = held.get(gate) or held.get(unit, "") if forced.get(gate, "free") == "free" else ""
            is_held = name and values[column - 1] in np.atleast_1d(getattr(p, name))
            return given(key[0], note if key[0] == "b" else blocks, name if is_held else "")

        return Row(key, label, values, formula)

    both, recurrent = {1: "W_x", 2: "W_x"}, list(enumerate(w.W_hh, start=1))
    rows = [row(f"kernel{i}", f"{W_x}, input {i}", one[at], both) for i, one in enumerate(w.W_xh, start=1)]
    rows += [row(f"recurrent{i}", f"{W_h}, from unit {i}", one[at], {i: "W_h", 3 - i: "W_o"}) for i, one in recurrent]
    second = w.b_hh if isinstance(w, GRUWeights) else None
    two = framework == "pytorch" or second is not None
    rows.append(row("bias1", f"{b}[0]" if two and framework == "keras" else b, w.b[at], HOLDS))
    if two:
        zeros = np.zeros(len(at)) if second is None else second[at]
        rows.append(row("bias2", b_hh, zeros, {"n": "b_hn"}))
    columns = [letter + f" {i}" * (w.h > 1) for letter in letters for i in range(1, w.h + 1)]
    caption = f"The same weights as {NAMES[framework]} stores them. {note}"
    title = f"The weights in {NAMES[framework]}"
    return Trace("stored", title, caption, rows, ("bias1", 0), index="", columns=columns, column_word="column")


@dataclass(frozen=True)
class GRUForm:
    """Whether a GRU resets after the product, and which gates are forced."""

    reset_after: bool
    forced: Mapping[str, str]


class _Drawing:
    """Nodes and arrows by name. Every circle's colour is its value against the largest in the drawing."""

    def __init__(self, values: Mapping[str, Values], shown: Sequence[str], t: int, lit: str) -> None:
        self.values, self.t, self.lit = values, t, lit
        sizes = np.abs([float(values[name][t - 1]) for name in shown])
        self.largest = float(sizes[np.isfinite(sizes)].max(initial=0.0))
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.place: dict[str, int] = {}

    def value(self, name: str, label: str, x: float, y: float, under: float = UNDER) -> None:
        """A circle with the value of this step, its symbol beneath. What was before it is a cell of the step before."""
        number, row = float(self.values[name][self.t - 1]), name.removesuffix("_before")
        t = self.t - (row != name)
        cell, gate = f"{row},{t}" if t else None, row * (row in GATES)
        colour = heat(number, self.largest)
        self.place[name] = len(self.nodes)
        self.nodes.append(Node(x, y, short(number), "circle", WIDE, WIDE, colour, row == self.lit, at=cell, gate=gate))
        if label:
            self.nodes.append(Node(x, y + under, label, "text", 40, 20, gate=gate))

    def sign(self, name: str, text: str, x: float, y: float) -> None:
        """A small circle that combines what comes in, or a box for a function."""
        self.place[name] = len(self.nodes)
        is_sign = len(text) == 1
        self.nodes.append(Node(x, y, text, "circle" if is_sign else "box", SMALL if is_sign else BOX, SMALL))

    def gate(self, name: str, squash: str, x: float, forced: Mapping[str, str]) -> bool:
        """The box that makes a gate or the candidate, a weighted sum, squashed. True unless it is forced."""
        way = forced.get(name, "free")
        note = squash if way == "free" else way
        self.place[f"make {name}"] = len(self.nodes)
        self.nodes.append(Node(x, 254, f"{name}_t", "box", BOX, 44, note=note, strong=True, gate=name))
        self.arrow(f"make {name}", name)
        return way == "free"

    def point(self, name: str, x: float, y: float) -> None:
        """A place where an arrow begins, at the edge of something wide."""
        self.place[name] = len(self.nodes)
        self.nodes.append(Node(x, y, "", "text", 0, 0))

    def arrow(self, *names: str, memory: bool = False, label: str = "") -> None:
        """Arrows along these nodes; those that carry the memory stand out."""
        for start, end in pairwise(names):
            self.edges.append(Edge(self.place[start], self.place[end], label, recurrent=memory))


def lstm_picture(caption: str, values: Mapping[str, Values], t: int, forced: Mapping[str, str]) -> Diagram:
    """The cell at step t (from 1): the memory on top, then the gates, and below what all gates read.

    `forced` says which gates are open or shut: these read nothing.
    """
    shown = ("c_before", "f", "i", "g", "c", "o", "h", "h_before")
    d = _Drawing(values, shown, t, "c")
    d.value("c_before", "c_t−1", 34, 34)
    d.sign("forget", "×", 110, 34)
    d.sign("add", "+", 212, 34)
    d.value("c", "", 316, 34)
    d.nodes.append(Node(354, 34, "c_t", "text", 24, 20))
    d.sign("write", "×", 212, 112)
    d.sign("tanh", "tanh", 316, 94)
    d.sign("show", "×", 316, 140)
    d.value("h", "h_t", 374, 140)
    d.value("h_before", "h_t−1", 30, 254)
    d.value("x", "x_t", 30, 330)
    d.nodes.append(Node(212, 326, "weighted sums of both", "box", 256, 30))
    d.place["sums"] = len(d.nodes) - 1
    d.point("side", 84, 326)
    for name, x in zip("figo", (110.0, 180.0, 246.0, 316.0), strict=True):
        d.value(name, "", x, 190)
        if d.gate(name, "tanh" if name == "g" else "σ", x, forced):
            d.point(f"below {name}", x, 311)
            d.arrow(f"below {name}", f"make {name}")
    d.arrow("c_before", "forget", "add", "c", memory=True)
    d.arrow("c", "tanh", "show", "h")
    d.arrow("f", "forget")
    d.arrow("i", "write")
    d.arrow("g", "write")
    d.arrow("write", "add")
    d.arrow("o", "show")
    d.arrow("h_before", "side")
    d.arrow("x", "side")
    now = {name: show(float(values[name][t - 1])) for name in (*shown, "x")}
    alt = (
        f"Every gate reads the input {now['x']} and the old state {now['h_before']}. "
        f"The old cell {now['c_before']} times the forget gate {now['f']}, plus the candidate "
        f"{now['g']} times the input gate {now['i']}, is the new cell {now['c']}. Its tanh times the output gate "
        f"{now['o']} is the state {now['h']}."
    )
    return Diagram("cell", f"The cell at step {t}", caption, alt, 404, 378, d.nodes, d.edges)


def gru_picture(caption: str, values: Mapping[str, Values], t: int, z_keeps: bool, forms: GRUForm) -> Diagram:
    """The cell at step t (from 1): along the top the state, kept and renewed; below it what makes the candidate."""
    shown = ("h_before", "z", "r", "n", "h")
    d = _Drawing(values, shown, t, "h")
    d.value("h_before", "h_t−1", 34, 34)
    d.sign("keep", "×", 158, 34)
    d.sign("add", "+", 270, 34)
    d.value("h", "h_t", 366, 34)
    d.value("z", "", 158, 110)
    d.sign("renew", "×", 270, 110)
    d.value("n", "", 270, 182)
    d.value("r", "", 40, 182)
    d.sign("reset", "×", 110, 182)
    d.value("x", "x_t", 200, 330)
    d.point("state", 92, 318)
    d.nodes.append(Node(92, 330, "h_t−1", "text", 44, 20))
    for name, x in (("r", 40.0), ("z", 158.0), ("n", 270.0)):
        if d.gate(name, "tanh" if name == "n" else "σ", x, forms.forced):
            d.arrow("x", f"make {name}")
            if name != "n":
                d.arrow("state", f"make {name}")
    d.arrow("h_before", "keep", "add", "h", memory=True)
    d.arrow("z", "keep", label="" if z_keeps else "1−z")
    d.arrow("z", "renew", label="1−z" if z_keeps else "")
    d.arrow("h_before", "reset", label="W" if forms.reset_after else "")
    d.arrow("reset", "make n", label="" if forms.reset_after else "W")
    d.arrow("n", "renew", "add")
    d.arrow("r", "reset")
    now = {name: show(float(values[name][t - 1])) for name in shown}
    role = "the share of the old state that stays" if z_keeps else "the share of the candidate that comes in"
    alt = (
        f"The update gate, {role}, is {now['z']}. From the old state {now['h_before']} and the "
        f"candidate {now['n']}, which sees the old state through the reset gate {now['r']}, "
        f"{'after' if forms.reset_after else 'before'} its weights, comes the state {now['h']}."
    )
    return Diagram("cell", f"The cell at step {t}", caption, alt, 396, 376, d.nodes, d.edges)
