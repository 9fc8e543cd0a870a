"""Whether every table, column, index and constraint of the models is in the database."""

from collections.abc import Iterator
from typing import Any

import alembic.script
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from sqlalchemy import Connection, inspect
from sqlmodel import SQLModel

from app.cards.load import search
from app.database import Database
from app.upkeep.doctor.finding import Cure, Finding

ADDED: tuple[type[ops.MigrateOperation], ...] = (
    ops.CreateTableOp,
    ops.AddColumnOp,
    ops.CreateIndexOp,
    ops.CreateUniqueConstraintOp,
    ops.CreateForeignKeyOp,
)


def revision(database: Database, connection: Connection) -> Iterator[Finding]:
    """Whether the database is at the revision that this program needs."""
    script = alembic.script.ScriptDirectory.from_config(database.alembic_config())
    head, here = script.get_current_head(), MigrationContext.configure(connection).get_current_revision()
    if here == head:
        return
    if here is None:
        if inspect(connection).has_table("review"):
            what = "The tables are there, but the revision of the schema (alembic_version) is missing."
            yield Finding(what, Cure.SCHEMA)
        else:
            yield Finding("The database has no tables.", None, "Run `recur load`, or restore a copy.")
    elif here in {one.revision for one in script.walk_revisions()}:
        what = f"The database is at revision {here}, and this program needs {head}."
        yield Finding(what, None, "Run `recur load`, which migrates it, and then `recur doctor` again.")
    else:
        yield Finding(f"The database is at revision {here}, which is newer than this program.", None, "Update Recur.")


def missing(connection: Connection) -> Iterator[Finding]:
    """What the models have and the database lacks."""
    for op in _to_add(connection):
        yield Finding(f"{_named(op)} is missing.", Cure.SCHEMA)
    if not search.exists(connection):
        yield Finding("The table card_search is missing.", Cure.SCHEMA)


def add_missing(connection: Connection) -> None:
    """Create what is missing. A table or a column begins empty: what is derived must be derived again."""
    operations = Operations(MigrationContext.configure(connection))
    for op in _to_add(connection):
        operations.invoke(op)
    if not search.exists(connection):
        search.create(connection)


def _to_add(connection: Connection) -> Iterator[ops.MigrateOperation]:
    context = MigrationContext.configure(connection, opts={"target_metadata": SQLModel.metadata})
    found: list[Any] = list(produce_migrations(context, SQLModel.metadata).upgrade_ops_list[0].ops)
    while found:
        op = found.pop(0)
        if isinstance(op, ops.ModifyTableOps):
            found[:0] = op.ops
        elif isinstance(op, ADDED):
            yield op


def _named(op: Any) -> str:
    if isinstance(op, ops.CreateTableOp):
        return f"The table {op.table_name}"
    if isinstance(op, ops.AddColumnOp):
        return f"The column {op.column.name} of {op.table_name}"
    if isinstance(op, ops.CreateIndexOp):
        return f"The index {op.index_name} of {op.table_name}"
    return f"A constraint of {getattr(op, 'table_name', None) or op.source_table}"
