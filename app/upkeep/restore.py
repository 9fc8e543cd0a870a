"""Replaces the database by a copy, and keeps what was there.

A copy has a mark, so that one put in place by hand is known at the next start: for SQLite its user_version. On
PostgreSQL a database remembers the number of one of its tables, which is another wherever the table is made again.
"""

import logging
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.database import Database, UnusableDatabaseError
from app.study.deletions import delete_again, deleted, in_file
from app.tables import APP_TOKEN, ENTRY_LINK, KNOWN_DEVICE, LEARNER, SIGN_IN
from app.upkeep import postgres_copy, sqlite_copy
from app.upkeep.backup import check_space
from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.in_use import InUseError, alone
from app.upkeep.revisions import is_newest
from app.upkeep.sqlite_copy import CopyContents

LETS_IN = (SIGN_IN, KNOWN_DEVICE, APP_TOKEN, ENTRY_LINK)
"""What was revoked since the copy was made must not let anybody in again."""
TO_THINK_AGAIN = timedelta(days=7)
_NUMBER = "SELECT obj_description(oid, 'pg_class'), oid::text FROM pg_class WHERE oid = 'alembic_version'::regclass"

log = logging.getLogger(__name__)


class Restored(NamedTuple):
    """What is in the database now, and the copy of what it replaced, if there was anything.

    `migrated_from` is the revision of the copy, if it was older than this program.
    """

    reviews: int
    learners: int
    kept: Path | None
    migrated_from: str | None


def restore(copies: DatedCopies, file: Path, now: datetime) -> Restored:
    """Replace the database by the copy in `file`, as one step: all of it, or nothing.

    The copy is examined before and after, and migrated if it is of an older version. Learners who were deleted since it
    was made are deleted again, and sessions, app tokens and links end. Raises CopyError, InUseError if a
    server or another command uses the database; then nothing has changed.
    """
    database = copies.database
    with alone(database):
        try:
            with file.open("rb") as opened:
                is_dump = opened.read(len(postgres_copy.BEGINNING)) == postgres_copy.BEGINNING
        except OSError as error:
            raise CopyError(f"{file} cannot be read: {error.strerror}.") from error
        if database.file is None:
            return _restore_server(copies, file, is_dump, now)
        if is_dump:
            raise CopyError(f"{file} is a copy of a PostgreSQL database: restore it there, then use recur move.")
        return _restore_file(copies, database.file, file, now)


def _restore_file(copies: DatedCopies, path: Path, file: Path, now: datetime) -> Restored:
    if path.exists() and file.samefile(path):
        raise CopyError(f"{file} is the database itself.")
    check_space(path.resolve().parent, sqlite_copy.size_of(file))
    path = path.resolve()
    for left in path.parent.glob(f".{path.name}.*"):  # by a restore that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        beside = Path(folder, path.name)
        before = _prepare(copies.database, file, beside)
        kept = None
        if path.exists():
            beside.chmod(path.stat().st_mode)
            kept = _keep(path, copies, now)
        _end_what_ended(beside, _deleted_since(copies), now)
        for log in sqlite_copy.logs_of(path):  # else SQLite would write the old log into the new file
            log.unlink()
        _sync(beside)
        beside.replace(path)
        _sync(path.parent)
    if kept and not sqlite_copy.logs_of(kept):  # it was the database, and is a copy from now on
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(kept)) as connection:
            connection.execute(f"PRAGMA user_version={sqlite_copy.IS_COPY}")
    copies.prune("before-restore")
    found = sqlite_copy.examine(path)
    return Restored(
        found.reviews,
        found.learners,
        kept,
        None if is_newest(copies.database, before.revision, file) else before.revision,
    )


def _prepare(database: Database, file: Path, beside: Path) -> CopyContents:
    """Copy `file` to `beside`, check it, and migrate it. Returns what it was before."""
    sqlite_copy.copy(file, beside)
    before = sqlite_copy.examine(beside)
    if not is_newest(database, before.revision, file):
        older = Database(f"sqlite:///{beside}")
        try:
            older.migrate()
        finally:
            older.close()
        sqlite_copy.fold(beside)
        after = sqlite_copy.examine(beside)
        if (after.reviews, after.learners) != (before.reviews, before.learners):
            raise CopyError(f"{file} lost reviews or learners when it was migrated. Nothing has changed.")
    return before


def _deleted_since(copies: DatedCopies) -> set[str]:
    """Who was deleted, by the file beside the database, and by the database itself if that can be read.

    A damaged one must have been kept before: SQLite may throw away its log as soon as it looks.
    """
    keys = in_file(copies.deletions)
    file = copies.database.file
    if file is not None and not file.exists():
        return keys  # looking would make one
    try:
        with copies.database.read() as session:
            keys |= deleted(session.connection())
    except (SQLAlchemyError, UnusableDatabaseError):
        pass  # damaged, or of before there was such a table
    finally:
        copies.database.close()
    return keys


def _end_what_ended(beside: Path, keys: set[str], now: datetime) -> None:
    made = Database(f"sqlite:///{beside}")
    try:
        with made.write() as session:
            _take_out(session, keys, now)
    finally:
        made.close()
    sqlite_copy.fold(beside)


def end_if_put_in_place_by_hand(copies: DatedCopies, now: datetime) -> None:
    """If the database is a copy that was not restored by `restore`, end what that would have ended."""
    with copies.database.write() as session:
        if is_copy := _unmark(session.connection()):
            _take_out(session, in_file(copies.deletions), now)
    if is_copy:
        log.warning("The database is a copy that was put in place by hand: sessions, app tokens and links have ended.")


def _unmark(connection: Connection) -> bool:
    """Take the mark of a copy away; True if there was one."""
    if connection.dialect.name == "sqlite":
        is_copy: bool = connection.exec_driver_sql("PRAGMA user_version").scalar() == sqlite_copy.IS_COPY
        if is_copy:
            connection.exec_driver_sql("PRAGMA user_version=0")
        return is_copy
    known, number = connection.exec_driver_sql(_NUMBER).one()
    if known != number:
        connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{int(number)}'")
    return known not in (None, number)


def _take_out(session: Session, keys: set[str], now: datetime) -> None:
    """Take out of a restored database who was deleted, and what let somebody in. Call it in a write session."""
    connection = session.connection()
    delete_again(session, keys, now)
    for table in LETS_IN:
        connection.execute(delete(table))
    # Whether they thought better of it since, the copy cannot know: they have time to say so again.
    asked = update(LEARNER).where(LEARNER.c.leaves_at.is_not(None))
    connection.execute(asked.values(leaves_at=now + TO_THINK_AGAIN))
    _unmark(connection)


def _keep(path: Path, copies: DatedCopies, now: datetime) -> Path:
    """Give the database's file a second name among the dated copies, or copy it there; a damaged one with its logs."""
    kept = copies.new_path("before-restore", now)
    try:
        _keep_as(path, kept)
    except BaseException as error:
        for one in (*sqlite_copy.logs_of(kept), kept):
            one.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CopyError(f"{path} cannot be kept as {kept}: {error.strerror}. Nothing was restored.") from error
        raise
    return kept


def _keep_as(path: Path, kept: Path) -> None:
    if logs := sqlite_copy.logs_of(path):
        # SQLite may throw away the log of a damaged file as soon as it looks.
        _copy_file(path, kept)
        for log in logs:
            _copy_file(log, kept.with_name(kept.name + log.name.removeprefix(path.name)))
    if _fold(path):
        for one in (*sqlite_copy.logs_of(kept), kept):
            one.unlink(missing_ok=True)
    if not kept.exists():
        try:
            os.link(path, kept)
        except OSError:  # another disk, or one without links
            _copy_file(path, kept)
    kept.chmod(0o600)
    _sync(kept)


def _fold(path: Path) -> bool:
    """Put what is in the logs into the file; False if it is damaged."""
    try:
        sqlite_copy.fold(path)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise InUseError(f"Another program has {path} open. Stop it, then try again.") from error
        return False
    except sqlite3.DatabaseError:
        return False
    return True


def _copy_file(path: Path, target: Path) -> None:
    check_space(target.parent, path.stat().st_size)
    shutil.copy2(path, target)
    target.chmod(0o600)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _restore_server(copies: DatedCopies, file: Path, is_dump: bool, now: datetime) -> Restored:
    database = copies.database
    if not is_dump:
        raise CopyError(
            f"{file} is not a file of pg_dump's custom format, which recur backup writes for PostgreSQL. "
            "A copy of an SQLite database comes here by recur move."
        )
    revision = postgres_copy.revision_of(database, file)
    is_old = not is_newest(database, revision, file)
    kept = copies.make("before-restore", now).path if database.revision() else None
    keys = _deleted_since(copies)
    postgres_copy.restore(database, file)
    database.engine.dispose()
    database.migrate()
    with database.write() as session:
        _take_out(session, keys, now)
    with database.read() as session:
        count = "SELECT (SELECT count(*) FROM review), (SELECT count(*) FROM learner)"
        reviews, learners = session.connection().exec_driver_sql(count).one()
    return Restored(reviews, learners, kept, revision if is_old else None)
