"""Copies an SQLite file while it is in use, and examines a copy. Needs nothing beyond Python."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.upkeep.copy_error import CopyError

SECONDS = 10
"""How long to wait for a lock of the file."""
IS_COPY = 1  # the user_version of a copy; that of a database in use is 0
_NEEDED = ("alembic_version", "card", "learner", "review")


@dataclass(frozen=True, slots=True)
class CopyContents:
    """What is in a sound copy: the revision of its schema, and how many reviews and learners it holds."""

    revision: str
    reviews: int
    learners: int


def copy(source: Path, target: Path) -> None:
    """Copy the database as it is at this moment, while others write to it, to a new file that only its owner reads.

    The copy is one file: it needs no write-ahead log beside it. Raises CopyError; then `target` may be half written.
    """
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.close(descriptor)
    with _named(source), closing(_opened(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)  # in one step, and so of one moment
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute(f"PRAGMA user_version={IS_COPY}")


def examine(path: Path) -> CopyContents:
    """Check that a file is an undamaged database of Recur, and say what is in it. Raises CopyError."""
    with _named(path), closing(_opened(path)) as connection:
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        if problems != ["ok"]:
            raise CopyError(f"{path} is damaged: {'; '.join(' '.join(one.split()) for one in problems)}.")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if missing := [name for name in _NEEDED if name not in tables]:
            raise CopyError(f"{path} is not a Recur database: it has no table {missing[0]}.")
        found = connection.execute(
            "SELECT (SELECT max(version_num) FROM alembic_version), (SELECT count(*) FROM review),"
            " (SELECT count(*) FROM learner)"
        ).fetchone()
    if found[0] is None:
        raise CopyError(f"{path} does not say which version of Recur it is from: its alembic_version is empty.")
    return CopyContents(*found)


def size_of(path: Path) -> int:
    """How many bytes a copy of the database will have at most."""
    return sum(one.stat().st_size for one in (path, _beside(path, "-wal")) if one.exists())


def fold(path: Path) -> None:
    """Put what is in the write-ahead log into the file, which then stands alone.

    Raises sqlite3.OperationalError if another program has it open, and sqlite3.DatabaseError if it is damaged.
    """
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def logs_of(path: Path) -> list[Path]:
    """The files that SQLite keeps beside a database, as far as they exist."""
    return [one for one in (_beside(path, "-wal"), _beside(path, "-shm"), _beside(path, "-journal")) if one.exists()]


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise CopyError(f"There is no file {path}.")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=SECONDS)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except sqlite3.OperationalError:
        connection.close()
        if logs_of(path):
            raise
        # A file made with a write-ahead log, in a folder that cannot be written.
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file in what SQLite complains of."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise CopyError(f"{path} cannot be copied: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise CopyError(f"{path} is damaged, or no database: {error}.") from error
