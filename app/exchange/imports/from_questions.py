"""Reads numbered questions with "Answer:", and pages in the four parts Preview, Explain, Key points, Review."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.exchange.imports.draft import Draft, Reading, Skipped, block, line_of, skipped_lines

_NUMBERED = re.compile(r"\s*\d+[.)]\s+(\S.*)")
_ANSWER = re.compile(r"\s*(?:\*\*)?(?:Answer|A|Solution)\s*:(?:\*\*)?\s*(.*)", re.IGNORECASE)
_PART = re.compile(r"\s*(?:#+\s*)?(preview|explain|explanation|key\s?points?|review)\s*:?\s*", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:\d+[.)]|[-*•])\s+(?=\S)")
# A pasted conversation: who asks, what was asked, and who answers.
_ASKS = re.compile(r"\s*(?:user|you|me|human|prompt)(?:\s+(?:asks?|said|says))?\s*:\s*", re.IGNORECASE)
_SAYS = re.compile(r"\s*(?:chatgpt|gpt|assistant|ai|claude|gemini|copilot)(?:\s+\w+)?\s*:\s*", re.IGNORECASE)


def claims_questions(text: str) -> bool:
    """Whether there are numbered lines, and lines that begin with "Answer:"."""
    lines = text.split("\n")
    return any(map(_NUMBERED.match, lines)) and any(map(_ANSWER.match, lines))


def read_questions(text: str) -> Reading:
    """Every numbered question, answered or not; what stands under Explain and Key points is the topic's.

    The first line is the title where it is none of these.
    """
    lines = text.split("\n")
    heads = [index for index, line in enumerate(lines) if _PART.fullmatch(line)]
    spoken, items = _without_prompts(lines)
    first = next((index for index, line in enumerate(spoken) if line.strip()), 0)
    has_title = first not in heads and not _NUMBERED.match(spoken[first])
    begin = first + 1 if has_title else 0
    explanation: list[str] = []
    key_points: list[str] = []
    for start, end in pairwise([begin, *heads, len(lines)]):
        part = _PART.fullmatch(lines[start]) if start in heads else None
        name = part[1].lower() if part else ""
        start += bool(part)
        if name.startswith("expla"):
            explanation.append(block(spoken[start:end]))
        elif name.startswith("key"):
            key_points += _points(spoken[start:end])
        else:
            items += _questions(spoken, start, end)
    title = spoken[first].strip().lstrip("#").strip() if has_title else ""
    return Reading(title, items, "\n\n".join(explanation), "\n".join(key_points))


def _without_prompts(lines: list[str]) -> tuple[list[str], list[Draft | Skipped]]:
    """The lines with those of a conversation's other side emptied, so that every line keeps its number."""
    kept = list(lines)
    skipped: list[Draft | Skipped] = []
    asked: int | None = None
    for index, line in enumerate(lines):
        if _ASKS.fullmatch(line):
            asked = index
        elif _SAYS.fullmatch(line):
            start = index if asked is None else asked
            skipped += skipped_lines(lines, start, index + 1, "the prompt of a conversation")
            kept[start : index + 1] = [""] * (index + 1 - start)
            asked = None
    return kept, skipped


def _questions(lines: list[str], start: int, end: int) -> Iterator[Draft | Skipped]:
    starts = _starts(lines, start, end)
    yield from skipped_lines(lines, start, starts[0] if starts else end, "no numbered question")
    for begin, stop in pairwise([*starts, end]):
        answer = next((index for index in range(begin, stop) if _ANSWER.match(lines[index])), stop)
        asked = [_text(_NUMBERED, lines[begin]), *lines[begin + 1 : answer]]
        answered = [_text(_ANSWER, lines[answer]), *lines[answer + 1 : stop]] if answer < stop else []
        yield Draft(line_of(begin), block(asked), block(answered))


def _starts(lines: list[str], start: int, end: int) -> list[int]:
    """The numbered lines that ask: an "Answer:" comes before the next, or they end in a question mark.

    The others belong to a list within an answer. Where nothing is answered, every numbered line asks.
    """
    numbered = [index for index in range(start, end) if _NUMBERED.match(lines[index])]
    if not any(map(_ANSWER.match, lines[start:end])):
        return numbered
    starts: list[int] = []
    for begin, stop in pairwise([*numbered, end]):
        paragraph = next((index for index in range(begin, stop) if not lines[index].strip()), stop)
        asks = block(lines[begin:paragraph]).endswith("?")
        if not starts or asks or any(_ANSWER.match(lines[index]) for index in range(begin, stop)):
            starts.append(begin)
    return starts


def _points(lines: list[str]) -> Iterator[str]:
    """The items of a numbered or bulleted list, each on one line."""
    starts = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    for begin, stop in pairwise([*starts, len(lines)]):
        yield "- " + " ".join(_ITEM.sub("", " ".join(lines[begin:stop]), count=1).split())


def _text(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found[1] if found else line
