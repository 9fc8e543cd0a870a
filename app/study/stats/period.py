"""Periods of a learner's dates, and the days, weeks and months in them."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

AHEAD = timedelta(days=2)
"""How far ahead a learner may have rated: after a journey to the west, dates that were rated are still to come."""


class Period(StrEnum):
    """How far back statistics look."""

    DAYS_30 = "30"
    DAYS_90 = "90"
    YEAR = "year"
    ALL = "all"

    @property
    def words(self) -> str:
        """As in «over …»."""
        return {"30": "30 days", "90": "90 days", "year": "a year", "all": "all time"}[self]

    def first_day(self, today: date) -> date | None:
        """The first day of the period that ends with `today`; None for all time."""
        if self is Period.ALL:
            return None
        return year_until(today) if self is Period.YEAR else today - timedelta(days=int(self) - 1)


def year_until(today: date) -> date:
    """The first day of the year that ends with `today`: the day after the same date a year ago."""
    is_leap_day = (today.month, today.day) == (2, 29)
    before = today.replace(year=today.year - 1, day=28) if is_leap_day else today.replace(year=today.year - 1)
    return before + timedelta(days=1)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, inclusive."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def months_between(first: date, last: date) -> Iterator[date]:
    """The first day of every month from that of `first` to that of `last`."""
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield date(number // 12, number % 12 + 1, 1)


def weeks_of(first: date, last: date) -> list[list[date | None]]:
    """The weeks that the days from `first` to `last` touch, each from Monday to Sunday; None for days outside."""
    monday = first - timedelta(days=first.weekday())
    whole = days_between(monday, last + timedelta(days=6 - last.weekday()))
    every = [day if first <= day <= last else None for day in whole]
    return [every[start : start + 7] for start in range(0, len(every), 7)]
