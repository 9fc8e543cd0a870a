"""Names markup of other programs, which would be shown as it is typed, and says what to write in its place.

What Recur learns to read is taken out of foreign.txt.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from app.cards.file.more_markdown import DELIMITER_ROW
from app.cards.render.word_table import word_table

_TABLE = word_table(Path(__file__).with_name("foreign.txt"))
_TAGS = _TABLE["tag"]
TAG = re.compile(rf"</?({'|'.join(_TAGS)})(?:\s[^<>]*|/)?>", re.IGNORECASE)
"""A tag of HTML. Anything else between < and >, such as <eos>, is text."""

_NOTE = re.compile(r"\[\^[^\]\s]+\]")


def _compiled(kind: str) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.MULTILINE), message) for pattern, message in _TABLE[kind].items()]


CLOZE, ANYWHERE, LETTERS, BOXES, LINES = map(_compiled, ("cloze", "anywhere", "letter", "box", "line"))
"""Marks of hidden words where none can be hidden (`app/cards/file/sides.py` reads the others); markup within a line of
text; markup that begins a line of a paragraph; and markup that no backslash makes text.
"""
_MAY_BE_IN_TEXT = re.compile(
    r"[<{\[^~:@#&ÂÃâ【\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufeff\ufffd\ue000-\uf8ff]|==|%%|\+\+|\(\(|\*\*|''|\|\||>!|cite"
)
_MAY_BE_AT_A_START = re.compile(
    r"::|`_|:\*\*|\*\*:|：|\||%%|\}`|``|\)\{|\\\\[(\[]|\u00a0|\[/?\$"
    r"|^[ \t>]*(?:[^\w\s>'\"<{`\\$]|[a-zA-Z0-9]{1,2}[.)\ufe0f\u20e3]|[①-⑳❶-❿]|[SDC][A-Z])",
    re.MULTILINE,
)
"""What no text without foreign markup need have: most texts are done with at once."""
_NO_TABLE = "this makes no table: the line above it must have as many cells as this one, and no line comes before"


def in_text(text: str) -> Iterator[tuple[int, str]]:
    """What is foreign within text that is neither code nor a formula, as (offset, message)."""
    if not _MAY_BE_IN_TEXT.search(text):
        return
    opened, tags = set(), list(TAG.finditer(text))
    places = {found.start() for found in tags}
    for found in tags:
        name = found[1].lower()
        if found[0].startswith("</") and name in opened:
            continue
        opened.add(name)
        instead = f"write {_TAGS[name].format(name)}"
        yield found.start(), f"{found[0][:40]} is not read as HTML: {instead}, or put ` around it to show it"
    for pattern, message in (*CLOZE, *ANYWHERE, *LETTERS):
        yield from ((one.start(), message) for one in pattern.finditer(text) if one.start() not in places)


def at_starts(text: str) -> Iterator[tuple[int, str]]:
    """What is foreign at the start of a line of a paragraph, as (offset, message)."""
    if not _MAY_BE_AT_A_START.search(text):
        return
    for pattern, message in (*BOXES, *LINES, (DELIMITER_ROW, _NO_TABLE)):
        yield from ((found.start(), message) for found in pattern.finditer(text))


def marks(text: str) -> dict[int, str]:
    """Whatever is foreign in a text, as it is typed, by its place."""
    patterns = (TAG, _NOTE, *(pattern for pattern, _message in ANYWHERE))
    found = {match.start(): match[0] for pattern in patterns for match in pattern.finditer(text)}
    for pattern, _message in BOXES:
        typed = [(match.end(), match[0].lstrip(" \t>")) for match in pattern.finditer(text)]
        found |= {end - len(mark): mark for end, mark in typed}
    return found


def disarmed(text: str) -> str:
    """The text with a backslash before whatever is foreign in it, so that it is shown as it is and not named.

    Marks of hidden words and tables are left as they are.
    """
    found = marks(text)
    return "".join("\\" * (at in found) + letter for at, letter in enumerate(text)) if found else text
