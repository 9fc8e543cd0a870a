"""A batch of unequal lengths: what padding does to the last states, and what a mask saves."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, given, set_index
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

    def padded(self) -> tuple[Values, NDArray[np.bool_]]:
        """The padded inputs, and whether each is real: both (batch, time)."""
        x, m = masking.pad(self.batch, self.padding, self.value)
        return x[:, :, 0], m == 1


def compute(p: PaddingAndMasking) -> Result:
    """Run the batch with the mask and without, and each sequence alone."""
    w, phi, (x, real) = p.weights(), ACTIVATIONS[p.phi], p.padded()
    zero = np.zeros((len(x), 1))
    runs = {
        True: masking.forward(x[:, :, None], real.astype(float), zero, w, phi),
        False: rnn.forward(x[:, :, None], zero, w, phi),
    }
    masked, unmasked, h = (runs[mask][0][:, :, 0] for mask in (True, False, p.mask))
    made = np.stack([cache.h_t[:, 0] for cache in runs[p.mask][1]], axis=1)
    alone = np.array([rnn.forward(np.array(s)[None, :, None], zero[:1], w, phi)[0][0, -1, 0] for s in p.batch])

    i, T = p.looked_at - 1, real.shape[1]
    opens = int(np.argmax(real[i]))  # the first real step: it starts from what padding in front has left
    numbers: dict[str, float] = {
        "row": p.looked_at,
        "length": len(p.batch[i]),
        "longest": T,
        "padded": T - len(p.batch[i]),
        "alone": float(alone[i]),
        "last": float(h[i, -1]),
        "masked": float(masked[i, -1]),
        "unmasked": float(unmasked[i, -1]),
        "found": float(h[i, opens - 1]) if opens else 0.0,
        "mean_real": float(h[i, real[i]].mean()),
        "mean_all": float(h[i].mean()),
        "cells": real.size,
        "real": float(real.sum()),
        "wasted": float(1 - real.mean()),
    }
    numbers["gap"] = numbers["last"] - numbers["alone"]
    told = [] if np.isfinite(unmasked).all() else ["A state overflowed: the weights make it grow at every step."]
    grid = batch_grid(fill(_caption(p, numbers), numbers), x, real, h, p.looked_at)
    ends = _ends_trace(p, alone, {"unmasked": unmasked, "masked": masked})
    return Result(numbers, (grid, _steps_trace(p, made[i], h[i]), ends), told)


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


CELL = r"W_x \, x_t + W_h \, h_{t-1} + b"


def _steps_trace(p: PaddingAndMasking, made: Values, h: Values) -> Trace:
    x, real = (values[p.looked_at - 1] for values in p.padded())

    def noted(formula: Formula, of_real: str, of_padded: str) -> Callable[[int], Formula]:
        return lambda t: replace(formula, note=of_real if real[t - 1] else of_padded)

    state = noted(Formula(r"h_t = \hat{h}_t"), "", "No mask: padding counts.")
    if p.mask:
        kept = Formula(r"h_t = m_t \, \hat{h}_t + (1 - m_t) \, h_{t-1}")
        state = noted(kept, "A real step is taken.", "A padded step hands the state on.")
    cell = rf"\hat{{h}}_t = {activated(p.phi, CELL)}"
    rows = (
        Row("x", "input $x_t$", x, noted(given("x_t"), "An input: it is given.", "Padding.")),
        Row("m", "mask $m_t$", real.astype(float), noted(given("m_t"), "A real step.", "A padded step.")),
        Row("made", r"made $\hat{h}_t$", made, cell, words="what the cell makes"),
        Row("h", "state $h_t$", h, state),
    )
    symbols: Symbols = {"h_{t-1}": np.append(0.0, h[:-1]), "W_x": p.W_x, "W_h": p.W_h, "b": p.b}
    caption = fill("Sequence {row}, step by step.", {"row": p.looked_at})
    return Trace("steps", "The sequence looked at", caption, rows, ("h", len(h) - 1), symbols)


def _ends_trace(p: PaddingAndMasking, alone: Values, runs: dict[str, Values]) -> Trace:
    x, real = p.padded()
    every, shown = np.ones_like(real), runs["masked" if p.mask else "unmasked"]

    def end(run: str, counted: NDArray[np.bool_], note: str) -> Callable[[int], Formula]:
        """The formula of the last counted step, numbered as if there were no other steps than those counted."""

        def formula(column: int) -> Formula:
            inputs, states = (values[column - 1, counted[column - 1]].tolist() for values in (x, runs[run]))
            T, before = len(states), [0.0, *states][-2]
            values = {f"x_{{{T}}}": inputs[-1], f"h_{{{T - 1}}}": before}
            return Formula(set_index(f"h_t = {activated(p.phi, CELL)}", "t", T), note, values=values)

        return formula

    def handed_on(column: int) -> Formula:
        note, is_real = "Padded steps hand the state on, so it is the last real one.", real[column - 1]
        if is_real[-1]:
            return end("masked", real, note)(column)
        last = f"h_{{{is_real.sum()}}}"
        return Formula(f"h_{{{len(is_real)}}} = {last}", note, values={last: runs["masked"][column - 1, is_real][-1]})

    def mean(text: str, counted: NDArray[np.bool_], note: str) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            states = shown[column - 1, counted[column - 1]].tolist()
            values = {f"h_{{{n}}}": state for n, state in enumerate(states, start=1)}
            return Formula(text, note, f"({' + '.join(values)}) / {len(values)}", values)

        return formula

    by_itself = "The sequence as a batch of one, without padding: what the others should equal."
    own = end("masked", real, by_itself)  # the real steps of the masked run are the run alone
    padded_too = end("unmasked", every, "Every padded step is a step like any other.")
    of_real = mean(r"\frac{\sum m_t h_t}{\sum m_t}", real, "The mask belongs on pooling too: divide by the real steps.")
    with_all = "Divided by all steps: it changes with the neighbours in the batch."
    mean_real = np.array([h[is_real].mean() for h, is_real in zip(shown, real, strict=True)])
    unmasked, masked = runs["unmasked"][:, -1], runs["masked"][:, -1]
    rows = (
        Row("alone", "last state, run alone", alone, own, words="last state alone", group="The last state"),
        Row("unmasked", "in the batch, no mask", unmasked, padded_too, words="last state without mask"),
        Row("masked", "in the batch, masked", masked, handed_on, words="last state with mask"),
        Row("mean_real", "mean over real steps", mean_real, of_real, group="Pooling the states shown"),
        Row("mean_all", "mean over all steps", shown.mean(axis=1), mean(r"\frac{\sum h_t}{T}", every, with_all)),
    )
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "b": p.b}
    caption = "What each sequence ends with. Masked equals alone, whatever the neighbours in the batch are."
    title, columns = "Alone and in the batch", [f"sequence {r}" for r in range(1, len(x) + 1)]
    chosen = ("unmasked", p.looked_at - 1)
    return Trace("ends", title, caption, rows, chosen, symbols, "", columns=columns, column_word="sequence")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "batch": f"{rng.choice([2, 4, -4])},{rng.choice([2, 6, 8])};1,1,1,{rng.choice([1, 2])}",
        "mask": rng.choice(["0", "0", "0", "1"]),  # one in four
        "padding": rng.choice(["post", "post", "pre"]),
        "value": rng.choice(["0", "0", "1"]),  # one in three
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
    row, T = "h" if p.mask else "made", round(result.numbers["longest"])
    return result.worked(*(f"{row},{t}" for t in range(1, T + 1)))


def _slips(p: PaddingAndMasking, result: Result) -> Slips:
    def other(**change: object) -> float:
        return compute(p.model_copy(update=change)).numbers["last"]

    side: Literal["pre", "post"] = "pre" if p.padding == "post" else "post"
    there = "That is the sequence alone. Without a mask the padded steps are steps."
    if p.mask:
        there = "There is a mask: a padded step hands the state on."
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
)
