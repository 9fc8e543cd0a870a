"""What there is to choose from: topics, tags and sources, of a deck or of all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
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


def _numbers_last(item: str) -> tuple[str, int]:
    """Sorts theory-2 before theory-10."""
    stem = item.rstrip("0123456789")
    return stem, int(item[len(stem) :] or 0)
