"""Which cards: each filter with its field in an address, its English and its SQL.

To add a filter, add a field to Selection: every page that chooses cards has it then.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any, NamedTuple, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import ColumnClause, ColumnElement, Date, FromClause, and_, bindparam, false, or_, select, true

from app.cards.file.metadata import LEVELS
from app.cards.load.search import is_found
from app.study.schedule.review_log import COUNTED, STANDS
from app.study.schedule.scale import Rating
from app.study.selection.fields import Days, Names, Text, Tick, Words, one_of
from app.study.selection.standing import (
    ARE_ASKABLE,
    IS_BURIED,
    IS_DUE,
    IS_FLAGGED,
    IS_KNOWN,
    IS_LEARNING,
    IS_LEECH,
    IS_NEW,
    IS_SUSPENDED,
    ITS_STATE,
    STATES,
)
from app.tables import (
    CARD,
    CARD_MARK,
    CARD_SOURCE,
    CARD_STATE,
    CARD_TAG,
    OWN_TAG,
    REVIEW,
    THE_DECK,
    THE_LEARNER,
    TOPIC,
    without_index,
)

Titles = Mapping[str, Mapping[str, str]]
"""What pages call a value, by field: the titles of topics and of source documents."""
Shape = frozenset[str]
"""Which filters a selection has, `state` with its word: statements are built by it, and differ in parameters alone."""


class OfCard(NamedTuple):
    """A condition on a row of `card`."""

    condition: ColumnElement[bool]


class OfState(NamedTuple):
    """A condition on the learner's row of `card_state`, which cards have that were rated."""

    condition: ColumnElement[bool]


class OfId(NamedTuple):
    """A condition in two forms: `of` asks about one card by its id, `gathered` starts from the cards that pass."""

    of: Callable[[ColumnElement[int]], ColumnElement[bool]]
    gathered: ColumnElement[bool]


Asks = OfCard | OfState | OfId


@dataclass(frozen=True, slots=True)
class Filter:
    """How a field of Selection chooses cards.

    `words` makes English of the value; of the titles where there are some. `asks` is the SQL: one for every value, or
    several by kind of value (`_kind`). Its parameter is the field with its value, or what `parameters` makes of the
    value and the learner's date. A filter is sparse if it lets few cards through, as a rule. With a `label` it is a
    menu of every form: `menu` has the words for its values, unless they are the cards' own, and `any` for none.
    """

    words: Callable[[Any], str]
    asks: Asks | Mapping[str, Asks]
    parameters: Callable[[Any, date], Mapping[str, Any]] | None = None
    is_sparse: bool = True
    label: str = ""
    menu: Mapping[str, str] | None = None
    any: str = "any"


def _by(column: ColumnElement[int], *conditions: ColumnElement[bool], of: FromClause | None = None) -> OfId:
    """The table has a row for the card that meets `conditions`; `column` holds card ids."""
    rows = select(column).where(*conditions)
    rows = rows if of is None else rows.select_from(of)

    def of_card(card_id: ColumnElement[int]) -> ColumnElement[bool]:
        # Only that column of the statement around it is meant, even if it has a state or a review of its own.
        return rows.where(column == card_id).correlate(cast(ColumnClause[int], card_id).table).exists()

    return OfId(of_card, CARD.c.id.in_(rows.correlate(None)))


def _marked(condition: ColumnElement[bool]) -> OfId:
    return _by(CARD_MARK.c.card_id, CARD_MARK.c.learner_id == THE_LEARNER, condition)


def _tagged() -> OfId:
    by_author = _by(CARD_TAG.c.card_id, CARD_TAG.c.tag == bindparam("tag"))
    own = _by(OWN_TAG.c.card_id, OWN_TAG.c.learner_id == THE_LEARNER, OWN_TAG.c.tag == bindparam("tag"))
    return OfId(lambda card_id: or_(by_author.of(card_id), own.of(card_id)), by_author.gathered | own.gathered)


def _from_source() -> OfId:
    item = CARD_SOURCE.c.item
    in_document = and_(item >= bindparam("source_from"), item < bindparam("source_to"))
    return _by(CARD_SOURCE.c.card_id, or_(item == bindparam("source"), in_document))


def _of_source(source: str, _today: date) -> dict[str, str]:
    """Items are named `<document>-<rest>`, so a document's items form a range: . follows - in every alphabet."""
    return {"source": source, "source_from": f"{source}-", "source_to": f"{source}."}


def _missed() -> OfId:
    missed = (REVIEW.c.learner_id == THE_LEARNER) & (REVIEW.c.rating <= Rating.HARDLY) & STANDS
    return _by(REVIEW.c.card_id, missed, REVIEW.c.day > bindparam("missed_after", type_=Date()), of=COUNTED)


_FOUND = OfId(lambda card_id: is_found(card_id, "q"), is_found(CARD.c.id, "q"))
_LEVEL = OfCard(CARD.c.level == bindparam("level"))
_NAMED = OfCard(CARD.c.name.in_(bindparam("cards", expanding=True)))
_IN_DECK = select(TOPIC.c.id).where(TOPIC.c.deck_id == THE_DECK, TOPIC.c.name == bindparam("topic"))
_IN_ANY = select(TOPIC.c.id).where(TOPIC.c.name.in_(bindparam("topics", expanding=True)))
_TOPICS: Mapping[str, Asks] = {
    "one": OfCard(CARD.c.topic_id == _IN_DECK.scalar_subquery()),  # of one topic both planners know that it is small
    "several": OfCard(CARD.c.topic_id.in_(_IN_ANY)),
}


def _of_topics(names: tuple[str, ...], _today: date) -> dict[str, Any]:
    return {"topic": names[0], "topics": names}


_STATES: Mapping[str, Asks] = {
    "new": OfState(false()),
    "seen": OfState(~IS_NEW),
    "learning": OfState(IS_LEARNING),
    "known": OfState(IS_KNOWN),
    "due": OfState(IS_DUE),
    "leech": OfState(IS_LEECH),
    "suspended": _marked(IS_SUSPENDED),
    "buried": _marked(IS_BURIED),
    "flagged": _marked(IS_FLAGGED),
}

_COMPUTED: Mapping[str, Asks] = {"yes": OfCard(CARD.c.asks.is_not(None)), "no": OfCard(CARD.c.asks.is_(None))}


class Selection(BaseModel, frozen=True):
    """Which cards: every field that is not empty confines it further. An address and a form have the same fields.

    `q` is what a person types into a search box. `topic` and `cards` are names, `tag` the content's or the learner's
    own, `source` an item of a source document or, without its number, the document. `missed` counts days, today the
    first. `computed` is yes for cards that ask a computed question, or no for the others.
    """

    q: Annotated[Words, Filter("found by “{:.80}”".format, _FOUND)] = ""
    topic: Annotated[Names, Filter(", ".join, _TOPICS, _of_topics, label="Topic")] = ()
    tag: Annotated[Text, Filter("tagged {}".format, _tagged(), label="Tag")] = ""
    level: Annotated[
        Text,
        one_of("level", LEVELS),
        Filter(str, _LEVEL, is_sparse=False, label="Level", menu={level: level for level in LEVELS}),
    ] = ""
    source: Annotated[Text, Filter("from {}".format, _from_source(), _of_source, label="Source")] = ""
    state: Annotated[
        Text, one_of("state", STATES), Filter(lambda state: STATES[state].words, _STATES, label="State")
    ] = ""
    flagged: Annotated[Tick, Filter(lambda _is: "flagged", _marked(IS_FLAGGED))] = False
    missed: Annotated[
        Days,
        Filter(
            lambda days: "missed today" if days == 1 else f"missed in the last {days} days",
            _missed(),
            lambda days, today: {"missed_after": today - timedelta(days=days)},
            label="Missed recently",
            menu={"1": "today", "7": "in the last 7 days", "30": "in the last 30 days"},
            any="any time",
        ),
    ] = None
    computed: Annotated[
        Text,
        one_of("kind of answer", tuple(_COMPUTED)),
        Filter(
            lambda is_computed: "computed" if is_computed == "yes" else "with a written answer",
            _COMPUTED,
            label="Answer",
            menu={"yes": "computed", "no": "written"},
        ),
    ] = ""
    cards: Annotated[Names, Filter(lambda names: f"{len(names)} chosen card{'s' * (len(names) > 1)}", _NAMED)] = ()

    def asked(self) -> Iterator[tuple[str, Any]]:
        """The fields that are not empty, with their values."""
        return ((name, value) for name in FILTERS if (value := getattr(self, name)))

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Those fields as an address has them."""
        return tuple((name, _as_text(value)) for name, value in self.asked())

    @property
    def by_field(self) -> dict[str, str]:
        """Every field as an address has it, for a form."""
        return dict.fromkeys(FILTERS, "") | dict(self.pairs)

    @property
    def shape(self) -> Shape:
        """What the statements for this selection are built by."""
        return frozenset(_key(name, value) for name, value in self.asked())

    def parameters(self, today: date) -> dict[str, Any]:
        """What the conditions are executed with, beside THE_LEARNER and TODAY."""
        values: dict[str, Any] = {}
        for name, value in self.asked():
            make = FILTERS[name].parameters
            values |= {name: value} if make is None else make(value, today)
        return values

    def words(self, titles: Titles) -> dict[str, str]:
        """What it is confined to, in English and by field: «LSTM and GRU», «hard», «missed in the last 7 days»."""
        return {name: FILTERS[name].words(_titled(value, titles.get(name, {}))) for name, value in self.asked()}

    @property
    def why_not_asked(self) -> str:
        """Why a sitting or a quiz asks no such card, a sentence; empty when it may ask them."""
        return STATES[self.state].why_not_asked if self.state else ""


def _key(name: str, value: Any) -> str:
    return f"{name} {_kind(value)}" if isinstance(FILTERS[name].asks, Mapping) else name


def _kind(value: Any) -> str:
    """A state is its own kind; of names there is one, or several."""
    return value if isinstance(value, str) else "one" if len(value) == 1 else "several"


def _as_text(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else "1" if value is True else str(value)


def _titled(value: Any, titles: Mapping[str, str]) -> Any:
    return tuple(titles.get(one, one) for one in value) if isinstance(value, tuple) else titles.get(value, value)


FILTERS: Mapping[str, Filter] = {
    name: one for name, field in Selection.model_fields.items() for one in field.metadata if isinstance(one, Filter)
}
_ASKS: Mapping[str, Asks] = {
    key: asks
    for name, one in FILTERS.items()
    for key, asks in (
        [(f"{name} {kind}", asks) for kind, asks in one.asks.items()]
        if isinstance(one.asks, Mapping)
        else [(name, one.asks)]
    )
}
_NOT_SPARSE = {name for name, one in FILTERS.items() if not one.is_sparse}
_Kind = TypeVar("_Kind", OfCard, OfState, OfId)


def _of_kind(kind: type[_Kind], shape: Shape) -> dict[str, _Kind]:
    return {key: asks for key in sorted(shape) if isinstance(asks := _ASKS[key], kind)}


def card_part(shape: Shape) -> Shape:
    """The filters that depend on the card only, not on the learner's state."""
    return shape - _of_kind(OfState, shape).keys()


def is_sparse(shape: Shape) -> bool:
    """Whether a shape lets few cards through, as a rule."""
    return bool(card_part(shape) - _NOT_SPARSE)


def matching_row(shape: Shape) -> ColumnElement[bool]:
    """The filters that look at the card's row, as a condition on it."""
    return and_(true(), *(asks.condition for asks in _of_kind(OfCard, shape).values()))


def matching_id(shape: Shape, card_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The filters that need no more than the card's id, as a condition on a column that holds it."""
    return and_(true(), *(asks.of(card_id) for asks in _of_kind(OfId, shape).values()))


@lru_cache(maxsize=1024)
def matching(shape: Shape) -> ColumnElement[bool]:
    """Both, as a condition on a row of `card`."""
    return matching_row(shape) & matching_id(shape, CARD.c.id)


@lru_cache(maxsize=1024)
def gathered(shape: Shape) -> ColumnElement[bool]:
    """The same, in a form that starts from the few cards that pass."""
    of_row = {key: asks.condition for key, asks in _of_kind(OfCard, shape).items()}
    if is_sparse(shape):
        # An index on what lets many through would bring a third of all cards.
        of_row |= {key: without_index(of_row[key]) for key in of_row.keys() & _NOT_SPARSE}
    return and_(true(), *of_row.values(), *(asks.gathered for asks in _of_kind(OfId, shape).values()))


def of_state(shape: Shape) -> ColumnElement[bool]:
    """The filters that look at the learner's state, as a condition on a row of `card_state`."""
    return and_(true(), *(asks.condition for asks in _of_kind(OfState, shape).values()))


def lets_new_ones_through(shape: Shape) -> bool:
    """Whether a card that was never seen can pass."""
    return not _of_kind(OfState, shape).keys() - {"state new"}


@lru_cache(maxsize=1024)
def passing(shape: Shape) -> ColumnElement[bool]:
    """All filters, as a condition on EVERY_CARD's columns; a shape with no filter of the state needs only CARD's."""
    state = IS_NEW if "state new" in shape else of_state(shape)
    # A sitting asks nothing that is set aside, anyway.
    return and_(gathered(shape), state, ARE_ASKABLE if "state due" in shape else true())


@lru_cache(maxsize=1024)
def listed(shape: Shape, in_deck: bool, by_state: bool = False) -> tuple[FromClause, ColumnElement[bool]]:
    """Where the live cards that pass are found, and the condition on them; `in_deck` those of THE_DECK.

    The learner's states are beside the cards only if a filter looks at them, or with `by_state` the statement does: a
    look at each costs more than all the rest.
    """
    live: ColumnElement[bool] = CARD.c.retired_at.is_(None)
    if in_deck:
        live &= CARD.c.deck_id == THE_DECK
    else:  # a topic is looked up by its name in all decks
        shape = frozenset(key.replace("topic one", "topic several") for key in shape)
    cards: FromClause = CARD
    if not lets_new_ones_through(shape):
        cards = CARD.join(CARD_STATE, ITS_STATE)
    elif by_state or "state new" in shape:
        cards = CARD.outerjoin(CARD_STATE, ITS_STATE)
    return cards, live & passing(shape)
