"""The sums that statistics are drawn from, by day and by month, kept up as ratings come and go.

They are a projection of the ratings that were not undone, by the topic in which each card is now.
"""

import functools
import operator
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from app.database import lock_learner
from app.study.schedule.review_log import COUNTED, COUNTED_COLUMNS, IN_ORDER, SEED, STANDS
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State, is_second_look, recall, steps
from app.tables import CARD, DAY_TOTAL, LEARNER, MONTH_TOTAL, REVIEW, Prepared

WHOLE_DECK = 0
"""The topic_id of the rows of day_total that sum up a whole deck."""

LONGEST_LOOK = timedelta(minutes=2)
"""A card shown for longer was left, not thought about: no more of the time counts."""

INTERVALS = (1, 2, 4, 8, 15, 31, 91, 181)
"""The shortest interval of each class, in days."""

MILLION = 1_000_000
MOST_CARDS = 1_000
"""The reviews of so many cards are read at once."""


class Recall(NamedTuple):
    """A rating at least a day after the one before.

    `interval` is its class, one of INTERVALS; `expected` is the chance of recall, in millionths.
    """

    interval: int
    recalled: bool
    expected: int


class Place(NamedTuple):
    """The totals that a rating is added to. `topic_id` is the card's topic now."""

    learner_id: int
    deck_id: int
    topic_id: int


def recall_of(state: State | None, review: CountedRating) -> Recall | None:
    """The recall that `review` was, or None. `state` is the card's before the rating, None for a new card."""
    if state is None or is_second_look(state, review.revealed_at or review.rated_at):
        return None
    elapsed = (review.day - state.reviewed_on).days
    if elapsed < INTERVALS[0]:
        return None
    interval = INTERVALS[bisect_right(INTERVALS, elapsed) - 1]
    # In whole millionths, so that what was added can be taken away to the last one.
    expected = round(recall(state.stability, elapsed) * MILLION)
    return Recall(interval, not Rating(review.rating).missed, expected)


def seconds_spent(shown_at: datetime | None, revealed_at: datetime | None, rated_at: datetime) -> int:
    """How long a card took: from the question to the rating, or from the answer if the question's time is not known.

    At most LONGEST_LOOK; 0 if neither time is known, or if a clock was set back.
    """
    spent = rated_at - (shown_at or revealed_at or rated_at)
    return round(min(max(spent, timedelta()), LONGEST_LOOK).total_seconds())


class Sums:
    """Ratings added and taken away, summed up until they are written."""

    def __init__(self) -> None:
        self._days: dict[tuple[Any, ...], Counter[str]] = {}
        self._months: dict[tuple[Any, ...], Counter[str]] = {}
        self._took = False

    def __len__(self) -> int:
        return len(self._days) + len(self._months)

    def add(self, place: Place, state: State | None, given: CountedRating, sign: int = 1, in_deck: bool = True) -> None:
        """Add a rating `given` with the card at `state`; with a `sign` of -1 take it away.

        Without `in_deck` only the topic's totals change.
        """
        self._took = self._took or sign < 0
        seconds = seconds_spent(given.shown_at, given.revealed_at, given.rated_at)
        day = {f"rated_{given.rating}": sign, "new": sign * (state is None), "seconds": sign * seconds}
        for topic_id in (place.topic_id, WHOLE_DECK) if in_deck else (place.topic_id,):
            self._days.setdefault((place.learner_id, place.deck_id, topic_id, given.day), Counter()).update(day)
        asked = recall_of(state, given)
        if asked is not None:
            month = {"asked": sign, "recalled": sign * asked.recalled, "expected": sign * asked.expected}
            key = (*place, asked.interval, given.day.replace(day=1))
            self._months.setdefault(key, Counter()).update(month)

    def write(self, connection: Connection) -> None:
        """Add the sums to the tables, delete the rows that become zero, and reset."""
        for table, sums in ((DAY_TOTAL, self._days), (MONTH_TOTAL, self._months)):
            if not sums:
                continue
            rows = [dict(zip(_KEYS[table], key, strict=True)) for key in sums]
            for row, added in zip(rows, sums.values(), strict=True):
                row |= {name: added[name] for name in _VALUES[table]}
            if len(rows) <= 2:  # those of one rating, by one statement
                values = {f"{name}_{number}": row[name] for number, row in enumerate(rows) for name in row}
                _adding(connection.dialect.name, table, len(rows)).all(connection, values)
            else:
                connection.execute(_adding(connection.dialect.name, table, 0).statement, rows)
            if self._took:
                keys = [{f"the_{name}": row[name] for name in _KEYS[table]} for row in rows]
                connection.execute(_DROP_EMPTY[table], keys)
            sums.clear()
        self._took = False


_KEYS = {table: [column.name for column in table.primary_key] for table in (DAY_TOTAL, MONTH_TOTAL)}
_VALUES = {table: [c.name for c in table.columns if not c.primary_key] for table in (DAY_TOTAL, MONTH_TOTAL)}
RATINGS_OF_DAY = functools.reduce(operator.add, (DAY_TOTAL.c[f"rated_{int(rating)}"] for rating in Rating))
"""The number of ratings in a row of day_total."""


@functools.cache
def _adding(dialect: str, table: Table, rows: int) -> Prepared:
    """Adds so many rows, whose values are named by their number; with 0 the rows that it is executed with."""
    made: Any = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert(table)
    if rows:
        made = made.values(
            [{c.name: bindparam(f"{c.name}_{number}", type_=c.type) for c in table.columns} for number in range(rows)]
        )
    sums = {name: table.c[name] + made.excluded[name] for name in _VALUES[table]}
    return Prepared(made.on_conflict_do_update(index_elements=_KEYS[table], set_=sums))


def _drop_empty(table: Table, ratings: ColumnElement[int]) -> Any:
    return delete(table).where(*(table.c[name] == bindparam(f"the_{name}") for name in _KEYS[table]), ratings == 0)


_DROP_EMPTY = {
    DAY_TOTAL: _drop_empty(DAY_TOTAL, RATINGS_OF_DAY),
    MONTH_TOTAL: _drop_empty(MONTH_TOTAL, MONTH_TOTAL.c.asked),
}


def add_rating(connection: Connection, place: Place, state: State | None, review: CountedRating, sign: int = 1) -> None:
    """Add a rating given with the card at `state`, or with a `sign` of -1 take it away again, exactly."""
    sums = Sums()
    sums.add(place, state, review, sign)
    sums.write(connection)


_LEARNERS = select(LEARNER.c.id)
_OF_CARDS = (
    select(REVIEW.c.learner_id, REVIEW.c.card_id, SEED, *COUNTED_COLUMNS)
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id))
    # By way of the learners, because the index begins with them.
    .where(REVIEW.c.learner_id.in_(_LEARNERS), REVIEW.c.card_id.in_(bindparam("cards", expanding=True)))
    .where(STANDS)
    .order_by(REVIEW.c.learner_id, REVIEW.c.card_id, *IN_ORDER)
)

_PLACES = select(CARD.c.id, CARD.c.deck_id, CARD.c.topic_id).where(CARD.c.id.in_(bindparam("cards", expanding=True)))


def move_cards(connection: Connection, homes: Mapping[int, tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Move the totals of cards that go to another topic. `homes` maps card id → (deck id, topic id), old and new.

    Call it in the transaction that moves the cards, before they are moved, so that nobody rates in between.
    """
    lock_learner(connection, None)
    sums = Sums()
    for start in range(0, len(homes), MOST_CARDS):
        cards = sorted(homes)[start : start + MOST_CARDS]
        for learner, card, before, review in _ratings(connection.execute(_OF_CARDS, {"cards": cards})):
            old, new = (Place(learner, *home) for home in homes[card])
            in_deck = old.deck_id != new.deck_id
            sums.add(old, before, review, sign=-1, in_deck=in_deck)
            sums.add(new, before, review, in_deck=in_deck)
        sums.write(connection)


def take_away(connection: Connection, learner_id: int, cards: Sequence[int]) -> None:
    """Take every rating of these cards that was not undone from the learner's totals. Call it before undoing them."""
    found = connection.execute(_PLACES, {"cards": cards}).all()
    places = {card: Place(learner_id, deck, topic) for card, deck, topic in found}
    rows = connection.execute(_OF_CARDS.where(REVIEW.c.learner_id == learner_id), {"cards": cards})
    sums = Sums()
    for _learner, card, before, review in _ratings(rows):
        sums.add(places[card], before, review, sign=-1)
    sums.write(connection)


def _ratings(rows: Iterable[Any]) -> Iterator[tuple[int, int, State | None, CountedRating]]:
    """(learner, card, the card's state before the rating, the rating) for each of these rows of _OF_CARDS."""
    for (learner, card, seed), reviews in groupby(rows, key=lambda row: row[:3]):
        for before, review, _after in steps(seed, (CountedRating(*row[3:]) for row in reviews)):
            yield learner, card, before, review
