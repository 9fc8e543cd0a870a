"""A batch of unequal lengths: what padding does to the last states, and what a mask saves."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.arithmetic import Arithmetic, Formula, given, set_index
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Row, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Matrix, Parameters, choice, entries, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.demos.parts.batch_grid import batch_grid
from app.nn import masking, rnn
from app.nn.activations import ACTIVATIONS

MOST = 4
PHI = {"tanh": r"\tanh", "relu": r"\mathrm{relu}", "linear": ""}


class PaddingAndMasking(Parameters):
    """One unit over a padded batch."""

    batch: Matrix = entries(
        ((1, 2, 3), (2, 0, 1, -1, 1)),
        title="Batch",
        says="Up to 4 sequences of up to 12 numbers: commas within one, semicolons between.",
    )
    mask: bool = flag(False, title="Mask", says="Whether padded steps hand the state on untouched.")
    padding: Literal["post", "pre"] = choice("post", title="Padding", says="After the sequence, or before it.")
    value: float = number(0, -10, 10, slide=(-2, 2), step=0.1, title="Padded with", says="It is meant to mean nothing.")
    row: int = number(1, 1, MOST, step=1, title="Sequence to look at", says="Past the end of the batch: the last.")
    W_x: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Input weight $W_x$", says="Of the one unit.")
    W_h: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="Recurrent weight $W_h$", says="Of the one unit.")
    b: float = number(0, -10, 10, slide=(-2, 2), step=0.05, title="Bias $b$", says="Of the one unit.")
    phi: Literal["tanh", "relu", "linear"] = choice(
        "tanh", title=r"Activation $\varphi$", says="What the sum goes through."
    )

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """More sequences than are drawn."""
        if len(self.batch) > MOST:
            kept = ";".join(",".join(map(repr, row)) for row in self.batch[:MOST])
            yield "batch", f"at most {MOST} sequences", kept

    @property
    def looked_at(self) -> int:
        """The sequence to look at, from 1."""
        return min(self.row, len(self.batch))

    def weights(self) -> rnn.RNNWeights:
        """W_xh (1, 1), W_hh (1, 1), b (1)."""
        return rnn.RNNWeights(np.array([[self.W_x]]), np.array([[self.W_h]]), np.array([self.b]))


def compute(p: PaddingAndMasking) -> Result:
    """Run the batch with the mask and without, and each sequence alone."""
    w, phi = p.weights(), ACTIVATIONS[p.phi]
    x, m = masking.pad(p.batch, p.padding, p.value)
    zero = np.zeros((len(x), 1))
    masked, masked_steps = masking.forward(x, m, zero, w, phi)
    unmasked, unmasked_steps = rnn.forward(x, zero, w, phi)
    h, caches = (masked, masked_steps) if p.mask else (unmasked, unmasked_steps)
    made = np.stack([cache.h_t for cache in caches], axis=1)[:, :, 0]
    alone = np.array([rnn.forward(np.array(s)[None, :, None], zero[:1], w, phi)[0][0, -1, 0] for s in p.batch])

    i, real = p.looked_at - 1, m == 1
    opens = int(np.argmax(real[i]))  # the first real step, which finds what padding in front has left
    numbers: dict[str, float] = {
        "row": p.looked_at,
        "length": len(p.batch[i]),
        "longest": m.shape[1],
        "padded": m.shape[1] - len(p.batch[i]),
        "alone": float(alone[i]),
        "last": float(h[i, -1, 0]),
        "masked": float(masked[i, -1, 0]),
        "unmasked": float(unmasked[i, -1, 0]),
        "found": float(h[i, opens - 1, 0]) if opens else 0.0,
        "mean_real": float(h[i, real[i], 0].mean()),
        "mean_all": float(h[i, :, 0].mean()),
        "cells": m.size,
        "real": float(m.sum()),
        "wasted": float(1 - m.mean()),
    }
    numbers["gap"] = numbers["last"] - numbers["alone"]
    told = [] if np.isfinite(unmasked).all() else ["A state overflowed: the weights make it grow at every step."]
    runs = {"unmasked": unmasked[:, :, 0], "masked": masked[:, :, 0]}
    grid = batch_grid(fill(_caption(p, numbers), numbers), x[:, :, 0], m, h[:, :, 0], p.looked_at)
    return Result(numbers, (grid, _steps_trace(p, x, m, made, h), _ends_trace(p, alone, runs, x, h, m)), told)


def _caption(p: PaddingAndMasking, numbers: dict[str, float]) -> str:
    if not numbers["padded"]:
        return "Sequence {row} is as long as the batch: {length} steps, no padding, {last} at the end either way."
    told = "Sequence {row} ends at {last} in the batch and at {alone} alone"
    steps = "the {padded} padded steps" if numbers["padded"] > 1 else "the one padded step"
    if p.mask:
        return f"{told}: the mask lets {steps} hand the state on. {{wasted}} of the batch is computed for nothing."
    if abs(numbers["gap"]) < 1e-12:
        return f"{told}: this once, {steps} left no trace."
    return f"{told}: without a mask {steps} went on changing the state."


def _cell(p: PaddingAndMasking) -> str:
    """φ(W_x x_t + W_h h_{t−1} + b), as the formulas write it."""
    inner = r"W_x \, x_t + W_h \, h_{t-1} + b"
    return f"{PHI[p.phi]}({inner})" if PHI[p.phi] else inner


def _steps_trace(p: PaddingAndMasking, x: Values, m: Values, made: Values, h: Values) -> Trace:
    i = p.looked_at - 1
    real = m[i] == 1

    def by_step(formula: Formula, of_real: str, of_padded: str) -> Callable[[int], Formula]:
        return lambda t: replace(formula, note=of_real if real[t - 1] else of_padded)

    state = by_step(Formula(r"h_t = \hat{h}_t"), "", "No mask: padding counts.")
    if p.mask:
        kept = Formula(r"h_t = m_t \, \hat{h}_t + (1 - m_t) \, h_{t-1}")
        state = by_step(kept, "A real step is taken.", "A padded step hands the state on.")
    rows = (
        Row("x", "input $x_t$", x[i, :, 0], by_step(given("x_t"), "An input: it is given.", "Padding.")),
        Row("m", "mask $m_t$", m[i], by_step(given("m_t"), "A real step.", "A padded step.")),
        Row("made", r"made $\hat{h}_t$", made[i], rf"\hat{{h}}_t = {_cell(p)}", words="what the cell makes"),
        Row("h", "state $h_t$", h[i, :, 0], state),
    )
    symbols: Symbols = {"h_{t-1}": np.append(0.0, h[i, :-1, 0]), "W_x": p.W_x, "W_h": p.W_h, "b": p.b}
    caption = fill("Sequence {row}, step by step.", {"row": p.looked_at})
    return Trace("steps", "The sequence looked at", caption, rows, ("h", m.shape[1] - 1), symbols)


def _ends_trace(p: PaddingAndMasking, alone: Values, runs: dict[str, Values], x: Values, h: Values, m: Values) -> Trace:
    real, T = m == 1, m.shape[1]

    def end(way: str, note: str) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            r = column - 1
            if way == "masked" and not real[r, -1]:
                last = f"h_{{{len(p.batch[r])}}}"
                return Formula(f"h_{{{T}}} = {last}", note, values={last: float(runs["masked"][r, -1])})
            # The real steps of the masked run are the run alone; without a mask every step counts.
            counted = np.arange(T) if way == "unmasked" else np.flatnonzero(real[r])
            run = runs["unmasked" if way == "unmasked" else "masked"][r, counted]
            before = float(run[-2]) if len(run) > 1 else 0.0
            numbered = {f"x_{{{len(run)}}}": float(x[r, counted[-1], 0]), f"h_{{{len(run) - 1}}}": before}
            return Formula(set_index(f"h_t = {_cell(p)}", "t", len(run)), note, values=numbered)

        return formula

    def mean(text: str, which: NDArray[np.bool_], note: str) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            taken = h[column - 1, which[column - 1], 0].tolist()
            values = {f"h_{{{n}}}": value for n, value in enumerate(taken, start=1)}
            return Formula(text, note, f"({' + '.join(values)}) / {len(values)}", values)

        return formula

    mean_real = np.array([h[r, real[r], 0].mean() for r in range(len(h))])
    of_real = mean(r"\frac{\sum m_t h_t}{\sum m_t}", real, "The mask belongs on pooling too: divide by the real steps.")
    of_all = mean(
        r"\frac{\sum h_t}{T}",
        np.ones_like(real),
        "Divided by all steps: it changes with the neighbours in the batch.",
    )
    rows = (
        Row(
            "alone",
            "last state, run alone",
            alone,
            end("alone", "The sequence as a batch of one, without padding: what the others should equal."),
            words="last state alone",
            group="The last state",
        ),
        Row(
            "unmasked",
            "in the batch, no mask",
            runs["unmasked"][:, -1],
            end("unmasked", "Every padded step is a step like any other."),
            words="last state without mask",
        ),
        Row(
            "masked",
            "in the batch, masked",
            runs["masked"][:, -1],
            end("masked", "Padded steps hand the state on, so it is the last real one."),
            words="last state with mask",
        ),
        Row("mean_real", "mean over real steps", mean_real, of_real, group="Pooling the states shown"),
        Row("mean_all", "mean over all steps", h[:, :, 0].mean(axis=1), of_all),
    )
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "b": p.b}
    caption = "What each sequence ends with. Masked equals alone, whatever the neighbours in the batch are."
    return Trace(
        "ends",
        "Alone and in the batch",
        caption,
        rows,
        ("unmasked", p.looked_at - 1),
        symbols,
        index="",
        columns=[f"sequence {r + 1}" for r in range(len(h))],
        column_word="sequence",
    )


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "batch": f"{rng.choice([2, 4, -4])},{rng.choice([2, 6, 8])};1,1,1,{rng.choice([1, 2])}",
        "mask": rng.choice("0001"),
        "padding": rng.choice(["post", "post", "pre"]),
        "value": rng.choice("001"),
        "W_x": "1",
        "W_h": "0.5",
        "b": rng.choice("01"),
        "phi": "linear",
    }


def _question(p: PaddingAndMasking) -> Question:
    first, second = p.batch[0]
    where = "after it" if p.padding == "post" else "before it"
    return Question(
        "With which state does the first sequence end in this batch?",
        "last",
        (
            f"the sequence is ${latex(first)},\\; {latex(second)}$; the other one has four steps",
            f"it is padded {where} with {latex(p.value)}, and there is {'a' if p.mask else 'no'} mask",
            f"$h_t = x_t + 0.5\\, h_{{t-1}} + b$ with $b = {latex(p.b)}$ and $h_0 = 0$",
        ),
    )


def _steps(p: PaddingAndMasking, result: Result) -> list[Arithmetic]:
    row = "h" if p.mask else "made"
    return result.worked(*(f"{row},{t}" for t in range(1, len(result.traces()[0].columns) + 1)))


def _slips(p: PaddingAndMasking, result: Result) -> Slips:
    def other(**change: object) -> float:
        return compute(p.model_copy(update=change)).numbers["last"]

    side: Literal["pre", "post"] = "pre" if p.padding == "post" else "post"
    there = (
        "There is a mask: a padded step hands the state on."
        if p.mask
        else ("That is the sequence alone. Without a mask the padded steps are steps.")
    )
    return [
        (other(mask=not p.mask), there),
        (other(padding=side), f"The padding stands {'after' if p.padding == 'post' else 'before'} the sequence."),
        (other(value=0.0), f"The padding is {latex(p.value)}, not 0, and goes in through $W_x$."),
        (other(b=0.0), "The bias is missing: it acts at padded steps too."),
        (0.0, "Padding does not wipe the state out; each step leaves half of it."),
    ]


DEMO = Demo(
    __file__,
    PaddingAndMasking,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01)),
    shows=(masking.pad, masking.forward),
    miniature="grid",
)
