"""A database whose file goes while it is open takes nothing more, and says so."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database import Database, GoneDatabaseError, Visit

RENAME = text("UPDATE learner SET name = 'Ada' WHERE id = 1")


def replace_by_a_copy(file: Path) -> None:
    shutil.copyfile(file, file.with_name("copy"))
    file.with_name("copy").rename(file)


def delete_the_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


def replace_the_log(file: Path) -> None:
    delete_the_log(file)
    file.with_name(f"{file.name}-wal").touch()


def delete(file: Path) -> None:
    file.unlink()


def delete_its_folder(file: Path) -> None:
    shutil.rmtree(file.parent)


GOES = [delete, delete_its_folder, replace_by_a_copy, delete_the_log, replace_the_log]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "recur.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.mark.parametrize("goes", GOES)
def test_nothing_is_written_to_a_file_that_has_gone(file: Path, goes: Callable[[Path], None]) -> None:
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.execute(RENAME)
    goes(file)
    before = sorted(file.parent.glob("*"))
    visit, began = Visit(database), False
    with pytest.raises(GoneDatabaseError, match=r"deleted, or replaced .* Nothing is saved any more"), visit.write():
        began = True
    assert not began
    assert visit.saved is False
    with pytest.raises(GoneDatabaseError):
        database.check_file()
    assert sorted(file.parent.glob("*")) == before
    database.close()


@pytest.mark.parametrize("goes", GOES)
def test_the_same_holds_for_a_file_that_was_new_when_it_was_opened(
    tmp_path: Path, goes: Callable[[Path], None]
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'recur.sqlite'}")
    database.migrate()
    with database.write() as session:
        session.execute(RENAME)
    goes(tmp_path / "new" / "recur.sqlite")
    with pytest.raises(GoneDatabaseError), database.write():
        pass
    database.close()


@pytest.mark.parametrize("goes", GOES)
def test_what_was_written_while_it_went_is_not_acknowledged(file: Path, goes: Callable[[Path], None]) -> None:
    database = Database(f"sqlite:///{file}")
    visit = Visit(database)

    def write() -> None:
        with visit.write() as session:
            session.execute(RENAME)
            goes(file)

    with pytest.raises(GoneDatabaseError):
        write()
    assert visit.saved is False
    database.close()


def test_no_new_file_is_made_in_its_place(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.read():  # keeps its connection, so that the next one needs another
        file.unlink()
        with pytest.raises(GoneDatabaseError):
            database.read()
    assert not file.exists()
    database.close()


def test_a_database_that_was_closed_may_be_replaced(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.execute(RENAME)
    database.close()
    replace_by_a_copy(file)
    with database.write() as session:
        assert session.execute(text("SELECT name FROM learner")).scalar() == "Ada"
    database.close()


def test_a_log_that_went_with_the_last_connection_is_not_missed(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.execute(RENAME)
    with database.engine.connect() as only:
        only.invalidate()  # as after a COMMIT that failed
    assert not file.with_name("recur.sqlite-wal").exists()
    with database.write() as session:
        session.execute(RENAME)
        database.check_file()
    database.close()
