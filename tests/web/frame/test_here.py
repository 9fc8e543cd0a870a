"""What a route is given."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fastapi import Request
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from app.database import Database
from app.models import Learner
from app.settings import Settings
from app.study.learner.preferences import UnknownLearnerError
from app.web.frame.here import Context

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def context(database: Database, learner_id: int = 1) -> Context:
    return Context(Request({"type": "http", "headers": []}), Settings(new_per_day=7), database, learner_id, NOW)


def test_the_learner_is_read_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    here = context(database)
    with here.reading() as session:
        learner = here.learner(session)
        assert (learner.learner_id, learner.new_per_day) == (1, 7)
        monkeypatch.setattr(Session, "connection", None)  # a second read would need it
        assert here.learner(session) is learner


def test_an_unknown_learner(database: Database) -> None:
    here = context(database, 99)
    with here.reading() as session, pytest.raises(UnknownLearnerError, match="There is no learner 99"):
        here.learner(session)


def test_writing_commits_and_reading_does_not(database: Database) -> None:
    here = context(database)
    for block, name in ((here.writing, "kept"), (here.reading, "dropped")):
        with suppress(DBAPIError), block() as session:  # PostgreSQL refuses what SQLite drops
            session.get_one(Learner, 1).name = name
            session.flush()
    with here.reading() as session:
        assert session.exec(select(Learner.name)).one() == "kept"


def test_nothing_is_written_when_the_block_raises(database: Database) -> None:
    here = context(database)
    with suppress(KeyError), here.writing() as session:
        session.get_one(Learner, 1).name = "half"
        session.flush()
        raise KeyError
    with here.reading() as session:
        assert session.exec(select(Learner.name)).one() != "half"
