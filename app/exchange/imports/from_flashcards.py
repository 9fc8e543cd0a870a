"""Reads a flashcard deck pasted from a web page: a number, Q, the front, A, the back, "How well did you know this?"."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.exchange.imports.draft import Draft, Reading, Skipped, block, line_of, skipped_lines

_RATING = re.compile(r"\s*How well did you know this\?\s*", re.IGNORECASE)
_SCALE = re.compile(r"\s*(?:[1-5]|Not at all|Perfectly)?\s*", re.IGNORECASE)
_BULLET = re.compile(r"\s*[•◦▪‣●]\s*")


def claims_flashcards(text: str) -> bool:
    """Whether a card begins somewhere: a number, then Q."""
    return bool(_starts(text.split("\n")))


def read_flashcards(text: str) -> Reading:
    """The cards in order. The first line of text before them is the title, the others the explanation."""
    lines = text.split("\n")
    starts = _starts(lines)
    title, _, preface = block(lines[: starts[0]] if starts else lines).partition("\n")
    return Reading(title, _drafts(lines, starts), explanation=preface.strip())


def _starts(lines: list[str]) -> list[int]:
    """The index of each card's number. An empty line may stand between the number and the Q."""
    words = [(index, line.strip()) for index, line in enumerate(lines) if line.strip()]
    return [index for (index, word), (_, after) in pairwise(words) if word.isdecimal() and after in ("Q", "Q:")]


def _drafts(lines: list[str], starts: list[int]) -> Iterator[Draft | Skipped]:
    for start, end in pairwise([*starts, len(lines)]):
        front = next(index for index in range(start + 1, end) if lines[index].strip() in ("Q", "Q:")) + 1
        back = next((index for index in range(front, end) if lines[index].strip() in ("A", "A:")), end)
        rating = next((index for index in range(back, end) if _RATING.fullmatch(lines[index])), end)
        yield Draft(line_of(start), block(lines[front:back]), block(map(_listed, lines[back + 1 : rating])))
        after = rating + 1
        while after < end and _SCALE.fullmatch(lines[after]):
            after += 1
        yield from skipped_lines(lines, after, end, "stands between a card's rating and the next card")


def _listed(line: str) -> str:
    """A pasted bullet as Markdown's."""
    return _BULLET.sub("- ", line, count=1) if _BULLET.match(line) else line.strip()
