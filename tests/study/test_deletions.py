"""A deletion that is final stays so: in the database, in the file beside it, and in what comes from a copy."""

import shutil
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlmodel import select

from app.database import Database
from app.models import DeletedLearner, Learner
from app.study.deletions import catch_up, delete_again, delete_due, delete_for_good, in_file
from app.study.learners import FIRST_LEARNER, add_learner
from tests.web.conftest import NOW


def names(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.exec(select(Learner.name)))


def named(database: Database, name: str) -> Learner:
    with database.read() as session:
        return session.exec(select(Learner).where(Learner.name == name)).one()


def known(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.exec(select(DeletedLearner.key)))


@pytest.fixture
def people(database: Database) -> Database:
    """Ada asked to be deleted in a week, Eve did not."""
    with database.write() as session:
        ada = session.get_one(Learner, add_learner(session, "Ada", Random(1)))
        ada.leaves_at = NOW + timedelta(days=7)
        session.add(ada)
        add_learner(session, "Eve", Random(2))
    return database


def test_it_is_made_when_it_is_due(people: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "app")
    file, key = tmp_path / "deleted", named(people, "Ada").key
    delete_due(people, file, NOW + timedelta(days=7) - timedelta(seconds=1))
    assert names(people) == {"You", "Ada", "Eve"}
    for _ in range(2):
        delete_due(people, file, NOW + timedelta(days=7))
    assert names(people) == {"You", "Eve"}
    assert known(people) == in_file(file) == {key}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.getMessage() for one in caplog.records] == ["A learner was deleted."]
    assert "Ada" not in repr([one.__dict__ for one in caplog.records])


def test_one_whose_history_is_being_imported_goes_at_the_next_look(people: Database, tmp_path: Path) -> None:
    for importing, left in (("after 0", {"You", "Ada", "Eve"}), (None, {"You", "Eve"})):
        with people.write() as session:
            ada = session.exec(select(Learner).where(Learner.name == "Ada")).one()
            ada.importing = importing
            session.add(ada)
        delete_due(people, tmp_path / "deleted", NOW + timedelta(days=8))
        assert names(people) == left


def test_whom_a_copy_brings_back_is_deleted_again(people: Database, tmp_path: Path) -> None:
    """The first learner is emptied and goes on under a new key: what they do from then on is theirs."""
    file = tmp_path / "deleted"
    old = named(people, "You").key
    with people.write() as session:
        delete_for_good(session, file, FIRST_LEARNER, NOW)
    new = named(people, "You").key
    assert new != old
    catch_up(people, file, NOW)
    assert named(people, "You").key == new
    with people.write() as session:  # as a copy put in place by hand
        first = session.get_one(Learner, FIRST_LEARNER)
        first.key, first.name, first.importing = old, "As before", "after 0"
        session.add(first)
        for row in session.exec(select(DeletedLearner)):
            session.delete(row)
    catch_up(people, file, NOW)
    assert "As before" not in names(people)
    assert known(people) == {old}
    with people.write() as session:
        assert delete_again(session, in_file(file), NOW) == 0


def test_a_file_that_is_missing_is_written_anew(people: Database, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "deleted"
    with people.write() as session:
        delete_for_good(session, file, named(people, "Ada").id, NOW)
    shutil.rmtree(file.parent)
    catch_up(people, file, NOW)
    assert in_file(file) == known(people) != set()


def test_where_the_file_cannot_be_written_the_deletion_is_made(
    people: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "deleted").mkdir()
    with people.write() as session:
        delete_for_good(session, tmp_path / "deleted", named(people, "Ada").id, NOW)
    assert names(people) == {"You", "Eve"}
    assert "cannot be written" in caplog.text
