"""Two RNNs, one from each end: what each position knows, what an online reader lacks, and what sums up the sequence."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, first_then, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Diagram, Edge, Node, Row, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import counted, fill, heat, latex, short, show
from app.demos.machine.parameters import InFramework, Numbers, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result, by_step
from app.nn import bidirectional, count, rnn
from app.nn.activations import ACTIVATIONS
from app.nn.framework import NAMES, Framework, lacked

RIGHT, LEFT = r"\overrightarrow", r"\overleftarrow"


class Bidirectional(InFramework):
    """One unit in each direction, each with weights of its own."""

    x: Numbers = entries((1, 2, 3), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12 numbers, one a position.")
    position: int = number(2, 1, 12, step=1, title="Position", says="Where to look. Past the end: the last one.")
    present: int = number(
        2, 1, 12, step=1, title="Present", says="Inputs that have arrived. Past the end: the sequence is complete."
    )
    W_x: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="$W_x$ forward", says="Input weight.")
    W_h: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="$W_h$ forward", says="Recurrent weight.")
    W_x_back: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="$W_x$ backward", says="Input weight.")
    W_h_back: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="$W_h$ backward", says="Recurrent weight.")
    phi: Literal["tanh", "relu", "linear"] = choice("tanh", title=r"Activation $\varphi$", says="Applied to the sum.")

    @property
    def at(self) -> int:
        """The position to look at, from 1."""
        return min(self.position, len(self.x))

    @property
    def arrived(self) -> int:
        """How many inputs have arrived."""
        return min(self.present, len(self.x))

    def weights(self) -> bidirectional.BidirectionalWeights:
        """Each direction's W_xh (1, 1), W_hh (1, 1), b (1)."""
        pairs = ((self.W_x, self.W_h), (self.W_x_back, self.W_h_back))
        made = [rnn.RNNWeights(np.array([[W_x]]), np.array([[W_h]]), np.zeros(1)) for W_x, W_h in pairs]
        return bidirectional.BidirectionalWeights(*made)


def compute(p: Bidirectional) -> Result:
    """Run both directions over the whole sequence, then over what has arrived, as an online reader must."""
    w, phi, zero = p.weights(), ACTIVATIONS[p.phi], np.zeros((1, 1))
    x = np.array(p.x, dtype=float)
    joined, _ = bidirectional.forward(x[None, :, None], (zero, zero), w, phi)
    known, _ = bidirectional.forward(x[None, : p.arrived, None], (zero, zero), w, phi)
    f, b, now = joined[0, :, 0], joined[0, :, 1], np.zeros(len(x))
    now[: p.arrived] = known[0, :, 1]

    i, one_way = p.at - 1, count.rnn(1, 1).total
    numbers: dict[str, float] = {"T": len(x), "at": p.at, "arrived": p.arrived, "to_come": len(x) - p.arrived}
    numbers |= {"forward": float(f[i]), "backward": float(b[i]), "backward_now": float(now[i])}
    numbers |= {
        "change": float(b[i] - now[i]),
        "forward_end": float(f[-1]),
        "backward_start": float(b[0]),
        "backward_end": float(b[-1]),
    }
    numbers |= {"parameters": 2 * one_way, "one_way": one_way, "x_at": float(x[i])}
    numbers |= by_step({"f": f, "b": b})
    return Result(
        numbers, (_diagram(p, x, f, b, numbers), _trace(p, x, f, b, now), _summaries(p, numbers)), lacks=lacked(p.phi)
    )


SUMMARIES: dict[Framework, tuple[str, str]] = {
    "keras": ("return_sequences=False", "output[:, -1] with return_sequences=True"),
    "pytorch": ("h_n[-2], h_n[-1]", "out[:, -1]"),
}
"""How the code takes the last state of each direction, and how it takes the last position."""


def _summaries(p: Bidirectional, numbers: dict[str, float]) -> Trace:
    """What stands for the whole sequence: the ends of both runs, or the last position."""
    T, n = len(p.x), numbers
    ends, last = (np.array([n["forward_end"], n[name]]) for name in ("backward_start", "backward_end"))

    def half(at: int, note: str) -> Callable[[int], Formula]:
        right = given(rf"{RIGHT}{{h}}_{{{T}}}", "It has read everything.")
        return first_then(right, given(rf"{LEFT}{{h}}_{{{at}}}", note))

    right, wrong = SUMMARIES[p.framework]
    rows = (
        Row("ends", right, ends, half(1, "It has read everything.")),
        Row("last", wrong, last, half(T, "It has read the last input alone.")),
    )
    told = "The backward run ends at position 1, at {backward_start}. At the last position it has read one input: "
    caption = fill(f"{told}{{backward_end}}. In {NAMES[p.framework]} take {right}, not {wrong}.", numbers)
    columns = ["forward half", "backward half"]
    title = "A summary of the sequence"
    return Trace("summary", title, caption, rows, ("ends", 1), index="", columns=columns, column_word="half")


def _caption(p: Bidirectional, numbers: dict[str, float]) -> str:
    told = (
        "Position {at} gets the pair ({forward}, {backward}): the first has read up to its input {x_at} from the left, "
    )
    told += "the second from the right."
    if p.arrived == len(p.x):
        return told + " All inputs are there, so both may be used."
    if p.at > p.arrived:
        return told + " An online reader has seen {arrived} and cannot answer for {at} at all."
    late = "which stays" if numbers["backward"] == numbers["backward_now"] else "and will have to change it"
    told += (
        " But only {arrived} of {T} inputs have arrived: an online reader has {backward_now} for the second number, "
    )
    return f"{told}{late}."


def _diagram(p: Bidirectional, x: Values, f: Values, b: Values, numbers: dict[str, float]) -> Diagram:
    """Inputs below, the run to the right above them, the run to the left above that, the pairs on top."""
    pairs = [f"{short(one)}; {short(other)}" for one, other in zip(f.tolist(), b.tolist(), strict=True)]
    gap, first, start = max(104.0, 8.4 * max(map(len, pairs)) + 6), 82.0, 60.0
    both = np.concatenate((f, b))
    largest = float(np.abs(both[np.isfinite(both)]).max(initial=0.0))
    last = first + gap * (len(x) - 1)
    nodes = [
        Node(first - start, 178, "0", "text", 16, 18, note="start"),
        Node(last + start, 102, "0", "text", 16, 18, note="start"),
    ]
    edges = []
    for t in range(len(x)):
        at, lit, come = first + gap * t, t == p.at - 1, t < p.arrived
        nodes += [
            Node(at, 178, short(float(f[t])), "circle", 50, 50, heat(float(f[t]), largest), lit, at=f"f,{t + 1}"),
            Node(at, 102, short(float(b[t])), "circle", 50, 50, heat(float(b[t]), largest), lit, at=f"b,{t + 1}"),
            Node(at, 258, short(float(x[t])), "text", 40, 24, note="" if come else "to come", lit=lit, at=f"x,{t + 1}"),
            Node(at, 24, pairs[t], "text", 94, 24, lit=lit, strong=lit),
        ]
        own = len(nodes) - 4
        edges.append(Edge(0 if t == 0 else own - 4, own, recurrent=True))
        edges.append(Edge(1 if t == len(x) - 1 else own + 5, own + 1, recurrent=True))
        edges += [Edge(own + 2, own), Edge(own + 1, own + 3)]
    caption = fill(_caption(p, numbers), numbers)
    alt = (
        f"Two rows over {counted(len(x), 'inputs')}. Read from the left: {', '.join(show(float(v)) for v in f)}. "
        f"Read from the right: {', '.join(show(float(v)) for v in b)}."
    )
    return Diagram("joined", "Both directions, joined", caption, alt, last + start + 22, 290, nodes, edges)


def _trace(p: Bidirectional, x: Values, f: Values, b: Values, now: Values) -> Trace:
    T = len(x)

    def run(arrow: str, W_x: float, W_h: float, shift: str, note: str = "") -> Formula:
        inner = rf"W_x \, x_t + W_h \, {arrow}{{h}}_{{t{shift}}}"
        return Formula(f"{arrow}{{h}}_t = {activated(p.phi, inner)}", note, values={"W_x": W_x, "W_h": W_h})

    def backward(t: int) -> Formula:
        return run(LEFT, p.W_x_back, p.W_h_back, "+1", "" if t < T else "It starts at 0 on the right.")

    def online(t: int) -> Formula:
        if t > p.arrived:
            return given(rf"{LEFT}{{h}}_t", "Not read yet: 0, where every run starts.")
        note = "" if t < p.arrived else "It must start here, since nothing more has arrived."
        one = run(LEFT, p.W_x_back, p.W_h_back, "+1", note)
        return replace(one, values={**one.values, rf"{LEFT}{{h}}_{{t+1}}": float(now[t]) if t < p.arrived else 0.0})

    to_come = "What the inputs still to come will add." if p.arrived < T else "All inputs are there."
    change = Formula(rf"{LEFT}{{h}}_t - {LEFT}{{h}}_t^{{\text{{now}}}}", to_come, "b - n")
    forward = first_then(run(RIGHT, p.W_x, p.W_h, "-1", "It starts at 0 on the left."), run(RIGHT, p.W_x, p.W_h, "-1"))
    rows = (
        Row("x", "input $x_t$", x, given("x_t", "An input: it is given."), handle=each_of("x")),
        Row("f", rf"forward ${RIGHT}{{h}}_t$", f, forward, words="forward state"),
        Row("b", rf"backward ${LEFT}{{h}}_t$", b, backward, words="backward state"),
        Row("now", f"backward, {p.arrived} arrived", now, online, words="backward state of an online reader"),
        Row("wrong", "still to change", b - now, change, words="backward state less that of an online reader"),
    )
    before, after = np.append(0.0, f[:-1]), np.append(b[1:], 0.0)
    symbols: Symbols = {rf"{RIGHT}{{h}}_{{t-1}}": before, rf"{LEFT}{{h}}_{{t+1}}": after, "b": b, "n": now}
    title = "Both states of each position"
    caption = "Each column is one position: both states in it belong to the same input."
    chosen = ("b", p.at - 1)
    return Trace("positions", title, caption, rows, chosen, symbols, column_word="position", follows="position")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": ",".join(str(rng.choice([1, 2, 3, 4, -2])) for _ in range(3)),
        "position": str(rng.choice([1, 2])),
        "present": "3",
        "phi": "linear",
        "W_x": "1",
        "W_h": str(rng.choice([0.5, 2, -0.5])),
        "W_x_back": "1",
        "W_h_back": str(rng.choice([0.5, 2, -1])),
    }


def _question(p: Bidirectional) -> Question:
    return Question(
        rf"What is the backward state $\overleftarrow{{h}}_{{{p.at}}}$?",
        "backward",
        (
            f"$x = {latex(p.x[0])},\\; {latex(p.x[1])},\\; {latex(p.x[2])}$",
            r"each direction: $h = W_x x_t + W_h h'$, with $h' = 0$ where it starts and no activation",
            f"$W_x = 1$ in both; $W_h = {latex(p.W_h)}$ forward, $W_h = {latex(p.W_h_back)}$ backward",
        ),
    )


def _steps(p: Bidirectional, result: Result) -> list[Arithmetic]:
    return result.worked(*(f"b,{t}" for t in range(len(p.x), p.at - 1, -1)))


def _slips(p: Bidirectional, result: Result) -> Slips:
    n, v = result.numbers, p.W_h_back
    mirrored = compute(p.model_copy(update={"x": p.x[: p.at]}))
    own = compute(p.model_copy(update={"W_h_back": p.W_h}))
    return [
        (n["forward"], parting(1, "That is the forward state. It has read what comes before, not what comes after.")),
        (n["forward"] + n["backward"], "That adds the two directions. They are joined as a pair."),
        (own.numbers["backward"], parting(2, "That uses the forward weight. The backward run has weights of its own.")),
        (n["backward"] - p.x[p.at - 1], "The input at the position itself is missing. The state includes it."),
        (n[f"b{len(p.x) + 1 - p.at}"], "That counts the position from the end. The state belongs to the same input."),
        (v * mirrored.numbers["backward"], parting(1, "That runs to the front. It comes from the end.")),
    ]


def _layers(p: Bidirectional) -> Layered:
    ways = p.weights()
    values: dict[str, Any] = {"x": np.array(p.x, dtype=float), "W_x": ways.forward.W_xh, "W_h": ways.forward.W_hh}
    values |= {"W_x_back": ways.backward.W_xh, "W_h_back": ways.backward.W_hh}
    values |= {"phi": p.phi, "at": p.at, "arrived": p.arrived}
    return Layered(values, lacked(p.phi))


DEMO = Demo(
    __file__,
    Bidirectional,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01)),
    shows=(bidirectional.forward, rnn.step),
    layers=_layers,
)
