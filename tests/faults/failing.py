"""Makes the N-th call of the database's driver fail, in each way in which a call can."""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.database import Database

CALLS = ("do_execute", "do_execute_no_params", "do_executemany", "do_commit")
_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{}'; END $$"


def _sqlite(message: str, code: int) -> Callable[[Any], None]:
    def fail(_connection: Any) -> None:
        error = sqlite3.OperationalError(message)
        error.sqlite_errorcode = code
        raise error

    return fail


def _server(code: str) -> Callable[[Any], None]:
    """The server itself raises the error, so that its transaction is aborted, as it is in earnest."""

    def fail(connection: Any) -> None:
        connection.execute(_RAISE.format(code))

    return fail


def _lost(connection: Any) -> None:
    """The connection is cut, which the next word to the server brings to light."""
    wire = socket.socket(fileno=os.dup(connection.fileno()))
    wire.shutdown(socket.SHUT_RDWR)
    wire.close()
    connection.execute("SELECT 1")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call: `fail` gets the driver's connection, before the call or after it was done."""

    name: str
    fail: Callable[[Any], None]
    is_after: bool = False
    no_rollback: bool = False
    """The rollback that follows fails too."""


FAULTS = {
    "sqlite": (
        Fault("I/O error", _sqlite("disk I/O error", sqlite3.SQLITE_IOERR)),
        Fault("locked", _sqlite("database is locked", sqlite3.SQLITE_BUSY)),
        Fault("disk full, done", _sqlite("database or disk is full", sqlite3.SQLITE_FULL), is_after=True),
        Fault("I/O error, no rollback", _sqlite("disk I/O error", sqlite3.SQLITE_IOERR), no_rollback=True),
    ),
    "postgres": (
        Fault("I/O error", _server("58030")),
        Fault("no lock in time", _server("55P03")),
        Fault("disk full, done", _server("53100"), is_after=True),
        Fault("connection lost", _lost),
        Fault("connection lost, done", _lost, is_after=True),
    ),
}


@dataclass
class Struck:
    """The calls that were made, and the one that the fault struck, with its connection."""

    calls: list[str] = field(default_factory=list)
    at: str = ""
    on: Any = None


@contextmanager
def nth_call_fails(database: Database, number: int, fault: Fault | None) -> Iterator[Struck]:
    """While the block lasts, the call of that number (from 1) fails on whatever connection it is made."""
    struck = Struck()
    dialect = type(database.engine.dialect)

    def wrapped(name: str) -> Callable[..., None]:
        original = getattr(dialect, name)

        def call(self: Any, first: Any, *more: Any, **others: Any) -> None:
            # A commit is given SQLAlchemy's proxy of the driver's connection, the others a cursor.
            connection = first.driver_connection if name == "do_commit" else first.connection
            struck.calls.append(name if name == "do_commit" else str(more[0]))
            if fault is None or len(struck.calls) != number:
                original(self, first, *more, **others)
                return
            struck.at, struck.on = struck.calls[-1], connection
            if fault.is_after and self.name == "sqlite" and name == "do_commit":
                connection.execute("ROLLBACK")  # as SQLite itself does: what it refuses to commit is not committed
            elif fault.is_after:
                original(self, first, *more, **others)
            fault.fail(connection)

        return call

    roll_back = dialect.do_rollback

    def no_rollback(self: Any, connection: Any) -> None:
        if struck.at and getattr(connection, "driver_connection", connection) is struck.on:
            raise sqlite3.OperationalError("disk I/O error")
        roll_back(self, connection)

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(dialect, name, wrapped(name))
        if fault and fault.no_rollback:
            patch.setattr(dialect, "do_rollback", no_rollback)
        yield struck
