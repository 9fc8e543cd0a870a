"""The picture of a curve as SVG: axes with round numbers, a grid, and the lines.

The numbers on the axes are placed by percentages, so they keep their size at any width. The lines are drawn in a box of
1000 by 1000 units, which the browser stretches to the width and height that the stylesheet sets.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.figures import Curve, Handle, Spot, Values
from app.demos.machine.numbers import show_all, ticks

UNITS = 1000
FINGER, DOWN = 0.2, (12, 42, 72)  # of a phone's axis, and how far down a ring is, in per cent
MIDDLE = 50  # per cent
MOST_X, MOST_Y = 13, 6  # steps between the round numbers on an axis, at most
FIT_NARROW, FIT_ANYWHERE = 30, 12  # characters on an x axis that fit on a phone, and on a phone with large text
SAME = 1e-6  # numbers that differ by less, relative to their size, are drawn as one level
LEAST_RANGE = 1e-300
LARGEST = sys.float_info.max
POWERS_APART = (1, 2, 3, 5, 10, 20, 30, 50, 100)
MOST_POWERS = 6
LONG = 6  # characters that fit into the margin of a y axis
BOX = f'<svg viewBox="0 0 {UNITS} {UNITS}" preserveAspectRatio="none">'


class Axis(NamedTuple):
    """The range that an axis shows, and the round numbers that are written on it."""

    low: float
    high: float
    numbers: tuple[float, ...]
    is_log: bool = False

    def places(self, values: Values) -> Values:
        """Where the values stand, from 0 at the low end to 1000 at the high end, as whole numbers."""
        low, high = self.low, self.high
        if self.is_log:
            values, low, high = np.log10(values), math.log10(low), math.log10(high)
        # Halves, because the range of the largest numbers is more than a float can hold.
        found: Values = np.rint((values / 2 - low / 2) * (UNITS / (high / 2 - low / 2)))
        return found


@lru_cache(maxsize=1024)
def x_axis(first: float, last: float, whole: bool) -> Axis:
    """The axis from `first` to `last`. With `whole`, every number written on it is whole."""
    low, high = (first, last) if first < last else (first - 0.5, first + 0.5)
    slack = SAME * (high - low)
    numbers = _round_numbers(low, high, MOST_X, whole)
    return Axis(low, high, tuple(n for n in numbers if low - slack <= n <= high + slack))


@lru_cache(maxsize=1024)
def y_axis(low: float, high: float, is_log: bool) -> Axis:
    """An axis for numbers from `low` to `high`. A linear one ends at round numbers."""
    largest = max(abs(low), abs(high))
    if high - low <= max(SAME * largest, LEAST_RANGE):  # one level, which is drawn in the middle
        apart = largest / 2 if largest > LEAST_RANGE else 1.0
        low, high = (low / 10, high * 10) if is_log else (low - apart, high + apart)
        low, high = max(low, math.ulp(0.0) if is_log else -LARGEST), min(high, LARGEST)
    if is_log:
        return Axis(low, high, _powers(low, high), is_log=True)
    numbers = _round_numbers(low, high, MOST_Y)
    return Axis(min(low, numbers[0]), max(high, numbers[-1]), numbers)


class Picture(NamedTuple):
    """A curve as HTML: the image, and the rows of its table. `last` is the index of the last row."""

    image: str
    rows: str
    last: int


def picture(curve: Curve) -> Picture:
    """Axes, grid and lines as one image, with the table that says the same in numbers.

    Where no number can be drawn, the image is the x axis alone.
    """
    shown, alt = curve.shown(), escape(curve.alt)
    x = _x_axis_of(curve.x[shown].tobytes(), curve.until)
    values = np.array([series.values for series in curve.series])[:, shown]
    y, lines = _drawn(curve, x, values)
    numbers, grid, kind = _y_numbers(y) if y else ("", "", "")
    notes = _notes(curve, x.axis, y) if y else ""
    image = (
        f'<svg class="chart{kind}" role="img" aria-label="{alt}" data-steps="{x.steps}">'
        f'<g class="y">{numbers}</g><g class="x">{x.numbers}</g>{BOX}<path class="grid" d="{grid}"/>'
        f'<path class="axis" d="M0 {UNITS}H{UNITS}{x.marks}"/>{lines}</svg>{notes}<g class="mark"></g>'
        f"{''.join([_place(one, x.axis, y, down) for one, down in _rings(curve.places, x.axis) if y])}</svg>"
    )
    row = f'<tr><th scope="row">%s</th>{"<td>%s</td>" * len(curve.series)}</tr>\n'
    columns = [x.texts, *show_all(values.tolist())]
    return Picture(image, "".join([row % cells for cells in zip(*columns, strict=True)]), len(shown) - 1)


def held(handle: Handle | None) -> str:
    """The attributes that say what dragging a part of a drawing changes."""
    if not handle:
        return ""
    given = {"up": handle.up, "down": handle.down, "across": handle.across, "pitch": f"{handle.pitch:g}"}
    return "".join([f' data-{name}="{value}"' for name, value in given.items() if value not in ("", "0")])


def _rings(places: Sequence[Spot], axis: Axis) -> Iterator[tuple[Spot, int]]:
    """Each place, and how far down the ring of its line is: not the last one's, if a finger would find both."""
    last, level = -math.inf, 0
    for place in places:
        if place.y is None and place.x is not None:
            near = place.x - last < (axis.high - axis.low) * FINGER
            last, level = place.x, (level + 1) % len(DOWN) if near else 0
        yield place, DOWN[level]


def _place(place: Spot, x_axis: Axis, y_axis: Axis, ring: int) -> str:
    """A place that can be dragged, where it is within the axes."""
    along = x_axis if place.handle.across else y_axis
    handle = place.handle._replace(pitch=UNITS / (along.high - along.low) / place.unit) if place.unit else place.handle
    found = {"x": UNITS / 2, "y": UNITS / 2}
    for name, value, axis in (("x", place.x, x_axis), ("y", place.y, y_axis)):
        if value is not None:
            if not axis.low <= value <= axis.high:
                return ""
            at = float(axis.places(np.array(value)))
            found[name] = at if name == "x" else UNITS - at
    across, down = (f"{at / 10:g}%" for at in found.values())
    line = ""
    if place.y is None:
        line, down = f'<line x1="{across}" x2="{across}" y1="0" y2="100%"/>', f"{ring}%"
    elif place.x is None:
        line, across = f'<line x1="0" x2="100%" y1="{down}" y2="{down}"/>', "50%"
    dots = "".join(
        [f'<circle{kind} cx="{across}" cy="{down}" r="{r}"/>' for kind, r in ((' class="grip"', 22), ("", 7))]
    )
    return f'<g class="place"{held(handle)}>{line}{dots}</g>'


def small_picture(curve: Curve) -> str:
    """The lines alone, for the list of demos."""
    shown = curve.shown()
    values = np.array([series.values for series in curve.series])[:, shown]
    lines = _drawn(curve, _x_axis_of(curve.x[shown].tobytes()), values)[1]
    return (
        f'<svg viewBox="-20 -50 {UNITS + 40} {UNITS + 100}" preserveAspectRatio="none">'
        f'<path class="axis" d="M0 0V{UNITS}H{UNITS}"/>{lines}</svg>'
    )


class XAxis(NamedTuple):
    """The x axis of a curve as it is drawn.

    `axis` has its range. `places` and `texts` are those of the rows of the table, `steps` the places as an attribute.
    `numbers` and `marks` are SVG.
    """

    axis: Axis
    places: Values
    steps: str
    texts: list[str]
    numbers: str
    marks: str


@lru_cache(maxsize=256)
def _x_axis_of(xs: bytes, until: float | None = None) -> XAxis:
    """The x axis for these floats, and up to `until` at least.

    It is cached, because it stays the same while a slider moves the lines.
    """
    x = np.frombuffer(xs)
    axis = x_axis(float(x[0]), max(float(x[-1]), until or -math.inf), bool((x == np.floor(x)).all()))
    places = axis.places(x)
    drawn = axis.places(np.array(axis.numbers)).astype(int).tolist()
    texts = ticks(axis.numbers, alike=True)
    numbers = [
        f'<text{kind} x="{place / 10:g}%" y="100%">{text}</text>'
        for text, place, kind in zip(texts, drawn, _widths(axis.numbers, texts), strict=True)
    ]
    marks = [f"M{place} {UNITS}v20" for place in drawn]
    steps = _listed(np.diff(places, prepend=0.0))
    return XAxis(axis, places, steps, show_all([x.tolist()])[0], "".join(numbers), "".join(marks))


def _widths(numbers: Sequence[float], texts: Sequence[str]) -> list[str]:
    """The class of each number on an x axis, by which the stylesheet hides some where not all of them fit."""
    classes = [""] * len(texts)
    kept = list(range(len(texts)))
    odd = round(numbers[0] / (numbers[1] - numbers[0])) % 2 if len(numbers) > 3 else 0  # so that 2, 4, 6 are kept
    for name, most in (("wide", FIT_NARROW), ("middle", FIT_ANYWHERE)):
        if len(kept) > 2 and sum(len(texts[i]) + 1 for i in kept) > most:
            for i in kept[1 - odd :: 2]:
                classes[i] = f' class="{name}"'
            kept, odd = kept[odd::2], 0
    return classes


PIN = 36
"""How far a note stands from its point, in pixels: clear of a line that falls or rises towards the edge."""
HIGH, DEEP = 30, 66  # per cent from the top: no room above, no room below


def _notes(curve: Curve, x: Axis, y: Axis) -> str:
    """The noted points with their words, on the side where there is room."""
    drawn, levels = [], dict[bool, list[float]]({True: [], False: []})
    for point in curve.noted:
        across = float(x.places(np.array([point.x]))[0]) / 10
        down = 100 - float(y.places(np.array([point.y]))[0]) / 10
        edge, at = ("end", 100.0) if across > MIDDLE else ("start", across)
        is_above = down > (HIGH if point.above else DEEP)
        beside = levels[is_above]
        away = PIN + 16 * len(beside)
        beside.append(down)
        level = min(beside) if is_above else max(beside)
        rise, foot = (-away, -away - 3) if is_above else (away, away + 11)
        drawn.append(
            f'<line class="pin" x1="{across:g}%" x2="{across:g}%" y1="{down:g}%" y2="{level:g}%"/>'
            f'<svg x="{across:g}%" y="{level:g}%" overflow="visible"><path class="pin" d="M0 0V{rise}"/></svg>'
            f'<circle class="noted" cx="{across:g}%" cy="{down:g}%" r="4"/>'
            f'<svg y="{level:g}%" overflow="visible">'
            f'<text class="noted {edge}" x="{at:g}%" y="{foot}">{escape(point.says)}</text></svg>'
        )
    return "".join(drawn)


@lru_cache(maxsize=1024)
def _y_numbers(y: Axis) -> tuple[str, str, str]:
    """The numbers on the y axis, the path of the grid, and a class where the numbers are long."""
    places = [UNITS - int(place) for place in y.places(np.array(y.numbers)).tolist()]
    texts = ticks(y.numbers, alike=not y.is_log)
    numbers = [f'<text y="{place / 10:g}%">{text}</text>' for text, place in zip(texts, places, strict=True)]
    kind = " far" * any(len(text) > LONG for text in texts)
    return "".join(numbers), "".join([f"M0 {place}H{UNITS}" for place in places]), kind


def _drawn(curve: Curve, x: XAxis, values: Values) -> tuple[Axis | None, str]:
    """The y axis, and the lines (one, rows) as SVG. What cannot be drawn is a gap, and is not bridged."""
    known = np.isfinite(values)
    if curve.log:
        known &= values > 0
    all_known = bool(known.all())
    drawable = values if all_known else values[known]
    if not drawable.size:
        return None, ""
    low, high = curve.room or (math.inf, -math.inf)
    y = y_axis(min(low, float(drawable.min())), max(high, float(drawable.max())), curve.log)
    points = np.empty((*values.shape, 2))
    points[:, :, 0] = x.places
    points[:, :, 1] = UNITS - y.places(values if all_known else np.where(known, values, y.low))
    lines = [
        f'<path class="line s{i} {series.dash}" d="{_path(points[i], known[i])}"/>'
        for i, series in enumerate(curve.series)
    ]
    return y, "".join(lines)


def _path(points: Values, known: NDArray[np.bool_]) -> str:
    """The line through the points (rows, 2) that are known, each relative to the one before.

    A point alone between gaps is a dot.
    """
    ends = [0, len(points)]
    if not known.all():
        ends = np.flatnonzero(np.diff(known, prepend=False, append=False)).tolist()
    runs = [points[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True)]
    return "".join(
        [f"M{_listed(run[0])}" + (f"l{_listed(np.diff(run, axis=0))}" if len(run) > 1 else "z") for run in runs]
    )


def _listed(values: Values) -> str:
    return " ".join(map(str, values.ravel().astype(int).tolist()))


def _round_numbers(low: float, high: float, most: int, whole: bool = False) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten, from `low` or just below it to `high` or just above it."""
    span = min(high - low, LARGEST)
    power = math.floor(math.log10(span / most))
    digit = next(digit for digit in (1, 2, 5, 10) if digit * 10.0**power * most >= span * (1 - SAME))
    if whole and power < 0:
        digit, power = 1, 0
    step = digit * 10.0**power
    first, last = math.floor(low / step + SAME), math.ceil(high / step - SAME)
    numbers = [float(f"{n * digit}e{power}") for n in range(first, last + 1)]
    return tuple(n for n in numbers if math.isfinite(n))


def _powers(low: float, high: float) -> tuple[float, ...]:
    """The numbers on a log axis: powers of ten, evenly apart.

    Within two powers they are 1, 2 and 5 times each power; within half a power they are round numbers.
    """
    decades = math.log10(high) - math.log10(low)
    if decades < 0.5:
        numbers = _round_numbers(low, high, MOST_Y)
    else:
        apart = next((n for n in POWERS_APART if decades / n <= MOST_POWERS), POWERS_APART[-1])
        first = math.floor(math.floor(math.log10(low)) / apart) * apart
        digits = (1, 2, 5) if decades < 2 else (1,)
        powers = range(first, math.ceil(math.log10(high)) + 1, apart)
        numbers = tuple(float(f"{digit}e{power}") for power in powers for digit in digits)
    return tuple(n for n in numbers if low * (1 - SAME) <= n <= min(high * (1 + SAME), LARGEST))
