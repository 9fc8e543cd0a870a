"""What a layer costs at a length: sequential steps, path and work, for four kinds of layer side by side."""

from collections.abc import Mapping

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Trace
from app.demos.machine.numbers import fill
from app.nn import reach

KINDS = {"rnn": "RNN", "conv": "convolution", "dilated": "dilated", "attention": "self-attention"}
KERNEL = 3
ON_CURVE = 60


def counted(T: int, d: int, heads: int, causal: bool) -> dict[str, float]:
    """The named numbers: scores of the attention layer, and steps, path and work of each kind."""
    pairs = reach.pairs(T, causal)
    numbers: dict[str, float] = {"T": T, "d": d, "pairs": pairs, "scores": heads * pairs}
    for name, one in zip(KINDS, _reaches(T, d), strict=True):
        numbers |= {f"{name}_steps": one.in_sequence, f"{name}_path": one.path, f"{name}_work": one.work}
    work = reach.mixing(T, d)
    return numbers | {"mixing_work": work, "projection_work": numbers["attention_work"] - work}


def _reaches(T: int, d: int) -> tuple[reach.Reach, ...]:
    kernels = reach.convolution(T, d, KERNEL), reach.dilated(T, d, KERNEL)
    return reach.recurrent(T, d), *kernels, reach.attention(T, d)


_AT_ONCE = given("1", "All positions at once.")
_KERNELS = Formula(r"k \cdot T \cdot d^2", f"{KERNEL} matrices of d × d at each position.")
_FORMULAS = {
    "steps": (Formula("T", "Each state needs the one before it."), _AT_ONCE, _AT_ONCE, _AT_ONCE),
    "path": (
        Formula("T - 1", "One step of the state for each position passed."),
        Formula(r"\lceil (T - 1) / (k - 1) \rceil", f"Layers of causal kernels of {KERNEL}."),
        given(r"\lceil \log_k T \rceil", f"Layers of kernels of {KERNEL}, each with {KERNEL} times the dilation."),
        given("1", "Any two positions are one step apart."),
    ),
    "work": (
        Formula(r"2 \cdot T \cdot d^2", "Two matrices of d × d at each step."),
        _KERNELS,
        _KERNELS,
        Formula(
            r"4 \cdot T \cdot d^2 + 2 \cdot T^2 \cdot d",
            "Four projections (queries, keys, values, output), $T^2$ scores (masked or not), as many terms of means.",
        ),
    ),
}


def costs(numbers: Mapping[str, float]) -> Trace:
    """The counts as a table, each with its formula."""

    def row(key: str, label: str, words: str) -> Row:
        counts = np.array([float(numbers[f"{kind}_{key}"]) for kind in KINDS])
        return Row(key, label, counts, lambda column: _FORMULAS[key][column - 1], words=words)

    rows = (
        row("steps", "sequential steps", "steps that must wait for one another"),
        row("path", "path, end to end", "steps from the first position to the last"),
        row("work", "multiplications", "multiplications of one layer"),
    )
    told = "At {T} positions attention uses {scores} scores, all at once; an RNN takes {rnn_steps sequential steps}. "
    told += "Of attention's multiplications {mixing_work} go into scores and means, {projection_work} into projections."
    symbols = {"T": numbers["T"], "d": numbers["d"], "k": KERNEL}
    return Trace(
        "costs",
        "What it costs",
        fill(told, numbers),
        rows,
        ("path", 0),
        symbols,
        columns=[*KINDS.values()],
        column_word="layer",
        coloured=False,
    )


def paths(numbers: Mapping[str, float]) -> Curve:
    """The path from end to end against the length."""
    lengths = sorted(set(np.linspace(2, int(numbers["T"]), ON_CURVE).round().astype(int).tolist()))
    found = np.array([[one.path for one in _reaches(T, 1)] for T in lengths], dtype=float)
    told = (
        "End to end of {T}: {rnn_path steps} in an RNN, {dilated_path dilated layers}, {attention_path} of attention."
    )
    told = fill(told, numbers)
    dilated = f"dilated convolutions of kernel {KERNEL}"
    series = (
        Series("rnn", "RNN", "path through an RNN", found[:, 0]),
        Series("dilated", dilated, f"path through {dilated}", found[:, 2], "dashed"),
        Series("attention", "self-attention", "path through self-attention", found[:, 3], "dotted"),
    )
    far = Spot(Handle(across="far"), x=numbers["T"], unit=1)
    x = np.array(lengths, dtype=float)
    return Curve("path", "Length of the path", told, "length T", "path", x, series, True, [far])
