"""What a demo shows. A figure is a table first; drawings are made from the same numbers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.arithmetic import Arithmetic, Formula, shifted
from app.demos.machine.numbers import show, words

TRIED = (1, 2, 4, -2, -1)
"""The columns at which a row's formula is looked at: where it is the same at all of these, it is so everywhere."""
MOST_CELLS = 800  # of a curve's table
MOST_BUTTONS = 400  # of a trace, whose cells can be chosen
MOST_COLUMNS = 16  # of a trace that is longer than fits: more would cost a slider its speed
FITTING_COLUMNS = 24  # as many are shown whole

Values = NDArray[np.float64]
Symbols = dict[str, float | Values]
"""The numbers of a table's symbols: one for all columns, or one for each."""


class Handle(NamedTuple):
    """What dragging a part of a drawing changes.

    Each name is a parameter ("gain"), an entry of a list ("x,3") or an entry of a matrix ("keys,2,1"). Dragging
    upwards makes `up` larger, downwards `down`, and to the right `across`. `pitch` is how far (in the drawing's units)
    one more of it is; with 0 the page chooses.
    """

    up: str = ""
    down: str = ""
    across: str = ""
    pitch: float = 0


def each_of(parameter: str) -> Callable[[int], Handle]:
    """For a row whose columns show the entries of a list: the handle of each."""
    return lambda column: Handle(f"{parameter},{column}")


@dataclass(frozen=True)
class Row:
    r"""One quantity over all columns, and the formula of each of its numbers.

    `label` may hold LaTeX between dollar signs: a symbol (`state $h_t$`), which the table's formulas may use, or the
    row's formula (`kept $f_t \\, c_{t-1}$`). `formula` says it otherwise: a text, a Formula, or a function from the
    column's index to a Formula. `note` is said beside a number whose formula is a text. `words` say the label without
    LaTeX, where leaving it out is not enough. `group` heads this row and those after it. `gate` is the letter of the
    gate that the row shows. `handle` is what dragging a number of the row changes: the same for all, or one for each
    column (from 1).
    """

    key: str
    label: str
    values: Values
    formula: str | Formula | Callable[[int], Formula] = ""
    note: str = ""
    words: str = ""
    group: str = ""
    gate: str = ""
    handle: Handle | Callable[[int], Handle | None] | None = None

    def handle_at(self, column: int) -> Handle | None:
        """What dragging the number in this column (from 1) changes."""
        return self.handle(column) if callable(self.handle) else self.handle

    @property
    def says(self) -> str:
        """The label in words."""
        return self.words or without_latex(self.label)

    @property
    def symbol(self) -> str:
        """The symbol in the label, if there is one."""
        return symbol_in(self.label)

    def formula_at(self, index: int) -> Formula:
        """The formula of the number in the column with this index."""
        if callable(self.formula):
            return self.formula(index)
        if isinstance(self.formula, Formula):
            return self.formula
        return Formula(self.formula or self.label.partition("$")[2].partition("$")[0], self.note)


@lru_cache(maxsize=1024)
def without_latex(label: str) -> str:
    """A label's words alone; where it has none, its LaTeX as it would be read."""
    return re.sub(r"\s*\$.*?\$", "", label).replace("**", "").strip() or words(label)


@lru_cache(maxsize=1024)
def symbol_in(label: str) -> str:
    """What a label says between dollars, up to an equals sign; empty where that is more than one symbol."""
    found = re.search(r"\$(.+?)(?: = .*)?\$", label)
    return found[1] if found and " " not in found[1] else ""


@dataclass(frozen=True)
class Trace:
    """A table of numbers, rows by columns, with the arithmetic behind each.

    `chosen` is the row's key and the column (from 0). `symbols` are the numbers of the formulas' symbols, beside those
    in the rows' labels: one for all columns, or one for each. The column's index, from `first`, stands for the letter
    `index`. `columns` are plain words, such as "t = 1". `follows` names the parameter that holds the chosen column
    (from 1), if there is one. `parameters` are those of the demo, by symbol and by name; `state_of` adds them.
    """

    name: str
    title: str
    caption: str
    rows: Sequence[Row]
    chosen: tuple[str, int]
    symbols: Mapping[str, float | Values] = field(default_factory=dict)
    index: str = "t"
    first: int = 1
    columns: Sequence[str] = ()
    column_word: str = "step"
    follows: str | None = None
    coloured: bool = True
    parameters: dict[str, str] = field(default_factory=dict, compare=False)
    kind: Literal["trace"] = "trace"

    def __post_init__(self) -> None:
        if not self.columns:
            object.__setattr__(self, "columns", _numbered(self.index, self.first, len(self.rows[0].values)))

    def arithmetic(self, key: str, column: int) -> Arithmetic:
        """How the number in this row and column (from 0) came about."""
        row = next(row for row in self.rows if row.key == key)
        values = {symbol: float(one.values[column]) for one in self.rows if (symbol := one.symbol)}
        values |= {name: float(v[column] if isinstance(v, np.ndarray) else v) for name, v in self.symbols.items()}
        at = self.first + column
        return row.formula_at(at).worked_out(float(row.values[column]), values, self.index, at)

    @cached_property
    def _stands_for(self) -> Mapping[str, tuple[str, int | None]]:
        """What each symbol stands for: a row's key and how many columns on, or a parameter's name and None.

        A symbol whose numbers are a row's own stands for it, whatever its name.
        """
        by_step = [row for row in self.rows if shifted(row.symbol, self.index, 1) != shifted(row.symbol, self.index, 0)]
        shown = {shifted(row.symbol, self.index, by): (row.key, by) for by in (1, -1, 0) for row in by_step}
        own = {row.symbol: (row.key, 0) for row in self.rows if row.symbol and row.symbol not in self.symbols}
        own |= {name: (row.key, 0) for name, one in self.symbols.items() for row in self.rows if row.values is one}
        return {name: shown.get(plain := shifted(name, self.index, 0), (plain, None)) for name in self.symbols} | own

    @cached_property
    def _symbols(self) -> dict[tuple[str, str], Sequence[str]]:
        """The symbols of each formula that was asked about, by its texts."""
        return {}

    def origins(self, columns: Sequence[int]) -> list[list[str]]:
        """For each row, what each number in these columns comes from, as a list of names with spaces between them.

        A row's formula is asked for at a few columns only, if it is the same at all of these but the first.
        """
        found = []
        for row in self.rows:
            formula, alike = row.formula, row
            if callable(formula) and len(self.columns) > len(TRIED):
                tried = [formula(self.first + place % len(self.columns)) for place in TRIED]
                same = replace(tried[0], note="", values={})
                if all(replace(one, note="") == same for one in tried):
                    alike = replace(row, formula=tried[0])
            cells = [self.operands(alike if column else row, column) for column in columns]
            found.append([" ".join(dict.fromkeys(" ".join(names).split())) for names in cells])
        return found

    def operands(self, row: Row, column: int) -> list[str]:
        """What each symbol in a number's formula stands for, in order.

        A cell is "h1,2", a parameter "W_h"; a symbol that stands for nothing on the page is "".
        """
        formula = row.formula_at(self.first + column)
        if formula.is_given:
            return list(formula.origins.values())
        symbols = None if formula.values else self._symbols.get((formula.text, formula.written))
        if symbols is None:
            symbols = formula.symbols_in(self._stands_for)
            if not formula.values:
                self._symbols[formula.text, formula.written] = symbols
        found = []
        for symbol in symbols:
            if symbol in formula.origins:
                found.append(formula.origins[symbol])
                continue
            known = None if symbol in formula.values else self._stands_for.get(symbol)
            key, by = known or (shifted(symbol, "", 0), None)
            at = column + (by or 0)
            if by is None:
                found.append(self.parameters.get(key, ""))
            else:
                found.append(f"{key},{at + 1}" if 0 <= at < len(self.columns) else "")
        return found

    def row(self, key: str) -> Row | None:
        """The row of this key."""
        return next((row for row in self.rows if row.key == key), None)

    def column_at(self, text: str) -> int:
        """The column (from 0) that an address asks for, where the first is "1" and what is past the end is the last.

        Where it asks for none, or a parameter says the column, it is the chosen one.
        """
        if self.follows or not text.isdecimal():
            return self.chosen[1]
        return min(max(int(text), 1), len(self.columns)) - 1

    def shown_columns(self, chosen: int) -> list[int]:
        """The columns that are drawn: all, or those around the chosen one with the first and the last."""
        many, rows = len(self.columns), max(1, len(self.rows))
        if many <= FITTING_COLUMNS and many * rows <= MOST_BUTTONS:
            return list(range(many))
        most = max(3, min(MOST_COLUMNS, MOST_BUTTONS // rows))
        nearest = sorted(range(many), key=lambda column: abs(column - chosen))
        ends = {0, many - 1}
        return sorted(ends | set([column for column in nearest if column not in ends][: most - 2]))

    def table(self) -> Iterator[tuple[str, int, float]]:
        """Every number as (row key, column from 1, value), unsampled."""
        for row in self.rows:
            for column, value in enumerate(row.values.tolist(), start=1):
                yield row.key, column, value


class Spot(NamedTuple):
    """A place of a curve that can be dragged: a point, or with only one of x and y a line across the whole curve.

    `unit` is how much of the parameter one of the axis is; with 0 the page chooses how far one of it is.
    """

    handle: Handle
    x: float | None = None
    y: float | None = None
    unit: float = 0


@dataclass(frozen=True)
class Series:
    """One line of a curve: a colour, and a dash so that colour is not all that tells it apart."""

    key: str
    label: str
    says: str
    values: Values
    dash: Literal["solid", "dashed", "dotted"] = "solid"


class Noted(NamedTuple):
    """A point on a curve with a few words above or below it, such as where half is gone."""

    x: float
    y: float
    says: str
    above: bool


@dataclass(frozen=True)
class Curve:
    """Lines over one axis, drawn from its own table. On a log scale only positive finite numbers are drawn.

    `places` can be dragged. `noted` are points of its lines with a few words; the caption says the same. The x axis
    goes up to `until` at least, and the y axis shows at least what is between the two numbers of `room`: so they
    stand still while a training adds to its lines.
    """

    name: str
    title: str
    caption: str
    x_label: str
    y_label: str
    x: Values
    series: Sequence[Series]
    log: bool = False
    places: Sequence[Spot] = ()
    until: float | None = None
    room: tuple[float, float] | None = None
    noted: Sequence[Noted] = ()
    kind: Literal["curve"] = "curve"

    @property
    def alt(self) -> str:
        """What is drawn: how many lines, over what, and which they are."""
        lines = f"{COUNT[len(self.series)]} line{'s' * (len(self.series) > 1)}"
        over = f"{self.x_label} from {show(float(self.x[0]))} to {show(float(self.x[-1]))}"
        names = ", ".join([series.says for series in self.series])
        return f"{lines} over {over}{', on a log scale' * self.log}: {words(names)}."

    def shown(self) -> list[int]:
        """The positions that the table shows: all, or an even sample with both ends."""
        many, most = len(self.x), max(3, MOST_CELLS // (len(self.series) + 1))
        if many <= most:
            return list(range(many))
        return sorted(set(np.linspace(0, many - 1, most).round().astype(int).tolist()))

    def table(self) -> Iterator[tuple[str, float, float]]:
        """Every number as (series key, position on the x axis, value), unsampled."""
        places = [int(x) if x.is_integer() else x for x in self.x.tolist()]
        for series in self.series:
            for x, value in zip(places, series.values.tolist(), strict=True):
                yield series.key, x, value


COUNT = {1: "A", 2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"}


@lru_cache(maxsize=256)
def _numbered(index: str, first: int, many: int) -> Sequence[str]:
    return [f"{index} = {n}" for n in range(first, first + many)]


class Node(NamedTuple):
    """A circle, a box or bare text, centred on (x, y), in SVG units.

    In a text, what follows `_` is set as an index; `note` stands below in small. `at` is the cell of the trace that
    shows the same number. `handle` is what dragging the node changes. `gate` is the letter of the gate that the node
    belongs to, which has one colour on all pages.
    """

    x: float
    y: float
    text: str
    shape: Literal["circle", "box", "text"] = "circle"
    width: float = 42
    height: float = 42
    heat: int = 0
    lit: bool = False
    note: str = ""
    at: str | None = None
    strong: bool = False
    handle: Handle | None = None
    gate: str = ""


class Edge(NamedTuple):
    """An arrow from one node (by position in the list) to another, or to itself.

    `weight` from -9 to 9 sets its width and colour, like a cell's. `handle` is what dragging its label changes.
    """

    start: int
    end: int
    label: str = ""
    recurrent: bool = False
    weight: int = 0
    handle: Handle | None = None


GATES = "figozrn"
"""The letters of the gates and candidates of LSTM and GRU. Each has its own colour, in figures, tables and formulas."""
LEGIBLE = 0.77
"""The smallest scale at which the labels of a diagram, 13 units high, have 10 pixels."""
NARROW, LOW, TALL, HIGH = 440, 250, 400, 800


@dataclass(frozen=True)
class Diagram:
    """Nodes and arrows that the demo laid out. `alt` says in words what is drawn, and not the caption again.

    On the page a diagram is as wide as its panel, but never smaller than LEGIBLE: a phone shows `width` 400 whole.
    """

    name: str
    title: str
    caption: str
    alt: str
    width: float
    height: float
    nodes: Sequence[Node]
    edges: Sequence[Edge] = field(default_factory=tuple)
    kind: Literal["diagram"] = "diagram"

    @property
    def least(self) -> float:
        """The width, in rem, at which its labels are just legible."""
        return self.width * LEGIBLE / 16

    @property
    def sizes(self) -> str:
        """What a stylesheet needs to draw it no smaller and no larger than its labels look well: names of classes."""
        names = {"narrow": self.width <= NARROW, "low": self.height < LOW, "tall": self.height > TALL}
        names["high"] = self.height > HIGH
        return " ".join([name for name, fits in names.items() if fits])

    def held_by(self, rows: Mapping[str, Row]) -> "Diagram":
        """The same with the handle of its cell on each node that shows a cell of these rows, by key."""
        nodes = list(self.nodes)
        for place, node in enumerate(nodes):
            key, _, column = (node.at or "").rpartition(",")
            if key in rows and not node.handle:
                nodes[place] = node._replace(handle=rows[key].handle_at(int(column)))
        return replace(self, nodes=nodes)

    def table(self) -> Iterator[tuple[str, int, float]]:
        """A diagram adds no numbers of its own: each is in the trace or the curve beside it."""
        return iter(())


Figure = Trace | Curve | Diagram
