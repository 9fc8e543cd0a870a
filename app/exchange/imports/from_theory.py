"""Reads pages of the form "Q1: question", "Answer", the answer, "Source: where it is from"."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.exchange.imports.draft import Draft, Reading, Skipped, block, line_of

_QUESTION = re.compile(r"\s*Q(\d+)\s*[:.)]\s*(.*)", re.IGNORECASE)
_ANSWER = re.compile(r"\s*(?:Answer|A)\s*:?\s*", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?:Problem|Question|Details?)\s*:?\s*", re.IGNORECASE)
_NESTED = re.compile(r" (?=[-*+] )")


def claims_theory(text: str) -> bool:
    """Whether some line begins a question and some line says "Answer"."""
    lines = text.split("\n")
    return any(map(_QUESTION.match, lines)) and any(map(_ANSWER.fullmatch, lines))


def read_theory(text: str) -> Reading:
    """The questions in order. The first line of text before them is the title, the others the explanation."""
    lines = text.split("\n")
    starts = [index for index, line in enumerate(lines) if _QUESTION.match(line)]
    title, _, preface = block(lines[: starts[0]] if starts else lines).partition("\n")
    return Reading(title, _drafts(lines, starts), explanation=preface.strip())


def _drafts(lines: list[str], starts: list[int]) -> Iterator[Draft | Skipped]:
    for start, end in pairwise([*starts, len(lines)]):
        answer = next((index for index in range(start + 1, end) if _ANSWER.fullmatch(lines[index])), end)
        first = _QUESTION.match(lines[start])
        asked = [first[2] if first else "", *(line for line in lines[start + 1 : answer] if not _LABEL.fullmatch(line))]
        # A space before a bullet means a list in a list there; in Markdown that takes two.
        answered = [
            _NESTED.sub("  ", line, count=1) if _NESTED.match(line) else line for line in lines[answer + 1 : end]
        ]
        yield Draft(line_of(start), block(asked), block(answered))
