"""An RNN beside its unrolled copies: every product, sum and φ of up to four units over up to twelve steps."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, first_then, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Row, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import fill, latex, short
from app.demos.machine.parameters import Matrix, Numbers, Phi, Stepwise, choice, entries, number
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result, by_step
from app.demos.parts.unrolled_picture import unrolled
from app.nn import rnn
from app.nn.activations import ACTIVATIONS


class UnrolledRNN(Stepwise):
    """One input a step, `units` units, one output."""

    units: int = number(1, 1, 4, step=1, title="Units", says="How many numbers the state has.")
    x: Numbers = entries((1, 2, 3, 0, -1, 2), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one for each step.")
    W_x: Numbers = entries((0.5,), slide=(-2, 2), title="Input weights $W_x$", says="One per unit, or one for all.")
    W_h: Matrix = entries(
        ((0.8,),),
        slide=(-2, 2),
        title="Recurrent weights $W_h$",
        says="Row i, column j: from unit i to unit j. A single number connects each unit only to itself.",
    )
    b: Numbers = entries((0,), slide=(-2, 2), title="Bias $b$", says="One per unit, or one for all.")
    W_o: Numbers = entries((1,), slide=(-2, 2), title="Output weights $W_o$", says="One per unit, or one for all.")
    phi: Phi = choice("tanh", title=r"Activation $\varphi$", says="The function applied to the sum.")
    step: int = number(3, 1, 12, step=1, title="Step to show", says="If there are fewer, the last.")

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

    numbers = by_step({"h": h[:, 0], "z": z[:, 0], "y": y})
    top = int(np.argmax(h[:, 0])) + 1
    numbers |= {"h_last": float(h[-1, 0]), "y_last": float(y[-1]), "h_max": float(h[:, 0].max()), "h_max_at": top}
    numbers |= {"steps": len(x), "at": p.looked_at, "h_at": float(h[p.looked_at - 1, 0])}

    # The first step without an input at which the state still is not near 0, as before it.
    is_felt = np.abs(h[:, 0]) > 0.01
    silent = next((t for t in range(1, len(x)) if x[t] == 0 and any(x[:t]) and is_felt[t] and is_felt[t - 1]), None)
    if any(map(any, p.W_h)) and silent is not None:
        numbers |= {"silent": silent + 1, "h_silent": float(h[silent, 0])}

    caption = fill(_caption(p, h, numbers), numbers)
    weight = short(p.W_h[0][0]) if p.units == 1 else "W_h"
    diagram = unrolled(
        caption,
        {"x": x, "h": h, "y": y},
        p.looked_at,
        weight,
        float(np.abs(w.W_hh).max()) if p.units > 1 else p.W_h[0][0],
    )
    return Result(numbers, (diagram, _trace(p, z, h)))


def _trace(p: UnrolledRNN, z: Values, h: Values) -> Trace:
    (w, W_o), x = p.weights(), np.array(p.x, dtype=float)
    one, units = p.units == 1, range(p.units)
    before = np.vstack([np.zeros((1, p.units)), h[:-1]])
    start, past = "Before the first step the state is 0.", "The state of the step before."

    def name(letter: str, *numbered: int, at: str = "") -> str:
        """A symbol with the numbers of its units, which are left out if there is one unit: h_{t,1} or h_{t}."""
        units = "".join(str(unit + 1) for unit in numbered)
        return f"{letter}_{{{at}}}" if one else f"{letter}_{{{at},{units}}}" if at else f"{letter}_{{{units}}}"

    states = [name("h", i, at="t") for i in units]
    symbols: Symbols = {name("h", i, at="t-1"): before[:, i] for i in units}
    rows = [Row("x", "input $x_t$", x, given("x_t", "An input: it is given."), handle=each_of("x"))]
    for j in units:
        of = "" if one else f" of unit {j + 1}"
        W_x, bias, total = name("W", j, at="x"), "b" if one else name("b", j), name("z", j, at="t")
        symbols |= {W_x: float(w.W_xh[0, j]), bias: float(w.b[j])}
        into, own = rf"{W_x} \, x_t", list[str]()
        group = "" if one else f"unit {j + 1}"
        rows.append(Row(f"wx{j + 1}", f"${into}$", w.W_xh[0, j] * x, words=f"input product{of}", group=group))
        for i in units:
            W_h = name("W", i, j, at="h")
            symbols[W_h] = float(w.W_hh[i, j])
            own.append(rf"{W_h} \, {name('h', i, at='t-1')}")
            kept, says = Formula(own[-1]), f"recurrent product from unit {i + 1} to unit {j + 1}"
            formula = first_then(replace(kept, note=start), replace(kept, note=past))
            values, words = w.W_hh[i, j] * before[:, i], "recurrent product" if one else says
            rows.append(Row(f"wh{i + 1}{j + 1}", f"${own[-1]}$", values, formula, words=words))
        summed = f"{total} = {' + '.join([into, *own, bias])}"
        rows.append(Row(f"z{j + 1}", f"sum ${total}$", z[:, j], summed, words=f"sum{of}"))
        state = f"{states[j]} = {activated(p.phi, total)}"
        rows.append(Row(f"h{j + 1}", f"state ${states[j]}$", h[:, j], state, SAYS_PHI[p.phi], f"state{of}"))
    out = {name("W", i, at="o"): float(W_o[i]) for i in units}
    read = " + ".join(rf"{weight} \, {state}" for weight, state in zip(out, states, strict=True))
    rows.append(Row("y", "output $y_t$", h @ W_o, f"y_t = {read}", group="" if one else "all units"))
    caption = "Rows are quantities, columns are steps. Choose a number to see where it comes from."
    chosen = ("h1", p.looked_at - 1)
    return Trace("trace", "Every product, sum and φ", caption, rows, chosen, symbols | out, follows="step")


SAYS_PHI = {
    "tanh": "The sum, squashed into −1 … 1.",
    "relu": "The sum if it is positive, otherwise 0.",
    "sigmoid": "The sum, squashed into 0 … 1.",
    "linear": "The sum, unchanged.",
}


def _caption(p: UnrolledRNN, h: Values, numbers: dict[str, float]) -> str:
    """What happens to unit 1."""
    state = "The state" if p.units == 1 else "The state of unit 1"
    forgets = not any(map(any, p.W_h))
    same = p.units > 1 and np.ptp(h, axis=1).max() == 0
    told = f"{state} is highest, {{h_max}}, at step {{h_max_at}}"
    if np.ptp(h[:, 0]) == 0:
        told = f"{state} is {{h_max}}{' at every step' * (len(h) > 1)}"
    if forgets:
        told += ". It keeps nothing of the past: $W_h$ is 0, so each step sees only its own input"
    elif "silent" in numbers:
        here = numbers["silent"] == numbers["h_max_at"]
        told += ", where" if here else ". At step {silent}, where"
        told += f" the input is 0{', it is {h_silent}' * (not here)}: it remembers earlier inputs"
    elif len(h) > numbers["h_max_at"] and np.ptp(h[:, 0]):
        told += ". After {steps} steps it is {h_last}"
    if same:
        told += ". All units have equal weights and so equal states: random initial weights break this symmetry"
    return told + "."


def _instance(rng: random.Random) -> dict[str, str]:
    inputs = [rng.choice([-2, -1, 0, 1, 2, 3]) for _ in range(2)]
    inputs[0] = inputs[0] or 1
    return {
        "x": ",".join(map(str, inputs)),
        "W_x": str(rng.choice([0.5, 1, -0.5])),
        "W_h": str(rng.choice([0.5, 0.8, -0.5, 2])),
        "b": str(rng.choice([0.5, 1, -1])),
        "phi": rng.choice(["relu", "linear"]),
        "step": "2",
    }


def _question(p: UnrolledRNN) -> Question:
    return Question(
        f"What is $h_{{{len(p.x)}}}$, the state after the last step?",
        "h_last",
        (
            f"$h_t = {activated(p.phi, 'W_x x_t + W_h h_{t-1} + b')}$, with $h_0 = 0$",
            "$x = " + r",\; ".join(map(latex, p.x)) + "$",
            rf"$W_x = {latex(p.W_x[0])}$, $W_h = {latex(p.W_h[0][0])}$, $b = {latex(p.b[0])}$",
        ),
    )


def _steps(p: UnrolledRNN, result: Result) -> list[Arithmetic]:
    return result.worked(*(f"{row},{t}" for t in range(1, len(p.x) + 1) for row in ("z1", "h1")))


def _slips(p: UnrolledRNN, result: Result) -> Slips:
    w, _ = p.weights()
    phi, u, v, b = ACTIVATIONS[p.phi].f, w.W_xh[0, 0], w.W_hh[0, 0], w.b[0]
    last, h_before = p.x[-1], result.numbers.get(f"h{len(p.x) - 1}", 0.0)
    z_before = result.numbers.get(f"z{len(p.x) - 1}", 0.0)
    told: list[tuple[Any, str]] = [
        (phi(np.array(u * last + b)), parting(-2, "That leaves out the state: $W_h h_{t-1}$ is missing.")),
        (phi(np.array(v * last + u * h_before + b)), parting(-2, "That swaps the weights: $W_x$ is the input's.")),
        (phi(np.array(u * last + v * h_before)), parting(-2, "That leaves out the bias $b$ in the last step.")),
        (h_before, "That is the state one step earlier."),
    ]
    if p.phi != "linear":
        told += [(u * last + v * h_before + b, "That is the sum $z$: φ has not been applied yet.")]
    if z_before != h_before:
        without = phi(np.array(u * last + v * z_before + b))
        told += [(without, "That uses the sum $z_{t-1}$ in place of the state $h_{t-1}$.")]
    return [(float(value), says) for value, says in told]


def _layers(p: UnrolledRNN) -> Layered:
    w, W_o = p.weights()
    values = {"x": np.array(p.x, dtype=float), "W_x": w.W_xh, "W_h": w.W_hh, "b": w.b, "W_o": W_o[:, None]}
    return Layered(values | {"phi": p.phi, "at": p.looked_at})


DEMO = Demo(
    __file__,
    UnrolledRNN,
    compute,
    Prediction(_instance, _question, _steps, _slips, HUNDREDTH),
    shows=(rnn.step, rnn.forward),
    layers=_layers,
)
