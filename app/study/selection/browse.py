"""The cards of a selection as a list, a page at a time, each with where it stands with the learner."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlmodel import Session

from app.cards.load.search import asked, matches
from app.study.forecast.fold import taught
from app.study.learner.preferences import Preferences
from app.study.schedule.review_log import STATE_COLUMNS
from app.study.schedule.scheduler import State
from app.study.selection.recall import faded
from app.study.selection.selection import Selection, listed
from app.study.selection.standing import EVERY_CARD, IS_NEW, STATES
from app.tables import CARD, CARD_STATE, DECK, OWN_TAG, THE_LEARNER, TODAY, TOPIC

A_PAGE = 50
FORETOLD = 2_000
"""Up to so many cards are sorted by the learner's own chance of recall; more of them by FSRS's alone."""


# What comes first in each order; cards that were never rated come last, as do ties in learning order.
_PLACE: tuple[ColumnElement[Any], ...] = (CARD.c.deck_id, CARD.c.retired_at, CARD.c.place)
SORTS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "place": (),
    "due": (IS_NEW, CARD_STATE.c.due_on),
    "recall": (IS_NEW, faded(CARD_STATE.c.stability, CARD_STATE.c.reviewed_on, TODAY).desc()),
    "stability": (IS_NEW, CARD_STATE.c.stability),
    "difficulty": (IS_NEW, CARD_STATE.c.difficulty.desc()),
    "lapses": (IS_NEW, CARD_STATE.c.lapses.desc()),
    "reviewed": (IS_NEW, CARD_STATE.c.reviewed_at.desc()),
    "question": (func.lower(CARD.c.question),),
}
"""In learning order, or first the soonest due, the least likely recalled, the least stable, the hardest, those with the
most lapses, the last reviewed; or by alphabet."""
_BY_STATE = SORTS.keys() - {"place", "question"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of the cards to list: those of a selection, of one deck or, with None, of all.

    `sort` is one of SORTS; None is the best match first, or learning order if the selection has no words to search
    for. A page past the last is the last.
    """

    selection: Selection
    deck_id: int | None = None
    sort: str | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A card in the list. `recall` is the chance today, 0 to 1; it and the due date are None for a new card.

    `states` are the words of standing.STATES that hold, the one that says most of when it is asked first. A card
    `is_set_aside` if it is suspended or buried, and so not asked today.
    """

    id: int
    deck: str
    name: str
    question_html: str
    topic: str
    states: tuple[str, ...]
    due_on: date | None
    recall: float | None
    reviews: int
    own_tags: tuple[str, ...]
    is_set_aside: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found: `count` cards in all, on `pages` pages, of which this is number `page`.

    `today` is the learner's date, `decks` are the ids of the decks that they are in, with how many of each.
    """

    today: date
    cards: Sequence[Listed]
    count: int
    page: int
    pages: int
    decks: Mapping[int, int]


_COUNTS = select(CARD.c.deck_id, func.count().label("cards")).group_by(CARD.c.deck_id)


def find(session: Session, prefs: Preferences, now: datetime, wanted: Wanted) -> Found:
    """The cards that the selection lets through. Raises KeyError for an order that does not exist."""
    today = prefs.day(now)
    connection, values, shape = session.connection(), _parameters(prefs, today, wanted), wanted.selection.shape
    in_deck, by_rank = wanted.deck_id is not None, wanted.selection.q and not wanted.sort
    cards, passing = listed(shape, in_deck)
    counts = _COUNTS.select_from(cards).where(passing)
    cards, passing = listed(shape - {"q"} if by_rank else shape, in_deck, wanted.sort in _BY_STATE)
    order = SORTS[wanted.sort or "place"]
    if by_rank:
        # Materialized, so that the search is made once: as a plain join it might be made again for each card.
        found = matches(connection, asked(wanted.selection.q)).cte("found").prefix_with("MATERIALIZED")
        cards, order = cards.join(found, found.c.card_id == CARD.c.id), (found.c.rank,)
    decks = {row.deck_id: row.cards for row in connection.execute(counts, values)}
    count = sum(decks.values())
    pages = max(1, -(-count // A_PAGE))
    page = min(wanted.page, pages)
    # First which cards, then what they say: rows are long, and need not be carried through the sorting.
    ids = select(CARD.c.id).select_from(cards).where(passing).order_by(*order, *_PLACE, CARD.c.id)
    part = slice((page - 1) * A_PAGE, page * A_PAGE)
    if wanted.sort == "recall" and count <= FORETOLD:
        rows = connection.execute(ids.add_columns(*STATE_COLUMNS), values).all()
        chances = _chances(connection, values, {row.id: row[1:] for row in rows if row.last_review_id})
        shown: Sequence[int] = sorted((row.id for row in rows), key=lambda card: chances.get(card, 2.0))[part]
    else:
        shown = connection.execute(ids.slice(part.start, part.stop), values).scalars().all()
    return Found(today, _listed(session, values, shown), count, page, pages, decks)


def matching_ids(session: Session, prefs: Preferences, now: datetime, wanted: Wanted) -> Sequence[int]:
    """The ids of all cards that `find` would list, on every page."""
    cards, passing = listed(wanted.selection.shape, wanted.deck_id is not None)
    ids = select(CARD.c.id).select_from(cards).where(passing)
    return session.connection().execute(ids, _parameters(prefs, prefs.day(now), wanted)).scalars().all()


def _parameters(prefs: Preferences, today: date, wanted: Wanted) -> dict[str, Any]:
    own = {"learner": prefs.learner_id, "today": today, "deck": wanted.deck_id}
    return own | wanted.selection.parameters(today)


# In this order, the one that says most of when a card is asked first. That it is due is said by its date.
_SHOWN = ("suspended", "buried", "new", "learning", "known", "leech", "flagged")
_LISTED = (
    select(
        CARD.c.id,
        DECK.c.name.label("deck"),
        CARD.c.name,
        CARD.c.question_html,
        TOPIC.c.title.label("topic"),
        func.coalesce(CARD_STATE.c.reviews, 0).label("ratings"),
        *STATE_COLUMNS,
        *(func.coalesce(STATES[word].condition, False).label(f"is_{word}") for word in _SHOWN),
    )
    .select_from(EVERY_CARD)
    .join(DECK, DECK.c.id == CARD.c.deck_id)
    .join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
)


def _listed(session: Session, values: dict[str, Any], ids: Sequence[int]) -> list[Listed]:
    connection = session.connection()
    rows = {row.id: row for row in connection.execute(_LISTED.where(CARD.c.id.in_(ids)), values)}
    tags: dict[int, list[str]] = defaultdict(list)
    mine = select(OWN_TAG.c.card_id, OWN_TAG.c.tag).where(
        OWN_TAG.c.learner_id == THE_LEARNER, OWN_TAG.c.card_id.in_(ids)
    )
    for card, tag in connection.execute(mine.order_by(OWN_TAG.c.tag), values):
        tags[card].append(tag)
    seen = {card: [getattr(row, name) for name in State._fields] for card, row in rows.items() if not row.is_new}
    chances = _chances(connection, values, seen)
    return [_as_listed(rows[card], chances.get(card), tuple(tags[card])) for card in ids]


def _chances(connection: Connection, values: dict[str, Any], seen: Mapping[int, Sequence[Any]]) -> dict[int, float]:
    """The chance of recall today of each of these cards, whose states are given as rows."""
    predictor = taught(connection, values["learner"]).predictor
    chances = predictor.chances([State(*row) for row in seen.values()], values["today"])
    return dict(zip(seen, chances.tolist(), strict=True))


def _as_listed(row: Any, chance: float | None, own_tags: tuple[str, ...]) -> Listed:
    states = tuple(word for word in _SHOWN if getattr(row, f"is_{word}"))
    return Listed(
        *(row.id, row.deck, row.name, row.question_html, row.topic, states, row.due_on),
        *(chance, row.ratings, own_tags, row.is_suspended or row.is_buried),
    )
