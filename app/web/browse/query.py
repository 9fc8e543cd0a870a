"""What an address of /browse asks for: read, checked, and written again in its shortest form."""

import difflib
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import Select
from sqlmodel import Session, col, select

from app.cards.file.metadata import LEVELS
from app.cards.load.search import asked, matches
from app.models import Topic
from app.study.selection.browse import SORTS, Filters
from app.study.selection.standing import STATES
from app.web.frame.decks import deck_named
from app.web.frame.errors import NotHereError

BY_RANK = "relevance"
LONGEST = 200


class Query(BaseModel):
    """The parameters of the address; what is empty asks for nothing."""

    q: str = ""
    deck: str = Field("", max_length=LONGEST)
    topic: str = Field("", max_length=LONGEST)
    tag: str = Field("", max_length=LONGEST)
    level: str = Field("", max_length=LONGEST)
    source: str = Field("", max_length=LONGEST)
    state: str = Field("", max_length=LONGEST)
    flagged: bool = False
    sort: str = Field("", max_length=LONGEST)
    page: int = Field(1, ge=1)

    def address(self, **changes: object) -> str:
        """The address of this state with `changes`, without what is not asked for."""
        asked_for = self.model_dump(exclude_defaults=True) | changes
        said = {name: value for name, value in asked_for.items() if value not in ("", False, None)}
        return "/browse?" + urlencode({k: 1 if v is True else v for k, v in said.items()}) if said else "/browse"

    def differs_only_in_words(self, address: str) -> bool:
        """Whether `address` asks for the same but for what is searched for, and so is a step on the way to this one."""
        other = dict(parse_qsl(address.partition("?")[2]))
        mine = dict(parse_qsl(self.address().partition("?")[2]))
        return all(
            other.get(name, "") == mine.get(name, "") for name in type(self).model_fields if name not in "q page"
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the words and the order is asked for."""
        return any((self.deck, self.topic, self.tag, self.level, self.source, self.state, self.flagged))

    def order(self) -> str | None:
        """One of SORTS, or None for the best match first."""
        if self.sort in ("", BY_RANK):
            return None if self.q.strip() else "place"
        return self.sort

    def check(self) -> None:
        """Raise HTTPException (422) for a word that there is not, with those that there are."""
        _one_of(self.state, "state", STATES)
        _one_of(self.sort, "order", (BY_RANK, *SORTS))
        _one_of(self.level, "level", LEVELS)
        if "\0" in self.tag + self.source:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "A tag or source has no NUL in it.")

    def filters(self, session: Session) -> Filters:
        """As the study room takes them. Raises NotHereError for a deck or topic that is not there."""
        deck = deck_named(session, self.deck) if self.deck else None
        return Filters(
            deck_id=deck.id if deck else None,
            topic_ids=_topics(session, self.topic, deck.id if deck else None) if self.topic else None,
            tag=self.tag or None,
            level=self.level or None,
            source=self.source or None,
            state=self.state or None,
            flagged=self.flagged,
        )

    def found(self, session: Session) -> Select[tuple[int, float]] | None:
        """The cards that hold the words; None when there are none to look for."""
        return matches(session.connection(), asked(self.q)) if self.q.strip() else None


def _one_of(word: str, what: str, known: Collection[str]) -> None:
    if word and word not in known:
        near = difflib.get_close_matches(word, known, n=1)
        meant = f" The nearest is {near[0]!r}." if near else ""
        sentence = f"There is no {what} called {word!r}.{meant} There are {', '.join(known)}."
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)


def _topics(session: Session, name: str, deck_id: int | None) -> tuple[int, ...]:
    """The topics of that name in the deck, or in every deck; none when only another deck has one."""
    topics = session.exec(select(Topic.id, Topic.name, Topic.deck_id).where(col(Topic.retired_at).is_(None))).all()
    named = [(topic_id, its_deck) for topic_id, known, its_deck in topics if known == name]
    if not named:
        near = difflib.get_close_matches(name, sorted({known for _id, known, _deck in topics}), n=1)
        raise NotHereError(f"There is no topic called {name!r}." + (f" The nearest is {near[0]!r}." if near else ""))
    return tuple(topic_id for topic_id, its_deck in named if deck_id in (None, its_deck))
