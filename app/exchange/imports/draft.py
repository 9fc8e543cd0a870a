"""What a reader finds in a file: drafts of cards, and what it has to skip."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class RefusedError(Exception):
    """A file that is not imported at all. The message says why, and what to do."""


@dataclass(frozen=True)
class Draft:
    """A card before it is written, in Markdown. `where` is its place in the file ("line 12").

    `answer` is empty if the file has none. `sources` may be items of sources.yaml; `name` is the card's id there, if it
    had one. `left_out` are sentences, one for each thing that was left out.
    """

    where: str
    question: str
    answer: str = ""
    tags: tuple[str, ...] = ()
    level: str = ""
    sources: tuple[str, ...] = ()
    name: str = ""
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Something in the file that does not become a card."""

    where: str
    why: str


@dataclass(frozen=True)
class Reading:
    """What was read. `explanation` and `key_points` are Markdown.

    `items` can be iterated once, and may raise RefusedError on the way.
    """

    title: str
    items: Iterable[Draft | Skipped]
    explanation: str = ""
    key_points: str = ""


def block(lines: Iterable[str]) -> str:
    """Join lines, without empty ones at both ends and without trailing spaces."""
    kept = [line.rstrip() for line in lines]
    while kept and not kept[0]:
        del kept[0]
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def line_of(index: int) -> str:
    """Name the line with this index (from 0)."""
    return f"line {index + 1}"


def skipped_lines(lines: list[str], start: int, end: int, why: str) -> Iterator[Skipped]:
    """Yield one Skipped for lines[start:end], unless they are empty."""
    written = [index for index in range(start, end) if lines[index].strip()]
    if written:
        first, last = written[0] + 1, written[-1] + 1
        yield Skipped(f"line {first}" if first == last else f"lines {first}–{last}", why)
