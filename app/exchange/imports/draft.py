"""What a reader finds in a source: drafts of cards, and what it had to leave."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class RefusedError(Exception):
    """A source that is not imported at all; the message says why, and what to do."""


@dataclass(frozen=True)
class Draft:
    """A card to be, in Markdown. `where` is a place in the source ("line 12"); `left_out` are sentences about it.

    An empty answer means that there is none in it. `sources` are items of sources.yaml, as far as that has them; `name`
    is the id that the card had there, if it had one.
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
    """Something in the source that becomes no card."""

    where: str
    why: str


@dataclass(frozen=True)
class Reading:
    """What was read. `explanation` and `key_points` are Markdown. `items` can be passed through once, and may raise
    RefusedError on the way.
    """

    title: str
    items: Iterable[Draft | Skipped]
    explanation: str = ""
    key_points: str = ""


def block(lines: Iterable[str]) -> str:
    """Lines as text, without empty ones at either end and without spaces behind."""
    kept = [line.rstrip() for line in lines]
    while kept and not kept[0]:
        del kept[0]
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def line_of(index: int) -> str:
    """Where the line with this index (from 0) is."""
    return f"line {index + 1}"


def skipped_lines(lines: list[str], start: int, end: int, why: str) -> Iterator[Skipped]:
    """One Skipped for the lines from start up to end (indices from 0), if there is text on them."""
    written = [index for index in range(start, end) if lines[index].strip()]
    if written:
        first, last = written[0] + 1, written[-1] + 1
        yield Skipped(f"line {first}" if first == last else f"lines {first}–{last}", why)
