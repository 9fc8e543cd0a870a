"""Reads notes in Emacs' Org mode: each heading is a question, the text below it the answer.

https://orgmode.org/manual/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from app.exchange.imports.draft import Draft, Item, Notice, Reading, line_of
from app.exchange.imports.from_markdown import read_markdown
from app.exchange.imports.markdown.verbatim import code_span

_HEADING = re.compile(r"(\*+)[ \t]+(.*?)[ \t]*((?:[ \t]:[\w@#%:]+:)?)[ \t]*")
_STATE = re.compile(r"(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)\s+)?(?:\[#\w\]\s+)?(?=\S)")
_ANSWER = ("answer", "back", "solution")
_KEYWORD = re.compile(r"\s*#\+([\w-]+):\s*(.*)")
_BLOCK = re.compile(r"\s*#\+(begin|end)_(\w+)\s*(\S*).*", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*")
_LEFT_OUT = re.compile(r"\s*(?:(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):.*|#(?:\s.*)?)")
_TABLE_RULE = re.compile(r"\s*\|[-+]+\|?\s*")
_FIXED_WIDTH = re.compile(r"\s*: ?(.*)")
_INLINE = re.compile(
    r"(?P<formula>\$[^$\n]+\$|\\\(.+?\\\)|\\\[.+?\\\])"
    r"|\[\[(?P<address>[^\[\]]+)\](?:\[(?P<words>[^\[\]]+)\])?\]"
    r"|(?<![^\s('\"{-])(?P<mark>[*/_=~+])(?=\S)(?P<marked>[^\n]*?\S)(?P=mark)(?![^\s.,:;!?'\")}\[-])"
    r"|(?<=\w)(?P<shift>[_^])\{(?P<shifted>[^{}]+)\}"
)
_WRITTEN = {"*": "**{}**", "/": "*{}*", "_": "<u>{}</u>", "+": "~~{}~~"}
_PICTURE = re.compile(r"(?i).+\.(?:png|jpe?g|gif|webp|svg)")


def claims_org(text: str) -> bool:
    """True if there is a heading of stars, and a line that only Org has."""
    has = re.search(r"^(?:#\+\w+:|:PROPERTIES:|[ \t]*#\+begin_)", text, re.MULTILINE | re.IGNORECASE)
    return has is not None and re.search(r"^\*+ \S", text, re.MULTILINE) is not None


def read_org(text: str) -> Reading:
    """Return the cards in order. What only Emacs uses, such as drawers and dates, is named."""
    page = _OrgPage()
    lines = [page.line(at, line) for at, line in enumerate(text.split("\n"))]
    reading = read_markdown("\n".join(lines))
    title = page.title or reading.title
    layout = [*reading.layout, *page.layout, page.title and reading.title]
    items = _with_tags(reading.items, page.tags)
    return replace(reading, title=title, items=[*items, *page.told], text=text, layout=layout)


def _with_tags(items: Iterable[Item], tags: Mapping[str, tuple[str, ...]]) -> Iterator[Item]:
    for item in items:
        yield replace(item, tags=(*item.tags, *tags.get(item.where, ()))) if isinstance(item, Draft) else item


class _OrgPage:
    """Turns line after line into Markdown, and keeps what is not part of the text."""

    def __init__(self) -> None:
        self.title = ""
        self.tags: dict[str, tuple[str, ...]] = {}
        self.told: list[Notice] = []
        self.layout: list[str] = []
        self.block = self.table = ""
        self.in_drawer = False

    def line(self, at: int, line: str) -> str:
        """The line in Markdown, so that every line keeps its number; an empty one if it is no text."""
        if found := _BLOCK.fullmatch(line):
            return self._block(found)
        if self.block == "```":
            return re.sub(r"^(\s*),(?=\*|#\+)", r"\1", line)
        if self.in_drawer or _DRAWER.fullmatch(line):
            self.in_drawer = line.strip().upper() != ":END:"
            return self._leave_out(at, line, "a drawer")
        if _LEFT_OUT.fullmatch(line):
            return self._leave_out(at, line, "a comment" if line.lstrip().startswith("#") else "a date")
        if found := _KEYWORD.fullmatch(line):
            if found[1].lower() == "title":
                self.title, self.layout = found[2], [*self.layout, found[1]]
                return ""
            return self._leave_out(at, line, f"#+{found[1]}")
        if found := _HEADING.fullmatch(line):
            return self._heading(at, found)
        if _TABLE_RULE.fullmatch(line):
            columns = line.count("+") + 1
            is_head, self.table = self.table == "head", "body"
            return "|" + " --- |" * columns if is_head else ""
        self.table = ("head" if not self.table else self.table) if line.lstrip().startswith("|") else ""
        if found := _FIXED_WIDTH.fullmatch(line):
            return f"    {found[1]}"
        shown = re.sub(r"^(\s*)\+ ", r"\1- ", line)
        text = _INLINE.sub(lambda one: self._inline(at, one), shown)
        return f"> {text}" if self.block == ">" else text

    def _leave_out(self, at: int, line: str, what: str) -> str:
        self.told.append(Notice(line_of(at), f"{what} is left out: {line.strip()}"))
        return ""

    def _heading(self, at: int, found: re.Match[str]) -> str:
        state = _STATE.match(found[2])
        title = found[2][state.end() :] if state else found[2]
        if state and state[0]:
            self._leave_out(at, state[0], "a state")
        if tags := tuple(filter(None, found[3].strip().split(":"))):
            self.tags[line_of(at)] = tags
        if title.strip().casefold().rstrip(":") in _ANSWER and len(found[1]) > 1:
            self.layout += [title, *tags]
            return ""  # what is below it answers the heading above
        return f"{'#' * min(len(found[1]), 6)} {_INLINE.sub(lambda one: self._inline(at, one), title)}"

    def _block(self, found: re.Match[str]) -> str:
        begins, name = found[1].lower() == "begin", found[2].lower()
        self.layout.append(found[0])
        if name in ("src", "example", "export"):
            self.block = "```" if begins else ""
            return f"```{found[3]}" if begins and name == "src" else "```"
        self.block = ">" if begins and name in ("quote", "verse") else ""
        return ""

    def _inline(self, at: int, found: re.Match[str]) -> str:
        if found["formula"]:
            return found[0]
        if found["mark"] in ("=", "~"):
            return code_span(found["marked"])
        if found["mark"]:
            return _WRITTEN[found["mark"]].format(_INLINE.sub(lambda one: self._inline(at, one), found["marked"]))
        if found["shift"]:
            tag = "sub" if found["shift"] == "_" else "sup"
            return f"<{tag}>{found['shifted']}</{tag}>"
        address, words = found["address"].removeprefix("file:"), found["words"] or ""
        if _PICTURE.fullmatch(address):
            self.layout.append("file" * (address != found["address"]))
            return f"![{words}](<{address}>)"
        if re.match(r"https?://", address):
            return f"[{words or address}]({address})"
        self.told.append(Notice(line_of(at), f"the link to {found['address']} is left out, its words kept"))
        return words
