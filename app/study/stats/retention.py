"""How much was recalled, compared with what the schedule expected."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Integer, bindparam, cast, func, null, select

from app.study.forecast.calibration import Tally
from app.study.schedule.totals import INTERVALS, MILLION
from app.study.stats.activity import Scope
from app.tables import MONTH_TOTAL, THE_DECK, THE_LEARNER, TOPIC

_SUMS = ("asked", "recalled", "expected")
ENOUGH = 5
"""The fewest recalls that allow a verdict."""


class Recalled(Tally):
    """How many recalls were asked for and how many succeeded; `expected` is the sum of their chances beforehand."""

    @property
    def is_enough(self) -> bool:
        """True if there are enough recalls for a verdict."""
        return self.asked >= ENOUGH

    @property
    def verdict(self) -> str:
        """«as expected», unless chance alone would give so large a difference less than one time in twenty."""
        if not self.is_enough:
            return "too few to say"
        # The chances differ from card to card, which makes the true deviation at most this one.
        deviation = math.sqrt(self.asked * self.foretold * (1 - self.foretold))
        if abs(self.recalled - self.expected) <= 2 * deviation:
            return "as expected"
        return "better than expected" if self.recalled > self.expected else "worse than expected"


@dataclass(frozen=True, slots=True)
class OfTopic:
    """A topic's recalls. `is_retired` is True if its file is gone."""

    name: str
    title: str
    is_retired: bool
    recalled: Recalled


@dataclass(frozen=True, slots=True)
class OfInterval:
    """The recalls after `shortest` to `longest` days; `longest` is None for the last class."""

    shortest: int
    longest: int | None
    recalled: Recalled


@dataclass(frozen=True, slots=True)
class Retention:
    """The recalls since the month `since` (None: since the first), by topic and by interval."""

    since: date | None
    topics: list[OfTopic]
    intervals: list[OfInterval]

    @property
    def all(self) -> Recalled:
        """Every recall."""
        every = [one.recalled for one in self.intervals]
        return Recalled(*(sum(getattr(one, name) for one in every) for name in _SUMS))


def _statement(of_topic: bool) -> CompoundSelect[Any]:
    """Rows of a topic (or None), an interval (or None), and the three sums."""
    # The table is read once, in the order of its key, so that nothing need be sorted; then few rows are left.
    by = (MONTH_TOTAL.c.topic_id, MONTH_TOTAL.c.interval)
    query = (
        select(*by, *(func.sum(MONTH_TOTAL.c[name]).label(name) for name in _SUMS))
        .where(
            MONTH_TOTAL.c.learner_id == THE_LEARNER,
            MONTH_TOTAL.c.deck_id == THE_DECK,
            MONTH_TOTAL.c.month.between(bindparam("since"), bindparam("last")),
        )
        .group_by(*by)
    )
    both = (query.where(MONTH_TOTAL.c.topic_id == bindparam("topic")) if of_topic else query).cte("both")
    sums = [func.sum(both.c[name]) for name in _SUMS]
    none = cast(null(), Integer())  # PostgreSQL wants to know its type
    by_topic = select(both.c.topic_id, none, *sums).group_by(both.c.topic_id)
    return by_topic.union_all(select(none, both.c.interval, *sums).group_by(both.c.interval))


_RECALLS = {of_topic: _statement(of_topic) for of_topic in (False, True)}
_TOPICS = (
    select(TOPIC.c.id, TOPIC.c.name, TOPIC.c.title, TOPIC.c.retired_at)
    .where(TOPIC.c.deck_id == THE_DECK)
    .order_by(TOPIC.c.place, TOPIC.c.id)
)


def retention(connection: Connection, scope: Scope, first: date | None, last: date) -> Retention:
    """The recalls from `first` to `last`, in whole months, since the totals are kept by month."""
    since = None if first is None else first.replace(day=1)
    values = {"learner": scope.learner_id, "deck": scope.deck_id, "since": since or date.min, "last": last}
    if scope.topic_id is not None:
        values["topic"] = scope.topic_id
    found = {
        (topic_id, interval): Recalled(int(asked), int(recalled), int(expected) / MILLION)
        for topic_id, interval, asked, recalled, expected in connection.execute(
            _RECALLS[scope.topic_id is not None], values
        )
    }
    topics = [
        OfTopic(row.name, row.title, row.retired_at is not None, found[row.id, None])
        for row in connection.execute(_TOPICS, {"deck": scope.deck_id})
        if (row.id, None) in found
    ]
    longest = [following - 1 for following in INTERVALS[1:]]
    intervals = [
        OfInterval(shortest, end, found.get((None, shortest), Recalled()))
        for shortest, end in zip(INTERVALS, [*longest, None], strict=True)
    ]
    return Retention(since, topics, intervals)
