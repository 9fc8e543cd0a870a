"""What a sitting asks for, as it stands in an address and in every form of its page."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import HTTPException
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints
from sqlmodel import Session

from app.cards.file.sources import documents
from app.models import Deck, Topic
from app.settings import Settings
from app.study.schedule.rate import LONGEST_TYPED
from app.study.selection.selection import Filters, Mode
from app.web.frame.dates import plural
from app.web.frame.decks import deck_named, topic_named

MOST_NAMES = 50
Typed = Annotated[
    str,
    StringConstraints(max_length=LONGEST_TYPED, pattern="^[^\0]*$"),
    # Browsers count a line's end as one character, and send two.
    BeforeValidator(lambda text: text.replace("\r\n", "\n") if isinstance(text, str) else text),
]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
# A form without a script sends every field, the empty ones too.
NONE_IF_EMPTY = BeforeValidator(lambda value: None if value == "" else value)


class SittingQuery(BaseModel):
    """The filters as text; an empty one confines nothing.

    `missed` is in days, `cards` names cards separated by commas, `since` is when a sitting ahead of the schedule began.
    `learner` is whose page a form stands on; it is no part of an address.
    """

    deck: _Text = ""
    topic: _Text = ""
    tag: _Text = ""
    level: Literal["", "easy", "medium", "hard"] = ""
    source: _Text = ""
    state: Literal["", "new", "learning", "known", "due", "leech", "flagged"] = ""
    missed: Annotated[Annotated[int, Field(ge=1, le=3650)] | None, NONE_IF_EMPTY] = None
    cards: Annotated[str, StringConstraints(max_length=10_000)] = ""
    mode: Mode = Mode.DUE
    since: Annotated[AwareDatetime | None, NONE_IF_EMPTY] = None
    learner: int | None = None

    def check_learner(self, learner: int) -> None:
        """Raise a 409 when the form is of a page that was opened by another learner than the one who sends it."""
        if self.learner not in (None, learner):
            sentence = "This page was opened as another learner, so nothing was counted. Load it again to go on as you."
            raise HTTPException(HTTPStatus.CONFLICT, sentence)

    @property
    def names(self) -> tuple[str, ...]:
        """The cards that are named, each once."""
        return tuple(dict.fromkeys(name for part in self.cards.split(",") if (name := part.strip())))[:MOST_NAMES]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """What is not empty, as it stands in an address."""
        written = {
            "deck": self.deck,
            "topic": self.topic,
            "tag": self.tag,
            "level": self.level,
            "source": self.source,
            "state": self.state,
            "missed": str(self.missed or ""),
            "cards": ",".join(self.names),
            "mode": "" if self.mode is Mode.DUE else self.mode.value,
            "since": self.since.isoformat(timespec="seconds") if self.since else "",
        }
        return tuple((name, value) for name, value in written.items() if value)

    @property
    def key(self) -> str | None:
        """What a review keeps of the sitting that it was given in; None for all that is due of a deck."""
        return urlencode(self.pairs) if any(name != "deck" for name, _value in self.pairs) else None


@dataclass(frozen=True)
class Sitting:
    """What a sitting is of. `pairs` are its part of an address, which every form of its page sends along."""

    deck: Deck
    topic: Topic | None
    filters: Filters
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
    topic = topic_named(session, deck.name, asked.topic)[1] if asked.topic else None
    since = None if asked.mode is Mode.DUE else asked.since or now
    filters = Filters(
        topic=topic.id if topic else None,
        tag=asked.tag or None,
        level=asked.level or None,
        source=asked.source or None,
        state=asked.state or None,
        missed=asked.missed,
        names=asked.names or None,
        mode=asked.mode,
        since=since,
    )
    whole = asked.model_copy(update={"deck": deck.name, "since": since})
    return Sitting(deck, topic, filters, whole.pairs, whole.key)


def words(sitting: Sitting, settings: Settings) -> str:
    """«LSTM and GRU · hard · missed in the last 7 days»: what the sitting is confined to; empty when it is not."""
    filters = sitting.filters
    parts = [
        sitting.topic.title if sitting.topic else None,
        filters.level,
        f"tagged {filters.tag}" if filters.tag else None,
        f"from {_title(filters.source, settings)}" if filters.source else None,
        {"leech": "leeches"}.get(filters.state, filters.state) if filters.state else None,
        _missed(filters.missed),
        plural(len(filters.names), "chosen card") if filters.names else None,
        {Mode.DUE: None, Mode.AHEAD: "ahead of the schedule", Mode.CRAM: "all, due or not"}[filters.mode],
    ]
    return " · ".join(part for part in parts if part)


def _title(source: str, settings: Settings) -> str:
    """The title of a document; an item stands for itself."""
    return {one.key: one.title for one in documents(settings.content_dir)}.get(source, source)


def _missed(days: int | None) -> str | None:
    if days is None:
        return None
    return "missed today" if days == 1 else f"missed in the last {days} days"
