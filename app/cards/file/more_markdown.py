r"""Markdown that authors write beyond CommonMark: \( \), \[ \], environments, <sub>, footnotes, bars in table cells."""

import re
import sys
from collections.abc import Sequence
from types import SimpleNamespace

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.heading import heading
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

NOTE_REFERENCE = "note_reference"
"""The type of an inline token for a footnote's mark; its content is the label."""
TAG = "tag"
"""The type of an inline token for a tag of `HTML`; its markup is open or close, its info the name as written."""
PLAIN = "plain_"
"""What the type of a block's token begins with if it is the whole block, whose inline text is its content."""
HTML = {
    **{name: name for name in ("sub", "sup", "kbd", "u", "small", "strong", "em")},
    **{"b": "strong", "i": "em", "del": "s", "strike": "s"},
}
"""The HTML elements that authors can write, beside <br>, and as which each is shown.

Attributes are left out. <s> is not read: it may be the token that begins a sentence.
"""
_TEX = re.compile(
    r"\\\((?P<round>[^\n]+?(?:\n[^\n]+?)*?)\\\)|\\\[(?P<square>.+?)\\\]"
    r"|(?P<whole>\\begin\{(?P<name>[a-zA-Z]+\*?)\}.+?\\end\{(?P=name)\})",
    re.DOTALL,
)
_TEX_BLOCK = re.compile(r"\\(?:\[|begin\{([a-zA-Z]+\*?)\})")
_TAG = re.compile(rf"<(/?)({'|'.join(HTML)}|br)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_NOTE = re.compile(r"\[\^([^\]\s]+)\]")
_CELL_PART = re.compile(
    r"\\\(.+?\\\)|\\.|(?P<run>`+)(?:(?!`).)+?(?<!`)(?P=run)(?!`)|\$(?!\s)(?:[^$\\]|\\.)+\$|.", re.DOTALL
)
_ADDRESS = re.compile(
    r"https?://(?:[^\s<>()\"“”‘’«»`|\\\u3000-\u303f\uff00-\uffef]|\([^\s<>()]*\))+(?<![.,;:!?'*_~\]…/])/?"
)
_CONTAINER = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*")
_PLAIN = re.compile(r"(?:[^\W\d_][^\n]*+\n)*+(?=[ \t]*(?:\n|\Z))|##[ \t][^\n|]*+(?=\n|\Z)")
"""A paragraph whose lines all begin with a letter, or a heading: at the top level they can be nothing else."""
DELIMITER_ROW = re.compile(
    r"^[ \t>]*(?:\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?|\|[ \t]*:?-+:?[ \t]*\|)[ \t]*$", re.MULTILINE
)
"""A line that only a table has, below its head."""


def extend(markdown: MarkdownIt) -> None:
    """Teach a parser these forms."""
    markdown.block.ruler.before("table", "plain", _plain)
    markdown.inline.ruler.before("escape", "tex", _tex)
    markdown.options["linkify"], markdown.linkify = True, SimpleNamespace(match_at_start=_address)
    markdown.inline.ruler.before("autolink", "tag", _tag)
    markdown.inline.ruler.before("link", "note", _note)
    markdown.block.ruler.before("fence", "tex_block", _tex_block, {"alt": ["paragraph", "reference", "blockquote"]})
    markdown.block.ruler.before("reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]})
    sys.modules["markdown_it.rules_block.table"].escapedSplit = cells  # type: ignore[attr-defined]


def _address(text: str) -> SimpleNamespace | None:
    """The address that a text begins with, as markdown-it asks for it."""
    return SimpleNamespace(url=found[0]) if (found := _ADDRESS.match(text)) else None


def cells(row: str) -> list[str]:
    r"""Split a table's row at its bars, but not at those in formulas and code. `\|` is a bar within a cell."""
    found = [""]
    for part in _CELL_PART.finditer(row):
        if part[0] == "|":
            found.append("")
        else:
            found[-1] += part[0].replace(r"\|", "|")
    return found


def count_cells(line: str) -> int:
    """How many cells the row on a line of a file has."""
    found = cells(_CONTAINER.sub("", line, count=1).strip())
    return len(found) - (not found[0]) - (len(found) > 1 and not found[-1])


def lost_cells(tokens: Sequence[Token], lines: Sequence[str]) -> list[tuple[int, str]]:
    """The rows of tables that have more cells than the head, as (line, message): the rest would not be shown."""
    mistakes, columns = [], 0
    for token in tokens:
        if token.type == "thead_open":
            columns = 0
        columns += token.type == "th_open"
        if token.type == "tr_open" and token.map and columns:
            count = count_cells(lines[token.map[0]])
            if count > columns:
                rest = r"a bar in a cell is \|, or is in a formula or in code"
                mistakes.append(
                    (token.map[0] + 1, f"this row has {count} cells, and the table {columns} columns: {rest}")
                )
    return mistakes


def _plain(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Reads most of a file's lines at once, as the other rules would after one another, and makes one token of them."""
    if state.parentType == "list" and not silent:
        return _plain_item(state, start)
    found = _PLAIN.match(state.src, state.bMarks[start]) if state.parentType == "root" and not state.blkIndent else None
    if silent or not found or not found[0]:
        return False
    text = found[0]
    if not text.startswith("#"):
        state.line = start + text.count("\n")
        token = Token(f"{PLAIN}paragraph", "p", 0, map=[start, state.line], content=mdTrim(text), block=True)
    elif text.rstrip(" \t").endswith("#"):
        return heading(state, start, end, silent)
    else:
        state.line = start + 1
        lines = [start, state.line]
        token = Token(f"{PLAIN}heading", "h2", 0, map=lines, content=mdTrim(text[2:]), markup="##", block=True)
    state.tokens.append(token)
    return True


_ITEM = re.compile(r"[^\W\d_][^\n|]*+")
_NEXT_ITEM = re.compile(r"(?:[-+*]|\d{1,9}[.)])[ \t]+[^\W_]")
"""A list's item of one line of words, and the line of the item after it."""


def _plain_item(state: StateBlock, start: int) -> bool:
    found, following = _ITEM.match(state.src, state.bMarks[start] + state.tShift[start]), start + 1
    if not found:
        return False
    if following < state.lineMax and not state.isEmpty(following):
        begin = state.bMarks[following] + state.tShift[following]
        if state.sCount[following] != state.listIndent or not _NEXT_ITEM.match(state.src, begin):
            return False
    state.line, lines = following, [start, following]
    state.push("paragraph_open", "p", 1).map = lines
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = mdTrim(found[0]), lines, []
    state.push("paragraph_close", "p", -1)
    return True


def _tex(state: StateInline, silent: bool) -> bool:
    found = _TEX.match(state.src, state.pos) if state.src[state.pos] == "\\" else None
    if not found or (state.src[state.pos - 1 : state.pos] == "]" and found["round"]):  # ]\( keeps a link from being one
        return False
    if not silent:
        is_inline = found["round"] is not None
        token = state.push("math_inline" if is_inline else "math_inline_double", "math", 0)
        token.content = found["round"] or found["square"] or found["whole"]
        token.markup = found[0][:2]
    state.pos = found.end()
    return True


def _tag(state: StateInline, silent: bool) -> bool:
    found = _TAG.match(state.src, state.pos) if state.src[state.pos] == "<" else None
    if not found:
        return False
    if not silent:
        name = found[2].lower()
        if name == "br":
            state.push("hardbreak", "br", 0)
        else:
            token = state.push(TAG, HTML[name], 0)
            token.markup, token.info = "close" if found[1] else "open", name
    state.pos = found.end()
    return True


def _note(state: StateInline, silent: bool) -> bool:
    found = _NOTE.match(state.src, state.pos) if state.src[state.pos] == "[" else None
    if not found:
        return False
    if not silent:
        state.push(NOTE_REFERENCE, "", 0).content = found[1]
    state.pos = found.end()
    return True


def _tex_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    lines, number = [], start
    opens = _TEX_BLOCK.match(state.src, state.bMarks[start] + state.tShift[start])
    if not opens:
        return False
    closes = rf"\end{{{opens[1]}}}" if opens[1] else r"\]"
    while number < end and not state.isEmpty(number) and (number == start or state.sCount[number] >= state.blkIndent):
        lines.append(state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip())
        number += 1
        if closes in lines[-1]:
            break
    text = "\n".join(lines)
    if not text.endswith(closes) or text.count(closes) > 1:
        return False
    if silent:
        return True
    token = state.push("math_block", "math", 0)
    token.block, token.map, token.markup = True, [start, number], opens[0]
    token.content = text if opens[1] else text[2:-2]
    state.line = number
    return True
