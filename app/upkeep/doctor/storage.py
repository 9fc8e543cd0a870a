"""How the rows are stored: whether the file's trees are whole, and whether every value is one that can be read."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Float, Integer, Table, select, text
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from app.upkeep.doctor.finding import Cure, Finding, number
from app.upkeep.every_table import ORIGINS, Origin

OF_THE_CONTENT = ("content_file", "card_source", "card_tag", "card_demo", "card_link")
REPLAYED = {name for name, origin in ORIGINS.items() if origin is Origin.REVIEWS}
OF_NO_USE_ALONE = {name for name, origin in ORIGINS.items() if origin in (Origin.ACCOUNT, Origin.CLASS)} - {
    "account",
    "school_class",
} | {"evidence"}
"""Without their account, class or deck nobody could use their rows."""
BACKUP = "Nothing else holds it: restore it from a copy (`recur restore`), or correct it by hand."


def damaged_file(path: Path) -> Iterator[Finding]:
    """What SQLite itself finds wrong with the file, table by table."""
    if not path.exists():
        yield Finding(f"There is no file {path}.", None, "Restore a copy, or run `recur load` to start again.")
        return
    if path.stat().st_size == 0 and not path.with_name(f"{path.name}-wal").exists():
        yield Finding(f"The file {path} is empty.", None, "Restore a copy, or delete it to start again.")
        return
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)
    except sqlite3.Error as error:
        yield Finding(f"The file {path} cannot be opened: {error}.", None, "Check its owner and its mode.")
        return
    try:
        whole = _messages(connection, "")
        if whole:
            yield from _by_table(connection, whole)
    except sqlite3.DatabaseError as error:
        yield Finding(f"The file {path} is damaged: SQLite says “{error}”.", Cure.FILE)
    finally:
        connection.close()


def _messages(connection: sqlite3.Connection, table: str) -> list[str]:
    try:
        of = f'("{table}")' if table else ""
        lines = [line for (text_,) in connection.execute(f"PRAGMA integrity_check{of}") for line in text_.split("\n")]
    except sqlite3.DatabaseError as error:
        lines = [str(error)]
    return [line for line in lines if line != "ok" and not line.startswith("*** in database")]


def _by_table(connection: sqlite3.Connection, whole: list[str]) -> Iterator[Finding]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
    named = False
    for (table,) in tables:
        messages = _messages(connection, table)
        if messages:
            named = True
            more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
            yield Finding(
                f"The table {table}, or an index of it, is damaged in the file: {messages[0]}{more}.", Cure.FILE
            )
    if not named:
        yield Finding(f"The file is damaged: {whole[0]}.", Cure.FILE)


def damaged_indices(connection: Connection) -> Iterator[Finding]:
    """What PostgreSQL's amcheck finds wrong with an index, where that extension is installed."""
    if not connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")).scalar():
        return
    indices = connection.execute(
        text(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_am a ON a.oid = c.relam "
            "WHERE a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace"
        )
    ).scalars()
    for index in indices.all():
        try:
            with connection.begin_nested():
                connection.execute(text("SELECT bt_index_check(CAST(:index AS regclass), true)"), {"index": index})
        except DatabaseError as error:
            yield Finding(f"The index {index} is damaged: {error.orig}.", None, f"Run in psql: REINDEX INDEX {index};")


def unreadable(connection: Connection) -> Iterator[Finding]:
    """Tables with rows that cannot be read, or that hold a value which no program of ours wrote.

    A review is read with its checksum.
    """
    for table in SQLModel.metadata.sorted_tables:
        try:
            if table.name != "review":
                for row in connection.execute(select(table).execution_options(yield_per=1_000)):
                    del row
        except (SQLAlchemyError, ValueError, TypeError) as error:
            why = error.orig if isinstance(error, DatabaseError) else error
            yield Finding(f"A row of {table.name} holds a value that cannot be read ({why}).", *_mended(table))
            continue
        if connection.dialect.name == "sqlite":  # PostgreSQL lets no other values in
            wrong = connection.exec_driver_sql(_of_another_type(table)).scalar_one()
            if wrong:
                what = f"{number(wrong, 'row')} of {table.name} {'holds' if wrong == 1 else 'hold'}"
                yield Finding(f"{what} a value that Recur never writes.", *_mended(table))


def _mended(table: Table) -> tuple[Cure | None, str]:
    if table.name in REPLAYED:
        return Cure.REPLAY, ""
    return (Cure.LOAD, "") if table.name in OF_THE_CONTENT else (None, BACKUP)


_D = "[0-9]"
_DATE = f"{_D * 4}-{_D * 2}-{_D * 2}"
_TIME = f"{_DATE} {_D * 2}:{_D * 2}:{_D * 2}.{_D * 6}"


def written_otherwise(table: Table) -> str:
    """SQL that is true for a row in which a date or a time is not written as Recur writes it in SQLite."""
    patterns = ((c, _DATE if isinstance(c.type, Date) else _TIME) for c in table.columns if is_time(c))
    return " OR ".join(f"\"{column.name}\" NOT GLOB '{pattern}'" for column, pattern in patterns) or "0"


def is_time(column: Column[Any]) -> bool:
    """True for a column of dates or times."""
    return isinstance(column.type, Date | UTCDateTime)


def _of_another_type(table: Table) -> str:
    """Count the rows in which a value is not of its column's type, is not a truth value, or holds a NUL."""
    wrong = []
    for column in table.columns:
        name = f'"{column.name}"'
        may = "'null', " if column.nullable else ""
        if isinstance(column.type, Boolean):
            wrong.append(f"{name} NOT IN (0, 1)")
        if isinstance(column.type, Integer | Boolean):
            wrong.append(f"typeof({name}) NOT IN ({may}'integer')")
        elif isinstance(column.type, Float):
            wrong.append(f"typeof({name}) NOT IN ({may}'real')")
        else:
            wrong.append(f"typeof({name}) NOT IN ({may}'text') OR instr({name}, char(0)) > 0")
        if isinstance(column.type, JSON):
            wrong.append(f"NOT json_valid({name})")
    if table.name != "review":  # which can be written again
        wrong.append(written_otherwise(table))
    return f'SELECT count(*) FROM "{table.name}" WHERE {" OR ".join(wrong)}'  # noqa: S608
