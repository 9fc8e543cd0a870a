"""Reads decks of hashcards: Q: a question, A: its answer, C: a text with [hidden] parts. They may be items of a list.

https://github.com/eudoxia0/hashcards
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from app.cards.render.word_table import word_table
from app.exchange.imports.draft import Draft, Item, Notice, Reading, block, line_of, skipped_lines
from app.exchange.imports.notes.hidden import BRACKETED, hiding

_MARK = re.compile(r"([QAC]):(?:\s+(.*)|)")
_LISTED = re.compile(r"^[-*+] (?=[QC]:)", re.MULTILINE)
_INDENT = re.compile(r"^(?:[-*+] (?=[QC]:)|  (?:[-*+] (?=A:))?)", re.MULTILINE)
_SHORT = re.compile(r"^[QC]:(?:\s|\Z)", re.MULTILINE)
_WORDS = word_table(Path(__file__).with_name("marks.txt"))
_LONG = re.compile(
    rf"^[ \t>]*(?:[-*+] )?(?:\*\*)?(?:(?P<asks>{'|'.join(_WORDS['asks'])})|{'|'.join(_WORDS['answers'])})"
    rf"[ \t]*\d*[ \t]*(?:\*\*)?[:：](?:\*\*)?[ \t]*|^(?P<ends>(?:{'|'.join(_WORDS['counts'])})[ \t]*\d+[:.]?$)",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(r"name\s*=\s*[\"'](.*)[\"']\s*")


def claims_hashcards(text: str) -> bool:
    """True if a line begins with Q: and one with A:, or one with C: and hides something.

    Question: and Answer:, in many languages, are Q: and A:.
    """
    lines = _plain(text).split("\n")
    begins = {line[:2] for line in lines}
    return {"Q:", "A:"} <= begins or any(line.startswith("C:") and BRACKETED.search(line) for line in lines)


def read_hashcards(text: str) -> Reading:
    """Return the cards in order. The name in the front matter is the title."""
    plain = _plain(text)
    lines = plain.split("\n")
    end = next((at for at in range(1, len(lines)) if lines[at].strip() == "---"), 0) if lines[0].strip() == "---" else 0
    title = next((found[1] for line in lines[:end] if (found := _NAME.fullmatch(line.strip()))), "")
    layout = ["name", *(found[1] for line in lines if (found := _MARK.fullmatch(line)))]
    layout += [found[0] for found in _LONG.finditer(text)] if plain != text else []
    # In SuperMemo's texts each line of a question or an answer begins with its mark.
    marks = [line[:2] if _MARK.fullmatch(line) and line[0] in "QA" else "" for line in lines]
    lines = [
        line[2:].lstrip() if at and marks[at] and marks[at] == marks[at - 1] else line for at, line in enumerate(lines)
    ]
    unread = [
        Notice(line_of(at), f"this line of the front matter is not read: {lines[at].strip()}")
        for at in range(1, end)
        if lines[at].strip() and not _NAME.fullmatch(lines[at].strip())
    ]
    return Reading(title, chain(unread, _cards(lines, end + 1 if end else 0)), text=text, layout=layout)


def _plain(text: str) -> str:
    """The text with the same lines and short marks; if its cards are items of a list, they begin at the margin."""
    text = _INDENT.sub("", text) if _LISTED.search(text) else text
    if _SHORT.search(text):
        return text
    lines = [
        _LONG.sub(lambda one: "" if one["ends"] else "Q: " if one["asks"] else "A: ", one) for one in text.split("\n")
    ]
    return "\n".join(one.removesuffix("**") if one.count("**") % 2 and one[1:3] == ": " else one for one in lines)


def _cards(lines: Sequence[str], start: int) -> Iterator[Item]:
    question: tuple[int, str] | None = None
    yield from skipped_lines(list(lines), start, _next(lines, start), "is before the first card")
    at = _next(lines, start)
    while at < len(lines):
        found = _MARK.fullmatch(lines[at])
        end = _next(lines, at + 1)
        if found is None:  # the rule that ends a card
            yield from skipped_lines(list(lines), at + 1, end, "is between two cards")
        else:
            text = block([found[2] or "", *lines[at + 1 : end]])
            if question and found[1] == "A":
                yield Draft(line_of(question[0]), question[1], text)
            elif question:
                yield Draft(line_of(question[0]), question[1])
            if found[1] == "C":
                cards = list(hiding(line_of(at), text, BRACKETED))
                yield from cards or [Draft(line_of(at), text)]
            elif found[1] == "A" and not question:
                yield Draft(line_of(at), "", text)
            question = (at, text) if found[1] == "Q" else None
        at = end
    if question:
        yield Draft(line_of(question[0]), question[1])


def _next(lines: Sequence[str], start: int) -> int:
    """The next line that begins a part of a card or ends one."""
    ends = (at for at in range(start, len(lines)) if _MARK.fullmatch(lines[at]) or lines[at].strip() == "---")
    return next(ends, len(lines))
