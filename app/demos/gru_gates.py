"""A GRU of one or two units, gate by gate: the paper's equation, the frameworks' own, and two conventions for z."""

import math
import random
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Handle, Row, Series, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import fill, latex, show
from app.demos.machine.parameters import InFramework, Numbers, Stepwise, choice, entries, flag, number
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result, by_step
from app.demos.parts.gates import GRUForm, forced_bias, gru_picture, stored_weights
from app.nn import gru, jacobian
from app.nn.framework import NO_RESET_BEFORE

BACK = "Each step back is multiplied by what was kept there."
UNITS = ("unit 1", "unit 2")


class GRUGates(InFramework, Stepwise):
    """One input at each step and one or two units, so that every gate is a number."""

    x: Numbers = entries((1, 0, 0, 0, 0, 0, 0), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one for each step.")
    reset_after: bool = flag(
        False, title="Reset after", says="Off: the paper's equation. On: Keras' default, and the only form in PyTorch."
    )
    units: int = number(1, 1, 2, step=1, title="Units", says="With one and no inner bias, both forms are the same.")
    update_bias: float = number(
        3, -10, 10, slide=(-6, 6), step=0.25, title="Update bias $b_z$", says="For the update gate."
    )
    convention: Literal["keeps", "renews"] = choice(
        "keeps", title="What $z = 1$ does", says="Keeps the old state (Cho, Keras, PyTorch) or renews it (Chung)."
    )
    update: Literal["free", "keep", "renew"] = choice(
        "free", title="Update gate $z$", says="Forced to keep all or renew all, in either convention."
    )
    reset: Literal["free", "open", "shut"] = choice("free", title="Reset gate $r$", says="Open is 1, shut is 0.")
    reset_bias: Numbers = entries(
        (0,), title="Reset bias $b_r$", says="One for both units, or one each. 0: half open.", each=UNITS, slide=(-6, 6)
    )
    W_x: Numbers = entries((-6, 0, 2), title="Input weights", each="zrn")
    W_h: Numbers = entries((0.5,), title="Recurrent weights", each="zrn")
    W_o: Numbers = entries((0,), title="From the other unit", each="zrn")
    b_hn: float = number(
        0, -10, 10, slide=(-2, 2), step=0.25, title="Inner bias $b_{hn}$", says="Of the candidate, with reset after."
    )
    h0: Numbers = entries((0,), title="State at the start $h_0$", says="One for both units, or one each.", each=UNITS)
    step: int = number(1, 1, 12, step=1, title="Step to show", says="If there are fewer, the last.")

    @property
    def resets_before(self) -> bool:
        """Whether it computes what only a reset before the product can."""
        return not (self.reset_after or (self.units == 1 and self.b_hn == 0))

    @property
    def idle(self) -> frozenset[str]:
        """What only a second unit or a gate that is free would read."""
        free = {"update_bias": self.update == "free", "reset_bias": self.reset == "free"}
        used = {"W_o": self.units == 2} | free
        return frozenset(name for name, is_used in used.items() if not is_used)

    @property
    def z_keeps(self) -> bool:
        """Whether z = 1 means that the old state stays."""
        return self.convention == "keeps"

    def weights(self, reset_after: bool) -> gru.GRUWeights:
        """As the convention reads them: W_xh (1, 3h), W_hh (h, 3h), b (3h), b_hh (3h), in the order z, r, n."""
        W_x, W_h, W_o, h = self.each("W_x"), self.each("W_h"), self.each("W_o"), self.units
        b, b_hh = np.zeros((3, h)), np.zeros((3, h))
        b[0], b[1], b_hh[2] = self.update_bias, self.each("reset_bias")[:h], self.b_hn
        keep = (self.update == "keep") == self.z_keeps
        for at, free, is_open in ((0, self.update == "free", keep), (1, self.reset == "free", self.reset == "open")):
            if not free:
                W_x[at], W_h[at], W_o[at], b[at] = 0.0, 0.0, 0.0, forced_bias(is_open)
        own, other = np.eye(h), 1 - np.eye(h)
        W_hh = np.concatenate([W_h[k] * own + W_o[k] * other for k in range(3)], axis=1)
        return gru.GRUWeights(np.repeat(W_x, h)[None, :], W_hh, b.ravel(), b_hh.ravel() if reset_after else None)

    def run(self, reset_after: bool) -> tuple[Values, list[gru.Cache]]:
        """The states (time, h) and the caches. The kernel's z keeps; weights for one that renews are negated first."""
        w, h0 = self.weights(reset_after), self.each("h0")[None, : self.units]
        x = np.array(self.x, dtype=float)[None, :, None]
        states, caches = gru.forward(x, h0, w if self.z_keeps else gru.other_convention(w))
        return states[0], caches


def compute(p: GRUGates) -> Result:
    """Run the cell over the inputs, with the reset before or after the product, and once the other way."""
    h, caches = p.run(p.reset_after)
    other, _ = p.run(not p.reset_after)
    kept = np.array([cache.z[0] for cache in caches])
    path = jacobian.cell_path(kept[None])[0, :, 0]
    whole = np.abs(jacobian.products(jacobian.jacobians(gru.step_jacobian, caches))[0, :, 0, 0])

    T, at = len(p.x), p.looked_at
    shown = {"h": h, "n": np.array([cache.n[0] for cache in caches]), "r": np.array([cache.r[0] for cache in caches])}
    shown |= {"z": kept if p.z_keeps else 1 - kept, "h_before": np.array([cache.h_prev[0] for cache in caches])}
    numbers = {"T": T, "at": at, "path": float(path[0]), "whole": float(whole[0])}
    numbers |= by_step({name: shown[name][:, 0] for name in "zrnh"}, at)
    if p.units == 2:
        numbers |= by_step({f"second_{name}": shown[name][:, 1] for name in "zrnh"}, at)
    numbers |= {"h_last": numbers[f"h{T}"], "kept_at": float(kept[at - 1, 0]), "h0": float(p.each("h0")[0])}
    numbers |= {"keep_mean": float(path[0] ** (1 / T)), "other_last": float(other[-1, 0])}

    keep = "z_t" if p.z_keeps else "(1 - z_t)"
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
    first = {name: values[:, 0] for name, values in shown.items()} | {"x": np.array(p.x, dtype=float)}
    form = GRUForm(p.reset_after, {"z": p.update, "r": p.reset})
    picture = gru_picture(fill(_caption(p, numbers), numbers), first, at, p.z_keeps, form)
    w = p.weights(p.reset_after)
    stored = stored_weights(p, "gru", w if p.z_keeps else gru.other_convention(w), form.forced)
    warnings = ["PyTorch has no GRU that resets before the product: turn reset after on for PyTorch's own."]
    is_odd = p.framework == "pytorch" and not p.reset_after
    figures = (picture, _trace(p, shown, path), curve, stored)
    return Result(numbers, figures, warnings if is_odd else (), NO_RESET_BEFORE * p.resets_before)


def _trace(p: GRUGates, shown: dict[str, Values], path: Values) -> Trace:
    """The rows of each unit: gates, candidate and state. The symbols of a single unit have no number."""
    w, h = p.weights(p.reset_after), p.units
    symbols: Symbols = {"b_z": w.b[0], "b_{hn}": p.b_hn}
    for at, gate in enumerate("zrn"):
        symbols |= {f"W_{{x{gate}}}": w.W_xh[0, at * h], f"W_{{h{gate}}}": w.W_hh[0, at * h]}
        symbols |= {f"W_{{o{gate}}}": w.W_hh[0, at * h + 1]} if h == 2 else {}
    rows = [Row("x", "input $x_t$", np.array(p.x, dtype=float), given("x_t", "Given: an input."), handle=each_of("x"))]
    for unit in range(h):
        numbered = "}" if h == 1 else f",{unit + 1}}}"
        before = "h_{t-1" + numbered
        symbols |= {before: shown["h_before"][:, unit], f"b_{{r{numbered}": w.b[h + unit]}
        rows += _rows(p, unit, {name: values[:, unit] for name, values in shown.items()}, w)
    back = r"\partial h_T / \partial h"
    keep = "z_{t,1}" if h == 2 else "z_t"
    symbols[f"{back}_t"] = path[1:]
    factor = keep if p.z_keeps else f"(1 - {keep})"
    rows.append(
        Row(
            "back", f"direct ${back}_{{t-1}}$", path[:-1], rf"{factor} \cdot {back}_t", BACK, "direct path back", "back"
        )
    )
    caption = "Rows are gates, candidate and state; columns are steps. Choose a number to see where it comes from."
    return Trace("trace", "Gates, candidate and state", caption, rows, ("h", p.looked_at - 1), symbols, follows="step")


def _rows(p: GRUGates, unit: int, own: dict[str, Values], w: gru.GRUWeights) -> Iterator[Row]:
    """The rows of one unit; their keys are z, r, n … for the first, and second_z … for the second."""
    one, key, of = p.units == 1, "second_" if unit else "", "" if p.units == 1 else f" of unit {unit + 1}"

    def name(letter: str, at: str = "t", of: int = unit) -> str:
        return f"{letter}_{{{at}}}" if one and at != "t" else f"{letter}_{at}" if one else f"{letter}_{{{at},{of + 1}}}"

    z, r, n, h, h_before, h_other = (name(*each) for each in ("z", "r", "n", "h", ("h", "t-1"), ("h", "t-1", 1 - unit)))

    def past(gate: str, mine: str = h_before, others: str = h_other) -> str:
        """The recurrent sum of a gate."""
        return rf"W_{{h{gate}}} \, {mine}" + ("" if one else rf" + W_{{o{gate}}} \, {others}")

    def gate(letter: str, symbol: str, bias: str, way: str) -> Formula:
        if way != "free":
            return given(symbol, f"Forced to {way}: no input reaches it.")
        return Formula(rf"{symbol} = \sigma(W_{{x{letter}}} \, x_t + {past(letter)} + {bias})", "A gate, from 0 to 1.")

    inner = past("n", rf"({r} \, {h_before})", rf"({name('r', of=1 - unit)} \, {h_other})")
    if p.reset_after:
        inner = rf"{r} \, ({past('n')} + b_{{hn}})"
    keep, renew = (z, f"(1 - {z})") if p.z_keeps else (f"(1 - {z})", z)
    kept = own["z"] if p.z_keeps else 1 - own["z"]
    b_r = "b_{r}" if one else f"b_{{r,{unit + 1}}}"
    gates = f"gates{of}"
    update = Handle("update_bias") if p.update == "free" else None  # a gate that is forced has no bias
    reset = Handle(f"reset_bias,{unit + 1}") if p.reset == "free" else None
    yield Row(
        f"{key}z", f"update gate ${z}$", own["z"], gate("z", z, "b_z", p.update), group=gates, gate="z", handle=update
    )
    yield Row(f"{key}r", f"reset gate ${r}$", own["r"], gate("r", r, b_r, p.reset), gate="r", handle=reset)
    yield Row(
        f"{key}n",
        f"candidate ${n}$",
        own["n"],
        rf"{n} = \tanh(W_{{xn}} \, x_t + {inner})",
        group=f"state{of}",
        gate="n",
        handle=Handle("W_x,3"),
    )
    yield Row(f"{key}kept", rf"kept ${keep} \, {h_before}$", kept * own["h_before"], words="kept of the state")
    yield Row(f"{key}new", rf"new ${renew} \, {n}$", (1 - kept) * own["n"], words="new in the state")
    mixed = rf"{h} = {keep} \, {h_before} + {renew} \, {n}"
    yield Row(f"{key}h", f"state ${h}$", own["h"], mixed, "The two shares add up to 1.")


def _caption(p: GRUGates, numbers: dict[str, float]) -> str:
    told = "Step {at}: $z$ is {z_at}, so {kept_at} of the old state stays; the candidate {n_at} fills the rest: {h_at}."
    if numbers["kept_at"] == 1:
        told = "Step {at}: $z$ is {z_at}, so all of the old state stays: {h_at}."
    if numbers["at"] < numbers["T"]:
        told += " At the end, step {T}, the state is {h_last}."
    if p.update == "renew" and p.reset == "open":
        told += " All is renewed and the candidate sees the whole past: this is a plain RNN."
    if p.units == 2 or p.reset_after:
        here, there = ("after", "before") if p.reset_after else ("before", "after")
        told += f" The reset comes {here} the product; with it {there}, unit 1 would end at {{other_last}}"
        told += ", too." if show(numbers["other_last"]) == show(numbers["h_last"]) else "."
    return told


def _path_told(numbers: dict[str, float]) -> str:
    if numbers["path"] == 0.0:
        return "A step renewed everything, so {path} is left on the direct path. Through the candidate it is {whole}."
    if numbers["path"] == 1.0:
        return "Every step keeps all: over {T steps} the direct path loses nothing, and {path} is left."
    word = "holds" if numbers["path"] >= 0.5 else "fades" if numbers["path"] >= 0.01 else "vanishes"
    told = f"Over {{T steps}} the direct path {word}: {{path}} is left"
    told += ". " if numbers["T"] == 1 else ", a factor of {keep_mean} per step. "
    return told + "With the paths through the candidate and the gates it is {whole}."


def _instance(rng: random.Random) -> dict[str, str]:
    keep = rng.choice([0.1, 0.2, 0.25, 0.4, 0.6, 0.75, 0.8, 0.9])
    return {
        "x": rng.choice(["1", "-1"]),
        "W_x": "0,0,1",
        "W_h": "0",
        "update_bias": repr(math.log(keep / (1 - keep))),
        "convention": rng.choice(["keeps", "renews"]),
        "h0": rng.choice(["1", "-1", "2", "-2", "3"]),
    }


def _question(p: GRUGates) -> Question:
    said = r"h_t = (1 - z_t) \, n_t + z_t \, h_{t-1}" if p.z_keeps else r"h_t = z_t \, n_t + (1 - z_t) \, h_{t-1}"
    z = 1 / (1 + math.exp(-p.update_bias))
    return Question(
        "What is the new state $h_1$?",
        "h_last",
        (
            f"here $z = 1$ {p.convention} the state: ${said}$",
            rf"$h_0 = {latex(p.h0[0])}$, the candidate is $n_1 = \tanh({latex(p.x[0])}) = {latex(math.tanh(p.x[0]))}$",
            f"the update gate is $z_1 = {latex(round(z, 9))}$",
        ),
    )


def _slips(p: GRUGates, result: Result) -> Slips:
    z, n, h, kept = (result.numbers[name] for name in ("z1", "n1", "h0", "kept_at"))
    return (
        (kept * n + (1 - kept) * h, parting(1, "That is the other convention. Check what $z = 1$ does here.")),
        (n, parting(1, "That is the candidate only. A share of the old state stays.")),
        (z * h, parting(1, "That is $z h_0$ only.")),
        (n + kept * h, parting(2, "That adds the whole candidate. The two shares must add up to 1.")),
        ((n + h) / 2, parting(1, "That takes half of each. The gate sets the shares.")),
        (math.tanh(result.numbers["h_last"]), "That applies tanh once more. The mixture does not go through tanh."),
    )


def _layers(p: GRUGates) -> Layered:
    w = p.weights(reset_after=True)
    w = w if p.z_keeps else gru.other_convention(w)
    values: dict[str, Any] = {"x": np.array(p.x, dtype=float), "W_x": w.W_xh, "W_h": w.W_hh, "b": w.b, "b_hh": w.b_hh}
    values |= {"h0": p.each("h0")[: p.units], "reset_after": p.reset_after, "at": p.looked_at}
    return Layered(values, NO_RESET_BEFORE * p.resets_before)


DEMO = Demo(
    __file__,
    GRUGates,
    compute,
    Prediction(_instance, _question, ("kept,1", "new,1", "h,1"), _slips, HUNDREDTH),
    shows=(gru.step, gru.forward, gru.other_convention),
    gates="zrn",
    layers=_layers,
)
