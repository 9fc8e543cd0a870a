"""What a reader finds in a file: drafts of cards, what it has to skip, and what it counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field


class RefusedError(Exception):
    """A file that is not imported at all. The message says why, and what to do."""


class Harmless(str):
    """A sentence about a change that leaves the text of a card whole. Any other sentence makes the card a draft."""

    __slots__ = ()


class Unfinished(str):
    """A sentence about what the author has still to write: nothing is lost, and the card is a draft."""

    __slots__ = ()


class NoPictureError(Exception):
    """A picture that cannot be brought in. The message says why."""


Media = Mapping[str, Callable[[], bytes]]
"""The pictures and sounds that come with a file, by the names that its text uses. Each is read when it is called.

That raises NoPictureError. Of a large one it may read no more than tells that it is too large.
"""


@dataclass(frozen=True)
class Draft:
    """A card before it is written, in Markdown. `where` is its place in the file ("line 12").

    `answer` is empty if the file has none. `sources` may be items of sources.yaml; `name` is the card's id there, if it
    had one. `left_out` are sentences, one for each thing that was left out or changed. `text` is what the card was
    made from: each word of it must be on the card or in a sentence. By default it is the card's own text. `key` names
    the entry in the file, if anything but its text does; see `came_from.CameFrom`. `topic` is the deck that it is in
    there, if the file has several. `stated` are further lines for the end of the card, as in our own files, and
    `points` the Markdown of its points.
    """

    where: str
    question: str
    answer: str = ""
    tags: tuple[str, ...] = ()
    level: str = ""
    sources: tuple[str, ...] = ()
    name: str = ""
    left_out: tuple[str, ...] = ()
    text: str | None = None
    key: str = ""
    topic: str = ""
    stated: tuple[str, ...] = ()
    points: tuple[str, ...] = ()

    @property
    def own_text(self) -> str:
        """All of the card's text."""
        return "\n".join((self.question, self.answer))


@dataclass(frozen=True)
class Skipped:
    """Something in the file that does not become a card. `text` is all of it, if the sentence does not quote it."""

    where: str
    why: str
    text: str = ""


@dataclass(frozen=True)
class Notice:
    """How the file was read, where that was decided by a guess. Nothing is lost by it."""

    where: str
    says: str


Item = Draft | Skipped | Notice


@dataclass(frozen=True)
class Reading:
    """What was read. `explanation` and `key_points` are Markdown.

    `items` can be iterated once, and may raise RefusedError on the way. Meanwhile `counts` grows: how many rows, cells,
    notes and so on were read. If `text` is given, each of its words must be in an item or in the `layout`, such as the
    names of columns. `file` is the file's name, for sentences. `media` can be read as long as `items` last.
    If it `hides`, ==…== and {{c1::…}} hide a part of a text, as in our own files; in all others they are text.
    If it `links`, [[…]] is a link to a note. `topics` are the titles and orders of the items' topics, each of which is
    then a file of that name.
    """

    title: str
    items: Iterable[Item]
    explanation: str = ""
    key_points: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    text: str = ""
    layout: list[str] = field(default_factory=list)
    file: str = "the file"
    media: Media = field(default_factory=dict)
    hides: bool = False
    links: bool = False
    topics: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def stated_lines(of_export: Mapping[str, str]) -> tuple[str, ...]:
    """The lines Reversed:, Ask: and Corrected: of a card that our own export wrote."""
    lines = (("Reversed", "reversed"), ("Ask", "asks"), ("Corrected", "corrected"))
    return tuple(f"{line}: {value}" for line, name in lines if (value := of_export.get(name)))


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
        place = f"line {first}" if first == last else f"lines {first}–{last}"
        yield Skipped(place, why, "\n".join(lines[start:end]))
