"""Before the schema changes there is a copy of the database as it was."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.database import Database
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.migrate import migrate
from tests.conftest import Ended
from tests.exchange.history.places import Place
from tests.upkeep.conftest import NOW

pytestmark = pytest.mark.sqlite("about the files of a copy")


def test_a_copy_of_the_older_schema_is_kept(
    studied: Place, copies: DatedCopies, run_recur: Callable[..., Ended]
) -> None:
    reviews = studied.reviews()
    studied.database.migrate("0003")
    studied.database.close()
    ended = run_recur("replay")
    (copy,) = copies.all()
    assert ended.err == f"The database was migrated. A copy of its previous state is {copy}.\n"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)
        assert connection.execute("SELECT count(*) FROM review").fetchone() == (6,)
    assert studied.reviews() == reviews
    assert run_recur("replay").err == ""


def test_without_room_for_a_copy_it_is_migrated_all_the_same(studied: Place, copies: DatedCopies) -> None:
    studied.database.migrate("0004")
    copies.folder.touch()
    assert "without a copy of its previous state. The folder" in migrate(copies, NOW)[0]
    assert migrate(copies, NOW) == []


@pytest.mark.parametrize("keep", [0, 7])
def test_a_new_database_and_one_without_copies_make_none(tmp_path: Path, keep: int) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    copies = DatedCopies(database, tmp_path / "backups", keep)
    assert migrate(copies, NOW) == []
    if not keep:
        database.migrate("0003")
        assert migrate(copies, NOW) == []
    database.close()
    assert not copies.folder.exists()
