"""The database: its engine, its sessions, and the one way to write."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import alembic.command
import alembic.config
import alembic.util
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine

from app.settings import ROOT

BUSY_TIMEOUT_MS = 10_000
_LOCK = text("SELECT id FROM learner WHERE id = :learner FOR UPDATE")


class UnusableDatabaseError(RuntimeError):
    """The database cannot be opened or brought up to date; the message says which and why."""


class Database:
    """One database, SQLite or PostgreSQL.

    `read()` and `write()` are the only ways to a session. Within one process at most one `write()` runs at a time on
    SQLite, so that many clients queue for microseconds instead of fighting for the file's lock.
    """

    def __init__(self, url: str) -> None:
        """Raises UnusableDatabaseError if the address is invalid or its folder cannot be made."""
        try:
            self.url = make_url(url)
            backend = self.url.get_backend_name()
            if backend not in ("sqlite", "postgresql"):
                raise ArgumentError(f"Recur keeps its data in SQLite or PostgreSQL, not in {backend}.")
            self.is_sqlite = backend == "sqlite"
            if self.is_sqlite and self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(url) if self.is_sqlite else _server_engine(url)
        except (ArgumentError, ImportError, OSError) as error:
            raise UnusableDatabaseError(f"RECUR_DATABASE_URL cannot be used: {error}") from error
        self._one_writer = threading.Lock()

    @property
    def file(self) -> Path | None:
        """The file that holds the database, if it is SQLite's."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def read(self) -> AbstractContextManager[Session]:
        """A session that sees one snapshot. Its changes are dropped."""
        session = Session(self.engine)
        # In SQLite every transaction reads one snapshot.
        session.connection(execution_options={} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"})
        return session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one short write transaction, committed when the block ends and rolled back if it raises."""
        if not self.is_sqlite:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        with self._one_writer, Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"immediate": True})
            yield session
            session.commit()

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to `revision` (a step back is a downgrade).

        Raises UnusableDatabaseError if it cannot be opened, is not a database, or is newer than this program.
        """
        forward = revision == "head" or revision.startswith("+")
        try:
            (alembic.command.upgrade if forward else alembic.command.downgrade)(self.alembic_config(), revision)
        except (DatabaseError, alembic.util.CommandError) as error:
            why = error.orig if isinstance(error, DatabaseError) else f"{error}: was it made by a newer version?"
            where = self.url.render_as_string(hide_password=True)
            raise UnusableDatabaseError(f"The database {where} cannot be used: {why}") from error

    def alembic_config(self) -> alembic.config.Config:
        """Alembic's configuration for this database, with our engine in its attributes."""
        config = alembic.config.Config(ROOT / "alembic.ini")
        config.attributes["engine"] = self.engine
        return config

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def lock_learner(connection: Connection, learner_id: int) -> None:
    """Let nobody else write this learner's rows until the transaction ends. SQLite has only one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"learner": learner_id})


def _server_engine(url: str) -> Engine:
    return create_engine(url, pool_size=16, pool_pre_ping=True)


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False}, pool_size=16, max_overflow=32)

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN is deferred and late; ours comes from the event below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
