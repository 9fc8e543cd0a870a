"""What a demo computed: named numbers, and figures made from them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.figures import Figure, Trace, Values
from app.demos.machine.numbers import finite_or_name, plain

Verdict = Literal["", "open", "poor", "bad", "good"]


@dataclass(frozen=True)
class Result:
    """`numbers` may be quoted by cards (`#ratio=0.0052`), captions and predictions; figures draw them.

    `warnings` name what is not finite or not to be trusted, each a sentence.
    `lacks` says why PyTorch's layers cannot compute the state, if they cannot. `verdict` colours the caption's start.
    """

    numbers: Mapping[str, float]
    figures: Sequence[Figure]
    warnings: Sequence[str] = ()
    lacks: str = ""
    verdict: Verdict = ""

    def traces(self) -> list[Trace]:
        """The figures whose cells can be chosen."""
        return [figure for figure in self.figures if isinstance(figure, Trace)]

    def worked(self, *cells: str) -> list[Arithmetic]:
        """The arithmetic of cells, each as an address says it: row key, comma, column from 1."""
        found = []
        for cell in cells:
            key, _, column = cell.rpartition(",")
            trace = next(trace for trace in self.traces() if trace.row(key))
            found.append(trace.arithmetic(key, int(column) - 1))
        return found

    def table(self) -> Iterator[tuple[str, str, float, float]]:
        """Every number that the figures show: (figure, row, column, value)."""
        for figure in self.figures:
            for row, column, value in figure.table():
                yield figure.name, row, column, value

    def csv(self) -> str:
        """The table as CSV, one number a line, to full precision; inf and nan are written as such."""
        lines = [f"{figure},{row},{column},{plain(value)}" for figure, row, column, value in self.table()]
        return "\n".join(["figure,row,column,value", *lines, ""])

    def json(self) -> str:
        """The numbers and the table as JSON; what is not finite is a string that names it."""
        figures: dict[str, dict[str, dict[str, float | str]]] = {}
        for figure, row, column, value in self.table():
            figures.setdefault(figure, {}).setdefault(row, {})[str(column)] = finite_or_name(value)
        numbers = {name: finite_or_name(value) for name, value in self.numbers.items()}
        content = {"numbers": numbers, "figures": figures, "warnings": list(self.warnings)}
        return json.dumps(content, ensure_ascii=False, allow_nan=False)


def by_step(series: Mapping[str, Values], at: int | None = None) -> dict[str, float]:
    """The numbers h1, h2, … of each series, and h_at at the step (from 1) that is looked at."""
    numbers: dict[str, float] = {}
    for name, values in series.items():
        listed = values.tolist()
        numbers |= {f"{name}{t}": value for t, value in enumerate(listed, start=1)}
        if at is not None:
            numbers[f"{name}_at"] = listed[at - 1]
    return numbers
