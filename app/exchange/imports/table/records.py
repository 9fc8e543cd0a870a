"""Cuts a table's text into records. A wrong quotation mark costs the one line it is on, never the rows after it."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.cards.file.more_markdown import DELIMITER_ROW, cells
from app.exchange.imports.draft import RefusedError

DELIMITERS = "\t,;|^~:"
SAMPLE = 400
LONGEST_LINE = 131_072
"""Characters in a line; also the most that a quoted cell of several lines may hold, as in Python's csv."""


@dataclass(frozen=True)
class Record:
    """The cells of one row. `lines` are the indices of its lines, from and to.

    If `is_literal`, its quotation marks are wrong, so the line was cut at each delimiter and they are text.
    """

    lines: tuple[int, int]
    cells: list[str]
    is_literal: bool = False


def records(lines: Sequence[str], delimiter: str, start: int = 0) -> Iterator[Record]:
    """Yield the records from lines[start] on, without empty lines. Raises RefusedError for a line that is too long."""
    at = start
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if len(lines[at]) > LONGEST_LINE:
            raise RefusedError(f"line {at + 1} holds more than {LONGEST_LINE:,} characters")
        record = _record(lines, at, delimiter)
        yield record
        at = record.lines[1]


def _record(lines: Sequence[str], at: int, delimiter: str) -> Record:
    if '"' not in lines[at]:
        return Record((at, at + 1), lines[at].split(delimiter))
    rows = csv.reader(
        (f"{lines[index]}\n" for index in range(at, len(lines))),
        delimiter=delimiter,
        strict=True,
        skipinitialspace=True,
    )
    try:
        row = next(rows)
        return Record((at, at + rows.line_num), row)
    except csv.Error:
        return Record((at, at + 1), lines[at].split(delimiter), is_literal=True)


def rows_of_one_line(text: str) -> list[str]:
    """The rows of a set that Quizlet exported as one line, each with a tab; empty if it is none.

    A row without anything between its two sides belongs to the definition before it.
    """
    line = text.strip("\n")
    for ends, between in ((";", "\t"), ("|", "\t"), (";", " - "), (";", ","), ("|", ",")) if "\n" not in line else ():
        parts = [part.strip(" ") for part in line.removesuffix(ends).split(ends)]
        rows: list[str] = []
        for part in parts:
            if between in part or not rows:
                rows.append(part)
            else:
                rows[-1] += f"{ends} {part}"
        if len(rows) > len(parts) / 2 and len(rows) > 1 and all(row.count(between) == 1 for row in rows):
            return [row.replace(between, "\t") for row in rows]
    return []


def rows_of_markdown(text: str) -> list[str]:
    """The rows of a text that is one table in Markdown, with tabs between the cells; empty if it is none.

    The line below the head becomes an empty one, so that the others keep their numbers.
    """
    lines = text.rstrip("\n").split("\n")
    if len(lines) < 3 or not DELIMITER_ROW.fullmatch(lines[1]) or not all("|" in line for line in lines):
        return []
    rows = [[cell.strip() for cell in cells(line.strip().removeprefix("|").removesuffix("|"))] for line in lines]
    return ["\t".join(row) if at != 1 else "" for at, row in enumerate(rows)]


def guessed_delimiter(lines: Sequence[str]) -> str:
    """Guess the delimiter: the one that cuts most of the first rows into the same number of cells, and into more."""

    def rank(delimiter: str) -> tuple[float, bool, int]:
        width, _count = max(widths_of(lines, delimiter).items(), key=lambda one: one[1], default=(0, 0))
        return share(lines, delimiter), delimiter in DELIMITERS[:3], width

    return max(DELIMITERS, key=rank)


def share(lines: Sequence[str], delimiter: str) -> float:
    """The share of the first rows that have the most frequent number of cells above one."""
    widths = widths_of(lines, delimiter)
    return max((count for width, count in widths.items() if width > 1), default=0) / max(widths.total(), 1)


def widths_of(lines: Sequence[str], delimiter: str) -> Counter[int]:
    """How many of the first rows have how many cells; one whose quotation marks are wrong counts as one cell."""
    try:
        found = records(lines[:SAMPLE], delimiter)
        return Counter(1 if record.is_literal else len(record.cells) for record in found)
    except RefusedError:
        return Counter()
