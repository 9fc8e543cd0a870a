"""Moves everything into another database, of either kind, and proves that nothing is different there."""

from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import Connection, String, Table, delete, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import SQLModel

from app.cards.load.search import rebuild
from app.database import Database
from app.exchange.history.finish_imports import unfinished
from app.study.learners import FIRST_LEARNER, FIRST_NAME
from app.tables import LEARNER
from app.upkeep.copy_error import CopyError
from app.upkeep.doctor.derived import deviations
from app.upkeep.in_use import alone

AT_ONCE = 1_000
NOT_OURS_ALONE = ("alembic_version", "card_search")
"""How the names of tables begin that Recur has beside those of its models."""


def move(source: Database, target: Database) -> dict[str, int]:
    """Copy every row into an empty database, with its id, in one transaction; returns how many each table has.

    Before it commits, each row is read back and compared, and afterwards what is derived is compared with a replay.
    The source is only read. Raises CopyError if the target is not empty, if the source is not up to date or is not
    what a replay gives, or if something differs; InUseError if a server or another command uses either. Then, and if
    it is interrupted, the target is empty.
    """
    if source.url == target.url:
        raise CopyError("The database is already there: name another address.")
    if source.file is not None and not source.file.exists():
        raise CopyError(f"There is no file {source.file}.")
    with alone(source), alone(target):
        if not source.is_up_to_date():
            raise CopyError("The database is from an older version of Recur. Run recur load first, which migrates it.")
        if unfinished(source):
            raise CopyError("An import of a history was cut short. Run recur load first, which finishes it.")
        if found := deviations(source):
            raise CopyError(f"The database differs from a replay: {found[0]}. Run recur replay first.")
        _check_that_nothing_else_is_there(target)
        target.migrate()
        with source.read() as reading, target.write() as writing:
            one, other = reading.connection(), writing.connection()
            _check_that_it_is_empty(other)
            other.execute(delete(LEARNER))
            counts = {table.name: _copy(one, other, table) for table in SQLModel.metadata.sorted_tables}
            rebuild(other)
            for table in SQLModel.metadata.sorted_tables:
                _compare(one, other, table)
        if found := deviations(target):
            raise CopyError(f"Everything was copied, but a replay there differs: {found[0]}.")
    return counts


def _check_that_nothing_else_is_there(target: Database) -> None:
    known = set(SQLModel.metadata.tables)
    for name in inspect(target.engine).get_table_names():
        if name not in known and not name.startswith(NOT_OURS_ALONE):
            raise CopyError(f"The target has a table {name}, which is not Recur's: name an empty database.")


def _check_that_it_is_empty(connection: Connection) -> None:
    """Raise CopyError if there is more than the learner whom the migrations make."""
    for table in SQLModel.metadata.sorted_tables:
        rows = select(func.count()).select_from(table)
        if table is LEARNER:
            rows = rows.where((LEARNER.c.id != FIRST_LEARNER) | (LEARNER.c.name != FIRST_NAME))
        if number := connection.execute(rows).scalar_one():
            raise CopyError(f"The target is not empty: it has {number:,} rows of {table.name}. Name an empty database.")


def _copy(source: Connection, target: Connection, table: Table) -> int:
    number = 0
    try:
        with source.execute(_in_order(source, table)).mappings() as rows:
            while some := [dict(row) for row in islice(rows, AT_ONCE)]:
                target.execute(insert(table), some)
                number += len(some)
        if target.dialect.name == "postgresql" and "id" in table.c:
            highest = select(func.max(table.c.id)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(text(f"'\"{table.name}\"'"), text("'id'"))
            target.execute(select(func.setval(sequence, func.coalesce(highest, 1), highest.is_not(None))))
    except (SQLAlchemyError, ValueError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise CopyError(
            f"A row of {table.name} cannot be copied: {str(why).strip()}. Nothing was moved. See recur doctor."
        ) from error
    return number


def _compare(source: Connection, target: Connection, table: Table) -> None:
    """Raise CopyError unless both hold the same rows, value by value."""
    with source.execute(_in_order(source, table)) as one, target.execute(_in_order(target, table)) as other:
        for here, there in zip_longest(one, other):
            if here is None or there is None or tuple(here) != tuple(there):
                raise CopyError(f"{table.name} differs after it was copied: {here} became {there}. Nothing was moved.")


def _in_order(connection: Connection, table: Table) -> Any:
    """Select the table by its key, in the same order on both databases; what points to its own table comes last."""
    own = [key.parent.is_not(None) for key in table.foreign_keys if key.column.table is table]
    keys = [
        column.collate("C") if isinstance(column.type, String) and connection.dialect.name == "postgresql" else column
        for column in table.primary_key.columns
    ]
    return select(table).order_by(*own, *keys).execution_options(yield_per=AT_ONCE)
