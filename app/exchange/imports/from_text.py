"""Reads pages of plain text that hold questions, in three layouts, each with its own two functions.

Flashcards pasted from a web page: a number, Q, the front, A, the back, "How well did you know this?".
Theory: "Q1: question", "Answer", the answer, "Source: where it is from".
Questions: a numbered list with "Answer:" under each, or a study page of Preview, Explain, Key points and Review.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from app.exchange.imports.draft import Draft, Item, Reading, block, line_of, skipped_lines

_RATING = re.compile(r"\s*How well did you know this\?\s*", re.IGNORECASE)
_SCALE = re.compile(r"\s*(?:[1-5]|Not at all|Perfectly)?\s*", re.IGNORECASE)
_BULLET = re.compile(r"\s*[•◦▪‣●]\s*")

_THEORY_QUESTION = re.compile(r"\s*Q(\d+)\s*[:.)]\s*(.*)", re.IGNORECASE)
_THEORY_ANSWER = re.compile(r"\s*(?:Answer|A)\s*:?\s*", re.IGNORECASE)
_LABEL = re.compile(r"\s*(?:Problem|Question|Details?)\s*:?\s*", re.IGNORECASE)
_NESTED = re.compile(r" (?=[-*+] )")

_NUMBERED = re.compile(r"\s*\d+[.)]\s+(\S.*)")
_ANSWER = re.compile(r"\s*(?:\*\*)?(?:Answer|A|Solution)\s*:(?:\*\*)?\s*(.*)", re.IGNORECASE)
_PART = re.compile(r"\s*(?:#+\s*)?(preview|explain|explanation|key\s?points?|review)\s*:?\s*", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:\d+[.)]|[-*•])\s+(?=\S)")
# A pasted conversation: who asks, what was asked, and who answers.
_ASKS = re.compile(r"\s*(?:user|you|me|human|prompt)(?:\s+(?:asks?|said|says))?\s*:\s*", re.IGNORECASE)
_SAYS = re.compile(r"\s*(?:chatgpt|gpt|assistant|ai|claude|gemini|copilot)(?:\s+\w+)?\s*:\s*", re.IGNORECASE)


def claims_flashcards(text: str) -> bool:
    """True if a card begins somewhere: a number, then Q."""
    return bool(_card_starts(text.split("\n")))


def read_flashcards(text: str) -> Reading:
    """Return the cards in order. The first line before them is the title, the others are the explanation."""
    lines = text.split("\n")
    starts = _card_starts(lines)
    return _reading(lines, starts, _flashcards)


Cards = Callable[[list[str], list[int], list[str]], Iterator[Item]]
"""Yields the cards that begin at some lines, and adds the words between their parts to the layout."""


def _reading(lines: list[str], starts: list[int], cards: Cards) -> Reading:
    title, _, preface = block(lines[: starts[0]] if starts else lines).partition("\n")
    layout: list[str] = []
    items = cards(lines, starts, layout)
    return Reading(title, items, explanation=preface.strip(), text="\n".join(lines), layout=layout)


def _card_starts(lines: list[str]) -> list[int]:
    """The index of each card's number. An empty line may stand between the number and the Q."""
    words = [(index, line.strip()) for index, line in enumerate(lines) if line.strip()]
    return [index for (index, word), (_, after) in pairwise(words) if word.isdecimal() and after in ("Q", "Q:")]


def _flashcards(lines: list[str], starts: list[int], layout: list[str]) -> Iterator[Item]:
    for start, end in pairwise([*starts, len(lines)]):
        front = next(index for index in range(start + 1, end) if lines[index].strip() in ("Q", "Q:")) + 1
        back = next((index for index in range(front, end) if lines[index].strip() in ("A", "A:")), end)
        rating = next((index for index in range(back, end) if _RATING.fullmatch(lines[index])), end)
        yield Draft(line_of(start), block(lines[front:back]), block(map(_listed, lines[back + 1 : rating])))
        after = rating + 1
        while after < end and _SCALE.fullmatch(lines[after]):
            after += 1
        layout += [*lines[start:front], *lines[back : back + 1], *lines[rating:after]]
        yield from skipped_lines(lines, after, end, "is between a card's rating and the next card")


def _listed(line: str) -> str:
    """A pasted bullet as Markdown's."""
    return _BULLET.sub("- ", line, count=1) if _BULLET.match(line) else line.strip()


def claims_theory(text: str) -> bool:
    """True if a line begins a question and a line says "Answer"."""
    lines = text.split("\n")
    return any(map(_THEORY_QUESTION.match, lines)) and any(map(_THEORY_ANSWER.fullmatch, lines))


def read_theory(text: str) -> Reading:
    """Return the questions in order. The first line before them is the title, the others are the explanation."""
    lines = text.split("\n")
    starts = [index for index, line in enumerate(lines) if _THEORY_QUESTION.match(line)]
    return _reading(lines, starts, _theory)


def _theory(lines: list[str], starts: list[int], layout: list[str]) -> Iterator[Item]:
    for start, end in pairwise([*starts, len(lines)]):
        answer = next((index for index in range(start + 1, end) if _THEORY_ANSWER.fullmatch(lines[index])), end)
        first = _THEORY_QUESTION.match(lines[start])
        asked = [first[2] if first else "", *(line for line in lines[start + 1 : answer] if not _LABEL.fullmatch(line))]
        layout += [f"q {first[1]}" if first else "", *filter(_LABEL.fullmatch, lines[start + 1 : answer])]
        layout += lines[answer : min(answer + 1, end)]
        # A space before a bullet means a list in a list there; in Markdown that takes two.
        answered = [
            _NESTED.sub("  ", line, count=1) if _NESTED.match(line) else line for line in lines[answer + 1 : end]
        ]
        yield Draft(line_of(start), block(asked), block(answered))


def claims_questions(text: str) -> bool:
    """True if there are numbered lines and lines that begin with "Answer:"."""
    lines = text.split("\n")
    return any(map(_NUMBERED.match, lines)) and any(map(_ANSWER.match, lines))


def read_questions(text: str) -> Reading:
    """Return every numbered question, answered or not. The text under Explain and Key points is the topic's.

    The first line is the title, unless it is a question or one of the headings.
    """
    lines = text.split("\n")
    heads = [index for index, line in enumerate(lines) if _PART.fullmatch(line)]
    spoken, items = _without_prompts(lines)
    first = next((index for index, line in enumerate(spoken) if line.strip()), 0)
    has_title = first not in heads and not _NUMBERED.match(spoken[first])
    begin = first + 1 if has_title else 0
    explanation: list[str] = []
    key_points: list[str] = []
    layout = [lines[index] for index in heads]
    for start, end in pairwise([begin, *heads, len(lines)]):
        part = _PART.fullmatch(lines[start]) if start in heads else None
        name = part[1].lower() if part else ""
        start += bool(part)
        if name.startswith("expla"):
            explanation.append(block(spoken[start:end]))
        elif name.startswith("key"):
            key_points += _points(spoken[start:end], layout)
        else:
            items += _questions(spoken, start, end, layout)
    title = spoken[first].strip().lstrip("#").strip() if has_title else ""
    return Reading(title, items, "\n\n".join(explanation), "\n".join(key_points), text="\n".join(lines), layout=layout)


def _without_prompts(lines: list[str]) -> tuple[list[str], list[Item]]:
    """Empty the lines of a conversation's prompts, so that every other line keeps its number."""
    kept = list(lines)
    skipped: list[Item] = []
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


def _questions(lines: list[str], start: int, end: int, layout: list[str]) -> Iterator[Item]:
    starts = _starts(lines, start, end)
    yield from skipped_lines(lines, start, starts[0] if starts else end, "no numbered question")
    for begin, stop in pairwise([*starts, end]):
        answer = next((index for index in range(begin, stop) if _ANSWER.match(lines[index])), stop)
        asked = [_text(_NUMBERED, lines[begin]), *lines[begin + 1 : answer]]
        answered = [_text(_ANSWER, lines[answer]), *lines[answer + 1 : stop]] if answer < stop else []
        layout += [_mark(_NUMBERED, lines[begin]), *(_mark(_ANSWER, line) for line in lines[answer : answer + 1])]
        yield Draft(line_of(begin), block(asked), block(answered))


def _starts(lines: list[str], start: int, end: int) -> list[int]:
    """Return the numbered lines that are questions: an "Answer:" follows before the next one, or they end in "?".

    The other numbered lines are lists within answers. If nothing is answered, every numbered line is a question.
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


def _points(lines: list[str], layout: list[str]) -> Iterator[str]:
    """Yield the items of a numbered or bulleted list, each on one line."""
    starts = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    layout += [found[0] for line in lines if (found := _ITEM.match(line))]
    for begin, stop in pairwise([*starts, len(lines)]):
        yield "- " + " ".join(_ITEM.sub("", " ".join(lines[begin:stop]), count=1).split())


def _text(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found[1] if found else line


def _mark(pattern: re.Pattern[str], line: str) -> str:
    """The part of a line before what the pattern captures."""
    found = pattern.match(line)
    return line[: found.start(1)] if found else ""
