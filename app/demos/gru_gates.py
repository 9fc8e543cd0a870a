"""A GRU of one unit, gate by gate: one gate both keeps and renews, and two conventions say which way it turns."""

import math
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
from app.demos.parts.gates import forced_bias, gru_picture, recurrent_terms
from app.nn import gru, jacobian
from app.nn.activations import sigmoid


class GRUGates(Parameters):
    """One input a step, one unit, so that every gate is a number."""

    x: Numbers = entries((1, 0, 0, 0, 0, 0, 0), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one a step.")
    update_bias: float = number(
        3, -10, 10, slide=(-6, 6), step=0.25, title="Update bias $b_z$", says="Of the update gate's sum."
    )
    convention: Literal["keeps", "renews"] = choice(
        "keeps", title="What $z = 1$ does", says="Keeps the old state (Cho, Keras, PyTorch) or renews it (Chung)."
    )
    update: Literal["free", "keep", "renew"] = choice(
        "free", title="Update gate $z$", says="Forced to keep all or to renew all, by either convention."
    )
    reset: Literal["free", "open", "shut"] = choice(
        "free", title="Reset gate $r$", says="Open is exactly 1, shut exactly 0."
    )
    reset_bias: float = number(0, -10, 10, slide=(-6, 6), step=0.25, title="Reset bias $b_r$", says="0 is half open.")
    W_x: Numbers = entries((-6, 0, 2), title="Input weights", says="For z, r, n; a single one serves all three.")
    W_h: Numbers = entries((0.5,), title="Recurrent weights", says="For z, r, n; a single one serves all three.")
    h0: float = number(0, -10, 10, slide=(-1, 1), step=0.1, title="State at the start $h_0$", says="Before step 1.")
    step: int = number(1, 1, 12, step=1, title="Step to look at", says="Past the end it means the last one.")

    @property
    def looked_at(self) -> int:
        """The step to look at, from 1."""
        return min(self.step, len(self.x))

    @property
    def z_keeps(self) -> bool:
        """Whether z = 1 means that the old state stays."""
        return self.convention == "keeps"

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Weights that are neither one number nor three."""
        for name in ("W_x", "W_h"):
            given: tuple[float, ...] = getattr(self, name)
            if len(given) not in (1, 3):
                fitted = (*given, 0.0, 0.0)[:3]
                yield name, "one number, or three: for z, r and n", ",".join(map(repr, fitted))

    def weights(self) -> gru.GRUWeights:
        """One unit, as the convention reads them: W_xh (1, 3), W_hh (1, 3), b (3), in the order z, r, n."""
        W_x, W_h = (np.array(given * 3 if len(given) == 1 else given) for given in (self.W_x, self.W_h))
        b = np.array([self.update_bias, self.reset_bias, 0.0])
        keep = (self.update == "keep") == self.z_keeps
        for at, free, is_open in ((0, self.update == "free", keep), (1, self.reset == "free", self.reset == "open")):
            if not free:
                W_x[at], W_h[at], b[at] = 0.0, 0.0, forced_bias(is_open)
        return gru.GRUWeights(W_x[None, :], W_h[None, :], b)


def compute(p: GRUGates) -> Result:
    """Run the cell over the inputs. The kernel's z keeps; weights for a z that renews are turned around first."""
    w, x = p.weights(), np.array(p.x, dtype=float)
    read = w if p.z_keeps else gru.other_convention(w)
    states, caches = gru.forward(x[None, :, None], np.full((1, 1), p.h0), read)
    h = states[0, :, 0]
    values = {"x": x, "h": h, "h_before": np.append(p.h0, h[:-1])}
    values |= {name: np.array([getattr(cache, name)[0, 0] for cache in caches]) for name in "rn"}
    kept_share = np.array([cache.z[0, 0] for cache in caches])
    values["z"] = sigmoid(x * w.W_xh[0, 0] + values["h_before"] * w.W_hh[0, 0] + w.b[0])
    values["seen"], values["kept"] = values["r"] * values["h_before"], kept_share * values["h_before"]
    values["new"] = (1 - kept_share) * values["n"]
    path = jacobian.cell_path(kept_share[None, :, None])[0, :, 0]
    whole = np.abs(jacobian.products(jacobian.jacobians(gru.step_jacobian, caches))[0, :, 0, 0])

    T, at = len(x), p.looked_at
    numbers: dict[str, float] = {"T": T, "at": at, "path": float(path[0]), "whole": float(whole[0])}
    for name in "zrnh":
        numbers |= {f"{name}{t}": float(value) for t, value in enumerate(values[name], start=1)}
        numbers[f"{name}_at"] = float(values[name][at - 1])
    numbers |= {"h_last": numbers[f"h{T}"], "kept_at": float(kept_share[at - 1]), "h0": p.h0}
    numbers["keep_mean"] = float(path[0] ** (1 / T))

    told = fill(_path_told(numbers), numbers)
    curve = Curve(
        "path",
        "The gradient along the state",
        told,
        words(f"Lines over steps t from 0 to {T}, on a log scale. {told}"),
        "step t",
        "left of the gradient at the end",
        np.arange(T + 1.0),
        (
            Series("direct", f"direct path $\\prod {_kept(p, 'k')}$", "direct path through the update gates", path),
            Series("whole", r"whole $|\partial h_T / \partial h_t|$", "by all paths", whole, "dashed"),
        ),
        log=True,
    )
    picture = gru_picture(fill(_caption(p, numbers), numbers), values, at, p.z_keeps)
    return Result(numbers, (picture, _trace(p, w, values, path, kept_share), curve))


def _kept(p: GRUGates, t: str | int) -> str:
    """The factor on the old state, as the convention writes it."""
    return f"z_{{{t}}}" if p.z_keeps else f"(1 - z_{{{t}}})"


def _renewed(p: GRUGates, t: str | int) -> str:
    return f"(1 - z_{{{t}}})" if p.z_keeps else f"z_{{{t}}}"


def _caption(p: GRUGates, numbers: dict[str, float]) -> str:
    told = "Step {at}: $z$ is {z_at}, so {kept_at} of the old state stays, and the candidate {n_at} fills up: {h_at}."
    if numbers["at"] < numbers["T"]:
        told += " At the end, step {T}, the state is {h_last}."
    if p.update == "renew" and p.reset == "open":
        told += " All is renewed and the candidate sees all of the past: this is a plain RNN."
    return told


def _path_told(numbers: dict[str, float]) -> str:
    back = "1 step" if numbers["T"] == 1 else "{T} steps"
    if numbers["path"] == 0.0:
        return "A step renewed everything: the direct path ends there, {path} is left. By the candidate, {whole} is."
    if numbers["path"] == 1.0:
        return f"Every step keeps all: over {back} the direct path loses nothing, {{path}} of 1 is left."
    word = "holds" if numbers["path"] >= 0.5 else "fades" if numbers["path"] >= 0.01 else "vanishes"
    told = f"Over {back} the direct path {word}: {{path}} is left, {{keep_mean}} a step. "
    return told + "With the ways through the candidate and the gates it is {whole}."


def _trace(p: GRUGates, w: gru.GRUWeights, values: dict[str, Values], path: Values, kept_share: Values) -> Trace:
    kept, new = _kept(p, "t"), _renewed(p, "t")
    rows = (
        Row("x", "input $x_t$", "input", values["x"]),
        Row("z", "update gate $z_t$", "update gate", values["z"], "gates"),
        Row("r", "reset gate $r_t$", "reset gate", values["r"], "gates"),
        Row("seen", "seen $r_t h_{t-1}$", "what the candidate sees", values["seen"], "candidate"),
        Row("n", "candidate $n_t$", "candidate", values["n"], "candidate"),
        Row("kept", f"kept ${kept} \\, h_{{t-1}}$", "kept of the state", values["kept"], "state"),
        Row("new", f"new ${new} \\, n_t$", "new in the state", values["new"], "state"),
        Row("h", "state $h_t$", "state", values["h"], "state"),
        Row("back", r"direct $\partial h_T / \partial h_{t-1}$", "direct path back", path[:-1], "back"),
    )

    def arithmetic(key: str, column: int) -> Arithmetic:
        t, now = column + 1, {name: float(row[column]) for name, row in values.items()}
        kept, before = float(kept_share[column]), f"h_{{{t - 1}}}"
        if key == "x":
            return Arithmetic(f"x_{{{t}}}", latex(now["x"]), now["x"], "An input: it is given.")
        if key in "zr":
            forced = p.update if key == "z" else p.reset
            if forced != "free":
                return Arithmetic(f"{key}_{{{t}}}", "", now[key], f"Forced to {forced}: no input reaches it.")
            block = "zr".index(key)
            terms = recurrent_terms(key, t, w.W_xh[0, block], w.W_hh[0, block], now["x"], now["h_before"])
            summed = sum_of_products("", terms, 0.0, (f"b_{key}", float(w.b[block])))
            symbols = rf"{key}_{{{t}}} = \sigma({summed.symbols})"
            return Arithmetic(symbols, rf"\sigma({summed.filled})", now[key], "A gate, from 0 to 1.")
        if key == "seen":
            filled = rf"{latex(now['r'])} \cdot {factor(now['h_before'])}"
            return Arithmetic(rf"r_{{{t}}} \, {before}", filled, now["seen"], "What the reset gate shows of the past.")
        if key == "n":
            terms = (
                Term("W_{xn}", float(w.W_xh[0, 2]), f"x_{{{t}}}", now["x"]),
                Term("W_{hn}", float(w.W_hh[0, 2]), f"(r_{{{t}}} \\, {before})", now["seen"]),
            )
            summed = sum_of_products("", terms, 0.0)
            return Arithmetic(rf"n_{{{t}}} = \tanh({summed.symbols})", rf"\tanh({summed.filled})", now["n"])
        if key in ("kept", "new"):
            symbol, share, what, name = (
                (_kept(p, t), kept, now["h_before"], before)
                if key == "kept"
                else (_renewed(p, t), 1 - kept, now["n"], f"n_{{{t}}}")
            )
            return Arithmetic(rf"{symbol} \, {name}", rf"{latex(share)} \cdot {factor(what)}", now[key])
        if key == "h":
            terms = (
                Term(_kept(p, t), kept, before, now["h_before"]),
                Term(_renewed(p, t), 1 - kept, f"n_{{{t}}}", now["n"]),
            )
            return sum_of_products(f"h_{{{t}}}", terms, now["h"], says="The two shares add up to 1.")
        symbols = rf"{_kept(p, t)} \cdot \partial h_T / \partial h_{{{t}}}"
        filled = rf"{latex(kept)} \cdot {latex(float(path[t]))}"
        return Arithmetic(symbols, filled, float(path[column]), "Each step back meets what was kept there.")

    columns = [f"t = {t}" for t in range(1, len(values["x"]) + 1)]
    caption = "Rows are gates, candidate and state; columns are steps. Choose a number to see where it comes from."
    return Trace("trace", "Gates, candidate and state", caption, columns, rows, arithmetic, ("h", p.looked_at - 1),
                 follows="step")  # fmt: skip


def _instance(rng: random.Random) -> dict[str, str]:
    keep = rng.choice([0.25, 0.75, 0.8, 0.9])
    return {
        "x": rng.choice(["1", "-1"]),
        "W_x": "0,0,1",
        "W_h": "0",
        "update_bias": repr(math.log(keep / (1 - keep))),
        "convention": rng.choice(["keeps", "renews"]),
        "h0": rng.choice(["1", "-1", "2"]),
    }


def _question(p: GRUGates) -> Question:
    said = r"h_t = (1 - z_t) \, n_t + z_t \, h_{t-1}" if p.z_keeps else r"h_t = z_t \, n_t + (1 - z_t) \, h_{t-1}"
    z = 1 / (1 + math.exp(-p.update_bias))
    return Question(
        "What is the new state $h_1$?",
        "h_last",
        (
            f"here $z = 1$ {p.convention} the state: ${said}$",
            rf"$h_0 = {latex(p.h0)}$, the candidate is $n_1 = \tanh({latex(p.x[0])}) = {latex(math.tanh(p.x[0]))}$",
            f"the update gate is $z_1 = {latex(round(z, 9))}$",
        ),
    )


def _slips(p: GRUGates, result: Result) -> list[Slip]:
    z, n, h, kept = (result.numbers[name] for name in ("z1", "n1", "h0", "kept_at"))
    told = (
        (kept * n + (1 - kept) * h, "That is the other convention: see what $z = 1$ does here."),
        (n, "That is the candidate alone: a share of the old state stays."),
        (z * h, "That is $z h_0$ alone."),
        (n + kept * h, "That adds the candidate whole; the two shares must add up to 1."),
        ((n + h) / 2, "That takes half of each: the gate decides the shares."),
        (math.tanh(result.numbers["h_last"]), "That is squashed once more: the mixture itself is not."),
    )
    return [Slip(value, says) for value, says in told]


DEMO = Demo(
    name="gru-gates",
    title="The gates of a GRU",
    idea="Gates",
    summary="One gate sets what is kept against what is new; another what the candidate may see of the past.",
    parameters=GRUGates,
    run=compute,
    try_this=(
        TryThis(
            "The same weights, read the other way",
            {"convention": "renews"},
            "Weights moved to a library that writes $z$ for $1 - z$. What becomes of the pulse?",
        ),
        TryThis(
            "… and the update gate's weights negated",
            {"convention": "renews", "update_bias": "-3", "W_x": "6,0,2", "W_h": "-0.5,0.5,0.5"},
            r"$\sigma(-a) = 1 - \sigma(a)$. Compare every $h_t$ with the defaults.",
        ),
        TryThis(
            "Renew all, reset open",
            {"update": "renew", "reset": "open", "x": "1,0,0,0,0,0"},
            "Both gates wide open for the new. Which cell have you met before, and what is left of the pulse?",
        ),
    ),
    prediction=Prediction(
        _instance,
        _question,
        lambda _, result: [result.traces()[0].arithmetic(key, 0) for key in ("kept", "new", "h")],
        _slips,
        Tolerance("Within 0.01 is right: two decimals are enough.", near=0.01),
    ),
    sources=(
        Source(
            "Cho et al., Learning phrase representations using RNN encoder-decoder, 2014",
            r"h_t = (1 - z_t) \, n_t + z_t \, h_{t-1}, \qquad n_t = \tanh(W_{xn} x_t + W_{hn} (r_t h_{t-1}))",
        ),
        Source(
            "Chung et al., Empirical evaluation of gated recurrent neural networks, 2014: the other convention",
            r"h_t = z_t \, n_t + (1 - z_t) \, h_{t-1}",
        ),
    ),
    shows=(gru.step, gru.forward, gru.other_convention),
    miniature="cell",
)
