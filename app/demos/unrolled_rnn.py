"""An RNN beside its unrolled copies: every product, sum and φ of up to four units over up to twelve steps."""

import random
from collections.abc import Iterator
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Term, sum_of_products
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Row, Trace, Values
from app.demos.machine.numbers import fill, latex, short
from app.demos.machine.parameters import Matrix, Numbers, Parameters, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.demos.parts.unrolled_picture import unrolled
from app.nn import rnn
from app.nn.activations import ACTIVATIONS

PHI = {"tanh": r"\tanh", "relu": r"\mathrm{relu}", "sigmoid": r"\sigma", "linear": ""}


class UnrolledRNN(Parameters):
    """One input a step, `units` units, one output."""

    units: int = number(1, 1, 4, step=1, title="Units", says="How many numbers the state has.")
    x: Numbers = entries((1, 2, 3, 0, -1, 2), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12 numbers, one a step.")
    W_x: Numbers = entries(
        (0.5,), slide=(-2, 2), title="Input weights $W_x$", says="One for each unit; a single one serves all units."
    )
    W_h: Matrix = entries(
        ((0.8,),),
        slide=(-2, 2),
        title="Recurrent weights $W_h$",
        says="Row i, column j: from unit i to unit j. A single one ties each unit to itself.",
    )
    b: Numbers = entries((0,), slide=(-2, 2), title="Bias $b$", says="One for each unit; a single one serves all.")
    W_o: Numbers = entries(
        (1,), slide=(-2, 2), title="Output weights $W_o$", says="One for each unit; a single one serves all."
    )
    phi: Literal["tanh", "relu", "sigmoid", "linear"] = choice(
        "tanh", title=r"Activation $\varphi$", says="What the sum goes through."
    )
    step: int = number(
        3, 1, 12, step=1, title="Step to look at", says="Past the end of the inputs it means the last one."
    )

    @property
    def looked_at(self) -> int:
        """The step to look at, from 1."""
        return min(self.step, len(self.x))

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Weights whose number differs from the number of units."""
        h = self.units
        for name in ("W_x", "b", "W_o"):
            given: tuple[float, ...] = getattr(self, name)
            if len(given) not in (1, h):
                fitted = (*given, *[0.0] * h)[:h]
                yield name, _wanted(h, f"one for each of the {h} units"), ",".join(map(repr, fitted))
        rows = self.W_h
        if not self._one_weight and not (len(rows) == h and all(len(row) == h for row in rows)):
            square = [(*row, *[0.0] * h)[:h] for row in (*rows, *[()] * h)[:h]]
            yield "W_h", _wanted(h, f"{h} rows of {h}"), ";".join(",".join(map(repr, row)) for row in square)

    @property
    def _one_weight(self) -> bool:
        return len(self.W_h) == 1 and len(self.W_h[0]) == 1

    def weights(self) -> tuple[rnn.RNNWeights, Values]:
        """W_xh (1, h), W_hh (h, h), b (h) for the kernel, and W_o (h)."""
        h = self.units
        W_hh = self.W_h[0][0] * np.eye(h) if self._one_weight else np.array(self.W_h, dtype=float)
        W_x, b, W_o = (np.array(given * h if len(given) == 1 else given) for given in (self.W_x, self.b, self.W_o))
        return rnn.RNNWeights(W_x[None, :], W_hh, b), W_o


def _wanted(units: int, otherwise: str) -> str:
    return "one number, as there is one unit" if units == 1 else f"one number, or {otherwise}"


def compute(p: UnrolledRNN) -> Result:
    """Run the recurrence over the inputs with the kernel, and read the output y_t = h_t W_o off each state."""
    w, W_o = p.weights()
    x = np.array(p.x, dtype=float)
    hs, caches = rnn.forward(x[None, :, None], np.zeros((1, p.units)), w, ACTIVATIONS[p.phi])
    h, z = hs[0], np.array([cache.z[0] for cache in caches])
    y = h @ W_o

    numbers: dict[str, float] = {}
    for name, values in (("h", h[:, 0]), ("z", z[:, 0]), ("y", y)):
        numbers |= {f"{name}{t}": float(value) for t, value in enumerate(values, start=1)}
    top = int(np.argmax(h[:, 0])) + 1
    numbers |= {"h_last": float(h[-1, 0]), "y_last": float(y[-1]), "h_max": float(h[:, 0].max()), "h_max_at": top}
    numbers |= {"steps": len(x), "at": p.looked_at, "h_at": float(h[p.looked_at - 1, 0])}

    before = np.vstack([np.zeros((1, p.units)), h[:-1]])
    caption = fill(_caption(p, x, h, numbers), numbers)
    weight = short(p.W_h[0][0]) if p.units == 1 else "W_h"
    diagram = unrolled(caption, x, h, y, p.looked_at, weight)
    return Result(numbers, (diagram, _trace(p, w, W_o, x, before, z, h, y)))


def _trace(
    p: UnrolledRNN, w: rnn.RNNWeights, W_o: Values, x: Values, before: Values, z: Values, h: Values, y: Values
) -> Trace:
    one, units = p.units == 1, range(p.units)
    rows = [Row("x", "input $x_t$", x)]
    for j in units:
        unit = "" if one else f"unit {j + 1}"
        to, of = ("", "") if one else (f"{j + 1}", f" of unit {j + 1}")
        name = "" if one else f",{to}"
        rows.append(
            Row(f"wx{j + 1}", _product("W_x", to, "x_t"), w.W_xh[0, j] * x, words=f"input product{of}", group=unit)
        )
        for i in units:
            label = _product("W_h", "" if one else f"{i + 1}{to}", f"h_{{t-1{'' if one else f',{i + 1}'}}}")
            says = "recurrent product" if one else f"recurrent product from unit {i + 1} to unit {to}"
            rows.append(Row(f"wh{i + 1}{j + 1}", label, w.W_hh[i, j] * before[:, i], words=says, group=unit))
        rows.append(Row(f"z{j + 1}", f"sum $z_{{t{name}}}$", z[:, j], words=f"sum{of}", group=unit))
        rows.append(Row(f"h{j + 1}", f"state $h_{{t{name}}}$", h[:, j], words=f"state{of}", group=unit))
    rows.append(Row("y", "output $y_t$", y, group="" if one else "all units"))

    def arithmetic(key: str, column: int) -> Arithmetic:
        t, kind, digits = column + 1, key.rstrip("0123456789"), key.lstrip("wxhzy")
        if kind == "x":
            return Arithmetic(f"x_{{{t}}}", latex(x[column]), float(x[column]), "An input: it is given.")
        if kind == "y":
            terms = [
                Term(f"W_{{o{_index(one, i)}}}", W_o[i], f"h_{{{t}{_comma(one, i)}}}", h[column, i]) for i in units
            ]
            return sum_of_products(f"y_{{{t}}}", terms, float(y[column]))
        j = int(digits[-1]) - 1
        state = [
            Term(f"W_{{h{_index(one, i, j)}}}", w.W_hh[i, j], f"h_{{{t - 1}{_comma(one, i)}}}", before[column, i])
            for i in units
        ]
        into = Term(f"W_{{x{_index(one, j)}}}", w.W_xh[0, j], f"x_{{{t}}}", x[column])
        if kind == "wx":
            return sum_of_products("", [into], float(w.W_xh[0, j] * x[column]))
        if kind == "wh":
            i = int(digits[0]) - 1
            says = "Before the first step the state is 0." if t == 1 else "The state of the step before."
            return sum_of_products("", [state[i]], float(w.W_hh[i, j] * before[column, i]), says=says)
        if kind == "z":
            bias = (f"b{_low(one, j)}", float(w.b[j]))
            return sum_of_products(f"z_{{{t}{_comma(one, j)}}}", [into, *state], float(z[column, j]), bias)
        symbols = f"h_{{{t}{_comma(one, j)}}} = " + _phi(p.phi, f"z_{{{t}{_comma(one, j)}}}")
        return Arithmetic(symbols, _phi(p.phi, latex(z[column, j])), float(h[column, j]), SAYS_PHI[p.phi])

    return Trace(
        "trace",
        "Every product, sum and φ",
        "Rows are quantities, columns are steps. Choose a number to see where it comes from.",
        rows,
        ("h1", p.looked_at - 1),
        columns=[f"t = {t}" for t in range(1, len(x) + 1)],
        follows="step",
        by_hand=arithmetic,
    )


SAYS_PHI = {
    "tanh": "The sum, squashed into −1 … 1.",
    "relu": "The sum where it is positive, else 0.",
    "sigmoid": "The sum, squashed into 0 … 1.",
    "linear": "The sum as it is.",
}


def _phi(phi: str, inside: str) -> str:
    return f"{PHI[phi]}({inside})" if PHI[phi] else inside


def _product(weight: str, index: str, factor_label: str) -> str:
    return f"$W_{{{weight[-1]}{',' + index if index else ''}}} \\, {factor_label}$"


def _index(one: bool, *units: int) -> str:
    return "" if one else "," + "".join(str(unit + 1) for unit in units)


def _comma(one: bool, unit: int) -> str:
    return "" if one else f",{unit + 1}"


def _low(one: bool, unit: int) -> str:
    return "" if one else f"_{{{unit + 1}}}"


def _caption(p: UnrolledRNN, x: Values, h: Values, numbers: dict[str, float]) -> str:
    """What happens to unit 1, told from its numbers alone."""
    state = "The state" if p.units == 1 else "The state of unit 1"
    silent = next((t for t in range(1, len(x)) if x[t] == 0 and abs(h[t, 0]) > 0.01 and abs(h[t - 1, 0]) > 0.01), None)
    forgets = not any(map(any, p.W_h))
    same = p.units > 1 and np.ptp(h, axis=1).max() == 0
    told = f"{state} is largest, {{h_max}}, at step {{h_max_at}}"
    if forgets:
        told += " and keeps nothing of the past: $W_h$ is 0, so each step sees its own input alone"
    elif silent is not None:
        numbers |= {"silent": silent + 1, "h_silent": float(h[silent, 0])}
        told += " and is {h_silent} at step {silent}, where the input is 0: that is memory"
    else:
        told += "; after {steps} steps it is {h_last}"
    if same:
        told += ". All units have equal weights and so equal states: initial weights are random to break this tie"
    return told + "."


def _instance(rng: random.Random) -> dict[str, str]:
    inputs = [rng.choice([-2, -1, 0, 1, 2, 3]) for _ in range(2)]
    inputs[0] = inputs[0] or 1
    return {
        "x": ",".join(map(str, inputs)),
        "W_x": str(rng.choice([0.5, 1, -0.5])),
        "W_h": str(rng.choice([0.5, 0.8, -0.5, 2])),
        "b": str(rng.choice([0, 0.5, 1])),
        "phi": rng.choice(["relu", "linear", "tanh"]),
        "step": "2",
    }


def _question(p: UnrolledRNN) -> Question:
    return Question(
        f"What is $h_{{{len(p.x)}}}$, the state after the last step?",
        "h_last",
        (
            f"$h_t = {_phi(p.phi, 'W_x x_t + W_h h_{t-1} + b')}$, with $h_0 = 0$",
            "$x = " + r",\; ".join(map(latex, p.x)) + "$",
            rf"$W_x = {latex(p.W_x[0])}$, $W_h = {latex(p.W_h[0][0])}$, $b = {latex(p.b[0])}$",
        ),
    )


def _steps(p: UnrolledRNN, result: Result) -> list[Arithmetic]:
    trace = result.traces()[0]
    return [trace.arithmetic(key, t) for t in range(len(p.x)) for key in ("z1", "h1")]


def _slips(p: UnrolledRNN, result: Result) -> Slips:
    w, _ = p.weights()
    phi, u, v, b = ACTIVATIONS[p.phi].f, w.W_xh[0, 0], w.W_hh[0, 0], w.b[0]
    last, h_before = p.x[-1], result.numbers.get(f"h{len(p.x) - 1}", 0.0)
    z_before = result.numbers.get(f"z{len(p.x) - 1}", 0.0)
    told = (
        (u * last + v * h_before + b, "That is the sum $z$: φ is still to come."),
        (phi(np.array(u * last + b)), "That leaves out the state: $W_h h_{t-1}$ is missing."),
        (phi(np.array(u * last + v * h_before)), "That leaves out the bias $b$ in the last step."),
        (phi(np.array(u * last + v * z_before + b)), "That carries the sum $z_{t-1}$ over, not the state $h_{t-1}$."),
        (h_before, "That is the state one step earlier."),
    )
    return [(float(value), says) for value, says in told]


DEMO = Demo(
    __file__,
    UnrolledRNN,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01, why="two decimals are enough")),
    shows=(rnn.step, rnn.forward),
    miniature="unrolled",
)
