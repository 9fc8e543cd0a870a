"""Finding cards by what they are and how the learner stands with them, a page at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select, union
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.schedule.scheduler import recall
from app.study.selection.recall import faded
from app.study.selection.selection import IS_FROM_SOURCE, source_parameters
from app.study.selection.standing import (
    EVERY_CARD,
    IS_BURIED,
    IS_FLAGGED,
    IS_KNOWN,
    IS_LEECH,
    IS_NEW,
    IS_SUSPENDED,
    ITS_MARK,
    ITS_STATE,
    LEARNER,
    ONLY_MARKED,
    ONLY_RATED,
    STATES,
    TODAY,
)
from app.tables import CARD, CARD_MARK, CARD_SOURCE, CARD_STATE, CARD_TAG, DECK, OWN_TAG, TOPIC

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What a card must be; None is any. `state` is one of standing.STATES, `tag` the content's or the learner's own."""

    deck_id: int | None = None
    topic_ids: tuple[int, ...] | None = None
    tag: str | None = None
    level: str | None = None
    source: str | None = None
    state: str | None = None
    flagged: bool = False


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
class Listed:
    """A card in the list. `recall` is the chance today, 0 to 1; it and the due date are None for a new card.

    `states` are the words of standing.STATES that hold, the one that says most of when it is asked first.
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


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found: `count` cards in all, on `pages` pages, of which this is number `page`."""

    cards: Sequence[Listed]
    count: int
    page: int
    pages: int


def find(
    session: Session,
    prefs: Preferences,
    now: datetime,
    filters: Filters,
    found: Select[Any] | None = None,
    sort: str | None = None,
    page: int = 1,
) -> Found:
    """The cards that pass `filters` and are among `found` (a SELECT of card_id and rank, the best smallest).

    Sorted by `sort`, one of SORTS; None is by rank, or in learning order where nothing was searched for. A page past
    the last is the last. Raises KeyError for a state or an order that there is not.
    """
    connection = session.connection()
    values = {"learner": prefs.learner_id, "today": prefs.day(now)}
    source, where, _rank = _meant(filters, found)
    count = connection.execute(select(func.count()).select_from(source).where(*where), values).scalar_one()
    pages = max(1, -(-count // A_PAGE))
    page = min(page, pages)
    source, where, rank = _meant(filters, found, by_state=sort in _BY_STATE, by_rank=sort is None)
    order = SORTS[sort] if sort else () if rank is None else (rank,)
    # First which cards, then what they say: rows are long, and need not be carried through the sorting.
    ids = select(CARD.c.id).select_from(source).where(*where).order_by(*order, *_PLACE, CARD.c.id)
    shown = connection.execute(ids.limit(A_PAGE).offset((page - 1) * A_PAGE), values).scalars().all()
    return Found(_listed(session, values, shown), count, page, pages)


def matching_ids(
    session: Session, prefs: Preferences, now: datetime, filters: Filters, found: Select[Any] | None = None
) -> Sequence[int]:
    """The ids of all cards that `find` would list."""
    source, where, _rank = _meant(filters, found)
    values = {"learner": prefs.learner_id, "today": prefs.day(now)}
    return session.connection().execute(select(CARD.c.id).select_from(source).where(*where), values).scalars().all()


def _meant(
    filters: Filters, found: Select[Any] | None, by_state: bool = False, by_rank: bool = False
) -> tuple[FromClause, list[ColumnElement[bool]], ColumnElement[Any] | None]:
    """Where the cards come from, what they must be, and how well each matches what was searched for.

    With `by_state` the learner's state is beside each card in any case; only with `by_rank` there is a rank.
    """
    where: list[ColumnElement[bool]] = [CARD.c.retired_at.is_(None)]
    if filters.deck_id is not None:
        where.append(CARD.c.deck_id == filters.deck_id)
    if filters.topic_ids is not None:
        where.append(CARD.c.topic_id.in_(filters.topic_ids))
    if filters.level is not None:
        where.append(CARD.c.level == filters.level)
    if filters.tag is not None:
        mine = select(OWN_TAG.c.card_id).where(OWN_TAG.c.learner_id == LEARNER, OWN_TAG.c.tag == filters.tag)
        where.append(CARD.c.id.in_(union(select(CARD_TAG.c.card_id).where(CARD_TAG.c.tag == filters.tag), mine)))
    if filters.source is not None:
        from_it = select(CARD_SOURCE.c.card_id).where(IS_FROM_SOURCE).params(source_parameters(filters.source))
        where.append(CARD.c.id.in_(from_it))
    if filters.state is not None:
        where.append(STATES[filters.state])
    if filters.flagged:
        where.append(IS_FLAGGED)
    cards = _cards(filters, by_state)
    if found is None:
        return cards, where, None
    # In both forms the search is made once: as a plain join it might be made again for each card.
    if not by_rank:
        where.append(CARD.c.id.in_(select(found.subquery().c.card_id)))
        return cards, where, None
    searched = found.cte("searched").prefix_with("MATERIALIZED")
    return cards.join(searched, searched.c.card_id == CARD.c.id), where, searched.c.rank


def _cards(filters: Filters, by_state: bool) -> FromClause:
    """Cards with their states and marks, where these are asked for: a look at each costs more than all the rest."""
    cards: FromClause = CARD
    if filters.state in ONLY_RATED:
        cards = cards.join(CARD_STATE, ITS_STATE)
    elif filters.state == "new" or by_state:
        cards = cards.outerjoin(CARD_STATE, ITS_STATE)
    if filters.state in ONLY_MARKED or filters.flagged:
        return cards.join(CARD_MARK, ITS_MARK)
    return cards.outerjoin(CARD_MARK, ITS_MARK) if filters.state == "due" else cards


_LISTED = (
    select(
        CARD.c.id,
        DECK.c.name.label("deck"),
        CARD.c.name,
        CARD.c.question_html,
        TOPIC.c.title.label("topic"),
        CARD_STATE.c.due_on,
        CARD_STATE.c.stability,
        CARD_STATE.c.reviewed_on,
        func.coalesce(CARD_STATE.c.reviews, 0).label("reviews"),
        *(
            func.coalesce(condition, False).label(f"is_{word}")
            for word, condition in (
                ("suspended", IS_SUSPENDED),
                ("buried", IS_BURIED),
                ("new", IS_NEW),
                ("known", IS_KNOWN),
                ("leech", IS_LEECH),
                ("flagged", IS_FLAGGED),
            )
        ),
    )
    .select_from(EVERY_CARD)
    .join(DECK, DECK.c.id == CARD.c.deck_id)
    .join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
)


def _listed(session: Session, values: dict[str, Any], ids: Sequence[int]) -> list[Listed]:
    connection = session.connection()
    rows = {row.id: row for row in connection.execute(_LISTED.where(CARD.c.id.in_(ids)), values)}
    tags: dict[int, list[str]] = defaultdict(list)
    mine = select(OWN_TAG.c.card_id, OWN_TAG.c.tag).where(OWN_TAG.c.learner_id == LEARNER, OWN_TAG.c.card_id.in_(ids))
    for card, tag in connection.execute(mine.order_by(OWN_TAG.c.tag), values):
        tags[card].append(tag)
    return [_as_listed(rows[card], values["today"], tuple(tags[card])) for card in ids]


def _as_listed(row: Any, today: date, own_tags: tuple[str, ...]) -> Listed:
    learnt = "new" if row.is_new else "known" if row.is_known else "learning"
    aside = [word for word in ("suspended", "buried") if getattr(row, f"is_{word}")]
    more = [word for word in ("leech", "flagged") if getattr(row, f"is_{word}")]
    chance = None if row.is_new else recall(row.stability, max(0, (today - row.reviewed_on).days))
    return Listed(
        *(row.id, row.deck, row.name, row.question_html, row.topic, (*aside, learnt, *more), row.due_on),
        *(chance, row.reviews, own_tags),
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: topics as (name, title), and the words of the others, each in order."""

    topics: Sequence[tuple[str, str]]
    tags: Sequence[str]
    sources: Sequence[str]


_IN_ORDER = (TOPIC.c.deck_id, TOPIC.c.place)


def choices(session: Session, prefs: Preferences) -> Choices:
    """What there is to filter by."""
    connection = session.connection()
    topics = select(TOPIC.c.name, TOPIC.c.title).where(TOPIC.c.retired_at.is_(None))
    own = select(OWN_TAG.c.tag).where(OWN_TAG.c.learner_id == prefs.learner_id)
    tags = connection.execute(select(CARD_TAG.c.tag).union(own)).scalars()
    return Choices(
        # Of one name there is one choice: it means the topics of that name in every deck.
        topics=list({name: (name, title) for name, title in connection.execute(topics.order_by(*_IN_ORDER))}.values()),
        tags=sorted(tags),
        sources=sorted(connection.execute(select(CARD_SOURCE.c.item).distinct()).scalars(), key=_numbers_last),
    )


def _numbers_last(item: str) -> tuple[str, int]:
    """Sorts theory-2 before theory-10."""
    stem = item.rstrip("0123456789")
    return stem, int(item[len(stem) :] or 0)
