"""What a sitting is confined to: filters, as values and as conditions of a query."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Table, and_, bindparam, exists, or_, select, true

from app.study.history import COUNTED, STANDS
from app.study.rating import Rating
from app.study.standing import IS_DUE, IS_FLAGGED, IS_KNOWN, IS_LEARNING, IS_LEECH, IS_SET_ASIDE
from app.study.tables import CARD, CARD_MARK, CARD_SOURCE, CARD_STATE, CARD_TAG, OWN_TAG, REVIEW

Shape = frozenset[str]
"""Which of its fields confine a sitting: what statements are built by."""


STATES = ("new", "learning", "known", "due", "leech", "flagged")
"""The standings of a card by which a sitting may choose; see app.study.standing."""


class Mode(StrEnum):
    """Which cards a sitting asks: those due and new, as the schedule has it; more, before their date; or all there are.

    Whatever the mode, every rating counts.
    """

    DUE = "due"
    AHEAD = "ahead"
    CRAM = "cram"


@dataclass(frozen=True, slots=True)
class Filters:
    """Every field that is not None confines the sitting further.

    `source` is an item of a source document or, without its number, the document; `state` is one of STATES; `missed`
    is in days, today the first; `names` are cards by name. A sitting that is not Mode.DUE asks each card once, and
    `since` (aware) says from when on a rating is of this sitting.
    """

    topic: int | None = None
    tag: str | None = None
    level: str | None = None
    source: str | None = None
    state: str | None = None
    missed: int | None = None
    names: tuple[str, ...] | None = None
    mode: Mode = Mode.DUE
    since: datetime | None = None

    def __post_init__(self) -> None:
        if self.mode is not Mode.DUE and self.since is None:
            raise ValueError("A sitting ahead of the schedule needs the time since when it goes on.")

    @property
    def shape(self) -> Shape:
        """Which fields confine it: two of the same shape differ in their parameters alone."""
        named = {field.name for field in fields(self) if getattr(self, field.name) is not None} - {"mode", "since"}
        return frozenset((named - {"state"}) | ({f"state {self.state}"} if self.state else set()))

    def parameters(self) -> Mapping[str, Any]:
        """What the conditions of `matching` are executed with, beside the queue's own."""
        values = {
            "topic": self.topic,
            "tag": self.tag,
            "level": self.level,
            "source": self.source,
            "source_from": f"{self.source}-",
            "source_to": f"{self.source}.",  # the character after -
            "names": list(self.names or ()),
            "since": self.since,
        }
        return {name: value for name, value in values.items() if value is not None}


def _of_card(table: Table, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the learner has a row for the card in `table`, under the conditions on it."""
    own = (table.c.learner_id == bindparam("learner")) & (table.c.card_id == CARD.c.id)
    # Of the statement around it only the card is meant, even where it has a state or a review of its own.
    return exists().where(own, *conditions).correlate(CARD)


IS_ASKABLE = and_(CARD.c.retired_at.is_(None), ~_of_card(CARD_MARK, IS_SET_ASIDE))
"""Of a row of `card`: it is in the files, and neither suspended nor buried."""


def _missed() -> ColumnElement[bool]:
    of_card = (REVIEW.c.learner_id == bindparam("learner")) & (REVIEW.c.card_id == CARD.c.id)
    missed = (REVIEW.c.rating <= Rating.HARDLY) & STANDS
    recent = REVIEW.c.day > bindparam("missed_after", type_=Date())
    return select(REVIEW.c.id).select_from(COUNTED).where(of_card, recent, missed).correlate(CARD).exists()


def _tagged() -> ColumnElement[bool]:
    by_author = exists().where(CARD_TAG.c.card_id == CARD.c.id, CARD_TAG.c.tag == bindparam("tag")).correlate(CARD)
    return or_(by_author, _of_card(OWN_TAG, OWN_TAG.c.tag == bindparam("tag")))


def _from_source() -> ColumnElement[bool]:
    item = CARD_SOURCE.c.item
    of_document = and_(item >= bindparam("source_from"), item < bindparam("source_to"))
    is_meant = or_(item == bindparam("source"), of_document)
    return exists().where(CARD_SOURCE.c.card_id == CARD.c.id, is_meant).correlate(CARD)


_CONDITIONS: Mapping[str, Callable[[], ColumnElement[bool]]] = {
    "topic": lambda: CARD.c.topic_id == bindparam("topic"),
    "level": lambda: CARD.c.level == bindparam("level"),
    "names": lambda: CARD.c.name.in_(bindparam("names", expanding=True)),
    "tag": _tagged,
    "source": _from_source,
    "missed": _missed,
    "state new": lambda: ~_of_card(CARD_STATE),
    "state learning": lambda: _of_card(CARD_STATE, IS_LEARNING),
    "state known": lambda: _of_card(CARD_STATE, IS_KNOWN),
    "state due": lambda: _of_card(CARD_STATE, IS_DUE),
    "state leech": lambda: _of_card(CARD_STATE, IS_LEECH),
    "state flagged": lambda: _of_card(CARD_MARK, IS_FLAGGED),
}


@lru_cache(maxsize=1024)
def matching(shape: Shape) -> ColumnElement[bool]:
    """A condition on a row of `card`, for the filters of that shape."""
    return and_(true(), *(_CONDITIONS[name]() for name in sorted(shape)))
