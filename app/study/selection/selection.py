"""What a sitting is confined to: filters, as values and as conditions of a query."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnClause, ColumnElement, Date, FromClause, and_, bindparam, case, false, or_, select, true

from app.study.schedule.review_log import COUNTED, STANDS
from app.study.schedule.scale import Rating
from app.study.selection.standing import IS_DUE, IS_FLAGGED, IS_KNOWN, IS_LEARNING, IS_LEECH, IS_SET_ASIDE
from app.tables import CARD, CARD_MARK, CARD_SOURCE, CARD_TAG, OWN_TAG, REVIEW

Shape = frozenset[str]
"""Which of its fields confine a sitting: what statements are built by."""


STATES = ("new", "learning", "known", "due", "leech", "flagged")
"""The standings of a card by which a sitting may choose; see app.study.selection.standing."""


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
            **({} if self.source is None else source_parameters(self.source)),
            "names": list(self.names or ()),
            "since": self.since,
        }
        return {name: value for name, value in values.items() if value is not None}


class _Condition(NamedTuple):
    """One filter in two forms: `of` asks of one card by its id, `gathered` finds the cards that it lets through."""

    of: Callable[[ColumnElement[int]], ColumnElement[bool]]
    gathered: ColumnElement[bool]


def _by(column: ColumnElement[int], *conditions: ColumnElement[bool], of: FromClause | None = None) -> _Condition:
    """That a table has a row for the card, which `column` names, under the conditions on it."""
    rows = select(column).where(*conditions)
    rows = rows if of is None else rows.select_from(of)

    def of_card(card_id: ColumnElement[int]) -> ColumnElement[bool]:
        # Of the statement around it only that column is meant, even where it has a state or a review of its own.
        return rows.where(column == card_id).correlate(cast(ColumnClause[int], card_id).table).exists()

    return _Condition(of_card, CARD.c.id.in_(rows.correlate(None)))


_SET_ASIDE = _by(CARD_MARK.c.card_id, CARD_MARK.c.learner_id == bindparam("learner"), IS_SET_ASIDE)
IS_ASKABLE = and_(CARD.c.retired_at.is_(None), ~_SET_ASIDE.of(CARD.c.id))
"""Of a row of `card`: it is in the files, and neither suspended nor buried."""
ARE_ASKABLE = and_(CARD.c.retired_at.is_(None), ~_SET_ASIDE.gathered)
"""The same, for where many rows are looked at: what is set aside is gathered first."""


def _missed() -> _Condition:
    missed = (REVIEW.c.learner_id == bindparam("learner")) & (REVIEW.c.rating <= Rating.HARDLY) & STANDS
    return _by(REVIEW.c.card_id, missed, REVIEW.c.day > bindparam("missed_after", type_=Date()), of=COUNTED)


def _tagged() -> _Condition:
    by_author = _by(CARD_TAG.c.card_id, CARD_TAG.c.tag == bindparam("tag"))
    own = _by(OWN_TAG.c.card_id, OWN_TAG.c.learner_id == bindparam("learner"), OWN_TAG.c.tag == bindparam("tag"))
    return _Condition(lambda card_id: or_(by_author.of(card_id), own.of(card_id)), by_author.gathered | own.gathered)


IS_FROM_SOURCE = or_(
    CARD_SOURCE.c.item == bindparam("source"),
    and_(CARD_SOURCE.c.item >= bindparam("source_from"), CARD_SOURCE.c.item < bindparam("source_to")),
)
"""Of a row of `card_source`: it is that item, or one of that document. Executed with `source_parameters`."""


def source_parameters(source: str) -> dict[str, str]:
    """An item of a document is called by the document's key, a hyphen, and more."""
    return {"source": source, "source_from": f"{source}-", "source_to": f"{source}."}  # . follows - in every alphabet


def _from_source() -> _Condition:
    return _by(CARD_SOURCE.c.card_id, IS_FROM_SOURCE)


def _flagged() -> _Condition:
    return _by(CARD_MARK.c.card_id, CARD_MARK.c.learner_id == bindparam("learner"), IS_FLAGGED)


_OF_ID: Mapping[str, Callable[[], _Condition]] = {
    "tag": _tagged,
    "source": _from_source,
    "missed": _missed,
    "state flagged": _flagged,
}
_OF_ROW: Mapping[str, Callable[[], ColumnElement[bool]]] = {
    "topic": lambda: CARD.c.topic_id == bindparam("topic"),
    "level": lambda: CARD.c.level == bindparam("level"),
    "names": lambda: CARD.c.name.in_(bindparam("names", expanding=True)),
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
    return shape & (_OF_ID.keys() | _OF_ROW.keys())


def is_sparse(shape: Shape) -> bool:
    """Whether a shape lets few cards through, as a rule: anything of cards but their level."""
    return bool(card_part(shape) - {"level"})


@lru_cache(maxsize=1024)
def matching(shape: Shape) -> ColumnElement[bool]:
    """What a shape says of cards, as a condition on a row of `card`."""
    return matching_row(shape) & matching_id(shape, CARD.c.id)


def matching_row(shape: Shape) -> ColumnElement[bool]:
    """The part of it that looks at the card's row."""
    return and_(true(), *(_OF_ROW[name]() for name in sorted(shape & _OF_ROW.keys())))


def matching_id(shape: Shape, card_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The part of it that needs no more than the card's id, as a condition on a column that holds it."""
    return and_(true(), *(_OF_ID[name]().of(card_id) for name in sorted(shape & _OF_ID.keys())))


@lru_cache(maxsize=1024)
def gathered(shape: Shape) -> ColumnElement[bool]:
    """What a shape says of cards, in a form that begins with the few that it lets through."""
    of_row = {name: _OF_ROW[name]() for name in shape & _OF_ROW.keys()}
    if is_sparse(shape) and "level" in of_row:
        of_row["level"] = case((of_row["level"], 1), else_=0) == 1  # its index would bring a third of all cards
    return and_(true(), *of_row.values(), *(_OF_ID[name]().gathered for name in sorted(shape & _OF_ID.keys())))


def of_state(shape: Shape) -> ColumnElement[bool]:
    """What a shape says of states, as a condition on a row of `card_state`."""
    return and_(true(), *(_OF_STATE[name] for name in shape & _OF_STATE.keys()))


def lets_new_ones_through(shape: Shape) -> bool:
    """Whether a card that was never seen can be meant."""
    return not shape & (_OF_STATE.keys() - {"state new"})
