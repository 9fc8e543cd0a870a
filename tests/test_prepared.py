"""A prepared statement gives and takes the same values as SQLAlchemy's `execute`, and raises the same errors."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Date, bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel.sql.sqltypes import UTCDateTime

from app.database import Database, is_busy
from app.tables import DECK, LEARNER, Prepared
from tests.faults.failing import FAULTS, nth_call_fails

AT = datetime(2026, 3, 1, 9, 30, 0, 125, tzinfo=UTC)
CHANGED: dict[str, Any] = {
    "name": "Ann",
    "own_keys": {"u": "x"},
    "types_answers": True,
    "says_sure": False,
    "of_four": False,
    "hides_hints": False,
    "seed": 0,
    "key": "k",
    "say_within": None,
    "desired_retention": 0.85,
    "leaves_at": AT,
}
_ADD = Prepared(insert(LEARNER).returning(LEARNER.c.id), CHANGED)
_ONE = select(LEARNER).where(LEARNER.c.id == bindparam("learner"))


def test_values_go_in_and_come_out_as_with_execute(database: Database) -> None:
    with database.write() as session:
        connection = session.connection()
        ((made,),) = _ADD.all(connection, CHANGED)
    with database.read() as session:
        connection = session.connection()
        row = Prepared(_ONE).one_or_none(connection, {"learner": made, "more": "than it needs"})
        assert tuple(row) == tuple(connection.execute(_ONE, {"learner": made}).one())
        assert {name: getattr(row, name) for name in CHANGED} == CHANGED
        assert row.leaves_at.tzinfo is not None
        assert Prepared(_ONE).one_or_none(connection, {"learner": made + 1}) is None


def test_dates_and_what_is_not_given(database: Database) -> None:
    types: dict[str, Any] = {"day": Date(), "at": UTCDateTime(), "none": Date()}
    given = {"day": AT.date(), "at": AT, "none": None}
    with database.read() as session:
        one = Prepared(select(*(bindparam(name, type_=kind).label(name) for name, kind in types.items())))
        assert one.one_or_none(session.connection(), given)._asdict() == given


def test_a_list_of_values(database: Database) -> None:
    of_some = Prepared(select(LEARNER.c.id).where(LEARNER.c.id.in_(bindparam("some", expanding=True))))
    with database.read() as session:
        assert [row.id for row in of_some.all(session.connection(), {"some": [1, 7]})] == [1]


def test_its_errors_are_those_of_sqlalchemy(database: Database) -> None:
    add = Prepared(insert(DECK), ("id", "name", "title"))
    with pytest.raises(IntegrityError) as refused, database.write() as session:  # noqa: PT012
        for number in (7, 8):
            add.all(session.connection(), {"id": number, "name": "one", "title": "One"})
    assert not is_busy(refused.value)
    assert "One" not in str(refused.value)  # what was written is not for the log
    with database.read() as session:
        assert Prepared(select(DECK)).all(session.connection(), {}) == []


def test_a_busy_database_is_known_as_one(database: Database) -> None:
    kind = "sqlite" if database.is_sqlite else "postgres"
    for fault in FAULTS[kind]:
        with nth_call_fails(database, 1, fault), pytest.raises(DBAPIError) as failed, database.read() as session:
            Prepared(_ONE).all(session.connection(), {"learner": 1})
        assert is_busy(failed.value) == (fault.name.split(",")[0] in ("locked", "no lock in time", "connection lost"))
        with database.read() as session:  # on a connection that is whole
            assert Prepared(_ONE).one_or_none(session.connection(), {"learner": 1}) is not None
