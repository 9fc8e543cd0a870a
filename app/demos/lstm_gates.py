"""An LSTM of one unit, gate by gate: what is forgotten, written and shown, and the path that no matrix multiplies."""

import random
from collections.abc import Iterator
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Term, sum_of_products
from app.demos.machine.demo import Demo, Source, TryThis
from app.demos.machine.figures import Curve, Row, Series, Trace, Values
from app.demos.machine.numbers import factor, fill, latex, words
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slip, Tolerance
from app.demos.machine.result import Result
from app.demos.parts.gates import forced_bias, lstm_picture, recurrent_terms
from app.nn import jacobian, lstm

Forced = Literal["free", "open", "shut"]
SAYS_FORCED = "Open is exactly 1, shut exactly 0, whatever comes in."


class LSTMGates(Parameters):
    """One input a step, one unit, so that every gate is a number."""

    x: Numbers = entries((1, 0, 0, 0, 0, 0, 0), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one a step.")
    forget_bias: float = number(
        3, -10, 10, slide=(-4, 8), step=0.25, title="Forget bias $b_f$", says="Of the forget gate's sum."
    )
    forget: Forced = choice("free", title="Forget gate $f$", says=SAYS_FORCED)
    input: Forced = choice("free", title="Input gate $i$", says=SAYS_FORCED)
    output: Forced = choice("free", title="Output gate $o$", says=SAYS_FORCED)
    input_bias: float = number(-3, -10, 10, slide=(-4, 8), step=0.25, title="Input bias $b_i$", says="Below 0: shut.")
    output_bias: float = number(0, -10, 10, slide=(-4, 8), step=0.25, title="Output bias $b_o$", says="0 is half open.")
    W_x: Numbers = entries((6, 0, 2, 0), title="Input weights", says="For i, f, g, o; a single one serves all four.")
    W_h: Numbers = entries((0.5,), title="Recurrent weights", says="For i, f, g, o; a single one serves all four.")
    c0: float = number(0, -10, 10, slide=(-2, 2), step=0.1, title="Cell at the start $c_0$", says="Before step 1.")
    step: int = number(1, 1, 12, step=1, title="Step to look at", says="Past the end it means the last one.")

    @property
    def looked_at(self) -> int:
        """The step to look at, from 1."""
        return min(self.step, len(self.x))

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Weights that are neither one number nor four."""
        for name in ("W_x", "W_h"):
            given: tuple[float, ...] = getattr(self, name)
            if len(given) not in (1, 4):
                fitted = (*given, 0.0, 0.0, 0.0)[:4]
                yield name, "one number, or four: for i, f, g and o", ",".join(map(repr, fitted))

    def weights(self) -> lstm.LSTMWeights:
        """The kernel's weights, one unit: W_xh (1, 4), W_hh (1, 4), b (4), in the order i, f, g, o."""
        W_x, W_h = (np.array(given * 4 if len(given) == 1 else given) for given in (self.W_x, self.W_h))
        b = np.array([self.input_bias, self.forget_bias, 0.0, self.output_bias])
        for at, way in ((0, self.input), (1, self.forget), (3, self.output)):
            if way != "free":
                W_x[at], W_h[at], b[at] = 0.0, 0.0, forced_bias(way == "open")
        return lstm.LSTMWeights(W_x[None, :], W_h[None, :], b)


def compute(p: LSTMGates) -> Result:
    """Run the cell over the inputs, then follow ∂c_T/∂c_t back: through the forget gates alone, and as a whole."""
    w, x = p.weights(), np.array(p.x, dtype=float)
    states, caches = lstm.forward(x[None, :, None], (np.zeros((1, 1)), np.full((1, 1), p.c0)), w)
    values = {name: np.array([getattr(cache, name)[0, 0] for cache in caches]) for name in "ifgo"}
    values |= {"x": x, "c": states.c[0, :, 0], "h": states.h[0, :, 0]}
    values["c_before"] = np.append(p.c0, values["c"][:-1])
    values["h_before"] = np.append(0.0, values["h"][:-1])
    values["kept"], values["written"] = values["f"] * values["c_before"], values["i"] * values["g"]
    path = jacobian.cell_path(values["f"][None, :, None])[0, :, 0]
    whole = np.abs(jacobian.products(jacobian.jacobians(lstm.step_jacobian, caches))[0, :, 1, 1])

    T, at = len(x), p.looked_at
    numbers: dict[str, float] = {"T": T, "at": at, "path": float(path[0]), "whole": float(whole[0])}
    for name in "ifgoch":
        numbers |= {f"{name}{t}": float(value) for t, value in enumerate(values[name], start=1)}
        numbers[f"{name}_at"] = float(values[name][at - 1])
    numbers |= {f"{name}_at": float(values[name][at - 1]) for name in ("kept", "written")}
    numbers |= {"c_last": numbers[f"c{T}"], "h_last": numbers[f"h{T}"], "c0": p.c0}
    numbers["c_most"] = float(np.abs(values["c"]).max())
    numbers["f_mean"] = float(path[0] ** (1 / T))

    told = fill(_path_told(numbers), numbers)
    curve = Curve(
        "path",
        "The gradient along the cell",
        told,
        words(f"Lines over steps t from 0 to {T}, on a log scale. {told}"),
        "step t",
        "left of the gradient at the end",
        np.arange(T + 1.0),
        (
            Series("direct", r"direct path $\prod f_k$", "direct path through the forget gates", path),
            Series("whole", r"whole $|\partial c_T / \partial c_t|$", "by all paths", whole, "dashed"),
        ),
        log=True,
    )
    picture = lstm_picture(fill(_caption(p, numbers), numbers), values, at)
    return Result(numbers, (picture, _trace(p, w, values, path), curve))


def _caption(p: LSTMGates, numbers: dict[str, float]) -> str:
    told = "Step {at}: {kept_at} kept of the old cell and {written_at} written make the cell {c_at}; it shows {h_at}."
    if numbers["at"] < numbers["T"]:
        told += " At the end, step {T}, it holds {c_last}."
    if p.output == "shut":
        return told + " The output gate is shut: nothing is shown, and yet the cell goes on."
    if numbers["c_most"] > 1.0:
        return told + " It has been as large as {c_most}: a cell is not bounded by 1, only what it shows is."
    return told


def _path_told(numbers: dict[str, float]) -> str:
    back = "1 step" if numbers["T"] == 1 else "{T} steps"
    if numbers["path"] == 1.0:
        return f"Every forget gate is 1: over {back} the direct path loses nothing, {{path}} of 1 is left."
    if numbers["path"] == 0.0:
        return "A forget gate was shut: the direct path ends there, {path} is left."
    word = "holds" if numbers["path"] >= 0.5 else "fades" if numbers["path"] >= 0.01 else "vanishes"
    told = f"Over {back} the direct path {word}: {{path}} is left, {{f_mean}} a step. "
    return told + "With the ways through $h$ and the gates it is {whole}."


def _trace(p: LSTMGates, w: lstm.LSTMWeights, values: dict[str, Values], path: Values) -> Trace:
    says = {"f": "forget gate", "i": "input gate", "g": "candidate", "o": "output gate"}
    rows = [Row("x", "input $x_t$", "input", values["x"])]
    rows += [Row(name, f"{word} ${name}_t$", word, values[name], "gates") for name, word in says.items()]
    rows += [
        Row("kept", "kept $f_t c_{t-1}$", "kept of the cell", values["kept"], "cell"),
        Row("written", "written $i_t g_t$", "written to the cell", values["written"], "cell"),
        Row("c", "cell $c_t$", "cell", values["c"], "cell"),
        Row("h", "state $h_t$", "state", values["h"], "cell"),
        Row("back", r"direct $\partial c_T / \partial c_{t-1}$", "direct path back", path[:-1], "back"),
    ]

    def arithmetic(key: str, column: int) -> Arithmetic:
        t, now = column + 1, {name: float(row[column]) for name, row in values.items()}
        if key == "x":
            return Arithmetic(f"x_{{{t}}}", latex(now["x"]), now["x"], "An input: it is given.")
        if key in says:
            forced = {"f": p.forget, "i": p.input, "o": p.output}.get(key, "free")
            if forced != "free":
                return Arithmetic(f"{key}_{{{t}}}", "", now[key], f"Forced {forced}: no input reaches it.")
            block = "ifgo".index(key)
            bias = None if key == "g" else (f"b_{key}", float(w.b[block]))
            summed = sum_of_products(
                "", recurrent_terms(key, t, w.W_xh[0, block], w.W_hh[0, block], now["x"], now["h_before"]), 0.0, bias
            )
            name, words_of = (r"\tanh", "From −1 to 1.") if key == "g" else (r"\sigma", "A gate, from 0 to 1.")
            symbols = f"{key}_{{{t}}} = {name}({summed.symbols})"
            return Arithmetic(symbols, f"{name}({summed.filled})", now[key], words_of)
        if key == "kept":
            filled = rf"{latex(now['f'])} \cdot {factor(now['c_before'])}"
            return Arithmetic(rf"f_{{{t}}} \, c_{{{t - 1}}}", filled, now["kept"], "No matrix stands on this way.")
        if key == "written":
            filled = rf"{latex(now['i'])} \cdot {factor(now['g'])}"
            return Arithmetic(rf"i_{{{t}}} \, g_{{{t}}}", filled, now["written"], "What is new is added.")
        if key == "c":
            return sum_of_products(
                f"c_{{{t}}}",
                (
                    Term(f"f_{{{t}}}", now["f"], f"c_{{{t - 1}}}", now["c_before"]),
                    Term(f"i_{{{t}}}", now["i"], f"g_{{{t}}}", now["g"]),
                ),
                now["c"],
            )
        if key == "h":
            symbols = rf"h_{{{t}}} = o_{{{t}}} \tanh(c_{{{t}}})"
            return Arithmetic(symbols, rf"{latex(now['o'])} \cdot \tanh({latex(now['c'])})", now["h"])
        symbols = rf"f_{{{t}}} \cdot \partial c_T / \partial c_{{{t}}}"
        filled = rf"{latex(now['f'])} \cdot {latex(float(path[t]))}"
        return Arithmetic(symbols, filled, float(path[column]), "Each step back meets its own forget gate.")

    columns = [f"t = {t}" for t in range(1, len(values["x"]) + 1)]
    caption = "Rows are gates, cell and state; columns are steps. Choose a number to see where it comes from."
    return Trace("trace", "Gates, cell and state", caption, columns, rows, arithmetic, ("c", p.looked_at - 1),
                 follows="step")  # fmt: skip


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


def _slips(p: LSTMGates, result: Result) -> list[Slip]:
    f, i = _gates(p)
    told = (
        (result.numbers["h_last"], "That is $h_3$, what the cell shows through its half-open output gate."),
        (float(np.tanh(result.numbers["c_last"])), "That is squashed: the cell itself never goes through tanh."),
        (_run(p.c0, i, f, p.x), "That swaps the gates: $f$ is for the old cell, $i$ for the candidate."),
        (_run(p.c0, f, 1.0, p.x), "That writes the candidate whole: the input gate scales it."),
        (_run(p.c0, 1.0, i, p.x), "That forgets nothing: the forget gate scales the old cell at every step."),
        (_run(p.c0, 0.0, i, p.x), "That is the last step's writing alone: the old cell is kept by $f$."),
        (_run(0.0, f, i, p.x), "That starts from an empty cell: $c_0$ is still in it."),
        (_run(p.c0, f, 1 - f, p.x), "That takes $i$ for $1 - f$, as in a GRU: an LSTM's two gates are free."),
    )
    return [Slip(value, says) for value, says in told]


DEMO = Demo(
    name="lstm-gates",
    title="The gates of an LSTM",
    idea="Gates",
    summary="What is forgotten, what is written, what is shown; and a path back in time without a matrix.",
    parameters=LSTMGates,
    run=compute,
    try_this=(
        TryThis(
            "A forget bias of 0", {"forget_bias": "0"}, "One number has changed. What is left of the pulse at the end?"
        ),
        TryThis(
            "Forget and input gate open",
            {"forget": "open", "input": "open", "x": "1,1,1,1,1,1,1,1,1,1", "step": "10"},
            "Each step adds the candidate: the cell counts. How large can it become, and how large $h$?",
        ),
        TryThis(
            "Keep and show nothing",
            {"forget": "open", "input": "shut", "output": "shut", "c0": "1", "x": "3,-3,3,-3,3,-3", "step": "6"},
            "The inputs storm, the state is 0. What has become of the cell, to the last digit?",
        ),
    ),
    prediction=Prediction(
        _instance,
        _question,
        lambda _, result: [result.traces()[0].arithmetic("c", t) for t in range(3)],
        _slips,
        Tolerance("Within 0.01 is right: two decimals are enough.", near=0.01),
    ),
    sources=(
        Source(
            "Hochreiter and Schmidhuber, Long short-term memory, 1997; forget gate, Gers et al., 2000",
            r"c_t = f_t \, c_{t-1} + i_t \, g_t, \qquad h_t = o_t \tanh(c_t)",
        ),
        Source(
            "Gers, Schmidhuber and Cummins, Learning to forget, 2000: the path along the cell",
            r"\frac{\partial c_T}{\partial c_t} = \prod_{k=t+1}^{T} f_k",
        ),
    ),
    shows=(lstm.step, lstm.forward, jacobian.cell_path),
    miniature="cell",
)
