"""Reads the cards that `recur export` wrote as JSON."""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from functools import partial

from pydantic import BaseModel, ValidationError

from app.cards.file.yaml_files import LAST
from app.exchange.imports.draft import Draft, Item, NoPictureError, Reading, RefusedError, stated_lines
from app.invalid import in_words

FORMAT, VERSION = "recur-cards", 1
"""What the file says of itself."""


class _OwnTopic(BaseModel):
    name: str
    title: str
    order: int = LAST


class _OwnCard(BaseModel):
    id: str
    question: str
    answer: str
    topic: str = ""
    tags: list[str] = []
    level: str | None = None
    sources: list[str] = []
    side_of: str | None = None
    is_reversed: bool = False
    asks: str = ""
    corrected: str = ""
    points: list[str] = []


class _OwnDeck(BaseModel):
    name: str
    topics: list[_OwnTopic] = []
    files: dict[str, str] = {}
    cards: list[_OwnCard]


class _OwnExport(BaseModel):
    format: str
    version: int
    decks: list[_OwnDeck]


def claims_json(text: str) -> bool:
    """True for a JSON object that names our format."""
    return text.lstrip().startswith("{") and f'"{FORMAT}"' in text


def read_json(text: str) -> Reading:
    """Return the cards in order; those of one file's card are one. Raises RefusedError for anything but our export."""
    try:
        found = _OwnExport.model_validate(json.loads(text))
    except ValidationError as error:
        problem = error.errors()[0]
        said = in_words(".".join(map(str, problem["loc"])), problem)
        raise RefusedError(f"this is not what recur export writes: {said}") from None
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError(f"{where}this is no JSON: export the cards again") from None
    if found.format != FORMAT or found.version != VERSION:
        raise RefusedError(f"its format is {found.format!r} {found.version}, and {FORMAT!r} {VERSION} is read here")
    several = len(found.decks) > 1
    topics = {
        f"{deck.name}-{one.name}" if several else one.name: (one.title, one.order)
        for deck in found.decks
        for one in deck.topics
    }
    media = {name: partial(_bytes, data) for deck in found.decks for name, data in deck.files.items()}
    counts: Counter[str] = Counter()
    return Reading("", _items(found, counts), counts=counts, media=media, hides=True, topics=topics)


def _items(found: _OwnExport, counts: Counter[str]) -> Iterator[Item]:
    for deck in found.decks:
        read = set()
        for card in deck.cards:
            name = card.side_of or card.id
            if name in read:
                continue
            read.add(name)
            counts["cards"] += 1
            yield Draft(
                f"card {name} of {deck.name}",
                card.question,
                card.answer,
                tags=tuple(card.tags),
                level=card.level or "",
                sources=tuple(card.sources),
                name=name,
                topic=f"{deck.name}-{card.topic}" if len(found.decks) > 1 else card.topic,
                stated=stated_lines(
                    card.model_dump(include={"asks", "corrected"}) | {"reversed": "yes" * card.is_reversed}
                ),
                points=tuple(card.points),
            )


def _bytes(data: str) -> bytes:
    try:
        return b64decode(data, validate=True)
    except ValueError as error:
        raise NoPictureError(f"its bytes are damaged: {error}") from None
