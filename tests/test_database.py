"""A database that cannot be used is named, with the reason; one that can be is written one at a time."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database import Database, UnusableDatabaseError, is_busy


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "RECUR_DATABASE_URL cannot be used"),
        ("mysql+pymysql://me@127.0.0.1/recur", "SQLite or PostgreSQL, not in mysql"),
        ("sqlite:////proc/nowhere/recur.sqlite", "RECUR_DATABASE_URL cannot be used"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/recur", "cannot be used: connection"),
    ],
)
def test_what_cannot_be_opened_is_named_without_its_password(url: str, says: str) -> None:
    with pytest.raises(UnusableDatabaseError, match=says) as caught:
        Database(url).migrate()
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(noise := os.urandom(4096))
    database = Database(f"sqlite:///{file}")
    with pytest.raises(UnusableDatabaseError, match="not a database"):
        database.migrate()
    database.close()
    assert file.read_bytes() == noise


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabaseError, match="newer version"):
        database.migrate()


def test_what_raises_in_a_write_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.connection().execute(text("INSERT INTO deck (name, title) VALUES ('a', 'A')"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    with database.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM deck")).scalar() == 0


@pytest.mark.parametrize(
    ("code", "busy"),
    [
        ("40001", True),  # not serialisable
        ("40P01", True),  # deadlock
        ("53300", True),  # too many connections
        ("55P03", True),  # no lock in time
        ("57P01", True),  # shut down
        ("57P03", True),  # starting up
        ("08006", True),  # connection lost
        (None, True),  # no server answered
        ("53100", False),  # disk full
        ("23505", False),  # twice
        ("42P01", False),  # no such table
    ],
)
def test_which_errors_of_postgresql_mean_that_it_is_busy(code: str | None, busy: bool) -> None:
    original = type("Error", (Exception,), {"sqlstate": code})()
    assert is_busy(OperationalError("SELECT 1", {}, original)) is busy


def test_which_errors_of_sqlite_mean_that_it_is_busy(database: Database) -> None:
    for said, busy in (("database is locked", True), ("disk I/O error", False), ("no such table: card", False)):
        assert is_busy(OperationalError("SELECT 1", {}, sqlite3.OperationalError(said))) is busy
    with pytest.raises(OperationalError) as caught, database.read() as session:
        session.connection().execute(text("SELECT * FROM nowhere"))
    assert not is_busy(caught.value)
    assert not is_busy(ValueError("database is locked"))


def test_a_file_that_another_writes_is_busy(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.database.LONGEST_WAIT", 0.1)
    other = Database(str(database.url))
    with other.write(), pytest.raises(OperationalError) as caught, database.write():
        pass
    assert is_busy(caught.value)
    with database.write():
        pass
    other.close()
