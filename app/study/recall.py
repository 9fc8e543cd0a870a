"""The chance of recall, computed by the database for many cards at once."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.study.scheduler import DECAY, FACTOR, recall


class chance_of_recall(FunctionElement[float]):  # noqa: N801 (it reads as SQL)
    """chance_of_recall(stability, reviewed_on, today): 0 to 1, NULL without a state."""

    name = "chance_of_recall"
    type = Float()
    inherit_cache = True


@compiles(chance_of_recall)
def _in_sql(element: chance_of_recall, compiler: SQLCompiler, **how: Any) -> str:
    stability, reviewed_on, today = (compiler.process(clause, **how) for clause in element.clauses)
    elapsed = f"greatest(0, {today} - {reviewed_on})"
    return f"power(1 + {FACTOR!r} * {elapsed} / {stability}, {DECAY!r})"


@compiles(chance_of_recall, "sqlite")
def _in_sqlite(element: chance_of_recall, compiler: SQLCompiler, **how: Any) -> str:
    return f"chance_of_recall({compiler.process(element.clauses, **how)})"


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
    """SQLite may be built without power(), and has no dates: it calls Python."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.create_function("chance_of_recall", 3, _from_text, deterministic=True)


def _from_text(stability: float | None, reviewed_on: str, today: str) -> float | None:
    if stability is None:
        return None
    elapsed = date.fromisoformat(today) - date.fromisoformat(reviewed_on)
    return recall(stability, max(0, elapsed.days))
