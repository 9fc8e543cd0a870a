"""Who uses a database: servers and commands share it, and what replaces it needs it alone.

For SQLite the lock is on a file beside the database, `recur.sqlite.in-use`, which may stay there. For PostgreSQL it is
an advisory lock of the database. Either ends with the process that held it, however that ended.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from app.database import Database, UnusableDatabaseError

_KEY = int.from_bytes(b"recur")
_SHARE = f"SELECT pg_try_advisory_lock_shared({_KEY})"
_TAKE = f"SELECT pg_try_advisory_lock({_KEY})"


class InUseError(UnusableDatabaseError):
    """Another process has the database. The message says what to do."""


@contextmanager
def in_use(database: Database) -> Iterator[None]:
    """Share the database with other servers and commands for as long as the block lasts.

    Enter it before the database is migrated or read. Raises InUseError while another process has it alone.
    """
    why = "is being restored, moved or repaired at this moment. Try again when that is done."
    with ExitStack() as until_the_end:
        if not database.is_sqlite:
            # A connection that is made after PostgreSQL was restarted shares the lock again.
            until_the_end.callback(database.engine.dispose)  # its connections hold the lock until they are closed
            event.listen(database.engine, "connect", _share)
            until_the_end.callback(event.remove, database.engine, "connect", _share)
        until_the_end.enter_context(_locked(database, alone=False, why=why))
        yield


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Keep every other server and command away from the database for as long as the block lasts.

    Raises InUseError if one uses it.
    """
    why = "is in use by a server or by another command. Stop the server (or wait for the command), then try again."
    with _locked(database, alone=True, why=why):
        yield


@contextmanager
def _locked(database: Database, alone: bool, why: str) -> Iterator[None]:
    shown = database.url.render_as_string(hide_password=True)
    with ExitStack() as until_the_end:
        if database.file is not None:
            name = f"{database.file.resolve()}.in-use"
            try:
                descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise UnusableDatabaseError(f"{name} cannot be written: {error.strerror}.") from error
            until_the_end.callback(os.close, descriptor)
            until_the_end.callback(fcntl.flock, descriptor, fcntl.LOCK_UN)  # for a process just forked may hold it too
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUseError(f"The database {shown} {why}") from None
        else:
            # Not of the pool: it is held to the end, and lost with a restart of PostgreSQL.
            engine = create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
            try:
                connection = until_the_end.enter_context(engine.connect())
                taken = connection.exec_driver_sql(_TAKE if alone else _SHARE).scalar_one()
            except DatabaseError as error:
                raise UnusableDatabaseError(f"The database {shown} cannot be used: {error.orig}") from error
            if not taken:
                raise InUseError(f"The database {shown} {why}")
        yield


def _share(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Let a new connection of a server's pool share the lock. Raises the driver's OperationalError if it cannot."""
    cursor = connection.cursor()
    cursor.execute(_SHARE)
    (shared,) = cursor.fetchone() or (False,)
    cursor.close()
    connection.commit()
    if not shared:
        connection.close()
        import psycopg  # as SQLAlchemy does: only where the database is PostgreSQL

        raise psycopg.OperationalError("the database is being restored, moved or repaired")
