"""What each option of Keras' SimpleRNN does to the layer's numbers and to the shape of its output."""

import random
from functools import reduce
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Term, sum_of_products
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Row, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.demos.parts.layer_call import layer_call
from app.nn import count, rnn
from app.nn.activations import ACTIVATIONS
from app.nn.initialise import glorot_uniform, orthogonal

CONSTANT = {"kernel": 0.5, "recurrent": 0.8}
PHI = {"tanh": r"\tanh", "relu": r"\mathrm{relu}", "sigmoid": r"\sigma", "linear": ""}


class SimpleRNNOptions(Parameters):
    """One sequence of one feature through one SimpleRNN; the defaults are Keras' own."""

    x: Numbers = entries((0, 1, 2), title="Inputs", says="Up to 12 numbers: a batch of one sequence, one feature.")
    units: int = number(3, 1, 4, step=1, title="units", says="How many numbers the state has.")
    return_sequences: bool = flag(False, title="return_sequences", says="Every state comes out, or the last alone.")
    go_backwards: bool = flag(False, title="go_backwards", says="Read from the end.")
    stateful: bool = flag(False, title="stateful", says="The next call starts where this one ended, or at zero.")
    calls: int = number(2, 1, 3, step=1, title="Calls", says="How often the layer is given the same sequence.")
    activation: Literal["tanh", "relu", "sigmoid", "linear"] = choice(
        "tanh", title="activation", says="Keras writes None for linear."
    )
    use_bias: bool = flag(True, title="use_bias", says="Whether a bias is added.")
    kernel_initializer: Literal["glorot_uniform", "constant"] = choice(
        "glorot_uniform", title="kernel_initializer", says="Start of the input weights; constant is 0.5."
    )
    recurrent_initializer: Literal["orthogonal", "constant", "zeros"] = choice(
        "orthogonal", title="recurrent_initializer", says="Start of the recurrent weights; constant is 0.8."
    )
    bias_initializer: Literal["zeros", "ones"] = choice("zeros", title="bias_initializer", says="Start of the bias.")
    unroll: bool = flag(False, title="unroll", says="Write the loop out as copies of the cell.")
    seed: int = number(1, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws what is drawn.")

    @property
    def reading(self) -> Values:
        """The inputs in the order in which the layer reads them (time)."""
        return np.array(self.x[::-1] if self.go_backwards else self.x, dtype=float)

    def weights(self) -> rnn.RNNWeights:
        """W_xh (1, h), W_hh (h, h), b (h) as the initialisers set them, before any training."""
        h, rng = self.units, np.random.default_rng(self.seed)
        drawn, turned = glorot_uniform(rng, 1, h), orthogonal(rng, h)
        kernel = {"glorot_uniform": drawn, "constant": np.full((1, h), CONSTANT["kernel"])}
        recurrent = {
            "orthogonal": turned,
            "constant": np.full((h, h), CONSTANT["recurrent"]),
            "zeros": np.zeros((h, h)),
        }
        b = np.ones(h) if self.use_bias and self.bias_initializer == "ones" else np.zeros(h)
        return rnn.RNNWeights(kernel[self.kernel_initializer], recurrent[self.recurrent_initializer], b)


def run_calls(p: SimpleRNNOptions, w: rnn.RNNWeights) -> tuple[Values, list[rnn.Cache]]:
    """States (calls · time, h) in the order they are computed; stateful alone decides where a call starts."""
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
    """Call the layer, return what Keras would, and count its parameters."""
    w, time = p.weights(), len(p.x)
    h, caches = run_calls(p, w)
    last = caches[-time:]
    counted = count.rnn(1, p.units).total - (0 if p.use_bias else p.units)
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
    picture = layer_call(caption, p.reading, h[-time:], numbers["start"], p.go_backwards, p.return_sequences, p.calls)
    return Result(numbers, (picture, _steps_trace(p, w, h, caches), _weights_trace(p, w)))


def _caption(p: SimpleRNNOptions) -> str:
    one = "{out_features} number" + "s" * (p.units > 1)
    told = f"All {{steps}} states come out, {one} each" if p.return_sequences else "Of {steps} steps the last comes "
    told += "" if p.return_sequences else f"out: {one}, the first {{out}}"
    if p.go_backwards:
        told += ". It read from the end, so the first input is the freshest"
        told += " and its output stands last" if p.return_sequences else ""
    if p.calls > 1 and p.stateful:
        told += ". Stateful: call {calls} began at {start}, where the one before it ended"
    elif p.calls > 1:
        told += ". Call {calls} began at zero again and gave what call 1 gave, {out_first_call}"
    if p.unroll:
        told += ". Unrolled, the graph holds {copies} copies of the cell; the numbers differ by {unroll_difference}"
    return told + "."


def _steps_trace(p: SimpleRNNOptions, w: rnn.RNNWeights, h: Values, caches: list[rnn.Cache]) -> Trace:
    time, one = len(p.x), p.units == 1
    z = np.array([cache.z[0] for cache in caches])
    before = np.array([cache.h_prev[0] for cache in caches])
    x = np.array([cache.x_t[0, 0] for cache in caches])
    rows = [Row("x", "input as read", x)]
    for j in range(p.units):
        of, low = ("", "") if one else (f" of unit {j + 1}", f",{j + 1}")
        rows.append(Row(f"z{j + 1}", f"sum $z_{{t{low}}}$", z[:, j], words=f"sum{of}"))
        rows.append(Row(f"h{j + 1}", f"state $h_{{t{low}}}$", h[:, j], words=f"state{of}"))

    def arithmetic(key: str, column: int) -> Arithmetic:
        t = column % time + 1
        if key == "x":
            place = time - t + 1 if p.go_backwards else t
            return Arithmetic(f"x_{{{place}}}", latex(x[column]), float(x[column]), "An input: it is given.")
        j = int(key[1:]) - 1
        low = "" if one else f",{j + 1}"
        if key.startswith("h"):
            phi = PHI[p.activation]
            filled = f"{phi}({latex(z[column, j])})" if phi else latex(z[column, j])
            symbols = f"h_{{{t}{low}}} = " + (f"{phi}(z_{{{t}{low}}})" if phi else f"z_{{{t}{low}}}")
            return Arithmetic(symbols, filled, float(h[column, j]))
        into = Term(f"W_{{x{low}}}", float(w.W_xh[0, j]), "x", float(x[column]))
        terms = [
            Term(
                "W_{h}" if one else f"W_{{h,{i + 1}{j + 1}}}",
                float(w.W_hh[i, j]),
                f"h_{{{t - 1}{'' if one else f',{i + 1}'}}}",
                float(before[column, i]),
            )
            for i in range(p.units)
        ]
        bias = (f"b{'' if one else f'_{{{j + 1}}}'}", float(w.b[j])) if p.use_bias else None
        says = "" if t > 1 else ("A call starts at zero." if column == 0 or not p.stateful else "Carried over.")
        return sum_of_products(f"z_{{{t}{low}}}", [into, *terms], float(z[column, j]), bias, says)

    columns = [
        f"call {k + 1}, step {t + 1}" if p.calls > 1 else f"step {t + 1}" for k in range(p.calls) for t in range(time)
    ]
    caption = "Steps in the order in which they are computed. Choose a number to see where it comes from."
    return Trace(
        "steps", "Every step of every call", caption, rows, ("h1", len(x) - 1), columns=columns, by_hand=arithmetic
    )


DRAWN = {
    "glorot_uniform": r"Drawn evenly from $\pm\sqrt{6 / (1 + h)}$.",
    "orthogonal": "A random turn: all singular values are 1.",
    "constant": "The same number everywhere.",
    "zeros": "Zero everywhere.",
    "ones": "One everywhere.",
    "": "Without use_bias there is none.",
}


def _weights_trace(p: SimpleRNNOptions, w: rnn.RNNWeights) -> Trace:
    lengths = np.sqrt((w.W_hh**2).sum(axis=0))
    rows = [Row("wx", "kernel $W_x$", w.W_xh[0], words="input weights")]
    rows += [
        Row(f"wh{i + 1}", f"recurrent, from unit {i + 1}", w.W_hh[i], words=f"from unit {i + 1}")
        for i in range(p.units)
    ]
    rows.append(Row("length", r"length of its column of $W_h$", lengths, words="length of the column"))
    rows.append(Row("bias", "bias $b$", w.b))
    start = {"wx": p.kernel_initializer, "bias": p.bias_initializer if p.use_bias else ""}

    def arithmetic(key: str, j: int) -> Arithmetic:
        if key == "length":
            squares = " + ".join(f"{'(' * (v < 0)}{latex(v)}{')' * (v < 0)}^2" for v in w.W_hh[:, j].tolist())
            says = "All are 1: nothing shrinks and nothing grows." if np.allclose(lengths, 1) else ""
            return Arithmetic(rf"\lVert W_{{h,\cdot {j + 1}}} \rVert", rf"\sqrt{{{squares}}}", float(lengths[j]), says)
        values = {"wx": w.W_xh[0], "bias": w.b}.get(key)
        value = float(values[j] if values is not None else w.W_hh[int(key[2:]) - 1, j])
        symbol = {"wx": f"W_{{x,{j + 1}}}", "bias": f"b_{{{j + 1}}}"}.get(key, f"W_{{h,{key[2:]}{j + 1}}}")
        return Arithmetic(symbol, "", value, DRAWN[start.get(key, p.recurrent_initializer)])

    columns = [f"unit {j + 1}" for j in range(p.units)]
    caption = "The weights before training, as the initialisers set them."
    return Trace(
        "weights", "The weights", caption, rows, ("length", 0), columns=columns, column_word="unit", by_hand=arithmetic
    )


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": f"{rng.choice([1, 2, 3])},{rng.choice([4, -2, 6])}",
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
        f"The same sequence is given twice. What does call {p.calls} return?",
        "out",
        (
            f"$x = {latex(p.x[0])},\\; {latex(p.x[1])}$",
            r"one linear unit: $h_t = 0.5\, x_t + 0.8\, h_{t-1} + b$",
            f"the bias starts at {p.bias_initializer}",
            f"go_backwards {onoff[p.go_backwards]}, stateful {onoff[p.stateful]}, return_sequences off",
        ),
    )


def _steps(p: SimpleRNNOptions, result: Result) -> list[Arithmetic]:
    trace = result.traces()[0]
    first = 0 if p.stateful else len(p.x)
    return [trace.arithmetic("z1", column) for column in range(first, len(p.x) * p.calls)]


def _slips(p: SimpleRNNOptions, result: Result) -> Slips:
    def other(**change: object) -> float:
        return compute(p.model_copy(update=change)).numbers["out"]

    reads = "backwards: the last input comes first" if p.go_backwards else "forwards"
    starts = "Stateful: the second call starts from the first one's end." if p.stateful else "Each call starts at zero."
    return [
        (other(stateful=not p.stateful), starts),
        (other(go_backwards=not p.go_backwards), f"It reads {reads}."),
        (other(use_bias=False), "The bias is missing."),
        (other(go_backwards=not p.go_backwards, stateful=not p.stateful), f"It reads {reads}. {starts}"),
        (float(0.5 * p.reading[-1]), "That is the last input alone: the state before it is missing."),
    ]


DEMO = Demo(
    __file__,
    SimpleRNNOptions,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01)),
    shows=(rnn.step, run_calls, unrolled_end),
    miniature="layer",
)
