"""Locks between the processes that share a database: one process holds a lock, and it ends with that process.

For SQLite a lock is a file beside the database, `recur.sqlite.NAME`, which may stay there. For PostgreSQL it is an
advisory lock of the database, so it works between machines too.
"""

import fcntl
import os
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

LOOK_SECONDS = 0.1
_SPACE = int.from_bytes(b"recu")  # the first of an advisory lock's two numbers; the second is of its name
_TRY = text("SELECT pg_try_advisory_lock(:space, :name)")
_HELD = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
    " AND classid::bigint = :space AND objid::bigint = :name AND objsubid = 2)"
)


class ProcessLock(ABC):
    """A lock that one process holds at a time. Not for several threads at once: each needs an object of its own."""

    @abstractmethod
    def try_hold(self) -> bool:
        """Take the lock if it is free. Returns True if this object holds it now."""

    @abstractmethod
    def is_held(self) -> bool:
        """True if this object still holds it: a lock is lost when PostgreSQL restarts or the file is removed."""

    @abstractmethod
    def free(self) -> None:
        """Give the lock up, if it is held."""

    @contextmanager
    def held(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the lock for as long as the block lasts, and wait for it first. `waiting` is called once if it waits."""
        if not self.try_hold():
            waiting()
            while not self.try_hold():
                time.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            self.free()


class FileLock(ProcessLock):
    """A lock on a file, which is made where it is missing. Raises OSError where it cannot be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def try_hold(self) -> bool:
        """Take the lock if it is free."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def is_held(self) -> bool:
        """True if it is held, and the file is still the one that another process would open."""
        try:
            return self._descriptor is not None and os.path.samestat(os.fstat(self._descriptor), os.stat(self._path))
        except OSError:
            return False

    def free(self) -> None:
        """Give the lock up, if it is held."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # a process just forked may have the descriptor open too
            os.close(self._descriptor)
            self._descriptor = None


class AdvisoryLock(ProcessLock):
    """A lock of PostgreSQL's, held by a connection of its own. Raises SQLAlchemyError if PostgreSQL does not answer."""

    def __init__(self, url: URL, name: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
        self._numbers = {"space": _SPACE, "name": zlib.crc32(name.encode()) >> 1}
        self._connection: Connection | None = None

    def try_hold(self) -> bool:
        """Take the lock if it is free."""
        connection = self._engine.connect()
        if not connection.execute(_TRY, self._numbers).scalar_one():
            connection.close()
            return False
        self._connection = connection
        return True

    def is_held(self) -> bool:
        """True if it is held, and PostgreSQL says so."""
        try:
            return self._connection is not None and bool(self._connection.execute(_HELD, self._numbers).scalar_one())
        except SQLAlchemyError:
            return False

    def free(self) -> None:
        """Give the lock up, if it is held."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
