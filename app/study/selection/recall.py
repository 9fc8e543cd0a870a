"""The chance of recall, computed by the database for many cards at once."""

import math
import sqlite3
from contextlib import closing
from functools import cache
from typing import Any

from sqlalchemy import Connection, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.study.schedule.scheduler import DECAY, FACTOR


class chance_of_recall(FunctionElement[float]):  # noqa: N801 (it reads as SQL)
    """chance_of_recall(stability, reviewed_on, today): 0 to 1, NULL without a state."""

    name = "chance_of_recall"
    type = Float()
    inherit_cache = True


@compiles(chance_of_recall)
def _in_sql(element: chance_of_recall, compiler: SQLCompiler, **how: Any) -> str:
    stability, reviewed_on, today = (compiler.process(clause, **how) for clause in element.clauses)
    return _formula(stability, f"greatest(0, {today} - {reviewed_on})")


@compiles(chance_of_recall, "sqlite")
def _in_sqlite(element: chance_of_recall, compiler: SQLCompiler, **how: Any) -> str:
    stability, reviewed_on, today = (compiler.process(clause, **how) for clause in element.clauses)
    return _formula(stability, f"max(0, julianday({today}) - julianday({reviewed_on}))")


def _formula(stability: str, elapsed: str) -> str:
    return f"power(1 + {FACTOR!r} * {elapsed} / {stability}, {DECAY!r})"


class faded(FunctionElement[float]):  # noqa: N801
    """faded(stability, reviewed_on, today): the more, the smaller the chance of recall. Sorts quicker than that."""

    name = "faded"
    type = Float()
    inherit_cache = True


@compiles(faded)
def _faded(element: faded, compiler: SQLCompiler, **how: Any) -> str:
    stability, reviewed_on, today = (compiler.process(clause, **how) for clause in element.clauses)
    return f"greatest(0, {today} - {reviewed_on}) / {stability}"


@compiles(faded, "sqlite")
def _faded_in_sqlite(element: faded, compiler: SQLCompiler, **how: Any) -> str:
    stability, reviewed_on, today = (compiler.process(clause, **how) for clause in element.clauses)
    return f"max(0, julianday({today}) - julianday({reviewed_on})) / {stability}"


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
