"""A database that cannot be used is named, with the reason; one that can be is written one at a time."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database import Database, UnusableDatabaseError


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
