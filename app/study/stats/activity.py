"""What a learner did: reviews, ratings and minutes, by day and by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, extract, func, select

from app.study.schedule.scale import Rating
from app.study.schedule.totals import RATINGS_OF_DAY, WHOLE_DECK
from app.study.stats.period import days_between, months_between
from app.tables import DAY_TOTAL, THE_DECK, THE_LEARNER


class Scope(NamedTuple):
    """The learner, and what the statistics cover: one topic, or the whole deck if it is None."""

    learner_id: int
    deck_id: int
    topic_id: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A day, or a month that starts with `first`.

    It counts the ratings from 1 to 5, the `new` cards (rated for the first time), the seconds spent, and the `days`
    with a rating.
    """

    first: date
    ratings: tuple[int, ...] = (0,) * len(Rating)
    new: int = 0
    seconds: int = 0
    days: int = 0

    @property
    def reviews(self) -> int:
        """How many ratings there are."""
        return sum(self.ratings)

    @property
    def missed(self) -> int:
        """How many ratings count as missed."""
        return sum(count for rating, count in zip(Rating, self.ratings, strict=True) if rating.missed)

    @property
    def minutes(self) -> float:
        """The minutes spent, to one decimal."""
        return round(self.seconds / 60, 1)


_RATED = [DAY_TOTAL.c[f"rated_{int(rating)}"] for rating in Rating]
_SUMS = [func.sum(column) for column in (*_RATED, DAY_TOTAL.c.new, DAY_TOTAL.c.seconds)]
_YEAR, _MONTH = extract("year", DAY_TOTAL.c.day), extract("month", DAY_TOTAL.c.day)


def _within(query: Any) -> Any:
    return query.where(
        DAY_TOTAL.c.learner_id == THE_LEARNER,
        DAY_TOTAL.c.deck_id == THE_DECK,
        DAY_TOTAL.c.topic_id == bindparam("of_topic"),
        DAY_TOTAL.c.day.between(bindparam("first"), bindparam("last")),
    )


_DAYS = _within(select(DAY_TOTAL.c.day, *_RATED, DAY_TOTAL.c.new, DAY_TOTAL.c.seconds)).order_by(DAY_TOTAL.c.day)
_MONTHS = _within(select(_YEAR, _MONTH, *_SUMS, func.count())).group_by(_YEAR, _MONTH).order_by(_YEAR, _MONTH)
_HAS_ANY = select(_within(select(DAY_TOTAL.c.day).where(RATINGS_OF_DAY > 0)).exists())


def by_day(connection: Connection, scope: Scope, first: date, today: date, last: date) -> list[Span]:
    """Every day from `first` to `today`, or to the last day with a rating if that is later; none after `last`."""
    rows = connection.execute(_DAYS, _parameters(scope, first, last))
    found = {row.day: Span(row.day, tuple(row[1:6]), row.new, row.seconds, 1) for row in rows}
    return [found.get(day, Span(day)) for day in days_between(first, max(today, *found, today))]


def by_month(connection: Connection, scope: Scope, first: date | None, today: date, last: date) -> list[Span]:
    """Every month from that of `first` to that of `today`, counting the ratings from `first` to `last`.

    If `first` is None, they start with the first month that has a rating; the list is empty if there is none.
    """
    rows = connection.execute(_MONTHS, _parameters(scope, first or date.min, last))
    found = {}
    for year, month, *ratings, new, seconds, days in rows:
        begins = date(int(year), int(month), 1)
        found[begins] = Span(begins, tuple(map(int, ratings)), int(new), int(seconds), days)
    if first is None and not found:
        return []
    months = months_between(first or min(found), max(today, *found, today))
    return [found.get(month, Span(month)) for month in months]


def total(spans: Sequence[Span], first: date) -> Span:
    """The sum of the spans, as one that starts with `first`."""
    ratings = tuple(map(sum, zip(*(span.ratings for span in spans), strict=True))) or Span(first).ratings
    return Span(
        first, ratings, sum(span.new for span in spans), sum(s.seconds for s in spans), sum(s.days for s in spans)
    )


def has_rated(connection: Connection, learner_id: int, deck_id: int) -> bool:
    """True if the learner has a rating in the deck that was not undone."""
    everything = _parameters(Scope(learner_id, deck_id), date.min, date.max)
    return bool(connection.execute(_HAS_ANY, everything).scalar())


def _parameters(scope: Scope, first: date, last: date) -> dict[str, Any]:
    topic = WHOLE_DECK if scope.topic_id is None else scope.topic_id
    return {"learner": scope.learner_id, "deck": scope.deck_id, "of_topic": topic, "first": first, "last": last}
