"""What a sitting asks for, as it stands in an address and in every form of its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from pydantic import AwareDatetime
from sqlmodel import Session

from app.cards.file.sources import documents
from app.models import Deck
from app.settings import Settings
from app.study.selection.fields import NONE_IF_EMPTY, Text
from app.study.selection.selection import Selection
from app.study.sitting.queue import Mode, Queue
from app.web.frame.decks import deck_named, topic_titles


class SittingQuery(Selection, frozen=True):
    """A selection of a deck's cards, and the order in which the schedule or the learner has them.

    `since` is when a sitting ahead of the schedule began.
    """

    deck: Text = ""
    mode: Mode = Mode.DUE
    since: Annotated[AwareDatetime | None, NONE_IF_EMPTY] = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """What is not empty, as it stands in an address."""
        whole = (
            ("deck", self.deck),
            *super().pairs,
            ("mode", "" if self.mode is Mode.DUE else self.mode.value),
            ("since", self.since.isoformat(timespec="seconds") if self.since else ""),
        )
        return tuple((name, value) for name, value in whole if value)

    @property
    def key(self) -> str | None:
        """What a review keeps of the sitting that it was given in; None for all that is due of a deck."""
        return urlencode(self.pairs) if any(name != "deck" for name, _value in self.pairs) else None


@dataclass(frozen=True)
class Sitting:
    """What a sitting is of. `pairs` are its part of an address, which every form of its page sends along."""

    deck: Deck
    queue: Queue
    topics: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]
    key: str | None

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode(self.pairs)


def sitting_of(session: Session, asked: SittingQuery, now: datetime) -> Sitting:
    """Read what is asked for; a sitting ahead of the schedule begins `now` unless it says when.

    Raises NotHereError for a deck or topic that is not there, with the nearest.
    """
    deck = deck_named(session, asked.deck or None)
    topics = topic_titles(session, asked.topic, deck)
    since = None if asked.mode is Mode.DUE else asked.since or now
    whole = asked.model_copy(update={"deck": deck.name, "since": since})
    return Sitting(deck, Queue(deck.id, asked, asked.mode, since), topics, whole.pairs, whole.key)


def words(sitting: Sitting, settings: Settings) -> str:
    """«LSTM and GRU · hard · missed in the last 7 days»: what the sitting is confined to; empty when it is not."""
    queue = sitting.queue
    by_key = {one.key: one.title for one in documents(settings.content_dir)} if queue.selection.source else {}
    parts = queue.selection.words({"topic": sitting.topics, "source": by_key})
    order = {Mode.DUE: "", Mode.AHEAD: "ahead of the schedule", Mode.CRAM: "all, due or not"}[queue.mode]
    return " · ".join([*parts, *([order] if order else [])])
