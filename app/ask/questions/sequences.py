"""Batches and windows of sequences: masks, padding, cuts, and what a convolution leaves."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.demos.machine.prediction import EXACT, HUNDREDTH, parting
from app.nn import conv1d, masking

LENGTHS = tuple(tuple(sorted(one)) for one in product((1, 2, 3, 4, 6, 8), repeat=3) if one == tuple(sorted(one)))


@asks("padding-and-masking", HEAD, HUNDREDTH, losses=tuple(product((1, 2, 3, 4, 6), repeat=3)), steps=(4, 5, 6),
      padded=(2, 6, 8))  # fmt: skip
def masked_mean(losses: Sequence[int], steps: int, padded: int) -> Task:
    """A mean loss over a padded sequence."""
    row = np.array([*losses, *[padded] * (steps - 3)], dtype=float)
    mask = np.array([1.0] * 3 + [0.0] * (steps - 3))
    answer = float((row * mask).sum() / mask.sum())
    slips: Slips = [
        (float(row.mean()), parting(1, "That is without the mask: padded steps count as well.")),
        (float((row * mask).mean()), "It is divided by the steps that are real, not by all."),
        (float(row[mask == 0].mean()), parting(1, "Those are the padded steps.")),
        (float(sum(losses)), "That is the sum."),
    ]
    values = {"a": losses[0], "b": losses[1], "c": losses[2]}
    working = [
        line(r"\text{sum}", values, sum(losses), "Of the real steps:", "a + b + c"),
        line(r"\text{mean}", {"s": sum(losses)}, answer, written="s / 3"),
    ]
    told = ", ".join(f"{one:g}" for one in row)
    givens = (f"a sequence of 3 steps, padded to {steps}; their losses are {told}", "the padded steps are masked")
    return Task("What is its mean loss?", givens, answer, slips, working)


@asks("padding-and-masking", HAND, HUNDREDTH, lengths=LENGTHS, bucketed=("no", "yes"), longest=(9, 10, 12))
def wasted_cells(lengths: Sequence[int], bucketed: str, longest: int) -> Task:
    """The share of a padded batch that is wasted."""
    rows = [*lengths, longest]
    batches = [rows[:2], rows[2:]] if bucketed == "yes" else [rows]
    cells = sum(masking.pad([[1.0] * n for n in one], "post", 0.0)[1].size for one in batches)
    real = sum(rows)
    answer = 1 - real / cells
    other = 4 * longest if bucketed == "yes" else 2 * rows[1] + 2 * longest
    slips: Slips = [
        (real / cells, "That is the share that is used."),
        (1 - real / other, parting(2, "That pads all to the longest." if bucketed == "yes" else "There is one batch.")),
        ((cells - real) / real, "It is a share of all cells, not of the real ones."),
        (1 - max(rows[0], 1) / longest, parting(1, "That is the shortest sequence alone.")),
    ]
    names = {f"n_{i}": n for i, n in enumerate(rows, start=1)}
    sizes = {
        f"b_{i}": float(2 * one[-1] if bucketed == "yes" else 4 * longest) for i, one in enumerate(batches, start=1)
    }
    working = [
        line(r"\text{real}", names, real, written=" + ".join(names)),
        line(r"\text{cells}", sizes, cells, "Each batch as long as its longest sequence:", " + ".join(sizes)),
        line(r"\text{wasted}", {"r": real, "c": cells}, answer, written="1 - r / c"),
    ]
    how = "the two shortest make one batch, the two longest another" if bucketed == "yes" else "all four in one batch"
    givens = (f"sequences of {', '.join(map(str, rows))} steps, padded to the longest of their batch", how)
    return Task("Which share of the cells is padding?", givens, answer, slips, working)


@asks("state-across-windows", HEAD, EXACT, length=(50, 100, 120, 200), window=(8, 10, 12, 20, 24), horizon=(1, 3, 6),
      stride=(1, 2, 5))  # fmt: skip
def windows_in_a_series(length: int, window: int, horizon: int, stride: int) -> Task:
    """How many windows a series has."""
    answer = conv1d.out_steps(length, window + horizon, stride, 1)
    apart = length - window - horizon
    slips: Slips = [
        (apart // stride, "The first window counts, too: add 1."),
        ((length - window) // stride + 1, parting(1, "After each window there must be room for what is forecast.")),
        (length // window, parting(1, "Windows overlap.")),
        (length // stride, parting(1, "The last windows do not fit.")),
    ]
    if stride > 1:
        slips += [(apart + 1, parting(1, f"The start moves by {stride}, not by 1."))]
    values = {"L": length, "w": window, "k": horizon, "s": stride}
    working = [
        line(r"\text{last start}", values, apart, "Counted from 0:", "L - w - k"),
        line(r"\text{windows}", {"r": apart % stride, "a": apart, "s": stride}, answer, written="(a - r) / s + 1"),
    ]
    givens = (
        f"a series of {length} values; an input is a window of {window}, and the next {horizon} are its target",
        f"the start of a window moves by {stride}",
    )
    return Task("How many examples are there?", givens, answer, slips, working)


@asks("state-across-windows", HEAD, EXACT, window=(5, 8, 10, 12, 20, 24, 30, 48), horizon=(1, 2, 3, 6, 12),
      last=(100, 200, 500))  # fmt: skip
def honest_gap(window: int, horizon: int, last: int) -> Task:
    """The first test window that shares nothing with the training set."""
    answer = last + window + horizon
    slips: Slips = [
        (last + 1, parting(1, "That window shares nearly all of its values with the last one of training.")),
        (last + window, parting(1, "The targets of the last training window are still in it.")),
        (last + horizon, parting(1, "The window itself has to be over as well.")),
        (answer - 1, "That value is the last target of training."),
        (answer + 1, "One value less is enough."),
    ]
    values = {"a": last, "w": window, "k": horizon}
    working = [line(r"\text{last value used}", values, answer - 1, written="a + w + k - 1")]
    working += [line(r"\text{first start}", {"u": answer - 1}, answer, written="u + 1")]
    givens = (
        f"a window starts at value $a$, reads {window} values, and its targets are the next {horizon}",
        f"the last window of the training set starts at $a = {last}$",
    )
    asked = "At which value may the first test window start at the earliest, if it is to share no value with training?"
    return Task(asked, givens, answer, slips, working)


@asks("beside-the-rnn", HEAD, EXACT, length=(20, 28, 50, 64, 100), kernel=(3, 4, 5), stride=(1, 2, 3),
      dilation=(1, 2, 4), padding=(0, 1, 2))  # fmt: skip
def convolution_length(length: int, kernel: int, stride: int, dilation: int, padding: int) -> Task:
    """The output length of a convolution."""
    padded, reach = length + 2 * padding, (kernel - 1) * dilation
    answer = conv1d.out_steps(padded, kernel, stride, dilation)
    rest = padded - reach - 1
    slips: Slips = [
        (rest // stride, "The first position counts, too: add 1."),
        (length, parting(1, "That is the input's length.")),
    ]
    if padding:
        slips += [(conv1d.out_steps(length, kernel, stride, dilation), parting(1, "That leaves the padding out."))]
        slips += [(conv1d.out_steps(length + padding, kernel, stride, dilation), parting(1, "Both sides are padded."))]
    if dilation > 1:
        slips += [(conv1d.out_steps(padded, kernel, stride, 1), parting(1, "A dilated kernel reaches further."))]
        wide = conv1d.out_steps(padded - dilation + 1, kernel, stride, dilation)
        slips += [(wide, parting(1, "A kernel of $k$ steps has $k - 1$ gaps."))]
    if stride > 1:
        slips += [(rest + 1, parting(1, f"Only every {'second' if stride == 2 else 'third'} position is kept."))]
    slips += [(padded // stride - kernel, parting(1, "The kernel has to fit before the stride is taken."))]
    values = {"L": length, "p": padding, "k": kernel, "d": dilation}
    working = [
        line(r"\text{last position}", values, rest, "Counted from 0:", r"L + 2 \cdot p - (k - 1) \cdot d - 1"),
        line(r"\text{length}", {"a": rest, "r": rest % stride, "s": stride}, answer, written="(a - r) / s + 1"),
    ]
    givens = (
        f"an input of {length} steps, padded by {padding} on each side",
        f"a kernel of {kernel}, stride {stride}, dilation {dilation}",
    )
    return Task("How many steps does the output have?", givens, answer, slips, working)
