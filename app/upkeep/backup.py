"""Copies the database into a file while it is in use."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.database import Database
from app.exchange.exports.new_file import ExportError, new_file
from app.upkeep import postgres_copy, sqlite_copy
from app.upkeep.copy_error import CopyError

SPARE = 32_000_000
"""Bytes that a copy leaves free on the disk, at least; and at least as many as it takes itself."""


class Backup(NamedTuple):
    """A copy that was made: how many reviews (ratings and undos) it holds, and its size in bytes."""

    path: Path
    reviews: int
    size: int


def backup(database: Database, path: Path, force: bool = False) -> Backup:
    """Copy the database as it is at this moment to a new file, complete or not at all, which only its owner reads.

    SQLite: a database that needs no other file. PostgreSQL: a file of pg_dump's custom format. The copy is examined
    before it gets its name. Raises CopyError, also if the disk would be almost full.
    """
    check_name(database, path)
    check_room(database, path.resolve().parent)
    with written(path, force) as beside:
        if database.file is not None:
            sqlite_copy.copy(database.file, beside)
            reviews = sqlite_copy.examine(beside).reviews
        else:
            reviews = postgres_copy.dump(database, beside)
    path.chmod(0o600)
    return Backup(path, reviews, path.stat().st_size)


def check_name(database: Database, path: Path) -> None:
    """Raise CopyError if `path` is the database itself, or another that is in use."""
    if database.file is not None and path.resolve() == database.file.resolve():
        raise CopyError(f"{path} is the database itself: name another file.")
    if path.exists() and (logs := sqlite_copy.logs_of(path)):
        raise CopyError(f"{path} is a database in use, for {logs[0].name} is beside it: name another file.")


def check_room(database: Database, folder: Path) -> None:
    """Raise CopyError if a copy in `folder` would leave the disk almost full."""
    if database.file is not None:
        size = sqlite_copy.size_of(database.file)
    else:
        with database.read() as session:
            size = session.connection().exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    check_space(folder, size)


def check_space(folder: Path, size: int) -> None:
    """Raise CopyError if `size` bytes more in `folder` would leave the disk almost full."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise CopyError(f"{folder} cannot be used: {error.strerror}.") from error
    if free - size < max(SPARE, size):
        raise CopyError(
            f"The disk of {folder} would be almost full: {free // 1_000_000:,} MB are free, and the copy may take "
            f"{-(-size // 1_000_000):,}. Free some, or copy to another disk."
        )


@contextmanager
def written(path: Path, force: bool) -> Iterator[Path]:
    """The same as new_file(), with its errors as CopyError."""
    try:
        with new_file(path, force) as beside:
            yield beside
    except ExportError as error:
        raise CopyError(str(error)) from error
