"""What a sitting is confined to: filters, as values and as conditions of a query."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, FromClause, and_, bindparam, false, or_, select, true

from app.study.history import COUNTED, STANDS
from app.study.rating import Rating
from app.study.standing import IS_DUE, IS_FLAGGED, IS_KNOWN, IS_LEARNING, IS_LEECH, IS_SET_ASIDE
from app.study.tables import CARD, CARD_MARK, CARD_SOURCE, CARD_TAG, OWN_TAG, REVIEW

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


class _Condition(NamedTuple):
    """One filter in two forms: `here` asks of one card, `gathered` finds the cards that it lets through."""

    here: ColumnElement[bool]
    gathered: ColumnElement[bool]


def _by(column: ColumnElement[int], *conditions: ColumnElement[bool], of: FromClause | None = None) -> _Condition:
    """That a table has a row for the card, which `column` names, under the conditions on it."""
    rows = select(column).where(*conditions)
    rows = rows if of is None else rows.select_from(of)
    # Of the statement around it only the card is meant, even where it has a state or a review of its own.
    return _Condition(rows.where(column == CARD.c.id).correlate(CARD).exists(), CARD.c.id.in_(rows.correlate(None)))


_SET_ASIDE = _by(CARD_MARK.c.card_id, CARD_MARK.c.learner_id == bindparam("learner"), IS_SET_ASIDE)
IS_ASKABLE = and_(CARD.c.retired_at.is_(None), ~_SET_ASIDE.here)
"""Of a row of `card`: it is in the files, and neither suspended nor buried."""
ARE_ASKABLE = and_(CARD.c.retired_at.is_(None), ~_SET_ASIDE.gathered)
"""The same, for where many rows are looked at: what is set aside is gathered first."""


def _missed() -> _Condition:
    missed = (REVIEW.c.learner_id == bindparam("learner")) & (REVIEW.c.rating <= Rating.HARDLY) & STANDS
    return _by(REVIEW.c.card_id, missed, REVIEW.c.day > bindparam("missed_after", type_=Date()), of=COUNTED)


def _tagged() -> _Condition:
    by_author = _by(CARD_TAG.c.card_id, CARD_TAG.c.tag == bindparam("tag"))
    own = _by(OWN_TAG.c.card_id, OWN_TAG.c.learner_id == bindparam("learner"), OWN_TAG.c.tag == bindparam("tag"))
    return _Condition(or_(by_author.here, own.here), or_(by_author.gathered, own.gathered))


def _from_source() -> _Condition:
    item = CARD_SOURCE.c.item
    of_document = and_(item >= bindparam("source_from"), item < bindparam("source_to"))
    return _by(CARD_SOURCE.c.card_id, or_(item == bindparam("source"), of_document))


def _flagged() -> _Condition:
    return _by(CARD_MARK.c.card_id, CARD_MARK.c.learner_id == bindparam("learner"), IS_FLAGGED)


def _plain(condition: ColumnElement[bool]) -> _Condition:
    return _Condition(condition, condition)


_OF_CARD: Mapping[str, Callable[[], _Condition]] = {
    "topic": lambda: _plain(CARD.c.topic_id == bindparam("topic")),
    "level": lambda: _plain(CARD.c.level == bindparam("level")),
    "names": lambda: _plain(CARD.c.name.in_(bindparam("names", expanding=True))),
    "tag": _tagged,
    "source": _from_source,
    "missed": _missed,
    "state flagged": _flagged,
}
_OF_STATE: Mapping[str, ColumnElement[bool]] = {
    "state new": false(),
    "state learning": IS_LEARNING,
    "state known": IS_KNOWN,
    "state due": IS_DUE,
    "state leech": IS_LEECH,
}


def card_part(shape: Shape) -> Shape:
    """What of a shape speaks of cards alone."""
    return shape & _OF_CARD.keys()


@lru_cache(maxsize=1024)
def matching(shape: Shape) -> ColumnElement[bool]:
    """What a shape says of cards, as a condition on a row of `card`."""
    return and_(true(), *(_OF_CARD[name]().here for name in sorted(card_part(shape))))


@lru_cache(maxsize=1024)
def gathered(shape: Shape) -> ColumnElement[bool]:
    """The same, in a form that begins with the cards that it lets through."""
    return and_(true(), *(_OF_CARD[name]().gathered for name in sorted(card_part(shape))))


def of_state(shape: Shape) -> ColumnElement[bool]:
    """What a shape says of states, as a condition on a row of `card_state`."""
    return and_(true(), *(_OF_STATE[name] for name in shape & _OF_STATE.keys()))


def lets_new_ones_through(shape: Shape) -> bool:
    """Whether a card that was never seen can be meant."""
    return not shape & (_OF_STATE.keys() - {"state new"})
