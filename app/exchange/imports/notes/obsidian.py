"""Reads notes with cards for Obsidian's spaced repetition: question::answer, a line ? between both, ==hidden==.

https://www.stephenmwangi.com/obsidian-spaced-repetition/flashcards
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from app.exchange.imports.draft import Draft, Harmless, Item, Notice, Reading, block, line_of
from app.exchange.imports.notes.hidden import MARKED, hiding

_IN_LINE = re.compile(r"(?!\s*:)(?P<front>(?:`[^`]*`|[^`:]|:(?!:))+?)\s*(?P<mark>:::?)(?![:{])\s*(?P<back>\S.*)")
_CODE = re.compile(r"\w::\w+\s*[(;<]|https?::")
_BETWEEN = ("?", "??")
_SCHEDULE = re.compile(r"\s*<!--SR:.*?-->")
_TAG = re.compile(r"(?:^|\s)#(flashcards[\w/-]*)")
_FENCE = re.compile(r"\s*(`{3}|~{3})")


def claims_obsidian(text: str) -> bool:
    """True if there is the plugin's tag, a line ? between a question and an answer, or two lines with ::."""
    lines = text.split("\n")
    between = any(
        line.strip() in _BETWEEN and lines[at - 1].strip() and at + 1 < len(lines) and lines[at + 1].strip()
        for at, line in enumerate(lines[1:], 1)
    )
    in_lines = sum(1 for line in lines if _IN_LINE.fullmatch(line) and not _CODE.search(line))
    return bool(_TAG.search(text)) or between or in_lines >= 2


def read_obsidian(text: str) -> Reading:
    """Return the cards in order. Whatever else a note says is named and is not a card."""
    lines = text.split("\n")
    layout = [found[0] for line in lines for found in _TAG.finditer(line)]
    return Reading("", _items(lines), text=text, layout=layout, links=True)


def _items(lines: Sequence[str]) -> Iterator[Item]:
    at = 0
    tags: tuple[str, ...] = ()
    while at < len(lines):
        end = at + 1
        if _FENCE.match(lines[at]):
            end = next((one + 1 for one in range(at + 1, len(lines)) if _FENCE.match(lines[one])), len(lines))
        elif lines[at].strip():
            end = next((one for one in range(at + 1, len(lines)) if not lines[one].strip()), len(lines))
        part = lines[at:end]
        if any(line.strip() for line in part):
            found = _TAG.search("\n".join(part))
            tags = (found[1].replace("/", "::"),) if found else tags
            yield from _part(part, at, tags)
        at = end


def _part(part: Sequence[str], first: int, tags: tuple[str, ...]) -> Iterator[Item]:
    schedules = [
        [Harmless(f"its schedule is left out: {found[0].strip()}") for found in _SCHEDULE.finditer(line)]
        for line in part
    ]
    lines = [_SCHEDULE.sub("", _TAG.sub("", line)) for line in part]
    between = next((at for at, line in enumerate(lines) if line.strip() in _BETWEEN), 0)
    if between and not _FENCE.match(lines[0]):
        front, back = block(lines[:between]), block(lines[between + 1 :])
        told = list(chain.from_iterable(schedules))
        yield from _both(line_of(first), (front, back), lines[between].strip() == "??", tags, told)
        return
    for at, (line, told) in enumerate(zip(lines, schedules, strict=True)):
        where = line_of(first + at)
        found = None if _FENCE.match(lines[0]) or _CODE.search(line) else _IN_LINE.fullmatch(line)
        if found:
            sides = found["front"].strip().removeprefix("- ").strip(), found["back"].strip()
            yield from _both(where, sides, found["mark"] == ":::", tags, told)
        elif not _FENCE.match(lines[0]) and MARKED.search(line):
            yield from (replace(card, tags=tags) for card in hiding(where, line.strip(), MARKED))
            yield from (Notice(where, one) for one in told)
        elif line.strip():
            yield Notice(where, f"is in no card: {line.strip()}")
        elif told:
            yield Notice(where, told[0])


def _both(
    where: str, sides: tuple[str, str], is_reversed: bool, tags: tuple[str, ...], told: Sequence[str]
) -> Iterator[Draft]:
    """A card, and if it is asked from its back too, that card."""
    yield Draft(where, *sides, tags=tags, left_out=tuple(told))
    if is_reversed:
        yield Draft(where, sides[1], sides[0], tags=tags)
