"""Takes the schema back to an older revision, for an older Recur, and copies out what that one has no place for."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, MetaData, String, Table, cast, func, select

from app.database import Database
from app.exchange.history.export_history import write_history
from app.exchange.history.finish_imports import finish_imports
from app.tables import LEARNER
from app.upkeep.backup import written
from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.every_table import ORIGINS, Origin
from app.upkeep.in_use import alone
from app.upkeep.revisions import is_newest, known_revisions

_NOTHING = ("", "0", "false", "{}", "[]", "null")
"""Values of a column that say no more than its default."""
MADE_AGAIN = {("review", "checksum"), ("review", "counts_at"), ("learner", "seed"), ("learner", "key")}
"""Columns that the next upgrade fills: from the rest of the row, or with a new one."""


@dataclass(frozen=True, slots=True)
class Downgraded:
    """What a downgrade did.

    `dropped` counts the rows of each table, or values of each table.column, that the older schema has no place for and
    that nothing else makes again. They are in `copy`, and a learner's own in a history for each.
    """

    copy: Path
    dropped: dict[str, int]
    histories: dict[int, Path]


def downgrade(copies: DatedCopies, revision: str, now: datetime) -> Downgraded:
    """Take the schema back to `revision`. A copy is made first, in any case.

    Raises CopyError, and InUseError if a server or another command uses the database; then nothing has changed.
    """
    database = copies.database
    with alone(database):
        current = database.revision()
        if current is None:
            raise CopyError("The database is empty: there is nothing to take back.")
        newest = is_newest(database, current, "The database")
        older = list(known_revisions(database))
        older = older[older.index(current) + 1 :]
        if revision not in older:
            raise CopyError(f"{revision} is not a revision before {current}. There are: {', '.join(older) or 'none'}.")
        if newest:
            finish_imports(database)
        gone = _what_goes(current, revision)
        with database.read() as session:
            dropped = _counts(session.connection(), gone)
        copy = copies.make("before-downgrade", now).path
        histories = _histories(database, copy, now) if newest and dropped else {}
        database.migrate(revision)
    return Downgraded(copy, dropped, histories)


def _what_goes(current: str, revision: str) -> dict[str, list[str]]:
    """The tables that a downgrade drops, and the columns of those that stay: tried on an empty database."""
    with tempfile.TemporaryDirectory(prefix="recur-") as folder:
        empty = Database(f"sqlite:///{folder}/empty.sqlite")
        try:
            empty.migrate("head")
            empty.migrate(current)
            before = _schema(empty)
            empty.migrate(revision)
            after = _schema(empty)
        finally:
            empty.close()
    goes = {}
    for name, table in before.tables.items():
        if ORIGINS.get(name) in (Origin.LEARNER, Origin.TIME):
            left = set(after.tables[name].c.keys()) if name in after.tables else set()
            lost = [one.name for one in table.c if one.name not in left and (name, one.name) not in MADE_AGAIN]
            if lost:
                goes[name] = lost if left else []
    return goes


def _schema(database: Database) -> MetaData:
    schema = MetaData()
    schema.reflect(database.engine)
    return schema


def _counts(connection: Connection, goes: dict[str, list[str]]) -> dict[str, int]:
    schema = MetaData()
    schema.reflect(connection, only=list(goes))
    counts = {}
    for name, columns in goes.items():
        table = schema.tables[name]
        if not columns:
            counts[name] = _count(connection, table)
        for column in columns:
            counts[f"{name}.{column}"] = _count(connection, table, column)
    return {what: number for what, number in counts.items() if number}


def _count(connection: Connection, table: Table, column: str | None = None) -> int:
    query = select(func.count()).select_from(table)
    if column is not None:
        query = query.where(cast(table.c[column], String).not_in(_NOTHING))
    return int(connection.execute(query).scalar_one())


def _histories(database: Database, copy: Path, now: datetime) -> dict[int, Path]:
    """Write each learner's history beside the copy: `recur import` takes it back after the next upgrade."""
    with database.read() as session:
        learners = session.connection().execute(select(LEARNER.c.id).order_by(LEARNER.c.id)).scalars().all()
    paths = {}
    for learner in learners:
        path = copy.with_name(f"{copy.stem}-learner-{learner}.jsonl")
        with written(path, force=False) as beside:
            write_history(beside, database, learner, now)
        path.chmod(0o600)
        paths[learner] = path
    return paths
