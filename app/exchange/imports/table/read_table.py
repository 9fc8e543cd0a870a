"""Reads a table of cards: CSV, TSV, notes exported by Anki as text, or sets exported by Quizlet."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from app.exchange.imports.anki.template import cloze_numbers, deleted
from app.exchange.imports.draft import Draft, Harmless, Item, Notice, Reading, RefusedError, line_of, stated_lines
from app.exchange.imports.markdown.from_html import markdown_of, plain_of
from app.exchange.imports.table.columns import LEVELS, Columns, columns_of, roles_of
from app.exchange.imports.table.records import (
    SAMPLE,
    Record,
    guessed_delimiter,
    records,
    rows_of_markdown,
    rows_of_one_line,
    share,
    widths_of,
)

_STATED = re.compile(r"#([a-z ]+):(.*)")
_SEPARATOR_OF_EXCEL = re.compile(r"sep=(.)", re.IGNORECASE)
# The apostrophe that keeps spreadsheets from running a cell as a formula. Our own export writes it.
_SAFE = re.compile(r"\A'(?=[-=+@＝＋－＠\t\r\n])")
_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " ", "colon": ":"}
_TAG = re.compile(
    r"</(?:b|i|u|em|strong|sub|sup|div|p|ul|ol|li|span|code|pre|font|table|h\d)>|<br ?/?>|\[/(?:\$|latex)",
    re.IGNORECASE,
)


@dataclass
class _Table:
    """A file's lines and how to read them. `stated` are the lines of Anki's that begin with #, by their names."""

    lines: Sequence[str]
    delimiter: str
    columns: Columns
    stated: Mapping[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    layout: list[str] = field(default_factory=list)

    def is_html(self, cell: str) -> bool:
        """True if Anki's text says so, or if it says nothing and there are tags."""
        stated = self.stated.get("html")
        return stated == "true" if stated else "`" not in cell and _TAG.search(cell) is not None


def claims_table(text: str) -> bool:
    """True if nearly all rows have the same number of columns, two or more, or most lines have the one same tab."""
    lines = text.split("\n")
    if (
        text.startswith("#separator:")
        or rows_of_one_line(text)
        or rows_of_markdown(text)
        or _SEPARATOR_OF_EXCEL.fullmatch(lines[0])
    ):
        return True
    tabs = widths_of(lines, "\t")
    if len([width for width in tabs if width > 1]) == 1 and tabs[1] < tabs.total() / 2 and tabs.total() > 1:
        return True  # Quizlet's, where a definition may go over several lines
    return share(lines, guessed_delimiter(lines)) > (0.9 if text.count("\n") > 1 else 1)


def read_table(text: str, header: bool | None = None) -> Reading:
    """Return the rows in order. The columns are question, answer, tags, unless the first row names others.

    `header` says whether it does; by default that is found out. Raises RefusedError if there is only one column.
    """
    in_one_line = rows_of_one_line(text)
    lines = in_one_line or rows_of_markdown(text) or text.split("\n")
    stated: dict[str, str] = {}
    start = 0
    while start < len(lines) and (found := _STATED.fullmatch(lines[start])):
        stated[found[1]] = found[2].strip()
        start += 1
    excel = _SEPARATOR_OF_EXCEL.fullmatch(lines[start]) if start < len(lines) else None
    start += bool(excel)
    said = excel[1] if excel else stated.get("separator", "")
    delimiter = _SEPARATORS.get(said.lower(), said if len(said) == 1 else guessed_delimiter(lines[start:]))
    first = [record.cells for record in islice(records(lines, delimiter, start), SAMPLE)]
    title = ""
    both = len(first) > 1 and {"question", "answer"} <= roles_of(first[1]).keys()
    if both and sum(map(bool, first[0])) == 1 and "".join(first[0]) in lines[start]:  # merged cells above the names
        title, start, first = "".join(first[0]).strip(), start + 1, first[1:]
    width = Counter(map(len, first)).most_common(1)[0][0] if first else 0
    columns = _anki_columns(stated, delimiter, first) or columns_of(first, width, header)
    if width < 2 and not stated and not columns.has_header:
        raise RefusedError(f"line {start + 1} has one column: a row needs a question and an answer")
    table = _Table(lines, delimiter, columns, stated)
    table.layout += [*lines[:start], "\n".join(first[0]) if columns.has_header and first else ""]
    has_tags = stated.get("html") == "true" or _TAG.search(text) is not None
    rows: Iterator[Item] = _items(records(lines, delimiter, start), table)
    if in_one_line:
        rows = chain([Notice("line 1", "all rows are on it: below, each of them counts as a line")], rows)
    return Reading(
        title, rows, counts=table.counts, text="" if has_tags else text, layout=table.layout, hides=columns.is_own
    )


def _anki_columns(stated: Mapping[str, str], delimiter: str, rows: Sequence[Sequence[str]]) -> Columns | None:
    """The columns of Anki's text export: its header names those that are not fields of a note."""
    special = {name.removesuffix(" column"): int(at) - 1 for name, at in stated.items() if at.isdecimal()}
    names = stated["columns"].split(delimiter) if "columns" in stated else []
    width = max([len(names), *map(len, rows)], default=0)
    fields = [at for at in range(max(width, 2)) if at not in special.values()]
    if not stated or len(fields) < 2:
        return None
    roles = {"question": fields[0], "answer": fields[1], **{name: at for name, at in special.items() if at >= 0}}
    others = {at: names[at] if at < len(names) else "" for at in fields[2:]}
    return Columns(roles, width, others, unread=frozenset(at for name, at in special.items() if name != "tags"))


def _items(rows: Iterator[Record], table: _Table) -> Iterator[Item]:
    if table.columns.has_header:
        head = next(rows)
        yield from _said_of_header(head, table.columns)
    waiting: Record | None = None
    for record in rows:
        if waiting and _continues(record, table.delimiter):
            cells = [*waiting.cells[:-1], f"{waiting.cells[-1]}\\\n{record.cells[0]}"]
            waiting = replace(waiting, lines=(waiting.lines[0], record.lines[1]), cells=cells)
            continue
        if waiting:
            yield from _cards(waiting, table)
        waiting = record
    if waiting:
        yield from _cards(waiting, table)


def _continues(record: Record, delimiter: str) -> bool:
    """True for a line without a tab that asks nothing: the definition above goes on, since Quizlet quotes nothing."""
    return delimiter == "\t" and len(record.cells) == 1 and not record.cells[0].rstrip().endswith("?")


def _said_of_header(head: Record, columns: Columns) -> Iterator[Notice]:
    where = line_of(head.lines[0])
    if columns.guess:
        yield Notice(where, columns.guess)
    if names := ", ".join(filter(None, columns.others.values())):
        yield Notice(where, f"these columns have no place of their own, and stand below the answer: {names}")


def _cards(record: Record, table: _Table) -> Iterator[Draft]:
    if not any(cell.strip() for cell in record.cells):
        return
    table.counts["rows"] += 1
    table.counts["cells"] += sum(bool(cell.strip()) for cell in record.cells)
    told: list[str] = []
    columns, row = table.columns, [_SAFE.sub("", cell.strip()) for cell in record.cells]
    _check(record, table, told)
    html = {at for at, cell in enumerate(row) if table.is_html(cell)}
    said = [plain_of(cell) if at in html else cell for at, cell in enumerate(row)]
    text = "\n".join(cell for at, cell in enumerate(said) if at not in columns.unread)
    table.layout += [cell for at, cell in enumerate(said) if at in columns.unread]
    raw = list(row)
    row = [markdown_of(cell) if at in html else cell for at, cell in enumerate(row)]
    beyond = range(columns.width, len(row))
    if beyond and columns.roles["answer"] == columns.width - 1:
        row[columns.width - 1] = table.delimiter.join(record.cells[columns.width - 1 :]).strip()
        beyond = range(0)
    cells = {role: row[at] for role, at in columns.roles.items() if 0 <= at < len(row)}
    below = [
        f"**{name}:** {row[at]}" if name else row[at]
        for at, name in columns.others.items()
        if row[at : at + 1] != [""] and at < len(row)
    ]
    below += [row[at] for at in beyond if row[at]]
    answer = "\n\n".join(filter(None, [cells.get("answer", ""), *below]))
    # Our tags may contain spaces; in Anki, spaces separate tags.
    tags = cells.get("tags", "")
    tags_apart = tags.split() if table.stated else filter(None, map(str.strip, re.split("[,;]", tags)))
    stated = cells.get("level", "").casefold()
    if (level := LEVELS.get(stated, stated)) != stated:
        told.append(Harmless(f"the level {stated} is written {level}"))
    draft = Draft(
        line_of(record.lines[0]),
        cells.get("question", ""),
        answer,
        tags=(*tags_apart, *table.stated.get("tags", "").split()),
        level=level,
        sources=tuple(filter(None, map(str.strip, cells.get("sources", "").split(",")))),
        name=cells.get("name", ""),
        stated=stated_lines(cells if columns.is_own or cells.get("reversed") == "yes" else {}),
        points=tuple(filter(None, map(str.strip, cells.get("points", "").split("\n")))),
        left_out=tuple(told),
        text=text,
        key=f"id:anki/{cells['guid']}/0" if cells.get("guid") else "",
        topic=cells.get("deck", ""),
    )
    asked = raw[columns.roles["question"]] if columns.roles["question"] < len(raw) else ""
    numbers = sorted(cloze_numbers(asked)) if not columns.is_own else []
    table.layout += re.findall(r"\{\{(c[\d,]+)::", asked) if numbers else []
    is_html = columns.roles["question"] in html or bool(table.stated)
    yield from _cloze_cards(draft, asked, numbers, is_html) if numbers else [draft]


def _cloze_cards(draft: Draft, asked: str, numbers: Sequence[int], is_html: bool) -> Iterator[Draft]:
    """A card for each deletion of a note in Anki's text. What stands below its text stands below each answer."""
    for number in numbers:
        question, answer = (deleted(asked, number, asks) for asks in (True, False))
        text = f"{plain_of(answer)}\n{draft.answer}"
        if is_html:
            question, answer = markdown_of(question), markdown_of(answer)
        yield replace(
            draft,
            question=question,
            answer=f"{answer}\n\n{draft.answer}".rstrip(),
            text=text,
            key=f"{draft.key.removesuffix('/0')}/{number - 1}" if draft.key else "",
        )


def _check(record: Record, table: _Table, told: list[str]) -> None:
    """Name wrong quotation marks and too many cells."""
    first, end = record.lines
    width = table.columns.width
    if record.is_literal:
        told.append(Harmless("its quotation marks do not match: they are read as text"))
    elif '"' in table.lines[first]:
        inner = [line for line in table.lines[first + 1 : end] if line.count(table.delimiter) == width - 1]
        if len(inner) > 1 and len(inner) == end - first - 1:
            told.append(
                f"one cell holds lines {first + 1} to {end}, which look like rows: is a quotation mark missing?"
            )
    if len(record.cells) > width:
        told.append(f"the row has {len(record.cells)} cells and the table {width}: the last ones stand in the answer")
