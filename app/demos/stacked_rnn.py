"""The grid of states of a stacked RNN, layers by time: each state reads the one below and the one before."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, activated, first_then, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Diagram, Edge, Node, Row, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import counted, fill, heat, latex, short
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.nn import count, rnn, stacked
from app.nn.activations import ACTIVATIONS
from app.nn.initialise import orthogonal


class StackedRNN(Parameters):
    """Layers of equal width over one feature."""

    x: Numbers = entries((1, 0, 0, 0, 0, 0), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one for each step.")
    layers: int = number(3, 1, 4, step=1, title="Layers", says="Each layer reads the one below.")
    units: int = number(1, 1, 3, step=1, title="Units", says="Of each layer.")
    layer: int = number(2, 1, 4, step=1, title="Layer to show", says="If there are fewer, the top one.")
    step: int = number(3, 1, 12, step=1, title="Step to show", says="If there are fewer, the last.")
    W_x: float = number(1, -10, 10, slide=(-2, 2), step=0.05, title="Weight upwards $W_x$", says="To the layer above.")
    W_h: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Weight in time $W_h$", says="From step to step.")
    b: float = number(0, -10, 10, slide=(-2, 2), step=0.05, title="Bias $b$", says="Of every unit.")
    phi: Literal["tanh", "relu", "linear"] = choice("tanh", title=r"Activation $\varphi$", says="Applied to the sum.")
    seed: int = number(
        0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="With several units: draws the rotations of the weights."
    )

    @property
    def at(self) -> tuple[int, int]:
        """The layer and the step to look at, from 1."""
        return min(self.layer, self.layers), min(self.step, len(self.x))

    def weights(self) -> list[rnn.RNNWeights]:
        """Each layer's W_xh, W_hh (h, h) and b (h): the two numbers times a random turn; with one unit, themselves."""
        h, rng, made = self.units, np.random.default_rng(self.seed), []
        for layer in range(self.layers):
            up, on = (np.abs(turn) if h == 1 else turn for turn in (orthogonal(rng, h), orthogonal(rng, h)))
            made.append(rnn.RNNWeights(self.W_x * (up if layer else up[:1]), self.W_h * on, np.full(h, self.b)))
        return made


def compute(p: StackedRNN) -> Result:
    """Run the stack; send a gradient of 1 back from the top's last state to see what it feels of the first input."""
    ws, phi, T = p.weights(), ACTIVATIONS[p.phi], len(p.x)
    zero = [np.zeros((1, p.units))] * p.layers
    hs, caches = stacked.forward(np.array(p.x, dtype=float)[None, :, None], zero, ws, phi)
    h = np.stack([layer[0] for layer in hs])
    z = np.array([[cache.z[0] for cache in steps] for steps in caches])
    dhs = [np.zeros((1, T, p.units)) for _ in hs]
    dhs[-1][0, -1, 0] = 1.0
    dx, _, _ = stacked.backward(dhs, caches)

    layer, t = p.at
    one, more = count.rnn(1, p.units).total, count.rnn(p.units, p.units).total
    numbers: dict[str, float] = {
        "layers": p.layers,
        "layer": layer,
        "step": t,
        "h": float(h[layer - 1, t - 1, 0]),
        "below": float(h[layer - 2, t - 1, 0]) if layer > 1 else p.x[t - 1],
        "before": float(h[layer - 1, t - 2, 0]) if t > 1 else 0.0,
        "h_top": float(h[-1, -1, 0]),
        "felt": float(dx[0, 0, 0]),
        "path": T - 1 + p.layers - 1,
        "paths": math.comb(T - 1 + p.layers - 1, p.layers - 1),
        "parameters": one + (p.layers - 1) * more,
        "layer_parameters": one,
        "T": T,
    }
    numbers |= {f"top{t}": float(value) for t, value in enumerate(h[-1, :, 0], start=1)}
    told = (
        []
        if np.isfinite(h).all()
        else ["A state overflowed: the weights make it grow at every step and in every layer."]
    )
    return Result(numbers, (_diagram(p, h, numbers), _trace(p, ws, z, h)), told)


def _caption(p: StackedRNN) -> str:
    layer, t = p.at
    every = "all units" if p.units > 1 else ""
    below = "the input {below}" if layer == 1 else f"{every or '{below}'} below it"
    before = "the start (0)" if t == 1 else f"{every or '{before}'} before it"
    *some, last = [below] * bool(p.W_x) + [before] * bool(p.W_h) + ["the bias"] * bool(p.b) or ["nothing"]
    told = f"Layer {{layer}}, step {{step}}: {{h}} comes from {', '.join(some)}{' and ' * bool(some)}{last}"
    if p.W_h == 0 or p.W_x == 0:
        return told + (": with $W_h = 0$ nothing is remembered." if p.W_x else ": with $W_x = 0$ no input is read.")
    told += ", and from nothing else"
    if p.layers == 1:
        return told + "."
    each = ", each of" if len(p.x) > 1 else " of"
    return told + f". The first input reaches the top layer's last state by {{paths paths}}{each} {{path steps}}."


def _diagram(p: StackedRNN, h: Values, numbers: dict[str, float]) -> Diagram:
    """Time to the right, layers upwards. The chosen state is lit, and so are the two that it reads."""
    gap, apart, first = 60.0, 76.0, 86.0
    layers, T, _ = h.shape
    chosen, at = p.at
    largest = float(np.abs(h[..., 0][np.isfinite(h[..., 0])]).max(initial=0.0))
    nodes: list[Node] = []
    edges = []
    for layer in range(layers):
        nodes.append(Node(32, 40 + apart * (layers - 1 - layer), f"layer {layer + 1}", "text", 62, 20))
    bottom = 40 + apart * layers
    place: dict[tuple[int, int], int] = {}
    for t in range(T):
        x = first + gap * t
        place[0, t] = len(nodes)
        lit = (chosen, at) == (1, t + 1)
        nodes.append(Node(x, bottom - 6, short(p.x[t]), "text", 44, 24, note=f"x {t + 1}", lit=lit, at=f"x,{t + 1}"))
        for layer in range(1, layers + 1):
            y, value = 40 + apart * (layers - layer), float(h[layer - 1, t, 0])
            lit = (layer, t + 1) in ((chosen, at), (chosen - 1, at), (chosen, at - 1))
            place[layer, t] = len(nodes)
            cell = f"h{layer}1,{t + 1}"
            nodes.append(Node(x, y, short(value), "circle", 44, 44, heat(value, largest), lit, at=cell))
            edges.append(Edge(place[layer - 1, t], place[layer, t]))
            if t:
                edges.append(Edge(place[layer, t - 1], place[layer, t], recurrent=True))
    caption = fill(_caption(p), numbers)
    alt = f"A grid of {counted(layers, 'layers')} by {counted(T, 'steps')}, one state in each place."
    of = "" if p.units == 1 else f" (unit 1 of {p.units} in each)"
    width = first + gap * (T - 1) + 26
    return Diagram("grid", f"Layers by time{of}", caption, alt, width, bottom + 28, nodes, edges)


def _trace(p: StackedRNN, ws: list[rnn.RNNWeights], z: Values, h: Values) -> Trace:
    one, units = p.units == 1, range(p.units)

    def name(letter: str, layer: int, unit: int, at: str = "t") -> str:
        return f"{letter}_{{{at}{'' if one else f',{unit + 1}'}}}^{{({layer})}}"

    def summed(layer: int, unit: int) -> tuple[str, dict[str, float]]:
        below = ["x_t"] if layer == 1 else [name("h", layer - 1, i) for i in units]
        before, w = [name("h", layer, i, "t-1") for i in units], ws[layer - 1]
        terms, values = list[str](), {"b": p.b}
        for letter, W, states in (("x", w.W_xh, below), ("h", w.W_hh, before)):
            for i, state in enumerate(states):
                weight = f"W_{letter}" if one else f"W_{{{letter},{i + 1}{unit + 1}}}"
                values[weight] = float(W[i, unit])
                terms.append(rf"{weight} \, {state}")
        return " + ".join([*terms, "b"]), values

    def with_start(formula: Formula) -> Callable[[int], Formula]:
        return first_then(replace(formula, note="Before the first step every layer's state is 0."), formula)

    rows = []
    for layer in range(p.layers, 0, -1):
        for j in units:
            state, of = name("h", layer, j), "" if one else f", unit {j + 1}"
            terms, values = summed(layer, j)
            made: str | Callable[[int], Formula] = with_start(
                Formula(f"{state} = {activated(p.phi, terms)}", values=values)
            )
            if not one:  # with one unit the sum is short enough to stand inside φ
                total = name("z", layer, j)
                sums = with_start(Formula(f"{total} = {terms}", values=values))
                key, label, words = f"z{layer}{j + 1}", f"sum ${total}$", f"sum of layer {layer}{of}"
                rows.append(Row(key, label, z[layer - 1, :, j], sums, words=words, group=f"Layer {layer}"))
                made = f"{state} = {activated(p.phi, total)}"
            key, label, words = f"h{layer}{j + 1}", f"state ${state}$", f"state of layer {layer}{of}"
            rows.append(Row(key, label, h[layer - 1, :, j], made, words=words, group=f"Layer {layer}"))
    rows.append(
        Row("x", "input $x_t$", np.array(p.x, dtype=float), given("x_t", "Given."), group="Input", handle=each_of("x"))
    )
    symbols: Symbols = {
        name("h", layer, i, "t-1"): np.append(0.0, h[layer - 1, :-1, i])
        for layer in range(1, p.layers + 1)
        for i in units
    }
    caption = "Each row is one layer over time, and reads the row below. Choose a state to see its two sources."
    layer, at = p.at
    return Trace("states", "Every state", caption, rows, (f"h{layer}1", at - 1), symbols, follows="step")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": f"{rng.choice([1, 2, 3])},{rng.choice([1, 2, -2, 4])}",
        "layers": "2",
        "layer": "2",
        "step": "2",
        "W_x": str(rng.choice([1, 2, 3])),
        "W_h": str(rng.choice([0.5, -1, 2])),
        "phi": "linear",
    }


def _question(p: StackedRNN) -> Question:
    return Question(
        "What is $h_2^{(2)}$, the state of the second layer after the second step?",
        "h_top",
        (
            f"$x = {latex(p.x[0])},\\; {latex(p.x[1])}$, one linear unit in each of two layers",
            r"$h_t^{(1)} = W_x x_t + W_h h_{t-1}^{(1)}$ and $h_t^{(2)} = W_x h_t^{(1)} + W_h h_{t-1}^{(2)}$",
            f"$W_x = {latex(p.W_x)}$ and $W_h = {latex(p.W_h)}$ in both, and $h_0 = 0$",
        ),
    )


def _slips(p: StackedRNN, result: Result) -> Slips:
    (u, v), (first, last) = (p.W_x, p.W_h), p.x
    low1, low2 = u * first, u * last + v * u * first
    return [
        (low2, "That is the first layer. The second reads it and adds its own past."),
        (u * low2, "That leaves out the second layer's own previous state."),
        (u * low2 + v * low1, "From the previous step it takes its own layer's state, not that of the layer below."),
        (u * low1 + v * u * low1, "The layer below is read at the same step, not at the previous one."),
        (u * u * last, parting(3, "That is the second step without any past.")),
    ]


def _layers(p: StackedRNN) -> Layered:
    weights = [(w.W_xh, w.W_hh) for w in p.weights()]
    values = {"x": np.array(p.x, dtype=float), "weights": weights, "b": p.b, "units": p.units, "phi": p.phi}
    return Layered(values | {"layer_shown": p.at[0], "step": p.at[1]})


DEMO = Demo(
    __file__,
    StackedRNN,
    compute,
    Prediction(_instance, _question, ("h11,1", "h21,1", "h11,2", "h21,2"), _slips, Tolerance(near=0.01)),
    shows=(stacked.forward, rnn.step),
    layers=_layers,
)
