"""The chance of recall, computed by the database for many cards at once."""

import math
import sqlite3
from contextlib import closing
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.study.schedule.scheduler import DECAY, FACTOR

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
    """A cheap key to sort by, which grows as recall falls; NULL without a state."""
    return days_since(reviewed_on, today) / stability


def chance_of_recall(stability: Number, reviewed_on: Day, today: Day) -> Number:
    """0 to 1; NULL without a state."""
    return func.power(1.0 + FACTOR * faded(stability, reviewed_on, today), DECAY, type_=Float())


def prepare_recall(connection: Connection) -> None:
    """Call it before a statement with chance_of_recall: where SQLite was built without power(), it calls Python's."""
    if connection.dialect.name == "sqlite" and not _has_power():
        define_power(connection)


def define_power(connection: Connection) -> None:
    """Give SQLite the power() of Python, which takes three times as long as its own."""
    driver: Any = connection.connection.driver_connection
    driver.create_function("power", 2, _power, deterministic=True)


def _power(base: float | None, exponent: float) -> float | None:
    return None if base is None else math.pow(base, exponent)


@cache
def _has_power() -> bool:
    with closing(sqlite3.connect(":memory:")) as probe:
        try:
            probe.execute("SELECT power(2, 2)")
        except sqlite3.OperationalError:
            return False
    return True
