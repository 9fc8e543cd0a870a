"""A GRU of one unit, gate by gate: one gate both keeps and renews, and two conventions say which way it turns."""

import math
import random
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Trace
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Numbers, Stepwise, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result, by_step
from app.demos.parts.gates import forced_bias, gru_picture
from app.nn import gru, jacobian
from app.nn.activations import sigmoid

SEEN = "What the reset gate shows of the past."
BACK = "Each step back meets what was kept there."


class GRUGates(Stepwise):
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
    W_x: Numbers = entries((-6, 0, 2), title="Input weights", each="zrn")
    W_h: Numbers = entries((0.5,), title="Recurrent weights", each="zrn")
    h0: float = number(0, -10, 10, slide=(-1, 1), step=0.1, title="State at the start $h_0$", says="Before step 1.")
    step: int = number(1, 1, 12, step=1, title="Step to look at", says="Past the end it means the last one.")

    @property
    def z_keeps(self) -> bool:
        """Whether z = 1 means that the old state stays."""
        return self.convention == "keeps"

    def weights(self) -> gru.GRUWeights:
        """One unit, as the convention reads them: W_xh (1, 3), W_hh (1, 3), b (3), in the order z, r, n."""
        W_x, W_h = self.each("W_x"), self.each("W_h")
        b = np.array([self.update_bias, self.reset_bias, 0.0])
        keep = (self.update == "keep") == self.z_keeps
        for at, free, is_open in ((0, self.update == "free", keep), (1, self.reset == "free", self.reset == "open")):
            if not free:
                W_x[at], W_h[at], b[at] = 0.0, 0.0, forced_bias(is_open)
        return gru.GRUWeights(W_x[None, :], W_h[None, :], b)


def compute(p: GRUGates) -> Result:
    """Run the cell over the inputs. The kernel's z keeps; weights for a z that renews are turned around first."""
    w, x = p.weights(), np.array(p.x, dtype=float)
    states, caches = gru.forward(x[None, :, None], np.full((1, 1), p.h0), w if p.z_keeps else gru.other_convention(w))
    h, before = states[0, :, 0], np.append(p.h0, states[0, :-1, 0])
    r, n, kept = (np.array([getattr(cache, name)[0, 0] for cache in caches]) for name in "rnz")
    z = sigmoid(x * w.W_xh[0, 0] + before * w.W_hh[0, 0] + w.b[0])
    renewed = 1 - kept if p.z_keeps else z
    path = jacobian.cell_path(kept[None, :, None])[0, :, 0]
    whole = np.abs(jacobian.products(jacobian.jacobians(gru.step_jacobian, caches))[0, :, 0, 0])

    T, at = len(x), p.looked_at
    numbers = {"T": T, "at": at, "path": float(path[0]), "whole": float(whole[0])}
    numbers |= by_step({"z": z, "r": r, "n": n, "h": h}, at)
    numbers |= {"h_last": numbers[f"h{T}"], "kept_at": float(kept[at - 1]), "h0": p.h0}
    numbers["keep_mean"] = float(path[0] ** (1 / T))

    keep, renew = ("z_t", "(1 - z_t)") if p.z_keeps else ("(1 - z_t)", "z_t")
    back = r"\partial h_T / \partial h"
    rows = (
        Row("x", "input $x_t$", x, given("x_t", "An input: it is given.")),
        Row("z", "update gate $z_t$", z, _gate("z", p.update), group="gates"),
        Row("r", "reset gate $r_t$", r, _gate("r", p.reset)),
        Row(
            "seen", r"seen $r_t \, h_{t-1}$", r * before, note=SEEN, words="what the candidate sees", group="candidate"
        ),
        Row("n", "candidate $n_t$", n, r"n_t = \tanh(W_{xn} \, x_t + W_{hn} \, (r_t \, h_{t-1}))"),
        Row("kept", rf"kept ${keep} \, h_{{t-1}}$", kept * before, words="kept of the state", group="state"),
        Row("new", rf"new ${renew} \, n_t$", renewed * n, words="new in the state"),
        Row("h", "state $h_t$", h, rf"h_t = {keep} \, h_{{t-1}} + {renew} \, n_t", "The two shares add up to 1."),
        Row("back", f"direct ${back}_{{t-1}}$", path[:-1], rf"{keep} \cdot {back}_t", BACK, "direct path back", "back"),
    )
    symbols = {"h_{t-1}": before, f"{back}_t": path[1:], "b_z": w.b[0], "b_r": w.b[1]}
    symbols |= {f"W_{{x{gate}}}": W_x for gate, W_x in zip("zrn", w.W_xh[0], strict=True)}
    symbols |= {f"W_{{h{gate}}}": W_h for gate, W_h in zip("zrn", w.W_hh[0], strict=True)}
    caption = "Rows are gates, candidate and state; columns are steps. Choose a number to see where it comes from."
    trace = Trace("trace", "Gates, candidate and state", caption, rows, ("h", at - 1), symbols, follows="step")
    curve = Curve(
        "path",
        "The gradient along the state",
        fill(_path_told(numbers), numbers),
        "step t",
        "left of the gradient at the end",
        np.arange(T + 1.0),
        (
            Series(
                "direct", rf"direct path $\prod {keep.replace('t', 'k')}$", "direct path through the update gates", path
            ),
            Series("whole", r"whole $|\partial h_T / \partial h_t|$", "by all paths", whole, "dashed"),
        ),
        log=True,
    )
    shown = {"h": h, "z": z, "r": r, "n": n, "h_before": before}
    return Result(numbers, (gru_picture(fill(_caption(p, numbers), numbers), shown, at, p.z_keeps), trace, curve))


def _gate(gate: str, way: str) -> Formula:
    if way != "free":
        return given(f"{gate}_t", f"Forced to {way}: no input reaches it.")
    text = rf"{gate}_t = \sigma(W_{{x{gate}}} \, x_t + W_{{h{gate}}} \, h_{{t-1}} + b_{gate})"
    return Formula(text, "A gate, from 0 to 1.")


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


def _slips(p: GRUGates, result: Result) -> Slips:
    z, n, h, kept = (result.numbers[name] for name in ("z1", "n1", "h0", "kept_at"))
    return (
        (kept * n + (1 - kept) * h, "That is the other convention: see what $z = 1$ does here."),
        (n, "That is the candidate alone: a share of the old state stays."),
        (z * h, "That is $z h_0$ alone."),
        (n + kept * h, "That adds the candidate whole; the two shares must add up to 1."),
        ((n + h) / 2, "That takes half of each: the gate decides the shares."),
        (math.tanh(result.numbers["h_last"]), "That is squashed once more: the mixture itself is not."),
    )


DEMO = Demo(
    __file__,
    GRUGates,
    compute,
    Prediction(
        _instance, _question, ("kept,1", "new,1", "h,1"), _slips, Tolerance(near=0.01, why="two decimals are enough")
    ),
    shows=(gru.step, gru.forward, gru.other_convention),
)
