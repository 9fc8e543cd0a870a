"""Whatever row is lost, the doctor names what refers to it: what nobody could use goes, and the rest is repaired."""

import sqlite3
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from app.database import Database
from app.upkeep.doctor import owners
from app.upkeep.doctor.examine import Examined
from app.upkeep.doctor.mend import mend
from app.upkeep.doctor.storage import OF_NO_USE_ALONE
from tests.test_migrations import MOMENT, fill

TABLES = SQLModel.metadata.tables
LOST = sorted({key.column.table.name for table in TABLES.values() for key in table.foreign_keys})
KEPT_FOR_GOOD = ("review", "card_mark", "own_tag", "plan", "quiz", "quiz_item", "account")
"""What people made: never deleted for the lack of something else."""
PUT_BACK = {"card", "deck", "learner", "quiz", "topic"}
FOUND_ONLY = {"review"}
"""A review that is lost cannot be made up; an undo without it stays, and undoes nothing."""

pytestmark = pytest.mark.sqlite("rows are lost behind the database's back, which PostgreSQL does not allow")


def findings(database: Database) -> list[str]:
    with database.read() as session:
        return [str(one) for one in owners.missing_owners(session.connection())]


@pytest.mark.parametrize("lost", LOST)
def test_whatever_is_lost_is_named_and_repaired(database: Database, tmp_path: Path, lost: str) -> None:
    fill(database)
    assert findings(database) == []
    assert database.file
    with sqlite3.connect(database.file) as damaging:  # foreign keys are off
        damaging.execute(f'DELETE FROM "{lost}"')
    damaging.close()
    referring = {table.name for table in TABLES.values() for key in table.foreign_keys if key.column.table.name == lost}
    said = findings(database)
    for name in referring - {lost}:
        wanted = f"to {lost} 1, which is not there"
        assert any(f"of {name} refer" in one and wanted in one for one in said), (name, said)
    (tmp_path / "content").mkdir()
    with database.write() as session:
        session.connection().execute(TABLES["content_file"].delete())
    what = Examined(database, tmp_path / "content", MOMENT)
    for _ in range(3):
        with database.read() as session:
            found = list(owners.missing_owners(session.connection()))
        if any(one.cure for one in found):
            mend(what, found)
    left = findings(database)
    assert left == [] or lost in FOUND_ONLY, left
    with database.read() as session:
        for name in KEPT_FOR_GOOD:
            rows = len(session.connection().execute(TABLES[name].select()).all())
            assert rows == (0 if name == lost and lost not in ("quiz",) else 1), name
        for name in referring & OF_NO_USE_ALONE:
            left_of_it = session.connection().execute(TABLES[name].select()).all()
            assert len(left_of_it) == (1 if lost in PUT_BACK else 0), name
