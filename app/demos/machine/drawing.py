"""Traces and diagrams as HTML and SVG: in Python, because a template takes three times as long."""

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from typing import NamedTuple

from app.demos.machine.chart import held, small_picture
from app.demos.machine.figures import LEGIBLE, Diagram, Figure, Node, Row, Trace
from app.demos.machine.numbers import Mark, marks

MOST_SQUARES = 14  # of a trace's miniature, each way
SHORT_ARROW = 36  # shorter than its label is wide
GRIP = 22 / LEGIBLE  # the radius of what a finger takes hold of: 44 pixels across, at the smallest scale too
LETTER = 7.8  # how wide a letter of a diagram is
LONG = 12  # letters of a column's head that may take two lines
SMALL_WIDE, SMALL_HIGH = 250, 150  # the room of a miniature, in pixels


GATE_COLOURS = {"f": "0000FF", "i": "03FF00", "o": "BF0140", "g": "FF8001", "n": "FF8001", "z": "FB3199", "r": "BF803F"}
"""The colour of each gate as static/maths.css knows it; static/demos.css gives the same ones to figures and tables."""
_LETTER = re.compile(r"<mi>([figozrn])</mi>")


def in_gate_colours(html: str, gates: str) -> str:
    """HTML with the letters in its formulas that are among `gates` in the colours of these."""

    def coloured(found: re.Match[str]) -> str:
        letter = found[1]
        return f'<mi mathcolor="#{GATE_COLOURS[letter]}">{letter}</mi>' if letter in gates else found[0]

    return _LETTER.sub(coloured, html) if gates else html


class Table(NamedTuple):
    """The head and the rows of a trace's table as HTML, and how many of its columns they show."""

    html: str
    columns: int


def table(trace: Trace, chosen: tuple[str, int] | None, formatted: Callable[[str], str]) -> Table:
    """The table of a trace. `chosen` is the row key and the column (from 0) of its chosen cell, if it has one.

    `formatted` makes HTML of a row's label.
    """
    columns = trace.shown_columns((chosen or trace.chosen)[1])
    rows = marks([row.values for row in trace.rows], columns, trace.coloured)
    drawn = [_head(trace.columns, columns, chosen[1] if chosen else -1)]
    group = ""
    says = [row.says for row in trace.rows]  # beside each other, for who steps through it
    for row, words, shown, origins in zip(trace.rows, says, rows, trace.origins(columns), strict=True):
        if row.group and row.group != group:
            group, wide = row.group, len(columns) + 1
            drawn.append('</tbody><tbody><tr class="group">')
            drawn.append(f'<th colspan="{wide}" scope="rowgroup"><span>{escape(group)}</span></th></tr>\n')
        label = f'<span class="unseen">{escape(words)}</span><span aria-hidden="true">{formatted(row.label)}</span>'
        at = chosen[1] if chosen and chosen[0] == row.key else -1
        kind = f' class="gate-{row.gate}"' if row.gate else ""
        drawn.append(f'<tr><th scope="row"{kind}>{label}</th>{cells(row, columns, shown, at, origins)}</tr>\n')
    drawn.append("</tbody>\n")
    return Table("".join(drawn), len(columns))


def _head(words: Sequence[str], columns: Sequence[int], now: int) -> str:
    drawn = ["<thead><tr><td></td>"]
    for column, before in zip(columns, (-1, *columns[:-1]), strict=True):
        kinds = " ".join(["gap"] * (column > before + 1) + ["now"] * (column == now))
        kind = f' class="{kinds}"' if kinds else ""
        word = escape(words[column])
        word = f'<span class="long">{word}</span>' if len(word) > LONG else word
        drawn.append(f'<th scope="col"{kind}>{word}</th>')
    drawn.append("</tr></thead>\n<tbody>\n")
    return "".join(drawn)


def cells(row: Row, columns: Sequence[int], shown: Sequence[Mark], chosen: int, origins: Sequence[str] = ()) -> str:
    """The cells of one row, each a button that chooses it; `chosen` is the column of the chosen one.

    `origins` say what each number comes from.
    """
    drawn = []
    for column, (text, colour, is_finite), origin in zip(columns, shown, origins or [""] * len(shown), strict=True):
        strange = "" if is_finite else ' class="odd"'
        current = ' aria-current="true"' if column == chosen else ""
        drags = held(row.handle_at(column + 1)) if row.handle else ""
        if origin:
            drags += f' data-from="{escape(origin)}"'
        drawn.append(
            f'<td data-heat="{colour}"{strange}><button name="at" value="{escape(row.key)},{column + 1}" form="knobs"'
            f"{drags}{current}>{text}</button></td>"
        )
    return "".join(drawn)


def miniature(figure: Figure) -> str:
    """A small picture of a figure, for the list of demos: without numbers, and a corner of a large trace."""
    if figure.kind == "curve":
        return small_picture(figure)
    if figure.kind == "diagram":
        says = min(SMALL_WIDE / figure.width, SMALL_HIGH / figure.height) >= LEGIBLE
        halves = [(one.x, one.width / 2 + 6 if one.shape != "text" else 6) for one in figure.nodes]
        left, right = min(x - half for x, half in halves), max(x + half for x, half in halves)
        left, right = (0, figure.width) if says else (left, right)
        view = f"{left:g} 0 {right - left:g} {figure.height:g}"
        return f'<svg viewBox="{view}">\n{arrows(figure, says)}{nodes(figure, small=True, says=says)}\n</svg>'
    rows, columns = figure.rows[:MOST_SQUARES], range(min(MOST_SQUARES, len(figure.columns)))
    squares = [
        f'<rect data-heat="{colour}" x="{22 * x}" y="{22 * y}" width="20" height="20"/>'
        for y, row in enumerate(marks([row.values for row in rows], columns, coloured=True))
        for x, (_, colour, _) in enumerate(row)
    ]
    return f'<svg viewBox="-2 -2 {22 * len(columns) + 2} {22 * len(rows) + 2}">{"".join(squares)}</svg>'


def arrows(diagram: Diagram, says: bool = True) -> str:
    """The edges of a diagram, with their labels if it `says` any. Each tells which cells it leads from and to."""
    drawn = []
    for edge in diagram.edges:
        start, end = diagram.nodes[edge.start], diagram.nodes[edge.end]
        path, x, y = _path(_border(start), _border(end))
        weight = f' data-weight="{edge.weight}"' if edge.weight else ""
        ends = f' data-ends="{escape(start.at)} {escape(end.at)}"' if start.at and end.at else ""
        drawn.append(f'<path class="edge{" rec" if edge.recurrent else ""}"{weight}{ends} d="{path}"/>\n')
        if edge.label and says:
            label = _text(edge.label, x, y, ' class="weight"')
            grip = _grip(x, y - 4, _long(edge.label)) if edge.handle else ""
            drawn.append(f"<g{held(edge.handle)}>{grip}{label}</g>\n" if edge.handle else label)
    return "".join(drawn)


def _grip(x: float, y: float, wide: float, high: float = 20) -> str:
    """What a finger takes hold of, and the ring that shows it, around what is so `wide` and `high`."""
    radius = high / 2 + 5
    half = max(0, wide / 2 + 4 - radius)
    ends = f"a{radius:g},{radius:g} 0 0 1 0,"
    ring = f"M{x - half:g},{y - radius:g}h{2 * half:g}{ends}{2 * radius:g}h{-2 * half:g}{ends}{-2 * radius:g}z"
    return f'<circle class="grip" cx="{x}" cy="{y}" r="{max(GRIP, radius):.4g}"/><path class="ring" d="{ring}"/>'


def _long(text: str) -> float:
    """About how wide a text is."""
    return LETTER * len(text.replace("_", ""))


def nodes(diagram: Diagram, small: bool = False, says: bool = True) -> str:
    """The nodes of a diagram with their texts; a small drawing shows numbers by their colour alone."""
    return "".join([_node(node, small, says) for node in diagram.nodes])


def _node(node: Node, small: bool, says: bool) -> str:
    at = f' data-at="{escape(node.at)}"' if node.at else ""
    kinds = " ".join(["lit"] * node.lit + [f"gate-{node.gate}"] * bool(node.gate))
    kind = f' class="{kinds}"' if kinds else ""
    x, y, shape = node.x, node.y, ""
    if node.shape == "circle":
        shape = f'<circle cx="{x}" cy="{y}" r="{node.width / 2}" data-heat="{node.heat}"/>'
    elif node.shape == "box":
        left, top = x - node.width / 2, y - node.height / 2
        shape = f'<rect x="{left}" y="{top}" width="{node.width}" height="{node.height}" rx="9"/>'
    if small:
        names = says and node.text and not node.at and node.shape != "circle"
        return f"<g{kind}>{shape}{_text(node.text, x, y + 5) if names else ''}</g>"
    boxed, is_round, long = node.shape == "box", node.shape == "circle", _long(node.text)
    if node.handle:
        noted = bool(node.note and node.shape == "text")
        room = (node.width, node.width) if is_round else (max(long, _long(node.note) * noted), 34 if noted else 20)
        grip = _grip(x, y + 9 * noted, *room)
        at, shape = at + held(node.handle), shape + grip if boxed and not node.text else grip + shape
    is_tight = is_round and long > node.width - 6
    looks = " ".join(["strong"] * node.strong + ["bare"] * (node.shape == "text") + ["tight"] * is_tight)
    text = _text(node.text, x, y + (0 if node.note and boxed else 4), f' class="{looks}"' if looks else "")
    note = _text(node.note, x, y + (17 if boxed else 21), ' class="note"') if node.note else ""
    return f"<g{at}{kind}>{shape}{text if node.text else ''}{note}</g>\n"


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
        if not self.is_round and (dx or dy):
            reach = min(
                self.across / abs(dx) * length if dx else math.inf, self.up / abs(dy) * length if dy else math.inf
            )
        return self.x + dx / length * (reach + gap), self.y + dy / length * (reach + gap)


def _border(node: Node) -> _Border:
    return _Border(node.x, node.y, node.width / 2, node.height / 2, node.shape == "circle")


@lru_cache(maxsize=4096)
def _path(start: _Border, end: _Border) -> tuple[str, float, float]:
    """The arrow from one border to another, or around to itself, and the place of its label. Where one is over the
    other there is none."""
    if start == end:
        x, y, reach = start.x, start.y, start.across
        path = (
            f"M{x + 0.5 * reach:.1f},{y - 0.87 * reach - 1:.1f}"
            f"C{x + 1.7 * reach:.1f},{y - 2.6 * reach:.1f},{x - 1.7 * reach:.1f},{y - 2.6 * reach:.1f},"
            f"{x - 0.5 * reach - 1:.1f},{y - 0.87 * reach - 3:.1f}"
        )
        return path, round(x + 1.8 * reach, 1), round(y - 1.5 * reach, 1)
    x1, y1 = start.towards(end.x, end.y, 1)
    x2, y2 = end.towards(start.x, start.y, 3)
    x, y = round((x1 + x2) / 2, 1), round((y1 + y2) / 2, 1)
    if abs(x2 - x1) < 2 * abs(y2 - y1):  # on a steep arrow, near its start, where those to one end are apart
        x, y = round(x1 + (x2 - x1) / 3, 1), round(y1 + (y2 - y1) / 3 + 4, 1)
    else:
        y -= 7 if math.hypot(x2 - x1, y2 - y1) > SHORT_ARROW else 19  # where the circles at its ends leave room
    onward = (x2 - x1) * (end.x - start.x) + (y2 - y1) * (end.y - start.y) > 0
    return f"M{x1:.1f},{y1:.1f}L{x2:.1f},{y2:.1f}" if onward else "", x, y
