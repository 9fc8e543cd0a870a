"""The many small marks of a figure as HTML and SVG, from the same numbers: a template takes three times as long."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from typing import NamedTuple

import numpy as np

from app.demos.machine.figures import Curve, Diagram, Node, Row, Trace, Values
from app.demos.machine.numbers import heat, heats, show_all


def table(trace: Trace, columns: Sequence[int], chosen: str, formatted: Callable[[str], str]) -> str:
    """The head and the rows of a trace's table; `formatted` makes HTML of a row's label."""
    at = int(chosen.rpartition(",")[2] or 0) - 1
    drawn = ["<thead><tr><td></td>"]
    for column, before in zip(columns, (-1, *columns[:-1]), strict=True):
        kinds = " ".join(["gap"] * (column > before + 1) + ["now"] * (column == at))
        kind = f' class="{kinds}"' if kinds else ""
        drawn.append(f'<th scope="col"{kind}>{escape(trace.columns[column])}</th>')
    drawn.append("</tr></thead>\n<tbody>\n")
    group = ""
    for row in trace.rows:
        if row.group and row.group != group:
            group, wide = row.group, len(columns) + 1
            drawn.append('</tbody><tbody><tr class="group">')
            drawn.append(f'<th colspan="{wide}" scope="rowgroup"><span>{escape(group)}</span></th></tr>\n')
        label = f'<span class="unseen">{escape(row.says)}</span><span aria-hidden="true">{formatted(row.label)}</span>'
        drawn.append(f'<tr><th scope="row">{label}</th>{cells(trace, row, columns, chosen)}</tr>\n')
    drawn.append("</tbody>\n")
    return "".join(drawn)


def cells(trace: Trace, row: Row, columns: Sequence[int], chosen: str) -> str:
    """The cells of one row, each a button that chooses it; coloured by the row's own largest finite size."""
    shown, key = row.values[columns].tolist(), escape(row.key)
    colours = heats(shown, largest_finite(row.values) if trace.coloured else 0.0)
    drawn = []
    for column, value, colour, text in zip(columns, shown, colours, show_all(shown), strict=True):
        at = f"{key},{column + 1}"
        strange = "" if math.isfinite(value) else ' class="odd"'
        current = ' aria-current="true"' if at == chosen else ""
        drawn.append(
            f'<td data-heat="{colour}"{strange}>'
            f'<button name="at" value="{at}" form="knobs"{current}>{text}</button></td>'
        )
    return "".join(drawn)


def grid(trace: Trace, most: int = 14) -> str:
    """A trace as coloured squares alone, a corner of it where it is large: its picture in the list of demos."""
    rows, columns = trace.rows[:most], min(most, len(trace.columns))
    squares = []
    for y, row in enumerate(rows):
        largest = largest_finite(row.values)
        squares += [
            f'<rect data-heat="{heat(value, largest)}" x="{22 * x}" y="{22 * y}" width="20" height="20"/>'
            for x, value in enumerate(row.values.tolist()[:columns])
        ]
    return f'<svg viewBox="-2 -2 {22 * columns + 2} {22 * len(rows) + 2}">{"".join(squares)}</svg>'


def largest_finite(values: Values) -> float:
    """The largest size of the numbers that are finite; 0 where there is none."""
    sizes = np.abs(values)
    largest = float(sizes.max(initial=0.0))
    return largest if math.isfinite(largest) else float(sizes[np.isfinite(sizes)].max(initial=0.0))


def points(curve: Curve) -> str:
    """The rows of a curve's table."""
    rows = curve.shown()
    columns = [show_all(values[rows].tolist()) for values in (curve.x, *(series.values for series in curve.series))]
    row = f'<tr><th scope="row">%s</th>{"<td>%s</td>" * len(curve.series)}</tr>\n'
    return "".join([row % cells for cells in zip(*columns, strict=True)])


def arrows(diagram: Diagram) -> str:
    """The edges of a diagram with their labels."""
    drawn = []
    for edge in diagram.edges:
        path, x, y = _path(_border(diagram.nodes[edge.start]), _border(diagram.nodes[edge.end]))
        drawn.append(f'<path class="edge{" rec" if edge.recurrent else ""}" d="{path}"/>\n')
        if edge.label:
            drawn.append(_text(edge.label, x, y, ' class="weight"'))
    return "".join(drawn)


def nodes(diagram: Diagram, small: bool = False) -> str:
    """The nodes of a diagram with their texts; a small drawing leaves the numbers to their colour."""
    return "".join([_node(node, small) for node in diagram.nodes])


def _node(node: Node, small: bool) -> str:
    at = f' data-at="{escape(node.at)}"' if node.at else ""
    lit = ' class="lit"' if node.lit else ""
    x, y, shape = node.x, node.y, ""
    if node.shape == "circle":
        shape = f'<circle cx="{x}" cy="{y}" r="{node.width / 2}" data-heat="{node.heat}"/>'
    elif node.shape == "box":
        left, top = x - node.width / 2, y - node.height / 2
        shape = f'<rect x="{left}" y="{top}" width="{node.width}" height="{node.height}" rx="9"/>'
    if small:
        return shape + (_text(node.text, x, y + 5) if node.text and not node.at and node.shape != "circle" else "")
    boxed = node.shape == "box"
    text = _text(node.text, x, y + (0 if node.note and boxed else 4), ' class="strong"' if node.strong else "")
    note = _text(node.note, x, y + (17 if boxed else 21), ' class="note"') if node.note else ""
    return f"<g{at}{lit}>{shape}{text if node.text else ''}{note}</g>\n"


def _text(text: str, x: float, y: float, kind: str = "") -> str:
    text, _, below = text.partition("_")
    index = f'<tspan class="index" dy="4">{escape(below)}</tspan>' if below else ""
    return f'<text{kind} x="{x}" y="{y}">{escape(text)}{index}</text>'


class _Border(NamedTuple):
    """The outline of a node: a circle, or a box around bare text too."""

    x: float
    y: float
    across: float
    up: float
    is_round: bool

    def towards(self, x: float, y: float, gap: float) -> tuple[float, float]:
        """The point on this border, `gap` outside it, on the way to (x, y)."""
        dx, dy = x - self.x, y - self.y
        length = math.hypot(dx, dy) or 1.0
        reach = self.across
        if not self.is_round:
            reach = min(
                self.across / abs(dx) * length if dx else math.inf, self.up / abs(dy) * length if dy else math.inf
            )
        return self.x + dx / length * (reach + gap), self.y + dy / length * (reach + gap)


def _border(node: Node) -> _Border:
    return _Border(node.x, node.y, node.width / 2, node.height / 2, node.shape == "circle")


@lru_cache(maxsize=4096)
def _path(start: _Border, end: _Border) -> tuple[str, float, float]:
    """The arrow between two borders, or from one around to itself, and where its label stands."""
    if start == end:
        x, y, reach = start.x, start.y, start.across
        path = (
            f"M{x - 0.87 * reach - 1:.1f},{y - 0.5 * reach:.1f}"
            f"C{x - 2.6 * reach:.1f},{y - 1.7 * reach:.1f},{x - 2.6 * reach:.1f},{y + 1.7 * reach:.1f},"
            f"{x - 0.87 * reach - 3:.1f},{y + 0.5 * reach + 1:.1f}"
        )
        return path, round(x - 2.1 * reach, 1), round(y - 0.75 * reach - 7, 1)
    x1, y1 = start.towards(end.x, end.y, 1)
    x2, y2 = end.towards(start.x, start.y, 3)
    return f"M{x1:.1f},{y1:.1f}L{x2:.1f},{y2:.1f}", round((x1 + x2) / 2, 1), round((y1 + y2) / 2 - 7, 1)
