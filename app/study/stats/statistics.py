"""How a learner is doing: everything that /stats shows, in a handful of sums over totals and states."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.stats.activity import Scope, Span, by_day, by_month, has_rated, total
from app.study.stats.outlook import Hard, Outlook, hardest, outlook
from app.study.stats.period import AHEAD, Period, weeks_of, year_until
from app.study.stats.retention import Retention, retention


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of one learner, over one period and deck or topic.

    `year` is the last year day by day, whatever the period; `spans` are the period's days or months, every one, and
    `months` its months; what lies outside the period is in neither.
    """

    today: date
    first: date | None
    total: Span
    year: list[Span]
    spans: list[Span]
    months: list[Span]
    retention: Retention
    outlook: Outlook
    hardest: list[Hard]

    @property
    def weeks(self) -> list[list[Span | None]]:
        """The year by weeks from Monday to Sunday; None for the days around it."""
        of_day = {span.first: span for span in self.year}
        return [
            [None if day is None else of_day[day] for day in week]
            for week in weeks_of(self.year[0].first, self.year[-1].first)
        ]


def statistics(
    session: Session, prefs: Preferences, now: datetime, deck_id: int, topic_id: int | None, period: Period
) -> Statistics | None:
    """The figures as of `now`; None when the learner has rated nothing of the deck yet."""
    connection = session.connection()
    if not has_rated(connection, prefs.learner_id, deck_id):
        return None
    scope = Scope(prefs.learner_id, deck_id, topic_id)
    today = prefs.day(now)
    first, last = period.first_day(today), today + AHEAD
    year = by_day(connection, scope, year_until(today), today, last)
    months = by_month(connection, scope, first, today, last)
    return Statistics(
        today=today,
        first=first,
        total=total(months, first or (months[0].first if months else today)),
        year=year,
        spans=[span for span in year if first is None or span.first >= first] if period.is_by_day else months,
        months=months,
        retention=retention(connection, scope, first, last),
        outlook=outlook(connection, scope, today),
        hardest=hardest(connection, scope),
    )
