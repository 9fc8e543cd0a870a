"""Markdown to blocks and inline tokens, each with its line: the one door to markdown-it-py."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

References = dict[str, Any]


def _reader() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.disable(["html_block", "html_inline"])
    markdown.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_blank_lines=False, double_inline=True)
    # Every address is read as a link, so that a bad one can be named; render.py decides which become one.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    return markdown


MARKDOWN = _reader()


@dataclass(frozen=True)
class Block:
    """A top-level block. `line` is its first line, from 1; `end` is the line after its last."""

    kind: str
    level: int
    line: int
    end: int
    text: str
    markup: str
    tokens: tuple[Token, ...]

    def inlines(self) -> Iterator[tuple[int, Token]]:
        """Each run of inline text in it, with the line it starts on."""
        line = self.line
        for token in self.tokens:
            line = token.map[0] + 1 if token.map else line
            if token.type == "inline":
                yield line, token


@dataclass(frozen=True)
class Document:
    """A text's top-level blocks, its link definitions, and what is wrong at this level as (line, message)."""

    blocks: tuple[Block, ...]
    references: References
    mistakes: tuple[tuple[int, str], ...]


def read(text: str) -> Document:
    """Read Markdown into top-level blocks; inline text is left for `inline_tokens`."""
    env: dict[str, Any] = {}
    state = StateCore(text, MARKDOWN, env)
    for rule in ("normalize", "block"):
        _CORE[rule](state)
    lines = text.split("\n")
    mistakes = [found for token in state.tokens if token.type == "fence" for found in _unclosed(token, lines)]
    return Document(tuple(_blocks(state.tokens)), env.get("references", {}), tuple(mistakes))


_CORE = {rule.name: rule.fn for rule in MARKDOWN.core.ruler.__rules__}


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            first = tokens[start]
            line, end = first.map or (0, 0)
            text = tokens[start + 1].content if first.type in ("paragraph_open", "heading_open") else ""
            yield Block(
                kind=first.type.removesuffix("_open"),
                level=int(first.tag[1]) if first.type == "heading_open" else 0,
                line=line + 1,
                end=end + 1,
                text=text,
                markup=first.markup,
                tokens=tuple(tokens[start : index + 1]),
            )
            start = index + 1


def _unclosed(fence: Token, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    assert fence.map is not None  # noqa: S101 - markdown-it gives every block its lines
    first, end = fence.map
    mark = re.escape(fence.markup)
    closes = end - first > 1 and re.fullmatch(rf"[>\s]*{mark}{mark[-1]}*\s*", lines[end - 1])
    # "```python" cannot close a fence: where one stands inside, the fence around it was left open.
    opens_inside = re.search(rf"^ {{0,3}}{mark}[`~]*[ \t]*\w", fence.content, re.MULTILINE)
    if not closes or opens_inside:
        yield first + 1, f"this code fence is never closed: end it with a line of {fence.markup}"


class _Positioned(StateInline):
    """Notes where in the source each token was found."""

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        token = super().push(ttype, tag, nesting)
        token.meta["at"] = self.pos
        return token

    def pushPending(self) -> Token:  # noqa: N802 - markdown-it's name
        token = super().pushPending()
        token.meta["at"] = self.pos
        return token


def inline_tokens(text: str, references: References) -> list[Token]:
    """Read a run of inline text; `meta["at"]` of each token is its offset in the text, or within the token's own."""
    state = _Positioned(text, MARKDOWN, {"references": references}, [])
    MARKDOWN.inline.tokenize(state)
    for rule in MARKDOWN.inline.ruler2.getRules(""):
        rule(state)
    return state.tokens


def plain(tokens: Iterable[Token]) -> str:
    """The words of inline tokens: without marks, formulas as their LaTeX."""
    breaks = ("softbreak", "hardbreak")
    return " ".join("".join(" " if token.type in breaks else token.content for token in tokens).split())
