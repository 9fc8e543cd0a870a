"""Reads a table of cards: CSV, TSV, or a text file exported by Anki."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.exchange.imports.draft import Draft, Reading, RefusedError, Skipped
from app.exchange.imports.markdown.from_html import markdown_of

DELIMITERS = "\t,;|^~:"
_NAMES = {
    "question": ("question", "front", "q", "prompt", "term", "word"),
    "answer": ("answer", "back", "a", "definition", "response", "meaning"),
    "tags": ("tags", "tag", "labels", "topics"),
    "level": ("level", "difficulty"),
    "name": ("id", "name", "card"),
    "sources": ("source", "sources"),
}
_ROLES = {word: role for role, words in _NAMES.items() for word in words}
_STATED = re.compile(r"#([a-z ]+):(.*)\n")
# The apostrophe that keeps spreadsheets from running a cell as a formula. Our own export writes it.
_SAFE = re.compile(r"\A'(?=[-=+@＝＋－＠\t\r\n])")
_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "colon": ":"}
_SAMPLE = 100_000


@dataclass
class _Table:
    """How to read a file: which column holds what, and the number of lines before the first row."""

    delimiter: str
    columns: dict[str, int]
    first: int
    is_html: bool = False
    anki_tags: str | None = None
    has_header: bool = False
    unread: list[str] = field(default_factory=list)


def claims_table(text: str) -> bool:
    """True if nearly all rows have the same number of columns, two or more."""
    return text.startswith("#separator:") or _share(text, _sniffed(text)) > (0.9 if text.count("\n") > 1 else 1)


def read_table(text: str) -> Reading:
    """Return the rows in order. The columns are question, answer, tags, unless the first row names others.

    Raises RefusedError if there is only one column.
    """
    stated: dict[str, str] = {}
    first = at = 0
    while found := _STATED.match(text, at):
        stated[found[1]] = found[2].strip()
        first, at = first + 1, found.end()
    rest = text[at:]
    said = stated.get("separator", "")
    delimiter = _SEPARATORS.get(said.lower(), said if len(said) == 1 else _sniffed(rest))
    head = next(csv.reader(rest.split("\n", 1)[:1], delimiter=delimiter), [])
    roles = {_ROLES[cell.strip().lower()]: index for index, cell in enumerate(head) if cell.strip().lower() in _ROLES}
    if {"question", "answer"} <= roles.keys():
        table = _Table(delimiter, roles, first, unread=[cell for i, cell in enumerate(head) if i not in roles.values()])
        table.has_header = True
    elif stated:
        table = _Table(delimiter, _anki_columns(stated), first, stated.get("html") == "true", stated.get("tags column"))
    elif len(head) < 2:
        raise RefusedError(f"line {first + 1} has one column: a row needs a question and an answer")
    else:
        table = _Table(delimiter, {"question": 0, "answer": 1, "tags": 2}, first)
    return Reading("", _rows(rest, table))


def _anki_columns(stated: Mapping[str, str]) -> dict[str, int]:
    """Map the columns of Anki's text export: its header names those that are not fields of a note."""
    special = {name: int(at) - 1 for name, at in stated.items() if name.endswith(" column") and at.isdecimal()}
    fields = [index for index in range(len(special) + 2) if index not in special.values()]
    tags = {"tags": special["tags column"]} if "tags column" in special else {}
    return {"question": fields[0], "answer": fields[1], **tags}


def _sniffed(text: str) -> str:
    """Guess the delimiter: the one that cuts most of the first rows into the same number of columns."""
    return max(DELIMITERS, key=lambda delimiter: _share(text, delimiter))


def _share(text: str, delimiter: str) -> float:
    """Return the share of the first rows that have the most frequent number of columns above one."""
    try:
        widths = Counter(len(row) for row in csv.reader(text[:_SAMPLE].split("\n"), delimiter=delimiter) if row)
    except csv.Error:
        return 0.0
    return max((count for width, count in widths.items() if width > 1), default=0) / max(widths.total(), 1)


def _rows(text: str, table: _Table) -> Iterator[Draft | Skipped]:
    rows = csv.reader(io.StringIO(text), delimiter=table.delimiter, strict=True)
    if table.unread:
        yield Skipped(f"line {table.first + 1}", f"these columns are not read: {', '.join(table.unread)}")
    while True:
        where = f"line {table.first + rows.line_num + 1}"
        is_header = table.has_header and not rows.line_num
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            if "limit" in str(error):
                raise RefusedError(
                    f"{where} holds more than {csv.field_size_limit():,} characters in one cell"
                ) from None
            unclosed = "unexpected end" in str(error)
            yield Skipped(where, "a quotation mark opens a cell and is never closed" if unclosed else str(error))
            continue
        if any(cell.strip() for cell in row) and not is_header:
            yield _draft(row, table, where)


def _draft(row: Sequence[str], table: _Table, where: str) -> Draft | Skipped:
    cells = {role: _SAFE.sub("", row[index].strip()) for role, index in table.columns.items() if index < len(row)}
    if not cells.get("question"):
        return Skipped(where, "the question is empty")
    told: list[str] = []
    if table.is_html:
        cells |= {role: markdown_of(cells.get(role, ""), told) for role in ("question", "answer")}
    # Our tags may contain spaces; in Anki, spaces separate tags.
    tags = cells.get("tags", "")
    level = cells.get("level", "").lower()
    return Draft(
        where,
        cells["question"],
        cells.get("answer", ""),
        tags=tuple(tags.split() if table.anki_tags else filter(None, map(str.strip, re.split("[,;]", tags)))),
        level=level,
        sources=tuple(filter(None, map(str.strip, cells.get("sources", "").split(",")))),
        name=cells.get("name", ""),
        left_out=tuple(told),
    )
