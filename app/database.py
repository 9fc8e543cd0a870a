"""The database: its engine, its sessions, the one way to write, and when it is too busy."""

import logging
import os
import random
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import alembic.command
import alembic.config
import alembic.runtime.migration
import alembic.script
import alembic.util
from sqlalchemy import URL, Connection, Dialect, Engine, NullPool, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine

from app.locks import AdvisoryLock, FileLock, ProcessLock
from app.same_file import OpenedDatabaseFile, identity
from app.settings import ROOT

LONGEST_WAIT = 5
"""Seconds that anything waits for a lock, a connection of the pool, or an answer when it connects."""
THREADS = 8
"""The requests of a process that work at the same time: more would only wait for the interpreter's lock."""
CONNECTIONS = THREADS + 4
"""Each request holds at most one, and a few are for the content's watcher and the like. With half as many again for a
moment, four processes fit into the 100 that PostgreSQL allows unless it is told otherwise."""
TURN = 0.005
"""Seconds between two writes of one that writes much: others ask for their turn every few milliseconds."""
LARGE_CACHE_KIB = 64 * 1024
"""SQLite's cache for what writes much at once: with its own 2 MB the pages of the indices are read again and again."""
_BUSY_IN_SQLITE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# Classes and codes of PostgreSQL: connection lost, rolled back for another's sake, too many connections, no lock in
# time, cancelled, shutting down, starting up.
_BUSY_IN_POSTGRESQL = ("08", "40", "533", "55P03", "57014", "57P0")
STARTING = "starting"
"""The lock of the process that brings the database up to date, while others wait."""
_EXAMPLES = (
    "Write a file such as data/recur.sqlite, or an address such as postgresql://USER:PASSWORD@127.0.0.1:5432/recur"
)
_FILE_ENDINGS = (".sqlite", ".sqlite3", ".db")
_DRIVERS = {"sqlite": "sqlite", "sqlite+pysqlite": "sqlite"} | dict.fromkeys(
    ("postgres", "postgresql", "postgresql+psycopg"), "postgresql+psycopg"
)
_IMPORTS = "SELECT importing FROM learner WHERE id = :learner"
_ALL_IMPORTS = "SELECT max(importing) FROM learner"
_LOCK = text(f"{_IMPORTS} FOR UPDATE")
_LOCK_ALL = text("SELECT importing FROM learner ORDER BY id FOR UPDATE")


class UnusableDatabaseError(RuntimeError):
    """The database cannot be opened or brought up to date; the message says which and why."""


class BusyDatabaseError(UnusableDatabaseError):
    """No turn to write came in time; the message says so. Nothing was written."""


class BeingImportedError(BusyDatabaseError):
    """A history is being imported: until all of it is there, nobody reads or writes what belongs to its learner."""

    def __init__(self) -> None:
        super().__init__("A history is being imported. In a few seconds all of it will be here.")


class GoneDatabaseError(UnusableDatabaseError):
    """The file was deleted or replaced while it was open: what is written now would be lost. The message says so."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} was deleted, or replaced by another file, while the database was open. Nothing is saved any more. "
            "Stop the server, put the file back or restore a copy, and start it again."
        )


def is_busy(error: BaseException) -> bool:
    """True if the database could not be reached or gave no lock in time: the same may work in a moment."""
    if isinstance(error, BusyDatabaseError | NoConnectionError):
        return True
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _is_locked(error.orig)
    # An error of PostgreSQL's driver has a code, or None where no server answered.
    code = getattr(error.orig, "sqlstate", "")
    if code is None:
        return isinstance(error, OperationalError | InterfaceError)
    return error.connection_invalidated or code.startswith(_BUSY_IN_POSTGRESQL)


def level_of(error: BaseException) -> int:
    """The level at which work that is tried again logs its failure: a warning if the database was busy or away."""
    return logging.WARNING if is_busy(error) else logging.ERROR


def _is_locked(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)  # only what SQLite itself raises has one
    return str(error).startswith("database is locked") if code is None else code & 0xFF in _BUSY_IN_SQLITE


class Database:
    """One database, SQLite or PostgreSQL.

    `read()` and `write()` are the only ways to a session. Within one process at most one `write()` runs at a time on
    SQLite, so that many clients queue for microseconds instead of fighting for the file's lock.
    """

    def __init__(self, url: str) -> None:
        """Raises UnusableDatabaseError if the address is invalid or its folder cannot be made."""
        try:
            self.url = _address(url)
            self.is_sqlite = self.url.get_backend_name() == "sqlite"
            if self.file is not None:
                self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.engine = _engine(self.url, self._before_connecting, **_POOL)
        except (ArgumentError, ImportError, OSError, ValueError) as error:
            raise UnusableDatabaseError(f"RECUR_DATABASE_URL cannot be used: {error}") from error
        self._one_writer = threading.Lock()
        self._file: OpenedDatabaseFile | None = None
        if self.file is not None:
            event.listen(self.engine, "connect", self._remember_file)
        self.tell_wait: Callable[[str, float], object] = lambda kind, since: None
        """Called when a session to "read" or to "write" has begun, with the perf_counter() at which it was asked for.

        The web tells "queue" too, when a change has got its turn.
        """

    @property
    def file(self) -> Path | None:
        """The file that holds the database, if it is SQLite's."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def session(self, on: Connection | None = None) -> Iterator[Session]:
        """A session for `read` and `write` to work on, one after the other, with one connection of the pool or `on`."""
        with (
            nullcontext(on) if on else self.engine.connect() as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session

    def read(self, on: Connection | Session | None = None, changes: bool = False) -> Session:
        """A session that sees one snapshot. SQLite drops its changes, PostgreSQL refuses them.

        It has a connection of the pool, or what it is to work `on`. If it `changes` tables of its own, they are
        dropped on both.
        """
        asked = time.perf_counter()
        session = on if isinstance(on, Session) else Session(on or self.engine)
        # In SQLite every transaction reads one snapshot.
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": not changes}
        session.connection(execution_options=snapshot)
        self.tell_wait("read", asked)
        return session

    @contextmanager
    def write(self, visit: "Visit | None" = None, on: Connection | Session | None = None) -> Iterator[Session]:
        """A session in one short write transaction, committed when the block ends and rolled back if it raises.

        It has a connection of the pool, or what it is to work `on`, and notes in `visit` what was saved.

        Raises BusyDatabaseError, or an error of the driver for which `is_busy` is true, after LONGEST_WAIT.
        """
        asked = time.perf_counter()
        if self.is_sqlite and not self._one_writer.acquire(timeout=LONGEST_WAIT):
            raise BusyDatabaseError(f"The database is busy: no turn to write came within {LONGEST_WAIT} s.")
        try:
            with nullcontext(on) if isinstance(on, Session) else self.session(on) as session:
                connection = cast(Connection, session.bind)
                will_write(connection)
                session.connection()
                self.tell_wait("write", asked)
                opened = connection.info.get("opened", self._file)
                try:
                    _check(opened)
                    yield session
                except BaseException:
                    # At once: left to the session, the connection would keep its locks.
                    try:
                        session.rollback()
                    except SQLAlchemyError:
                        connection.invalidate()  # it is closed, and so SQLite rolls back
                    raise
                try:
                    session.commit()
                except BaseException:
                    # The driver may still be within the transaction, which the next user of the connection would meet.
                    connection.invalidate()
                    # SQLite then rolls back; a server that did not answer may have committed.
                    if visit and not self.is_sqlite:
                        visit.saved = None
                    raise
                _check(opened)
                if visit:
                    visit.saved = True
        finally:
            if self.is_sqlite:
                self._one_writer.release()

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """A connection outside the pool, for temporary tables, which end with the block.

        On SQLite it checks no foreign keys: what is written on it has been checked in the temporary tables. What was
        written is moved from the log into the file by `give_way` and at the end, so that nobody's COMMIT has to.
        """
        with _engine(self.url, self._before_connecting, poolclass=NullPool).connect() as connection:
            if self.is_sqlite:
                driver: Any = connection.connection
                for pragma in ("foreign_keys=OFF", f"cache_size=-{LARGE_CACHE_KIB}", "wal_autocheckpoint=0"):
                    driver.execute(f"PRAGMA {pragma}")
            yield connection
            self._empty_log(connection)

    def give_way(self, connection: Connection) -> None:
        """Let others have their turn between two transactions of the `connection`, which is one `apart`."""
        self._empty_log(connection)
        time.sleep(TURN)

    def _empty_log(self, connection: Connection) -> None:
        if self.is_sqlite:
            driver: Any = connection.connection
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def lock(self, name: str) -> ProcessLock:
        """The lock `name` of this database, which one process holds at a time among all on all machines."""
        if self.file is not None:
            return FileLock(Path(f"{self.file.resolve()}.{name}"))
        return AdvisoryLock(self.url, name)

    def migrate(
        self,
        revision: str = "head",
        waiting: Callable[[], None] = lambda: None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Bring the schema to `revision` (a step back is a downgrade).

        One process migrates at a time, and the others wait: `waiting` is called once if this one does. `before` is
        called before the schema is changed by this one. Raises UnusableDatabaseError if the database cannot be opened,
        is not a database, or is newer than this program.
        """
        forward = revision == "head" or revision.startswith("+")
        with self._named():
            if revision == "head" and self.is_up_to_date():
                return
            with self.lock(STARTING).held(waiting):
                if revision == "head" and self.is_up_to_date():
                    return  # by the process that held the lock
                before()
                (alembic.command.upgrade if forward else alembic.command.downgrade)(self.alembic_config(), revision)

    def is_up_to_date(self) -> bool:
        """True if no migration is due. Raises sqlalchemy.exc.DatabaseError if the database cannot be read."""
        return self._revision() == alembic.script.ScriptDirectory.from_config(self.alembic_config()).get_current_head()

    def revision(self) -> str | None:
        """The revision of the schema; None if there is no schema yet. Raises UnusableDatabaseError."""
        with self._named():
            return self._revision()

    def schema(self) -> str | None:
        """The last migration of the database; None if it cannot be read."""
        try:
            return self._revision()
        except SQLAlchemyError:
            return None

    def _revision(self) -> str | None:
        with self.engine.connect() as connection:
            return alembic.runtime.migration.MigrationContext.configure(connection).get_current_revision()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Raise UnusableDatabaseError, which names the database, in place of what makes it unusable."""
        try:
            yield
        except (DatabaseError, OSError, alembic.util.CommandError) as error:
            why = error.orig if isinstance(error, DatabaseError) else error
            newer = ": was it made by a newer version?" if isinstance(error, alembic.util.CommandError) else ""
            if isinstance(error, DatabaseError) and not is_busy(error):
                newer = ". `recur doctor` says more."
            where = self.url.render_as_string(hide_password=True)
            raise UnusableDatabaseError(f"The database {where} cannot be used: {why}{newer}") from error

    def alembic_config(self) -> alembic.config.Config:
        """Alembic's configuration for this database, with our engine in its attributes."""
        config = alembic.config.Config(ROOT / "alembic.ini")
        config.attributes["engine"] = self.engine
        return config

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._file = None

    def check_file(self) -> None:
        """Raise GoneDatabaseError if the SQLite file, or its log, is no longer the one that was opened."""
        _check(self._file)

    def _before_connecting(self) -> None:
        """SQLite would make a new file in the place of one that is gone."""
        if self._file is not None and identity(self._file.path) != self._file.file:
            raise GoneDatabaseError(self._file.path)

    def _remember_file(self, _connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        """Note which file and which log a new connection has open."""
        # The log is another after the last connection was closed: the newest connection knows the present one.
        record.info["opened"] = self._file = OpenedDatabaseFile(str(self.file))


def _check(opened: OpenedDatabaseFile | None) -> None:
    if opened is not None and (gone := opened.what_is_gone()):
        raise GoneDatabaseError(gone)


def lock_learner(connection: Connection, learner_id: int | None) -> None:
    """Let nobody else write this learner's rows, or any learner's if it is None, until the transaction ends.

    SQLite has only one writer anyway. Raises BeingImportedError.
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection
        # Not through SQLAlchemy, which takes five times as long: every rating asks.
        rows = driver.execute(_ALL_IMPORTS if learner_id is None else _IMPORTS, {"learner": learner_id}).fetchall()
    else:
        rows = connection.execute(_LOCK_ALL if learner_id is None else _LOCK, {"learner": learner_id}).all()
    if any(after is not None for (after,) in rows):
        raise BeingImportedError


@dataclass(slots=True)
class Visit:
    """One request's way to the database: it has at most one session at a time.

    `session` is the last one that reads, open or not. `saved` is True once something was committed, and None if a
    COMMIT got no answer: then nobody knows.
    """

    database: Database
    session: Session | None = None
    saved: bool | None = False
    _on: Session | None = None

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Keep one session, with one connection of the pool, for all reads and writes of the block."""
        with self.database.session() as self._on:
            try:
                yield
            finally:
                self._on = None

    def read(self) -> Session:
        """A session that sees one snapshot. SQLite drops its changes, PostgreSQL refuses them."""
        self.session = self.database.read(self._on)
        return self.session

    def write(self) -> AbstractContextManager[Session]:
        """A session in one short write transaction. The block must end before the route answers: it commits."""
        return self.database.write(self, self._on)


_POOL: dict[str, Any] = {
    "pool_size": CONNECTIONS,
    "max_overflow": CONNECTIONS // 2,
    "pool_timeout": LONGEST_WAIT,
    # The connection used last still has its pages: to take them in turn, each reads anew what another has written.
    "pool_use_lifo": True,
}


def _address(text: str) -> URL:
    """The address that a person wrote: a file of SQLite, or an address of SQLite or PostgreSQL.

    Raises ArgumentError in words that say what to write. They tell no password.
    """
    scheme, is_address, rest = text.partition("://")
    if "\0" in text or "%00" in text:
        raise ArgumentError("the name of a database has no NUL in it.")
    if not is_address:
        path = Path(text).expanduser()
        if ":" not in text.partition("/")[0][2:] and (path.suffix in _FILE_ENDINGS or len(path.parts) > 1):
            return URL.create("sqlite", database=str(path))
        named = "it" if "@" in text else repr(text[:60])
        raise ArgumentError(f"{named} is neither a file nor an address of a database. {_EXAMPLES}.")
    if scheme not in _DRIVERS:
        raise ArgumentError(f"Recur keeps its data in SQLite or PostgreSQL, not in {scheme[:60]!r}. {_EXAMPLES}.")
    if _DRIVERS[scheme] == "sqlite":
        if "?" in rest:
            raise ArgumentError("the address of an SQLite file has no ? and nothing after it.")
        if rest and not rest.startswith("/"):
            raise ArgumentError(f"the address of an SQLite file has three slashes: sqlite:///{rest}")
    try:
        return make_url(f"{_DRIVERS[scheme]}://{rest}")
    except (ArgumentError, ValueError):
        raise ArgumentError(
            f"this is not the form of an address. {_EXAMPLES}. In a password, write %40 for @, %3A for : and %2F for /."
        ) from None


def _engine(url: URL, before_connecting: Callable[[], None], **pool: Any) -> Engine:
    pool["hide_parameters"] = True  # what a learner typed is not for the log
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, before_connecting, **pool)
    return _server_engine(url, **pool)


def _server_engine(url: URL, **pool: Any) -> Engine:
    from psycopg import RawCursor, RawServerCursor  # a library that SQLite does without

    arguments = {"connect_timeout": LONGEST_WAIT, "options": f"-c lock_timeout={LONGEST_WAIT}s"}
    engine = create_engine(url, pool_pre_ping=True, paramstyle="numeric_dollar", connect_args=arguments, **pool)
    ask = engine.dialect.do_ping

    @event.listens_for(engine, "connect")
    def _take_statements_as_they_are(connection: Any, _record: ConnectionPoolEntry) -> None:
        # psycopg's own cursors look for the parameters of a statement, every time if it is a long one.
        connection.cursor_factory, connection.server_cursor_factory = RawCursor, RawServerCursor

    def ping(connection: Any) -> bool:
        """True if the server is there. It is asked only if it has sent what nobody waits for, such as its end."""
        sent = select.poll()
        sent.register(connection.fileno(), select.POLLIN)
        return not sent.poll(0) or ask(connection)

    def end(connection: Any) -> None:
        """Roll back; what only reads may as well commit: at a ROLLBACK psycopg drops the statements it has prepared."""
        (connection.commit if connection.read_only else connection.rollback)()

    engine.dialect.do_ping = ping  # type: ignore[method-assign,assignment]
    engine.dialect.do_rollback = end  # type: ignore[method-assign,assignment]
    return engine


def _sqlite_engine(url: URL, before_connecting: Callable[[], None], **pool: Any) -> Engine:
    # Named parameters: one that a statement uses twenty times is converted and bound once.
    engine = create_engine(url, connect_args={"check_same_thread": False}, paramstyle="named", **pool)

    @event.listens_for(engine, "do_connect")
    def _make_private(_dialect: Dialect, _record: object, arguments: tuple[Any, ...], _named: object) -> None:
        before_connecting()
        # SQLite makes its other files as readable as this one.
        if arguments[0] != ":memory:":
            with suppress(OSError):  # it exists; or it cannot be made, which SQLite will say
                os.close(os.open(arguments[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN is deferred and late; ours comes from `_begin`.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", _PATIENT):
            cursor.execute(f"PRAGMA {pragma}")
        if not cursor.execute("SELECT sqlite_compileoption_used('ENABLE_MATH_FUNCTIONS')").fetchone()[0]:
            connection.create_function("power", 2, pow, deterministic=True)
        cursor.close()

    # Not by an event "begin": with one, SQLAlchemy looks for listeners several times in every statement.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign,assignment]
    return engine


_WILL_WRITE = "its next transaction writes"
_PATIENT = f"busy_timeout={LONGEST_WAIT * 1000}"


def will_write(connection: Connection) -> None:
    """Let the next transaction of `connection` lock SQLite from its start: one that has read cannot wait for a lock."""
    connection.info[_WILL_WRITE] = True


def _begin(connection: Any) -> None:
    """BEGIN, for SQLAlchemy: `connection` is the pool's. To write, it is asked for every few milliseconds.

    SQLite's own waiting asks ever more seldom, up to every 100 ms: a process that comes later is then served first.
    """
    if not connection.info.pop(_WILL_WRITE, False):
        connection.execute("BEGIN")
        return
    until = time.monotonic() + LONGEST_WAIT
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_locked(error) or time.monotonic() > until:
                    raise
                time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311  (so that two do not ask in step)
            else:
                return
    finally:
        connection.execute(f"PRAGMA {_PATIENT}")
