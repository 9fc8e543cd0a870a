"""Which content covers which item of the sources."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.cards.file.sources import Sources
from app.cards.render.prepare import ReadyFile


@dataclass(frozen=True)
class Place:
    """What covers an item: a card, or (`card` is empty) the explanation or key points of a topic."""

    deck: str
    topic: str
    card: str
    title: str

    def __str__(self) -> str:
        return f"{self.deck}/{self.card}" if self.card else f"{self.deck}/{self.topic}.md"


def places(files: Iterable[ReadyFile]) -> Mapping[str, list[Place]]:
    """For each item the places that name it, in learning order; drafts cover nothing."""
    found: dict[str, list[Place]] = {}
    for file in sorted(files, key=lambda file: (file.found.deck, file.order, file.found.name)):
        for item, place in () if file.is_draft else _of_file(file):
            found.setdefault(item, []).append(place)
    return found


def _of_file(file: ReadyFile) -> Iterator[tuple[str, Place]]:
    for item in file.sources:
        yield item, Place(file.found.deck, file.found.name, "", file.title)
    for card in file.cards:
        for item in card.sources:
            yield item, Place(file.found.deck, file.found.name, card.name, card.question)


def table(sources: Sources, covering: Mapping[str, list[Place]]) -> list[str]:
    """The lines of a table: document, item, and what covers it, in the documents' order."""
    rows = [
        (document.key, item, ", ".join(map(str, covering.get(item, ()))) or "–")
        for document in sources.documents
        for item in document.items
    ]
    head = ("document", "item", "cards, and topics that explain it")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in (0, 1)]
    return [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in (head, *rows)]
