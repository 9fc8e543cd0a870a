"""Markdown to blocks and inline tokens, each with its line: the one door to markdown-it-py."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_core.replacements import EM_DASH_RE, EN_DASH_INDENT_RE, EN_DASH_RE
from markdown_it.rules_core.smartquotes import process_inlines
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token as Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from app.cards.file.more_markdown import PLAIN, extend, lost_cells

References = dict[str, Any]
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
RAW = "raw"
"""The type of a token whose content `to_html` writes as it is."""


def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough", "linkify"])
    markdown.disable(["html_block", "html_inline"])
    markdown.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_blank_lines=False, double_inline=True)
    extend(markdown)
    # Inline text is read by `inline_tokens`, only in the parts that are rendered.
    markdown.core.ruler.enableOnly(["normalize", "block"])
    # Every address is read as a link, so that a bad one can be reported; render.py decides which become links.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    markdown.add_render_rule(RAW, lambda self, tokens, index, options, env: tokens[index].content)
    return markdown


_PARSER = _parser()


class Block(NamedTuple):
    """A top-level block. `line` is its first line, from 1; `end` is the line after its last.

    `parsed` are its tokens; None if it was read at once (PLAIN), as most are, and all of it is in `text`.
    """

    kind: str
    level: int
    line: int
    end: int
    text: str
    markup: str
    parsed: tuple[Token, ...] | None = None

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Its tokens."""
        if self.parsed is not None:
            return self.parsed
        tag, lines = f"h{self.level}" if self.level else "p", [self.line - 1, self.end - 1]
        return (
            Token(f"{self.kind}_open", tag, 1, map=lines, markup=self.markup, block=True),
            Token("inline", "", 0, map=lines, level=1, children=[], content=self.text, block=True),
            Token(f"{self.kind}_close", tag, -1, markup=self.markup, block=True),
        )

    def tokens_with_lines(self) -> list[tuple[Token, int]]:
        """The tokens, each with the line it begins on."""
        line = self.line
        found = []
        for token in self.tokens:
            line = token.map[0] + 1 if token.map else line
            found.append((token, line))
        return found


@dataclass(frozen=True)
class MarkdownText:
    """A text's top-level blocks, its link definitions, and mistakes in its blocks as (line, message).

    `notes` are its footnotes by label, each a block of its own.
    """

    blocks: tuple[Block, ...]
    references: References
    mistakes: tuple[tuple[int, str], ...]
    notes: Mapping[str, Block] = field(default_factory=dict)


def read(text: str) -> MarkdownText:
    """Read Markdown into top-level blocks, whose inline text is left unread."""
    env: dict[str, Any] = {}
    tokens = _PARSER.parse(text, env)
    lines = text.split("\n")
    mistakes = [found for token in tokens if token.type == "fence" for found in _unclosed(token, lines)]
    mistakes += lost_cells(tokens, lines)
    notes: dict[str, Block] = {}
    blocks = []
    for block in _blocks(tokens):
        if block.kind != "footnote_reference":
            blocks.append(block)
        elif (label := block.tokens[0].meta.get("label", "")) in notes:
            mistakes.append((block.line, f"the footnote [^{label}] is defined a second time: rename one of them"))
        else:
            notes[label] = block._replace(parsed=block.tokens[1:-1])
    return MarkdownText(tuple(blocks), env.get("references", {}), tuple(mistakes), notes)


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            first = tokens[start]
            line, end = first.map or (0, 0)
            level = int(first.tag[1]) if first.tag in _HEADINGS else 0
            if first.type.startswith(PLAIN):
                kind = first.type.removeprefix(PLAIN)
                yield Block(kind, level, line + 1, end + 1, first.content, first.markup)
            else:
                text = tokens[start + 1].content if first.type in ("paragraph_open", "heading_open") else ""
                kind, parsed = first.type.removesuffix("_open"), tuple(tokens[start : index + 1])
                yield Block(kind, level, line + 1, end + 1, text, first.markup, parsed)
            start = index + 1


def _unclosed(fence: Token, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    assert fence.map is not None  # noqa: S101 - markdown-it gives every block its lines
    first, end = fence.map
    mark = re.escape(fence.markup)
    closes = end - first > 1 and re.fullmatch(rf"[>\s]*{mark}{mark[-1]}*\s*", lines[end - 1])
    # "```python" cannot close a fence: if a fence contains it, that fence was left open.
    opens_inside = re.search(rf"^ {{0,3}}{mark}[`~]*[ \t]*\w", fence.content, re.MULTILINE)
    if not closes or opens_inside:
        yield first + 1, f"this code fence is not closed: end it with a line of {fence.markup}"


_MAY_BE_MARKED = re.compile(r"[^\w ,.;?()'\"/%+=@#-]|_| $")
"""Finds what no plain text has: whatever a rule of inline text may begin with, and a space at the end."""


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


def read_inline(blocks: Iterable[Block], references: References) -> list[tuple[Token, int]]:
    """The tokens of the blocks, each with the line it begins on; inline tokens get their `children`."""
    found = [one for block in blocks for one in block.tokens_with_lines()]
    for token, _line in found:
        if token.type == "inline":
            token.children = inline_tokens(token.content, references)
    return found


def inline_tokens(text: str, references: References) -> list[Token]:
    """Read inline text. A token's `meta["at"]` is its offset in the text (in an image, in the image's text)."""
    if text and not _MAY_BE_MARKED.search(text):
        return [Token("text", "", 0, content=text, meta={"at": len(text)})]
    state = _Positioned(text, _PARSER, {"references": references}, [])
    _PARSER.inline.tokenize(state)
    for rule in _PARSER.inline.ruler2.getRules(""):
        rule(state)
    return state.tokens


def plain(tokens: Iterable[Token]) -> str:
    """The words of inline tokens without their marks; formulas are LaTeX."""
    breaks = ("softbreak", "hardbreak")
    return " ".join("".join(" " if token.type in breaks else token.content for token in tokens).split())


TYPEWRITTEN = re.compile(r"['\"]|--")
"""What `typographic` changes."""
_QUOTED = re.compile(r"(?<!\w)('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")(?!\w)")
_DECADE = re.compile(r"(?<!\S)'(?=\d\ds?\b)")


def texts_of(tokens: Sequence[Token]) -> Iterator[Token]:
    """The texts among inline tokens, without bare addresses, which are links to themselves."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else token
        is_address = before.type == "link_open" and before.markup in ("linkify", "autolink")
        if token.type == "text" and not is_address:
            yield token


def typographic(tokens: Sequence[Token]) -> None:
    """Set quotes, apostrophes and dashes in the text of inline tokens as a printer does: “it’s” for "it's", – for --.

    Code, formulas and what stands behind a backslash stay as they are.
    """
    for token in tokens:
        typographic(token.children or ())  # the words of a picture
    texts = [one for one in texts_of(tokens) if TYPEWRITTEN.search(one.content)]
    if not texts:
        return
    for token in texts:
        token.content = _DECADE.sub("’", token.content)
    # A formula or code is like a word to the quotes beside it, whatever signs it ends with.
    words = [
        Token(one.type, "", 0, level=one.level, content="x") if one.type != "text" and one.content else one
        for one in tokens
    ]
    process_inlines(words, StateCore("", _PARSER, {}))
    for token in texts:
        for dash, dashes in (("—", (EM_DASH_RE,)), ("–", (EN_DASH_RE, EN_DASH_INDENT_RE))):
            for written in dashes:
                token.content = written.sub(rf"\1{dash}", token.content)


@lru_cache(maxsize=4096)
def curly(text: str) -> str:
    """Plain text with typographic quotes, apostrophes and dashes."""
    token = Token("text", "", 0, content=text)
    typographic([token])
    return token.content


def said(message: object) -> str:
    """A message as a page says it: what it quotes as Python does is in “…” as it was typed, the rest is typographic."""
    parts = enumerate(_QUOTED.split(str(message)))
    return "".join(f"“{part[1:-1]}”".replace("\\\\", "\\") if at % 2 else curly(part) for at, part in parts)


def to_html(tokens: Sequence[Token]) -> str:
    """The HTML of tokens, not yet sanitised."""
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {})).strip()
