"""Writes Markdown: paragraphs within lists and quotations, code, tables; and runs of bold, italic and struck text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from app.exchange.imports.markdown.verbatim import fenced

_LINE_START = re.compile(r"^(\s*)(?:([-+>#=:|])|(\d{1,9})([.)]))", re.MULTILINE)
_DEEPEST = 8

Run = tuple[str, frozenset[str]]
NONE: frozenset[str] = frozenset()


@dataclass
class _Container:
    """An open list or quotation. A list item's first line begins with the marker, its other lines with spaces."""

    tag: str
    marker: str = ""
    width: int = 0
    number: int = 0


@dataclass
class MarkdownWriter:
    """Takes blocks in order; `lines` are the Markdown."""

    lines: list[str] = field(default_factory=list)
    containers: list[_Container] = field(default_factory=list)
    too_deep: list[str] = field(default_factory=list)

    def open(self, tag: str) -> None:
        """Begin a ul, ol or blockquote. Those nested more than eight deep are written as part of the eighth."""
        if len(self.containers) < _DEEPEST:
            self.containers.append(_Container(tag))
        else:
            self.too_deep.append(tag)

    def close(self, tag: str) -> None:
        """End the innermost list or quotation, if it is one of these."""
        if self.too_deep:
            self.too_deep.pop()
        elif self.containers and self.containers[-1].tag == tag:
            self.containers.pop()

    def item(self) -> None:
        """Begin the next item of the innermost list."""
        inner = self.containers[-1] if self.containers else None
        if inner and inner.tag != "blockquote":
            inner.number += 1
            inner.marker = f"{inner.number}. " if inner.tag == "ol" else "- "
            inner.width = len(inner.marker)

    def paragraph(self, text: str, heading: bool = False) -> None:
        """Write a paragraph or a heading, unless it is empty. Marks that would begin a block are escaped."""
        text = re.sub(r" *(\\?)\n *", r"\1\n", text).strip(" \n")
        text = text.removesuffix("\\") if re.search(r"(?<!\\)(?:\\\\)*\\$", text) else text
        if text:
            text = _LINE_START.sub(lambda at: f"{at[1]}\\{at[2]}" if at[2] else f"{at[1]}{at[3]}\\{at[4]}", text)
            self._block([f"### {' '.join(text.split())}"] if heading else text.split("\n"))

    def code(self, text: str) -> None:
        """Write a code block, unless it is empty."""
        if text.strip():
            self._block(fenced(text.strip("\n")).split("\n"))

    def table(self, rows: list[list[str]]) -> None:
        """Write a table; the first row is its head."""
        width = max(map(len, rows), default=0)
        if width:
            written = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
            self._block([written[0], "|" + " --- |" * width, *written[1:]])

    def _block(self, block: list[str]) -> None:
        begins_item = any(one.marker for one in self.containers)
        if self.lines and not begins_item:
            self.lines.append(self._prefix().rstrip())
        elif self.lines and len(self.containers) == 1 and self.containers[0].number == 1:
            self.lines.append("")  # a list that begins after text
        for line in block:
            self.lines.append(f"{self._prefix()}{line}".rstrip())
            for one in self.containers:
                one.marker = ""

    def _prefix(self) -> str:
        return "".join("> " if one.tag == "blockquote" else one.marker or " " * one.width for one in self.containers)


def emphasised(runs: Sequence[Run]) -> str:
    """Return the runs as one string. A mark that Markdown cannot open or close there is left off."""
    pieces = _split(runs)
    for mark in sorted({mark for _text, marks in pieces for mark in marks}):
        pieces = _possible(pieces, mark)
    out: list[str] = []
    open_marks: list[str] = []
    for text, marks in [*pieces, ("", NONE)]:
        stay = next((at for at, mark in enumerate(open_marks) if mark not in marks), len(open_marks))
        while len(open_marks) > stay:
            out.append(open_marks.pop())
        for mark in sorted(marks - set(open_marks)):
            open_marks.append(mark)
            out.append(mark)
        out.append(text)
    return "".join(out)


def _split(runs: Sequence[Run]) -> list[Run]:
    """Join neighbours with the same marks, and move the spaces at their ends outside of the marks."""
    pieces: list[Run] = []
    for marks, group in groupby(runs, key=lambda run: run[1]):
        text = "".join(text for text, _marks in group)
        core = text.strip()
        if not marks or not core:
            pieces.append((text, NONE))
            continue
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        pieces += [(part, own) for part, own in ((before, NONE), (core, marks), (after, NONE)) if part]
    return pieces


def _possible(pieces: Sequence[Run], mark: str) -> list[Run]:
    """Take `mark` off the pieces where a letter on both sides of its end would keep Markdown from seeing it."""
    kept: list[Run] = []
    groups = [(has, list(group)) for has, group in groupby(pieces, key=lambda piece: mark in piece[1])]
    for index, (has, group) in enumerate(groups):
        before = groups[index - 1][1][-1][0][-1:] if index else ""
        after = groups[index + 1][1][0][0][:1] if index + 1 < len(groups) else ""
        first, last = group[0][0][:1], group[-1][0][-1:]
        can = (first.isalnum() or not before.isalnum()) and (last.isalnum() or not after.isalnum())
        kept += group if can or not has else [(text, marks - {mark}) for text, marks in group]
    return kept
