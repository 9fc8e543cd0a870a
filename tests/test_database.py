"""A database that cannot be used is named, with the reason; one that can be is written one at a time."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from app.database import Database, UnusableDatabaseError, is_busy
from app.upkeep.in_use import in_use


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "neither a file nor an address .*such as data/recur.sqlite"),
        ("", "neither a file nor an address"),
        ("sqlite:recur.sqlite", "neither a file nor an address"),
        ("postgresql:/me:secret@127.0.0.1/db", "neither a file nor an address"),
        ("mysql+pymysql://me:secret@127.0.0.1/recur", "SQLite or PostgreSQL, not in 'mysql[+]pymysql'"),
        ("postgresql+asyncpg://me:secret@127.0.0.1/recur", "not in 'postgresql[+]asyncpg'"),
        ("sqlite://data/recur.sqlite", "three slashes: sqlite:///data/recur.sqlite"),
        ("sqlite:////proc/nowhere/recur.sqlite", "RECUR_DATABASE_URL cannot be used"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/recur", "cannot be used: connection"),
        ("postgresql://me:secret@[::1/db", "not the form of an address. .*postgresql://USER"),
        ("postgresql://me:secret@host:port/db", "not the form of an address. .*postgresql://USER"),
        ("postgres://me:secret@127.0.0.1:1/recur", "cannot be used: connection"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/db?foo=bar", "cannot be used: invalid connection option"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/db?connect_timeout=x", "cannot be used: bad value"),
        ("sqlite:///recur.sqlite?timeout=x", "has no [?]"),
        ("sqlite:///data/%00", "no NUL"),
    ],
)
def test_what_cannot_be_opened_is_named_without_its_password(url: str, says: str) -> None:
    def opened() -> None:
        database = Database(url)
        with in_use(database):
            database.migrate()

    with pytest.raises(UnusableDatabaseError, match=says) as caught:
        opened()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["data/recur.sqlite", "recur.db", "{folder}/new/recur", "~/recur.sqlite3"])
def test_a_plain_path_is_a_file_of_sqlite(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    database = Database(name.format(folder=tmp_path))
    database.migrate()
    database.close()
    assert Path(name.format(folder=tmp_path)).expanduser().is_file()


def test_what_a_learner_keeps_is_theirs_alone(tmp_path: Path) -> None:
    """On a shared machine notes and answers are not for every account."""
    before = os.umask(0o022)
    try:
        database = Database(f"sqlite:///{tmp_path / 'data' / 'recur.sqlite'}")
        database.migrate()
        with database.write() as session:
            session.execute(text("UPDATE learner SET name = 'Ada'"))
            files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert {"recur.sqlite", "recur.sqlite-wal", "recur.sqlite-shm"} <= files.keys()
    assert set(files.values()) == {0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_database_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "recur.sqlite").touch(0o640)
    (tmp_path / "recur.sqlite").chmod(0o640)
    database = Database(f"sqlite:///{tmp_path / 'recur.sqlite'}")
    database.migrate()
    database.close()
    assert (tmp_path / "recur.sqlite").stat().st_mode & 0o777 == 0o640


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


def test_a_write_that_cannot_be_rolled_back_locks_nobody_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = text("INSERT INTO deck (name, title) VALUES (:name, 'A')")

    def fail(*_args: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def cut_short(on: Connection) -> None:
        with monkeypatch.context() as patch, database.write(on=on) as session:
            session.connection().execute(add, {"name": "cut-short"})
            patch.setattr(type(database.engine.dialect), "do_rollback", fail)
            raise RuntimeError("no")

    with database.apart() as connection:
        with pytest.raises(RuntimeError, match="no"):
            cut_short(connection)
        with database.write() as session:
            session.connection().execute(add, {"name": "next"})
    with database.read() as session:
        assert session.connection().execute(text("SELECT name FROM deck")).scalars().all() == ["next"]


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


@pytest.mark.sqlite("about its own errors")
def test_which_errors_of_sqlite_mean_that_it_is_busy(database: Database) -> None:
    for said, busy in (("database is locked", True), ("disk I/O error", False), ("no such table: card", False)):
        assert is_busy(OperationalError("SELECT 1", {}, sqlite3.OperationalError(said))) is busy
    with pytest.raises(OperationalError) as caught, database.read() as session:
        session.connection().execute(text("SELECT * FROM nowhere"))
    assert not is_busy(caught.value)
    assert not is_busy(ValueError("database is locked"))


@pytest.mark.sqlite("about the lock of the file")
def test_a_file_that_another_writes_is_busy(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.database.LONGEST_WAIT", 0.1)
    other = Database(str(database.url))
    with other.write(), pytest.raises(OperationalError) as caught, database.write():
        pass
    assert is_busy(caught.value)
    with database.write():
        pass
    other.close()


def test_a_reader_locks_nobody_out_even_on_a_connection_that_wrote(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'recur.sqlite'}")
    with database.write() as session:
        session.execute(text("CREATE TABLE one (id INTEGER)"))
    # The pool has one connection: the writer's.
    with database.read() as session, closing(sqlite3.connect(tmp_path / "recur.sqlite", timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert session.execute(text("SELECT count(*) FROM one")).scalar_one() == 0
    database.close()
