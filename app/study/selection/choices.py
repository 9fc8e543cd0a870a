"""What there is to choose from: topics, tags and sources, of a deck or of all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session

from app.cards.file.yaml_files import Document
from app.study.learner.preferences import Preferences
from app.study.selection.fields import no_such
from app.study.selection.selection import FILTERS, Selection
from app.study.selection.standing import STATES
from app.tables import CARD, CARD_SOURCE, CARD_TAG, OWN_TAG, THE_DECK, THE_LEARNER, TOPIC


@dataclass(frozen=True, slots=True)
class Choices:
    """The titles of topics by name, in learning order; tags, the authors' and the learner's own; items of sources.

    A name that topics of several decks have is one choice, and means all of them.
    """

    topics: Mapping[str, str]
    tags: Sequence[str]
    sources: Sequence[str]


_TOPICS = select(TOPIC.c.name, TOPIC.c.title).where(TOPIC.c.retired_at.is_(None))
_TAGS = select(CARD_TAG.c.tag).distinct()
_OWN_TAGS = select(OWN_TAG.c.tag).distinct().where(OWN_TAG.c.learner_id == THE_LEARNER)
_ITEMS = select(CARD_SOURCE.c.item).distinct()
_LIVE = (CARD.c.deck_id == THE_DECK) & CARD.c.retired_at.is_(None)


def choices(session: Session, prefs: Preferences, deck_id: int | None = None) -> Choices:
    """What a selection may name: what the deck's live cards have or, with None, all cards."""

    def found(words: Select[Any]) -> Iterable[str]:
        table = words.get_final_froms()[0]
        of_deck = words if deck_id is None else words.join(CARD, CARD.c.id == table.c.card_id).where(_LIVE)
        return connection.execute(of_deck, values).scalars()

    connection, values = session.connection(), {"learner": prefs.learner_id, "deck": deck_id}
    topics = _TOPICS if deck_id is None else _TOPICS.where(TOPIC.c.deck_id == THE_DECK)
    rows = connection.execute(topics.order_by(TOPIC.c.deck_id, TOPIC.c.place), values)
    return Choices(
        topics={row.name: row.title for row in rows},
        tags=sorted({*found(_TAGS), *found(_OWN_TAGS)}),
        sources=sorted(found(_ITEMS), key=_numbers_last),
    )


def unknown(selection: Selection, known: Choices, documents: Iterable[str]) -> list[str]:
    """A sentence each about a tag or a source that no card has; `documents` are the keys of those that are listed.

    Any card may have a new tag or source, so this is not an error: it explains why no card was found.
    """
    words = {"tag": known.tags, "source": [*documents, *known.sources]}
    asked = {name: value for name, value in selection.pairs if name in words}
    return [
        no_such(name, value, words[name])
        for name, value in asked.items()
        if value not in words[name] and not any(word.startswith(f"{value}-") for word in known.sources)
    ]


@dataclass(frozen=True, slots=True)
class Menu:
    """A filter in a form: its label, the words for no choice, and by group («» is none) the words for each value."""

    label: str
    any: str
    groups: Mapping[str, Mapping[str, str]]


def menus(known: Choices, documents: Iterable[Document], *, asks: bool = False) -> dict[str, Menu]:
    """The menus of a form by field, with the choices known.

    For a form that `asks` cards they leave out what no sitting and no quiz asks, and list documents without their
    items.
    """
    states = {word: state.name for word, state in STATES.items() if not (asks and state.why_not_asked)}
    groups: dict[str, Mapping[str, Mapping[str, str]]] = {
        "topic": {"": known.topics},
        "tag": {"": {tag: tag for tag in known.tags}},
        "source": {"": {one.key: one.title for one in documents}} if asks else _by_document(known, documents),
        "state": {"": states},
    }
    return {
        name: Menu(one.label, one.any, groups.get(name, {"": one.menu or {}}))
        for name, one in FILTERS.items()
        if one.label
    }


def _by_document(known: Choices, documents: Iterable[Document]) -> dict[str, dict[str, str]]:
    groups = {}
    others = dict.fromkeys(known.sources)
    for one in documents:
        items = [item for item in one.items if item in others]
        groups[one.title] = {one.key: f"{one.key}: all of it"} | {item: item for item in items}
        others = {item: None for item in others if item not in items}
    return groups | {"": {item: item for item in others}}


def _numbers_last(item: str) -> tuple[str, int]:
    """Sorts theory-2 before theory-10."""
    stem = item.rstrip("0123456789")
    return stem, int(item[len(stem) :] or 0)
