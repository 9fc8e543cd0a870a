"""An LSTM of one unit, gate by gate: what it forgets, writes and outputs, and the gradient's path without matrices."""

import random
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Handle, Row, Series, Trace, each_of
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import InFramework, Numbers, Stepwise, choice, entries, number
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result, by_step
from app.demos.parts.gates import forced_bias, lstm_picture, stored_weights
from app.nn import jacobian, lstm

Forced = Literal["free", "open", "shut"]
SAYS_FORCED = "Open is exactly 1, shut exactly 0, whatever the input."

KEPT = "There is no weight matrix on this path."
BACK = "Each step back is multiplied by its own forget gate."


class LSTMGates(InFramework, Stepwise):
    """One input at each step and one unit, so that every gate is a number."""

    x: Numbers = entries((1, 0, 0, 0, 0, 0, 0), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one for each step.")
    forget_bias: float = number(
        3, -10, 10, slide=(-4, 8), step=0.25, title="Forget bias $b_f$", says="Keras starts it at 1, PyTorch near 0."
    )
    forget: Forced = choice("free", title="Forget gate $f$", says=SAYS_FORCED)
    input: Forced = choice("free", title="Input gate $i$", says=SAYS_FORCED)
    output: Forced = choice("free", title="Output gate $o$", says=SAYS_FORCED)
    input_bias: float = number(-3, -10, 10, slide=(-4, 8), step=0.25, title="Input bias $b_i$", says="0 is half open.")
    output_bias: float = number(0, -10, 10, slide=(-4, 8), step=0.25, title="Output bias $b_o$", says="0 is half open.")
    W_x: Numbers = entries((6, 0, 2, 0), title="Input weights", each="ifgo")
    W_h: Numbers = entries((0.5,), title="Recurrent weights", each="ifgo")
    c0: float = number(0, -10, 10, slide=(-2, 2), step=0.1, title="Cell at the start $c_0$", says="Before step 1.")
    step: int = number(1, 1, 12, step=1, title="Step to show", says="If there are fewer, the last.")

    @property
    def idle(self) -> frozenset[str]:
        """The biases of gates that are forced."""
        ways = {"forget_bias": self.forget, "input_bias": self.input, "output_bias": self.output}
        return frozenset(name for name, way in ways.items() if way != "free")

    def weights(self) -> lstm.LSTMWeights:
        """The kernel's weights, one unit: W_xh (1, 4), W_hh (1, 4), b (4), in the order i, f, g, o."""
        W_x, W_h = self.each("W_x"), self.each("W_h")
        b = np.array([self.input_bias, self.forget_bias, 0.0, self.output_bias])
        for at, way in ((0, self.input), (1, self.forget), (3, self.output)):
            if way != "free":
                W_x[at], W_h[at], b[at] = 0.0, 0.0, forced_bias(way == "open")
        return lstm.LSTMWeights(W_x[None, :], W_h[None, :], b)


def compute(p: LSTMGates) -> Result:
    """Run the cell over the inputs, then follow ∂c_T/∂c_t back: through the forget gates alone, and as a whole."""
    w, x = p.weights(), np.array(p.x, dtype=float)
    states, caches = lstm.forward(x[None, :, None], (np.zeros((1, 1)), np.full((1, 1), p.c0)), w)
    i, f, g, o = (np.array([getattr(cache, name)[0, 0] for cache in caches]) for name in "ifgo")
    c, h = states.c[0, :, 0], states.h[0, :, 0]
    c_before, h_before = np.append(p.c0, c[:-1]), np.append(0.0, h[:-1])
    kept, written = f * c_before, i * g
    path = jacobian.cell_path(f[None, :, None])[0, :, 0]
    whole = np.abs(jacobian.products(jacobian.jacobians(lstm.step_jacobian, caches))[0, :, 1, 1])

    T, at = len(x), p.looked_at
    numbers = {"T": T, "at": at, "path": float(path[0]), "whole": float(whole[0])}
    numbers |= by_step({"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}, at)
    numbers |= {"kept_at": float(kept[at - 1]), "written_at": float(written[at - 1])}
    numbers |= {"c_last": numbers[f"c{T}"], "h_last": numbers[f"h{T}"], "c0": p.c0}
    numbers |= {"c_most": float(np.abs(c).max()), "f_mean": float(path[0] ** (1 / T))}

    back = r"\partial c_T / \partial c"
    rows = (
        Row("x", "input $x_t$", x, given("x_t", "Given: an input."), handle=each_of("x")),
        Row(
            "f", "forget gate $f_t$", f, _gate("f", p.forget), group="gates", gate="f", handle=_bias("forget", p.forget)
        ),
        Row("i", "input gate $i_t$", i, _gate("i", p.input), gate="i", handle=_bias("input", p.input)),
        Row(
            "g",
            "candidate $g_t$",
            g,
            r"g_t = \tanh(W_{xg} \, x_t + W_{hg} \, h_{t-1})",
            "From −1 to 1.",
            gate="g",
            handle=Handle("W_x,3"),
        ),
        Row("o", "output gate $o_t$", o, _gate("o", p.output), gate="o", handle=_bias("output", p.output)),
        Row("kept", r"kept $f_t \, c_{t-1}$", kept, note=KEPT, words="kept of the cell", group="cell"),
        Row("written", r"written $i_t \, g_t$", written, note="What is new is added.", words="written to the cell"),
        Row("c", "cell $c_t$", c, r"c_t = f_t \, c_{t-1} + i_t \, g_t"),
        Row("h", "state $h_t$", h, r"h_t = o_t \, \tanh(c_t)"),
        Row("back", f"direct ${back}_{{t-1}}$", path[:-1], rf"f_t \cdot {back}_t", BACK, "direct path back", "back"),
    )
    symbols = {"c_{t-1}": c_before, "h_{t-1}": h_before, f"{back}_t": path[1:]}
    for k, gate in enumerate("ifgo"):
        symbols |= {f"W_{{x{gate}}}": w.W_xh[0, k], f"W_{{h{gate}}}": w.W_hh[0, k], f"b_{gate}": w.b[k]}
    caption = "Rows are gates, cell and state; columns are steps. Choose a number to see where it comes from."
    trace = Trace("trace", "Gates, cell and state", caption, rows, ("c", at - 1), symbols, follows="step")
    curve = Curve(
        "path",
        "The gradient along the cell",
        fill(_path_told(numbers), numbers),
        "step t",
        "left of the gradient at the end",
        np.arange(T + 1.0),
        (
            Series("direct", r"direct path $\prod f_k$", "direct path through the forget gates", path),
            Series("whole", r"whole $|\partial c_T / \partial c_t|$", "by all paths", whole, "dashed"),
        ),
        log=True,
    )
    shown = {"x": x, "c": c, "h": h, "i": i, "f": f, "g": g, "o": o, "c_before": c_before, "h_before": h_before}
    forced = {"f": p.forget, "i": p.input, "o": p.output}
    picture = lstm_picture(fill(_caption(p, numbers), numbers), shown, at, forced)
    return Result(numbers, (picture, trace, curve, stored_weights(p, "lstm", w, forced)))


def _bias(gate: str, mode: str) -> Handle | None:
    """A gate is dragged by its bias, unless it is forced."""
    return Handle(f"{gate}_bias") if mode == "free" else None


def _gate(gate: str, way: Forced) -> Formula:
    if way != "free":
        return given(f"{gate}_t", f"Forced {way}: no input reaches it.")
    text = rf"{gate}_t = \sigma(W_{{x{gate}}} \, x_t + W_{{h{gate}}} \, h_{{t-1}} + b_{gate})"
    return Formula(text, "A gate, from 0 to 1.")


def _caption(p: LSTMGates, numbers: dict[str, float]) -> str:
    told = "Step {at}: {kept_at} kept of the old cell plus {written_at} written makes {c_at}. The output is {h_at}."
    if numbers["at"] < numbers["T"]:
        told += " At the end, step {T}, the cell holds {c_last}."
    if p.output == "shut":
        return told + " The output gate is shut, so nothing of the cell comes out."
    if numbers["c_most"] > 1.0:
        return told + " The cell's largest size is {c_most}: the output is bounded by 1, the cell is not."
    return told


def _path_told(numbers: dict[str, float]) -> str:
    if numbers["path"] == 1.0:
        return "Every forget gate is 1: over {T steps} the direct path loses nothing, and {path} is left."
    if numbers["path"] == 0.0:
        return "A forget gate was shut: the direct path ends there, and {path} is left."
    word = "holds" if numbers["path"] >= 0.5 else "fades" if numbers["path"] >= 0.01 else "vanishes"
    told = f"Over {{T steps}} the direct path {word}: {{path}} is left"
    told += ". " if numbers["T"] == 1 else ", a factor of {f_mean} per step. "
    return told + "With the paths through $h$ and the gates it is {whole}."


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": ",".join(rng.choice(["1", "2", "-1"]) for _ in range(3)),
        "W_x": "0,0,1,0",
        "W_h": "0",
        "forget_bias": "0",
        "input_bias": "0",
        "forget": rng.choice(["open", "free"]),
        "input": rng.choice(["open", "free"]),
        "c0": rng.choice(["0", "2", "-1"]),
        "step": "3",
    }


def _gates(p: LSTMGates) -> tuple[float, float]:
    return (1.0 if p.forget == "open" else 0.5), (1.0 if p.input == "open" else 0.5)


def _question(p: LSTMGates) -> Question:
    f, i = _gates(p)
    return Question(
        "What does the cell hold after the three steps, $c_3$?",
        "c_last",
        (
            rf"at every step the forget gate is $f = {latex(f)}$ and the input gate $i = {latex(i)}$",
            rf"the cell starts at $c_0 = {latex(p.c0)}$",
            r"the candidate is $g_t = \tanh(x_t)$, with $x = " + r",\; ".join(map(latex, p.x)) + "$",
            r"$\tanh(1) = 0.7616$ and $\tanh(2) = 0.9640$",
        ),
    )


def _run(c: float, f: float, i: float, x: tuple[float, ...]) -> float:
    for x_t in x:
        c = f * c + i * float(np.tanh(x_t))
    return c


def _slips(p: LSTMGates, result: Result) -> Slips:
    f, i = _gates(p)
    told = [
        (result.numbers["h_last"], "That is $h_3$, the part of the cell that the output gate lets through."),
        (float(np.tanh(result.numbers["c_last"])), "That applies tanh to it. The cell itself never goes through tanh."),
        (_run(p.c0, 0.0, i, p.x), "That is only what the last step writes. $f$ keeps part of the old cell."),
    ]
    if f != i:
        told += [(_run(p.c0, i, f, p.x), parting(1, "That swaps the gates: $f$ scales the old cell, $i$ the new."))]
    if i != 1:
        told += [(_run(p.c0, f, 1.0, p.x), parting(1, "That writes the whole candidate. The input gate scales it."))]
    if f != 1:
        told += [
            (
                _run(p.c0, 1.0, i, p.x),
                parting(1, "That forgets nothing. The forget gate scales the old cell each time."),
            )
        ]
    if p.c0:
        told += [(_run(0.0, f, i, p.x), parting(1, "That starts from an empty cell. $c_0$ is still in it."))]
    if i != 1 - f:
        told += [
            (
                _run(p.c0, f, 1 - f, p.x),
                parting(1, "That uses $1 - f$ for $i$, as in a GRU. An LSTM's two gates are independent."),
            )
        ]
    return told


def _layers(p: LSTMGates) -> Layered:
    w = p.weights()
    values = {"x": np.array(p.x, dtype=float), "W_x": w.W_xh, "W_h": w.W_hh, "b": w.b, "c0": p.c0, "at": p.looked_at}
    return Layered(values)


DEMO = Demo(
    __file__,
    LSTMGates,
    compute,
    Prediction(_instance, _question, ("c,1", "c,2", "c,3"), _slips, HUNDREDTH),
    shows=(lstm.step, lstm.forward, jacobian.cell_path),
    gates="figo",
    layers=_layers,
)
