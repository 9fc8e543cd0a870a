"""Finds out which column of a table holds what, by the names in its first row, in many languages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from unicodedata import normalize

from app.cards.render.word_table import word_table

_NAMES = word_table(Path(__file__).with_name("columns.txt"))
LEVELS = {word: level for level in ("easy", "medium", "hard") for word in _NAMES.pop(level)}
"""What levels are called in many languages, and what we call them."""
_ROLES = {word: role for role, several in _NAMES.items() for word in several}
OWN = ("deck", "topic", "demos")
"""Columns of our own export that say nothing that a card holds: its place, and what its answer links to."""
_HEADER_WORDS = 4
_SAMPLE = 50


@dataclass
class Columns:
    """Which column holds what. `others` are those without a place on a card, by index, with their names.

    `unread` are columns that say where a card was, and nothing that it says. `width` is how many there are,
    `has_header` if the first row names them, and `guess` a sentence on how that was decided, if nobody said it.
    """

    roles: dict[str, int]
    width: int
    others: dict[int, str] = field(default_factory=dict)
    has_header: bool = False
    guess: str = ""
    unread: frozenset[int] = frozenset()

    @property
    def is_own(self) -> bool:
        """True for a table that our own export has written."""
        return len(self.unread) == len(OWN) and {"name", "reversed"} <= self.roles.keys()


def columns_of(rows: Sequence[Sequence[str]], width: int, header: bool | None) -> Columns:
    """Read the columns off the first row, if it is a header. `rows` are the first ones, and `width` is the usual one.

    Without a header the columns are question, answer, tags. If `header` is None, it is found out.
    """
    head = [cell.strip() for cell in rows[0]] if rows else []
    known = roles_of(head)
    names_both = {"question", "answer"} <= known.keys()
    guessed = header is None and not names_both and _looks_like_header(rows, width)
    if header is False or not (names_both or header or guessed):
        places = {"question": 0, "answer": 1}
        tags = width > 2 and all(_are_tags(row[2]) for row in rows if len(row) > 2)
        others = dict.fromkeys(range(2 + tags, width), "")
        return Columns(places | ({"tags": 2} if tags else {}), width, others)
    if not names_both:
        free = [at for at in range(max(width, 2)) if at not in known.values()] + [width, width + 1]
        for role in ("question", "answer"):
            known[role] = known[role] if role in known else free.pop(0)
    others = {at: cell for at, cell in enumerate(head) if at not in known.values() and cell.casefold() not in OWN}
    unread = frozenset(at for at, cell in enumerate(head) if cell.casefold() in OWN and at not in known.values())
    named = " and ".join(repr(head[at]) for role in ("question", "answer") if (at := known[role]) < len(head))
    guess = f"it is read as the names of columns, {named}: if it is a card, say --no-header" if guessed else ""
    return Columns(known, max(width, len(head)), others, has_header=True, guess=guess, unread=unread)


def roles_of(head: Sequence[str]) -> dict[str, int]:
    """The columns whose names are known, by what they hold."""
    names = [re.sub(r"[\s_]+", "-", normalize("NFC", cell).strip().casefold().rstrip(":")) for cell in head]
    return {_ROLES[names[at]]: at for at in reversed(range(len(names))) if names[at] in _ROLES}


def _are_tags(cell: str) -> bool:
    """True for a few words without the signs of a sentence."""
    return not re.search(r"[.?!()\n]", cell) and all(len(tag.split()) <= 3 for tag in re.split("[,;]", cell))


def _looks_like_header(rows: Sequence[Sequence[str]], width: int) -> bool:
    """True if the first row is of few words, each column's different, and the rows below it are mostly of many more."""
    head, below = [cell.strip() for cell in rows[0]], [row for row in rows[1:_SAMPLE] if len(row) == width]
    if len(head) != width or len(below) < 2 or len(set(head)) < width:
        return False
    if any(not cell or len(cell.split()) > 2 or re.search(r"[\d.?!:;=$\\()]", cell) for cell in head):
        return False
    questions = sum(row[0].rstrip().endswith(("?", "？", "؟")) for row in below)
    longest = mean(max(len(cell) for cell in row[:2]) for row in below)
    return questions > len(below) / 2 or longest > _HEADER_WORDS * max(map(len, head[:2]))
