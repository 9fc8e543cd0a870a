"""Everything that /stats shows, from sums over totals and states."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.study.forecast.fold import Taught, taught
from app.study.learner.preferences import Preferences
from app.study.stats.activity import Scope, Span, by_day, by_month, has_rated, total
from app.study.stats.judged import ComputedAnswers, computed_answers
from app.study.stats.missing import MissingPoint, missing_points
from app.study.stats.outlook import Hard, Outlook, hardest, outlook
from app.study.stats.period import AHEAD, Period, weeks_of, year_until
from app.study.stats.retention import Retention, retention

FEWEST_SPANS = 7
MONTHS_BY_DAYS = 4


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of one learner, over one period and deck or topic.

    `year` has every day of the last year, `months` the months from the first review of the period on, and `spans` the
    days of these months if they are few (`is_by_day`). `taught` is over all decks and all time.
    """

    today: date
    first: date | None
    total: Span
    year: list[Span]
    is_by_day: bool
    spans: list[Span]
    months: list[Span]
    retention: Retention
    outlook: Outlook
    hardest: list[Hard]
    computed: ComputedAnswers
    missing: list[MissingPoint]
    taught: Taught

    @property
    def lived(self) -> list[Span]:
        """The spans without the empty ones before the first review of the year; at least a week of them."""
        has_earlier = any(span.reviews and span.first < self.spans[0].first for span in self.year)
        empty = 0 if has_earlier else next((n for n, span in enumerate(self.spans) if span.reviews), 0)
        return self.spans[min(empty, max(0, len(self.spans) - FEWEST_SPANS)) :]

    @property
    def weeks(self) -> list[list[Span | None]]:
        """The year as weeks from Monday to Sunday; None for days outside it."""
        of_day = {span.first: span for span in self.year}
        return [
            [None if day is None else of_day[day] for day in week]
            for week in weeks_of(self.year[0].first, self.year[-1].first)
        ]


def statistics(
    session: Session, learner: Preferences, now: datetime, deck_id: int, topic_id: int | None, period: Period
) -> Statistics | None:
    """The figures as of `now`; None if the learner has rated nothing in the deck."""
    connection = session.connection()
    if not has_rated(connection, learner.learner_id, deck_id):
        return None
    scope = Scope(learner.learner_id, deck_id, topic_id)
    today = learner.day(now)
    first, last = period.first_day(today), today + AHEAD
    year = by_day(connection, scope, year_until(today), today, last)
    months = by_month(connection, scope, first, today, last)
    months = months[next((n for n, month in enumerate(months) if month.reviews), 0) :]
    is_by_day = len(months) <= MONTHS_BY_DAYS
    return Statistics(
        today=today,
        first=first,
        total=total(months, first or (months[0].first if months else today)),
        year=year,
        is_by_day=is_by_day,
        spans=[span for span in year if first is None or span.first >= first] if is_by_day else months,
        months=months,
        retention=retention(connection, scope, first, last),
        outlook=outlook(connection, scope, today),
        hardest=hardest(connection, scope),
        computed=computed_answers(connection, scope, first, today, last),
        missing=missing_points(connection, scope, today),
        taught=taught(connection, learner.learner_id),
    )
