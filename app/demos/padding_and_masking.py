"""A batch of unequal lengths: what padding does to the last states, and what a mask or packing saves."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, given, set_index
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Handle, Row, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import InFramework, Matrix, choice, entries, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, first_apart, parting
from app.demos.machine.result import Result
from app.demos.parts.batch_grid import batch_grid
from app.nn import masking, rnn
from app.nn.activations import ACTIVATIONS
from app.nn.framework import lacked

MOST = 4


class PaddingAndMasking(InFramework):
    """One unit over a padded batch, from the left, or from the right as the backward half of a bidirectional layer."""

    batch: Matrix = entries(
        ((1, 2, 3), (2, 0, 1, -1, 1)),
        title="Batch",
        says="Up to 4 sequences of up to 12 numbers: commas within one, semicolons between.",
    )
    mask: bool = flag(False, title="Mask", says="Keras: a mask. PyTorch: pack_padded_sequence with the lengths.")
    by_value: bool = flag(
        False, title="Mask by value", says="Keras' Masking layer: it masks each step that equals the padding value."
    )
    direction: Literal["forward", "backward"] = choice(
        "forward", title="Direction", says="Backward: the second half of a bidirectional layer."
    )
    padding: Literal["post", "pre"] = choice("post", title="Padding", says="After the sequence, or before it.")
    value: float = number(0, -10, 10, slide=(-2, 2), step=0.1, title="Padded with", says="The padding value.")
    row: int = number(1, 1, MOST, step=1, title="Sequence to show", says="If there are fewer, the last.")
    W_x: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Input weight $W_x$", says="Of the one unit.")
    W_h: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="Recurrent weight $W_h$", says="Of the one unit.")
    b: float = number(0, -10, 10, slide=(-2, 2), step=0.05, title="Bias $b$", says="Of the one unit.")
    phi: Literal["tanh", "relu", "linear"] = choice("tanh", title=r"Activation $\varphi$", says="Applied to the sum.")

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

    def taken(self) -> NDArray[np.bool_]:
        """The steps that the framework takes for real, once told to mask (batch, time)."""
        x, real = self.padded()
        if self.framework == "pytorch":  # told the lengths alone, it counts them from the front
            return np.equal(masking.pad(self.batch, "post", 0)[1], 1)
        return np.not_equal(x, self.value) if self.by_value else real

    def reading(self, values: Any) -> Any:
        """Values by position (batch, time) in the order in which they are read, or back."""
        return values[:, ::-1] if self.direction == "backward" else values


def compute(p: PaddingAndMasking) -> Result:
    """Run the batch with the mask and without, and each sequence alone."""
    w, phi, (x, real), taken = p.weights(), ACTIVATIONS[p.phi], p.padded(), p.taken()
    zero, x_read = np.zeros((len(x), 1)), p.reading(x)[:, :, None]
    runs = {
        True: masking.forward(x_read, p.reading(taken).astype(float), zero, w, phi),
        False: rnn.forward(x_read, zero, w, phi),
    }
    masked, unmasked, h = (runs[mask][0][:, :, 0] for mask in (True, False, p.mask))
    made = np.stack([cache.h_t[:, 0] for cache in runs[p.mask][1]], axis=1)
    own = [p.reading(np.array([one]))[0] for one in p.batch]
    alone = [rnn.forward(one[None, :, None], zero[:1], w, phi)[0][0, :, 0] for one in own]
    out = np.where(taken, p.reading(h), 0.0) if p.mask and zeros_out(p) else p.reading(h)

    i, T = p.looked_at - 1, real.shape[1]
    opens = int(np.argmax(p.reading(real)[i]))  # the first real step: it starts from what padding before it has left
    numbers: dict[str, float] = {
        "row": p.looked_at,
        "length": len(p.batch[i]),
        "longest": T,
        "padded": T - len(p.batch[i]),
        "alone": float(alone[i][-1]),
        "last": float(h[i, -1]),
        "masked": float(masked[i, -1]),
        "unmasked": float(unmasked[i, -1]),
        "found": float(h[i, opens - 1]) if opens else 0.0,
        "out_last": float(out[i, -1]),
        "mean_real": float(out[i, real[i]].mean()),
        "mean_all": float(out[i].mean()),
        "cells": real.size,
        "real": float(real.sum()),
        "wasted": float(1 - real.mean()),
        "misread": float((taken & ~real)[i].sum()) if p.mask else 0.0,
        "skipped": float((real & ~taken)[i].sum()) if p.mask else 0.0,
    }
    numbers["gap"] = numbers["last"] - numbers["alone"]
    told = [] if np.isfinite(unmasked).all() else ["A state overflowed: the weights make it grow at every step."]
    told += [fill(one, numbers) for one in _warnings(p, numbers)]
    grid = batch_grid(fill(_caption(p, numbers), numbers), x, real, out, p.looked_at)
    if p.direction == "backward":
        grid = replace(grid, edges=[edge._replace(start=edge.end, end=edge.start) for edge in grid.edges])
    steps = _steps_trace(p, p.reading(made)[i], p.reading(h)[i], out[i])
    ends = _ends_trace(p, alone, {"unmasked": unmasked, "masked": masked}, out)
    return Result(numbers, (grid, steps, ends), told, lacked(p.phi))


def zeros_out(p: PaddingAndMasking) -> bool:
    """True if the output is 0 at masked steps: in PyTorch, and in Keras' Bidirectional. A plain Keras layer repeats."""
    return p.framework == "pytorch" or p.direction == "backward"


def _warnings(p: PaddingAndMasking, numbers: dict[str, float]) -> Iterator[str]:
    if p.mask and p.framework == "pytorch" and p.padding == "pre" and numbers["padded"]:
        yield (
            "pack_padded_sequence counts each length from the front: here it reads {misread} padded steps and leaves "
            "out as many real ones. Pad after the sequence."
        )
    elif numbers["skipped"]:
        yield "A real step that equals the padding value is masked as well: {skipped} of {length} here."


def _caption(p: PaddingAndMasking, numbers: dict[str, float]) -> str:
    if not numbers["padded"] and not numbers["skipped"]:
        return "Sequence {row} is as long as the batch: {length steps}, no padding, {last} at the end either way."
    told = "Sequence {row} ends at {last} in the batch and at {alone} alone"
    those, left = ("{padded padded steps}", "padded") if numbers["padded"] else ("{skipped real steps}", "skipped")
    steps, are = f"the {those}", "is" if numbers[left] == 1 else "are"
    if p.mask and abs(numbers["gap"]) < 1e-12:
        kept = f"packing leaves out {steps}" if p.framework == "pytorch" else f"{steps} {are} masked"
        stands = "is 0" if zeros_out(p) else "repeats the last state"
        return f"{told}: {kept}, and the output there {stands}. {{wasted}} of the batch is padding."
    if abs(numbers["gap"]) < 1e-12:
        return f"{told}: this once, {steps} left no trace."
    if p.mask:
        return f"{told}: the mask is not where the padding is."
    return f"{told}: without a mask {steps} changed the state."


CELL = r"W_x \, x_t + W_h \, h_{t-1} + b"


def _steps_trace(p: PaddingAndMasking, made: Values, h: Values, out: Values) -> Trace:
    """The sequence looked at, by position. Read backwards, a state comes from the one on its right."""
    (x, real), taken = (values[p.looked_at - 1] for values in p.padded()), p.taken()[p.looked_at - 1]
    before, start = ("h_{t-1}", 0) if p.direction == "forward" else ("h_{t+1}", len(h))

    def noted(formula: Formula, of_taken: str, of_masked: str) -> Callable[[int], Formula]:
        return lambda t: replace(formula, note=of_taken if taken[t - 1] else of_masked)

    def read(t: int) -> Formula:
        return given("x_t", "An input: it is given." if real[t - 1] else "Padding.")

    entries = np.cumsum(real).tolist()

    def entered(t: int) -> Handle:
        return Handle(f"batch,{p.looked_at},{entries[t - 1]}") if real[t - 1] else Handle("value")

    state: Any = Formula(r"h_t = \hat{h}_t", "No mask: padding counts like a real step.")
    if p.mask:
        kept = Formula(rf"h_t = m_t \, \hat{{h}}_t + (1 - m_t) \, {before}")
        state = noted(kept, "This step is taken.", "A masked step passes the state on.")
    shown = Formula("o_t = h_t", "The output repeats the state.")
    if p.mask and zeros_out(p):
        shown = Formula(r"o_t = m_t \, h_t", "The output is 0 at masked steps.")
    cell = rf"\hat{{h}}_t = {activated(p.phi, CELL.replace('h_{t-1}', before))}"
    rows = (
        Row("x", "input $x_t$", x, read, handle=entered),
        Row(
            "m", "mask $m_t$", taken.astype(float), noted(given("m_t"), "Taken for a real step.", "Taken for padding.")
        ),
        Row("made", r"made $\hat{h}_t$", made, cell, words="what the cell makes"),
        Row("h", "state $h_t$", h, state),
        Row("out", "output $o_t$", out, shown),
    )
    around = np.insert(h, start, 0.0)
    symbols: Symbols = {before: around[:-1] if start == 0 else around[1:], "W_x": p.W_x, "W_h": p.W_h, "b": p.b}
    caption = fill("Sequence {row}, step by step.", {"row": p.looked_at})
    chosen = ("h", len(h) - 1 if start == 0 else 0)
    return Trace("steps", "The sequence looked at", caption, rows, chosen, symbols)


def _ends_trace(p: PaddingAndMasking, alone: list[Values], runs: dict[str, Values], out: Values) -> Trace:
    """How each sequence ends; its steps are numbered in the order in which they are read."""
    x, real = p.padded()
    every, taken = np.ones_like(real), p.taken()

    def end(inputs: list[float], states: list[float], note: str) -> Formula:
        """The formula of the last step, from the input and the state before it."""
        T, before = len(states), [0.0, *states][-2]
        values = {f"x_{{{T}}}": inputs[-1], f"h_{{{T - 1}}}": before}
        return Formula(set_index(f"h_t = {activated(p.phi, CELL)}", "t", T), note, values=values)

    def by_itself(column: int) -> Formula:
        note = "The sequence as a batch of one, without padding: what the others should equal."
        inputs = p.reading(np.array([p.batch[column - 1]]))[0].tolist()
        return end(inputs, alone[column - 1].tolist(), note)

    def padded_too(column: int) -> Formula:
        inputs, states = p.reading(x)[column - 1].tolist(), runs["unmasked"][column - 1].tolist()
        return end(inputs, states, "Every padded step is a step like any other.")

    def passed_on(column: int) -> Formula:
        note, is_taken = "Masked steps pass the state on, so it is the last one taken.", p.reading(taken)[column - 1]
        states = runs["masked"][column - 1]
        if not is_taken.any():
            return given("h_0", "Every step is masked: the state stays at its start.")
        if is_taken[-1]:
            return end(p.reading(x)[column - 1].tolist(), states.tolist(), note)
        step, T = int(np.flatnonzero(is_taken)[-1]) + 1, len(is_taken)
        last, place = f"h_{{{step}}}", step if p.direction == "forward" else T + 1 - step
        shown = {last: f"h,{place}" * (p.mask and column == p.looked_at)}
        return Formula(f"h_{{{T}}} = {last}", note, values={last: float(states[is_taken][-1])}, origins=shown)

    def mean(text: str, counted: NDArray[np.bool_], note: str) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            states = out[column - 1, counted[column - 1]].tolist()
            values = {f"o_{{{n}}}": state for n, state in enumerate(states, start=1)}
            places = np.flatnonzero(counted[column - 1]) + 1
            shown = dict(zip(values, (f"out,{t}" * (column == p.looked_at) for t in places), strict=True))
            return Formula(text, note, f"({' + '.join(values)}) / {len(values)}", values, origins=shown)

        return formula

    of_real = mean(r"\frac{\sum m_t o_t}{\sum m_t}", real, "Apply the mask to pooling too: divide by the real steps.")
    with_all = "Divided by all steps: it changes with the neighbours in the batch."
    mean_real = np.array([one[is_real].mean() for one, is_real in zip(out, real, strict=True)])
    last = given("o_T", "What out[:, -1] takes: the output at the last position of the batch.")
    ends = np.array([one[-1] for one in alone])
    unmasked, masked = runs["unmasked"][:, -1], runs["masked"][:, -1]
    rows = (
        Row("alone", "last state, run alone", ends, by_itself, words="last state alone", group="The last state"),
        Row("unmasked", "in the batch, no mask", unmasked, padded_too, words="last state without mask"),
        Row("masked", "in the batch, masked", masked, passed_on, words="last state with mask"),
        Row("out_last", "out[:, -1]", out[:, -1], last, words="output at the last position"),
        Row("mean_real", "mean over real steps", mean_real, of_real, group="Pooling the outputs shown"),
        Row("mean_all", "mean over all steps", out.mean(axis=1), mean(r"\frac{\sum o_t}{T}", every, with_all)),
    )
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "b": p.b}
    caption = "What each sequence ends with. Masked should equal alone, whatever the neighbours in the batch are."
    title, columns = "Alone and in the batch", [f"sequence {r}" for r in range(1, len(x) + 1)]
    chosen = ("unmasked", p.looked_at - 1)
    return Trace("ends", title, caption, rows, chosen, symbols, "", columns=columns, column_word="sequence")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "batch": f"{rng.choice([2, 4, -4, 6])},{rng.choice([2, 6, 8, -2])};1,1,1,{rng.choice([1, 2])}",
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
        "In which state does the first sequence end in this batch?",
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
    def states(of: PaddingAndMasking, its: Result) -> list[float]:
        return [line.result for line in _steps(of, its)]

    def other(says: str, **change: object) -> tuple[float, str]:
        """What the batch would end with, and where its states part from the right ones."""
        changed = p.model_copy(update=change)
        theirs = states(changed, compute(changed))
        return theirs[-1], parting(first_apart(states(p, result), theirs), says)

    padded = len(p.batch[0]) + 1 if p.padding == "post" else 0
    if p.mask:
        told = [other("There is a mask: a padded step passes the state on.", mask=0)]
        told += [(0.0, parting(padded, "Padding does not erase the state. A masked step keeps all of it."))]
    else:
        told = [(other("", mask=1)[0], "That is the sequence alone. Without a mask the padded steps are steps.")]
        says = "Padding does not erase the state. Each padded step leaves half of it, and adds the rest."
        told += [(0.0, parting(padded, says))]
        side: Literal["pre", "post"] = "pre" if p.padding == "post" else "post"
        where = "after" if p.padding == "post" else "before"
        told += [other(f"The padding comes {where} the sequence.", padding=side)]
        if p.value:
            told += [other(f"The padding is {latex(p.value)}, not 0, and goes in through $W_x$.", value=0.0)]
    if p.b:
        also = "" if p.mask else ": it acts at padded steps too"
        told += [other(f"The bias is missing{also}.", b=0.0)]
    alone = p.batch[0][-1] + p.b
    return [*told, (alone, "That is the last input alone: the state before counts too.")]


def _layers(p: PaddingAndMasking) -> Layered:
    w, (x, real) = p.weights(), p.padded()
    values: dict[str, Any] = {
        "x": x,
        "real": real,
        "W_x": w.W_xh,
        "W_h": w.W_hh,
        "b": w.b,
        "phi": p.phi,
        "row": p.looked_at - 1,
    }
    values |= {"value": p.value, "mask": p.mask, "by_value": p.by_value, "direction": p.direction}
    return Layered(values, lacked(p.phi))


DEMO = Demo(
    __file__,
    PaddingAndMasking,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01)),
    shows=(masking.pad, masking.forward),
    layers=_layers,
)
