"""How far the memory of a card has faded, computed by the database for many cards at once."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Number = ColumnElement[Any]
Day = ColumnElement[date]


class days_since(FunctionElement[float]):  # noqa: N801 (it reads as SQL)
    """days_since(day, today): at least 0."""

    name = "days_since"
    type = Float()
    inherit_cache = True


@compiles(days_since)
def _in_sql(element: days_since, compiler: SQLCompiler, **how: Any) -> str:
    day, today = (compiler.process(clause, **how) for clause in element.clauses)
    return f"greatest(0, {today} - {day})"


@compiles(days_since, "sqlite")
def _in_sqlite(element: days_since, compiler: SQLCompiler, **how: Any) -> str:
    day, today = (compiler.process(clause, **how) for clause in element.clauses)
    return f"max(0, julianday({today}) - julianday({day}))"


def faded(stability: Number, reviewed_on: Day, today: Day) -> Number:
    """A cheap key to sort by, which grows as FSRS's chance of recall falls; NULL without a state."""
    return days_since(reviewed_on, today) / stability
