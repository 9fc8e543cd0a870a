"""How a number is shown: one formatter, used by captions, cells, legends, axes and text alternatives alike."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
STRONGEST = 9
HAIR = 1e-6

Mark = tuple[str, int, bool]
"""What a cell shows of a number: its text, its colour (-9 to 9), and whether it is finite."""


@lru_cache(maxsize=8192)
def show(value: float) -> str:
    """A number as the page shows it, with a real minus sign.

    What needs at most three decimals stays as it is (1 and 0.5 are exact, 1.0000 is rounded); the rest has four
    decimals from 0.1 up, three significant digits below, powers of ten beyond that. What is not finite is named.
    """
    size = abs(value)
    sign = "−" if value < 0 else ""
    # round() is slow, so it is asked only about what is within a hair of three decimals.
    if 0.001 <= size < 1000 and not HAIR < size * 1000 % 1 < 1 - HAIR and size == round(size, 3):
        return f"{sign}{size:.3f}".rstrip("0").rstrip(".")
    if 0.1 <= size < 100:
        return f"{sign}{size:.4f}"
    if size == 0:
        return "0"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return f"{sign}∞"
    if size < 1e9 and size == int(size):
        return f"{sign}{int(size):,}"
    if size >= 99_999.5 or size < 0.001:
        digits, power = f"{size:.2e}".split("e")
        return f"{sign}{digits}×10{str(int(power)).translate(SUPERSCRIPT)}"
    if size >= 100:
        return f"{sign}{size:,.{max(0, 4 - int(math.log10(size)))}f}"
    return f"{sign}{size:.{2 - math.floor(math.log10(size))}f}"


def show_all(rows: Iterable[Iterable[float]]) -> list[list[str]]:
    """Each number of each row as the page shows it."""
    return [[show(value) for value in row] for row in rows]


def ticks(values: Sequence[float], alike: bool) -> list[str]:
    """The round numbers of an axis, as short as they can be: 0.02, 2,000, 10⁻⁷, 5×10⁶.

    With `alike`, all have as many decimals as the longest: 0.00, 0.25, 0.50.
    """
    if not alike or any(_needs_power(value) for value in values):
        return [_tick(value) for value in values]
    decimals = max((len(f"{value:.12g}".partition(".")[2]) for value in values), default=0)
    return [f"{value:,.{decimals}f}".replace("-", "−") for value in values]


def _needs_power(value: float) -> bool:
    return value != 0 and not 0.001 <= abs(value) < 10_000


def _tick(value: float) -> str:
    if not _needs_power(value):
        return f"{value:,.12g}".replace("-", "−")
    digits, power = f"{value:.11e}".split("e")
    digits = digits.rstrip("0").rstrip(".").replace("-", "−")
    times = {"1": "", "−1": "−"}.get(digits, f"{digits}×")
    return f"{times}10{str(int(power)).translate(SUPERSCRIPT)}"


def short(value: float) -> str:
    """A number that fits into a circle of a diagram: two decimals where `show` has more."""
    text = show(value)
    if len(text) <= 5 or not math.isfinite(value):
        return text
    size = abs(value)
    if 0.001 <= size < 9999.5:
        text = f"{value:.{2 if 0.0095 <= size < 99.995 else 3 if size < 1 else 0}f}"
    else:
        digit, power = f"{value:.0e}".split("e")
        text = f"{digit}e{int(power)}"
    return text.replace("-", "−")


@lru_cache(maxsize=4096)
def plain(value: float) -> str:
    """A number as an address, CSV or a number field holds it: the shortest text that reads back as the same float."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def finite_or_name(value: float) -> float | str:
    """The number, or where JSON has none, its name."""
    return value if math.isfinite(value) else {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[repr(float(value))]


def latex(value: float) -> str:
    """A number inside a formula; negative ones and powers of ten are not yet bracketed."""
    text = show(value).replace("−", "-")
    if text == "NaN":
        return r"\mathrm{NaN}"
    if "∞" in text:
        return text.replace("∞", r"\infty")
    if "×10" in text:
        digits, power = text.split("×10")
        back = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
        return rf"{digits} \cdot 10^{{{power.translate(back)}}}"
    return text.replace(",", "")


def factor(value: float) -> str:
    """A number that stands behind a multiplication sign: bracketed when it has a sign of its own."""
    return f"({latex(value)})" if value < 0 else latex(value)


def heat(value: float, largest: float) -> int:
    """The colour of a cell, -9 to 9, by its size against `largest`; what is not finite has none."""
    if 0 < largest < math.inf and math.isfinite(value):
        return round(STRONGEST * max(-1.0, min(1.0, value / largest)))
    return 0


def largest_finite(values: NDArray[np.float64]) -> float:
    """The largest size of the numbers that are finite; 0 where there is none."""
    sizes = np.abs(values)
    largest = float(sizes.max(initial=0.0))
    return largest if math.isfinite(largest) else float(sizes[np.isfinite(sizes)].max(initial=0.0))


def marks(rows: Iterable[NDArray[np.float64]], columns: Sequence[int], coloured: bool) -> list[list[Mark]]:
    """What the cells of each row show in these columns; the colours are by the row's own largest finite size."""
    found = []
    for values in rows:
        largest = largest_finite(values) if coloured else 0.0
        found.append([(show(value), heat(value, largest), math.isfinite(value)) for value in values[columns].tolist()])
    return found


def counted(count: float, things: str, told: str = "") -> str:
    """So many things: "6 steps", "1 step"; `told` is how their number is written."""
    one = f"{things[:-3]}y" if things.endswith("ies") else things.removesuffix("s")
    return f"{told or count} {things if count != 1 else one}".rstrip()


def fill(sentence: str, numbers: Mapping[str, float]) -> str:
    """Put computed numbers into a sentence: `{ratio}` becomes `**0.0052**`, `{T steps}` `**6** steps` or `**1** step`.

    Between dollar signs stands LaTeX, which keeps its braces. Raises KeyError for a number that was not computed, so
    that no caption can state one.
    """
    parts = sentence.split("$")
    for index in range(0, len(parts), 2):
        pieces = parts[index].split("{")
        filled = [pieces[0]]
        for piece in pieces[1:]:
            told, _, rest = piece.partition("}")
            name, _, things = told.partition(" ")
            filled.append(counted(numbers[name], things, f"**{show(numbers[name])}**") + rest)
        parts[index] = "".join(filled)
    return "$".join(parts)


def words(sentence: str) -> str:
    """A sentence without its marks, for text alternatives: no asterisks, and LaTeX as it would be read."""
    text = sentence.replace("**", "")
    parts = text.split("$")
    for index in range(1, len(parts), 2):
        parts[index] = read(parts[index])
    return "".join(parts)


SPOKEN = {
    r"\,": " ",
    r"\cdot": "·",
    r"\times": "×",
    r"\varphi": "φ",
    r"\sigma": "σ",
    r"\gamma": "γ",
    r"\partial": "∂",
    r"\lVert": "‖",
    r"\rVert": "‖",
    r"\prod": "Π",
    r"\le": "≤",
    r"\to": "→",
    r"\approx": "≈",
    r"\infty": "∞",
    r"\ldots": "…",
}


def read(formula: str) -> str:
    """A formula as plain characters, for where MathML cannot go: `h_{t-1}` becomes `h t−1`."""
    for command, character in SPOKEN.items():
        formula = formula.replace(command, character)
    for mark in (r"\mathrm", r"\text", r"\tanh", "\\", "{", "}", "^", "_"):
        formula = formula.replace(mark, {r"\tanh": "tanh", "_": " ", "^": " to the power "}.get(mark, ""))
    return " ".join(formula.replace("-", "−").split())
