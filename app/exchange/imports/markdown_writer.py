"""Writes Markdown blocks: paragraphs in lists and quotations, code, tables."""

import re
from dataclasses import dataclass, field

from app.exchange.imports.mend import fenced

_LINE_START = re.compile(r"^(\s*)(?:([-+>#=:|])|(\d{1,9})([.)]))", re.MULTILINE)
_DEEPEST = 8


@dataclass
class _Container:
    """A list or a quotation that is open. A list's marker stands before its item's first line, spaces before others."""

    tag: str
    marker: str = ""
    width: int = 0
    number: int = 0


@dataclass
class Writer:
    """Blocks go in, in order; `lines` are the Markdown."""

    lines: list[str] = field(default_factory=list)
    containers: list[_Container] = field(default_factory=list)
    too_deep: list[str] = field(default_factory=list)

    def open(self, tag: str) -> None:
        """Begin a ul, ol or blockquote. Beyond eight, one in another, they are written as part of the eighth."""
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
        """Write a paragraph or a heading, unless it is empty. Marks that a line cannot begin with are escaped."""
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
            self.lines.append(
                "".join("> " if one.tag == "blockquote" else " " * one.width for one in self.containers).rstrip()
            )
        elif self.lines and len(self.containers) == 1 and self.containers[0].number == 1:
            self.lines.append("")  # a list that begins after text
        for line in block:
            prefix = "".join(
                "> " if one.tag == "blockquote" else one.marker or " " * one.width for one in self.containers
            )
            for one in self.containers:
                one.marker = ""
            self.lines.append(f"{prefix}{line}".rstrip())
