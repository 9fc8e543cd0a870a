"""What each option of Keras' SimpleRNN does to the numbers and the shape of the output, and how PyTorch says it."""

import random
from collections.abc import Callable
from functools import reduce
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, given, set_index
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Diagram, Edge, Handle, Node, Row, Symbols, Trace, Values
from app.demos.machine.numbers import fill, heat, latex, short, show
from app.demos.machine.parameters import InFramework, Numbers, Phi, choice, entries, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.nn import count, rnn
from app.nn.activations import ACTIVATIONS
from app.nn.framework import Framework, lacked, pytorch_uniform, start
from app.nn.initialise import glorot_uniform, orthogonal

GAP, FIRST, TOP, MIDDLE, BOTTOM = 70.0, 180.0, 28.0, 112.0, 190.0  # of the picture


class SimpleRNNOptions(InFramework):
    """One sequence of one feature through one layer; the defaults are the framework's own."""

    x: Numbers = entries((0, 1, 2), title="Inputs", says="Up to 12 numbers: a batch of one sequence, one feature.")
    units: int = number(3, 1, 4, step=1, title="units", says="How many numbers the state has.")
    return_sequences: bool = flag(False, title="return_sequences", says="Every state comes out, or the last alone.")
    go_backwards: bool = flag(False, title="go_backwards", says="Read from the end.")
    stateful: bool = flag(False, title="stateful", says="The next call starts where this one ended, or at zero.")
    calls: int = number(2, 1, 3, step=1, title="Calls", says="How often the layer is given the same sequence.")
    activation: Phi = choice("tanh", title="activation", says="Keras: None is linear. PyTorch: tanh or relu.")
    use_bias: bool = flag(True, title="use_bias", says="Whether a bias is added.")
    kernel_initializer: Literal["default", "glorot_uniform", "constant"] = choice(
        "default", title="kernel_initializer", says="Input weights: glorot_uniform in Keras; constant is 0.5."
    )
    recurrent_initializer: Literal["default", "orthogonal", "constant", "zeros"] = choice(
        "default", title="recurrent_initializer", says="Recurrent weights: orthogonal in Keras; constant is 0.8."
    )
    bias_initializer: Literal["default", "zeros", "ones"] = choice(
        "default", title="bias_initializer", says="Zeros in Keras. PyTorch draws all weights and both biases alike."
    )
    unroll: bool = flag(False, title="unroll", says="Write the loop out as copies of the cell.")
    seed: int = number(1, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Of all random draws.")

    @property
    def reading(self) -> Values:
        """The inputs in the order in which the layer reads them (time)."""
        return np.array(self.x[::-1] if self.go_backwards else self.x, dtype=float)

    def biases(self) -> Values:
        """One bias, or PyTorch's two, which are added (1 or 2, h)."""
        made, ones = start(np.random.default_rng([self.seed, 1]), self.framework, "rnn", 1, self.units).b, np.eye(2)[0]
        kept = {"default": made, "zeros": 0 * made, "ones": np.ones_like(made) * ones[: len(made), None]}
        return kept[self.bias_initializer] if self.use_bias else 0 * made

    def weights(self) -> rnn.RNNWeights:
        """W_xh (1, h), W_hh (h, h), b (h) as the initialisers set them, before any training."""
        h, rng = self.units, np.random.default_rng(self.seed)
        kernel = {"glorot_uniform": glorot_uniform(rng, 1, h), "constant": np.full((1, h), 0.5)}
        turned = orthogonal(rng, h)
        recurrent = {"orthogonal": turned, "constant": np.full((h, h), 0.8), "zeros": np.zeros((h, h))}
        if self.framework == "keras":
            kernel["default"], recurrent["default"] = kernel["glorot_uniform"], turned
        else:
            kernel["default"], recurrent["default"] = (pytorch_uniform(rng, h, (rows, h)) for rows in (1, h))
        W_xh, W_hh = kernel[self.kernel_initializer], recurrent[self.recurrent_initializer]
        return rnn.RNNWeights(W_xh, W_hh, self.biases().sum(axis=0))


def run_calls(p: SimpleRNNOptions, w: rnn.RNNWeights) -> tuple[Values, list[rnn.Cache]]:
    """States (calls · time, h) and caches of all calls. Only a stateful call starts where the one before it ended."""
    x, phi, zero = p.reading[None, :, None], ACTIVATIONS[p.activation], np.zeros((1, p.units))
    h0, states, caches = zero, [], list[rnn.Cache]()
    for _ in range(p.calls):
        hs, steps = rnn.forward(x, h0, w, phi)
        states.append(hs[0])
        caches += steps
        h0 = hs[:, -1] if p.stateful else zero
    return np.concatenate(states), caches


def unrolled_end(p: SimpleRNNOptions, w: rnn.RNNWeights, h0: Values) -> Values:
    """The last state with the loop written out: step(x_T, … step(x_2, step(x_1, h_0)))."""
    phi = ACTIVATIONS[p.activation]
    end: Values = reduce(lambda h, x_t: rnn.step(np.full((1, 1), x_t), h, w, phi)[0], p.reading.tolist(), h0)
    return end


def compute(p: SimpleRNNOptions) -> Result:
    """Call the layer, return what the framework would, and count its parameters."""
    w, time = p.weights(), len(p.x)
    h, caches = run_calls(p, w)
    last = caches[-time:]
    two = p.framework == "pytorch"
    counted = count.rnn(1, p.units, two).total - (0 if p.use_bias else p.units * (1 + two))
    numbers: dict[str, float] = {
        "steps": time,
        "out": float(h[-1, 0]),
        "out_first_call": float(h[time - 1, 0]),
        "start": float(last[0].h_prev[0, 0]),
        "out_time": time if p.return_sequences else 1,
        "out_features": p.units,
        "parameters": counted,
        "copies": time if p.unroll else 1,
        "unroll_difference": float(np.abs(unrolled_end(p, w, last[0].h_prev) - h[-1]).max()),
        "calls": p.calls,
    }
    caption = fill(_caption(p), numbers)
    picture = _diagram(p, caption, h[-time:], numbers["start"])
    told = [f"nn.RNN has no {p.activation} activation: nonlinearity is tanh or relu."]
    is_odd = two and p.activation not in ("tanh", "relu")
    figures = (picture, _steps_trace(p, w, h, caches), _weights_trace(p, w))
    return Result(numbers, figures, told if is_odd else (), lacked(p.activation))


def pytorch_code(p: SimpleRNNOptions) -> str:
    """The lines of PyTorch that do what the options ask for."""
    more = "" if p.activation != "relu" else ", nonlinearity='relu'"
    more += "" if p.use_bias else ", bias=False"
    x, h = "x.flip(1)" if p.go_backwards else "x", ", h_n" if p.stateful and p.calls > 1 else ""
    taken = "out" if p.return_sequences else "h_n[-1]"
    return f"rnn = nn.RNN(1, {p.units}{more}, batch_first=True); out, h_n = rnn({x}{h}), of which {taken} is used"


def _caption(p: SimpleRNNOptions) -> str:
    one = "{out_features numbers}"
    last = "The only step comes out: " if len(p.x) == 1 else "Of {steps} steps the last comes out: "
    told = last + (f"{one}, the first {{out}}" if p.units > 1 else "{out}")
    if p.return_sequences:
        told = f"All {{steps}} states come out, {one} each" if len(p.x) > 1 else f"The only state comes out: {one}"
    if p.go_backwards and len(p.x) > 1:
        told += ". It read from the end, so the first input is the most recent"
        told += " and its output comes last" if p.return_sequences else ""
    if p.calls > 1 and p.stateful:
        told += ". Stateful: call {calls} began at {start}, where the one before it ended"
    elif p.calls > 1:
        told += ". Call {calls} began at zero again and gave what call 1 gave, {out_first_call}"
    if p.framework == "pytorch":
        return f"{told}. In PyTorch: {pytorch_code(p)}."
    if p.unroll:
        told += ". Unrolled, the graph holds {copies copies} of the cell; the numbers differ by {unroll_difference}"
    return told + "."


def _diagram(p: SimpleRNNOptions, caption: str, h: Values, start: float) -> Diagram:
    """The last call: its inputs in their places, its states h (time, units), and those of them that come out.

    A layer that reads backwards runs from right to left, so that each input stays in its place.
    """
    time, reading = len(p.x), p.reading.tolist()
    largest = float(np.abs(h[np.isfinite(h)]).max(initial=0.0))
    shape_in, shape_out = f"[1, {time}, 1]", f"[1, {time}, {p.units}]" if p.return_sequences else f"[1, {p.units}]"
    returned_as = ("out" if p.return_sequences else "last of h_n") if p.framework == "pytorch" else "comes out"
    nodes = [
        Node(54, BOTTOM - 4, shape_in, "text", 96, 20, note="goes in", strong=True),
        Node(54, TOP, shape_out, "text", 96, 20, note=returned_as, strong=True),
        Node(FIRST + GAP * (time if p.go_backwards else -1), MIDDLE, short(start), "text", 44, 20, note="start"),
    ]
    edges, before = [], 2
    for k, (read, value) in enumerate(zip(reading, h[:, 0].tolist(), strict=True)):
        x, column = FIRST + GAP * (time - 1 - k if p.go_backwards else k), (p.calls - 1) * time + k + 1
        state, returned = len(nodes), p.return_sequences or k == time - 1
        nodes.append(Node(x, MIDDLE, short(value), "circle", 44, 44, heat(value, largest), returned, at=f"h1,{column}"))
        nodes.append(Node(x, BOTTOM, short(read), "text", 44, 20, at=f"x,{column}"))
        edges += [Edge(before, state, recurrent=True), Edge(state + 1, state)]
        if returned:
            note = f"output {k + 1}" if p.return_sequences else "output"
            nodes.append(Node(x, TOP, short(value), "text", 56, 50, note=note, lit=True))
            edges.append(Edge(state, state + 2))
        before = state
    of = "" if p.units == 1 else f" of unit 1 of {p.units}"
    alt = (
        f"A sequence of shape {shape_in} is read in the order {', '.join(map(show, reading))}; what comes "
        f"out has the shape {shape_out}. States{of}: {', '.join(map(show, h[:, 0].tolist()))}."
    )
    width = FIRST + GAP * (time if p.go_backwards else time - 1) + 44
    return Diagram("layer", "The layer's last call", caption, alt, width, 216, nodes, edges)


def _steps_trace(p: SimpleRNNOptions, w: rnn.RNNWeights, h: Values, caches: list[rnn.Cache]) -> Trace:
    time, one, units = len(p.x), p.units == 1, range(p.units)
    x = np.array([cache.x_t[0, 0] for cache in caches])
    z = np.array([cache.z[0] for cache in caches])
    before = np.array([cache.h_prev[0] for cache in caches])

    def step(column: int) -> int:
        """The step within its call, from 1, for a column of the table."""
        return (column - 1) % time + 1

    def read(column: int) -> Formula:
        place = time + 1 - step(column) if p.go_backwards else step(column)
        return given(f"x_{{{place}}}", "An input: it is given.")

    def at_step(text: str, is_sum: bool = False) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            is_first, is_carried = step(column) == 1, p.stateful and column > 1
            note = ("Carried over." if is_carried else "A call starts at zero.") * (is_first and is_sum)
            before = {name("h_{t-1", i): f"h{i + 1},{column - 1}" * (is_carried or not is_first) for i in units}
            return Formula(set_index(text, "t", step(column)), note, text.rpartition(" = ")[2], origins=cells | before)

        return formula

    def name(subscript: str, *numbered: int) -> str:
        """A symbol with the numbers of its units, which are left out if there is one unit: h_{t,1} or h_{t}."""
        return f"{subscript}}}" if one else f"{subscript},{''.join(str(i + 1) for i in numbered)}}}"

    symbols: Symbols = {name("h_{t-1", i): before[:, i] for i in units}
    cells = {name("W_{h", i, j): f"wh{i + 1},{j + 1}" for i in units for j in units}
    cells |= {name("W_{x", j): f"wx,{j + 1}" for j in units}
    cells |= {"b" if one else f"b_{{{j + 1}}}": f"bias,{j + 1}" for j in units}

    def entered(column: int) -> Handle:
        return Handle(f"x,{len(p.x) + 1 - step(column) if p.go_backwards else step(column)}")

    rows = [Row("x", "input as read", x, read, handle=entered)]
    symbols["x"] = x
    for j in units:
        of, z_j, h_j = "" if one else f" of unit {j + 1}", name("z_{t", j), name("h_{t", j)
        weights = {name("W_{x", j): "x"} | {name("W_{h", i, j): name("h_{t-1", i) for i in units}
        symbols |= zip(weights, [w.W_xh[0, j], *w.W_hh[:, j]], strict=True)
        terms = [rf"{weight} \, {value}" for weight, value in weights.items()]
        if p.use_bias:
            terms.append("b" if one else f"b_{{{j + 1}}}")
            symbols[terms[-1]] = w.b[j]
        total = at_step(f"{z_j} = {' + '.join(terms)}", is_sum=True)
        state = at_step(f"{h_j} = {activated(p.activation, z_j)}")
        rows.append(Row(f"z{j + 1}", f"sum ${z_j}$", z[:, j], total, words=f"sum{of}"))
        rows.append(Row(f"h{j + 1}", f"state ${h_j}$", h[:, j], state, words=f"state{of}"))
    calls = [f"call {k}, " if p.calls > 1 else "" for k in range(1, p.calls + 1)]
    columns = [f"{call}step {t}" for call in calls for t in range(1, time + 1)]
    caption = "Steps in the order in which they are computed. Choose a number to see where it comes from."
    chosen = ("h1", len(x) - 1)
    return Trace("steps", "Every step of every call", caption, rows, chosen, symbols, "", columns=columns)


DRAWN = {
    "glorot_uniform": r"Drawn uniformly between $\pm\sqrt{6 / (1 + h)}$.",
    "orthogonal": "A random rotation or reflection: all singular values are 1.",
    "constant": "The same number everywhere.",
    "zeros": "Zero everywhere.",
    "ones": "One everywhere.",
    "uniform": r"Drawn uniformly between $\pm 1 / \sqrt{h}$.",
    "": "Without a bias it is 0.",
}
DEFAULTS: dict[Framework, tuple[str, str, str]] = {
    "keras": ("glorot_uniform", "orthogonal", "zeros"),
    "pytorch": ("uniform", "uniform", "uniform"),
}
"""How each framework starts the input weights, the recurrent weights and the biases."""


def _weights_trace(p: SimpleRNNOptions, w: rnn.RNNWeights) -> Trace:
    lengths = np.sqrt((w.W_hh**2).sum(axis=0))

    def drawn(symbol: str, initializer: str, of: int) -> Callable[[int], Formula]:
        how = DRAWN[DEFAULTS[p.framework][of] if initializer == "default" else initializer]
        return lambda j: given(f"{symbol}{j}}}", how)

    def length(j: int) -> Formula:
        values = {f"W_{{h,{i}{j}}}": float(weight) for i, weight in enumerate(w.W_hh[:, j - 1], start=1)}
        note = (
            "All are 1, as in an orthogonal matrix: by itself it shrinks and stretches nothing."
            if np.allclose(lengths, 1)
            else ""
        )
        squares = " + ".join(f"{weight}^2" for weight in values)
        cells = {weight: f"wh{i},{j}" for i, weight in enumerate(values, start=1)}
        return Formula(rf"\lVert W_{{h,\cdot {j}}} \rVert", note, rf"\sqrt{{{squares}}}", values, origins=cells)

    rows = [Row("wx", "kernel $W_x$", w.W_xh[0], drawn("W_{x,", p.kernel_initializer, 0), words="input weights")]
    for i, weights in enumerate(w.W_hh, start=1):
        formula = drawn(f"W_{{h,{i}", p.recurrent_initializer, 1)
        rows.append(Row(f"wh{i}", f"recurrent, from unit {i}", weights, formula, words=f"from unit {i}"))
    rows.append(Row("length", r"length of its column of $W_h$", lengths, length, words="length of the column"))
    bias, symbols = drawn("b_{", p.bias_initializer if p.use_bias else "", 2), dict[str, Values]()
    if p.framework == "pytorch":
        both = list(p.biases())
        rows += [Row(f"bias_{side}", f"bias_{side}", one, bias) for side, one in zip(("ih", "hh"), both, strict=True)]
        symbols = {"b_{ih}": both[0], "b_{hh}": both[1]}
        rows.append(Row("bias", "bias $b$", w.b, Formula("b_{ih} + b_{hh}", "Only their sum matters.")))
    else:
        rows.append(Row("bias", "bias $b$", w.b, bias))
    columns = [f"unit {j}" for j in range(1, p.units + 1)]
    caption = "The weights before training, as the initialisers set them."
    chosen = ("length", 0)
    return Trace("weights", "The weights", caption, rows, chosen, symbols, "", columns=columns, column_word="unit")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": f"{rng.choice([1, 2, 3, -4])},{rng.choice([4, -2, 6, 8])}",
        "units": "1",
        "activation": "linear",
        "kernel_initializer": "constant",
        "recurrent_initializer": "constant",
        "bias_initializer": rng.choice(["zeros", "ones"]),
        "go_backwards": rng.choice("01"),
        "stateful": rng.choice("01"),
    }


def _question(p: SimpleRNNOptions) -> Question:
    onoff = {True: "on", False: "off"}
    return Question(
        f"The layer reads the same sequence twice. What does call {p.calls} return?",
        "out",
        (
            f"$x = {latex(p.x[0])},\\; {latex(p.x[1])}$",
            r"one linear unit: $h_t = 0.5\, x_t + 0.8\, h_{t-1} + b$",
            f"the bias is {1 if p.bias_initializer == 'ones' else 0}",
            f"go_backwards {onoff[p.go_backwards]}, stateful {onoff[p.stateful]}, return_sequences off",
        ),
    )


def _steps(p: SimpleRNNOptions, result: Result) -> list[Arithmetic]:
    first = 1 if p.stateful else len(p.x) + 1
    return result.worked(*(f"z1,{column}" for column in range(first, len(p.x) * p.calls + 1)))


def _slips(p: SimpleRNNOptions, result: Result) -> Slips:
    def other(**change: object) -> float:
        return compute(p.model_copy(update=change)).numbers["out"]

    reads = "backwards: the last input comes first" if p.go_backwards else "forwards"
    starts = (
        "Stateful: the second call starts from the first one's end."
        if p.stateful
        else parting(-2, "Each call starts at zero.")
    )
    told = [(other(use_bias=False), parting(1, "The bias is missing."))] if p.bias_initializer == "ones" else []
    return [
        *told,
        (other(stateful=not p.stateful), starts),
        (other(go_backwards=not p.go_backwards), parting(1, f"It reads {reads}.")),
        (other(go_backwards=not p.go_backwards, stateful=not p.stateful), parting(1, f"It reads {reads}. {starts}")),
        (float(0.5 * p.reading[-1]), "That is the last input alone: the state before it is missing."),
    ]


def _layers(p: SimpleRNNOptions) -> Layered:
    w = p.weights()
    values = {"x": np.array(p.x, dtype=float), "W_x": w.W_xh, "W_h": w.W_hh, "b": p.biases(), "units": p.units}
    options = ("use_bias", "return_sequences", "go_backwards", "stateful", "unroll", "calls")
    values |= {name: getattr(p, name) for name in options}
    return Layered(values | {"phi": p.activation}, lacked(p.activation))


DEMO = Demo(
    __file__,
    SimpleRNNOptions,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01)),
    shows=(rnn.step, run_calls, unrolled_end),
    layers=_layers,
)
