"""Nothing is forgotten as tables grow: each table goes through doctor, move, history, deletion and backup.

A new table first needs its row in tests/test_migrations.py, which fills every table.
"""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlmodel import SQLModel

from app.cards.load.search import rebuild
from app.database import Database
from app.exchange.history.export_history import history_lines
from app.exchange.history.format import HeaderLine, MarkLine, PlanLine, QuizItemLine, QuizLine, ReviewLine
from app.study.deletions import delete_for_good
from app.study.learners import erase
from app.study.schedule.replay import DERIVED
from app.upkeep import move as moving
from app.upkeep.backup import backup
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.doctor.examine import EXAMINED
from app.upkeep.every_table import ORIGINS, Origin
from app.upkeep.restore import LETS_IN, restore
from tests.test_migrations import MOMENT, ROWS, fill
from tests.upkeep.conftest import NOW

TABLES = SQLModel.metadata.tables
SEARCH = "card_search"
"""The only table that is of no model."""
OF_A_LEARNER = (Origin.LEARNER, Origin.REVIEWS, Origin.ACCOUNT)
IN_THE_HISTORY: dict[str, type[BaseModel]] = {
    "learner": HeaderLine,
    "review": ReviewLine,
    "card_mark": MarkLine,
    "own_tag": MarkLine,
    "plan": PlanLine,
    "quiz": QuizLine,
    "quiz_item": QuizItemLine,
}


def of(*origins: Origin) -> set[str]:
    return {name for name, origin in ORIGINS.items() if origin in origins}


def is_of_a_learner(name: str) -> bool:
    """True if its rows belong to a learner, or to rows that do, such as a quiz."""
    return any(
        key.column.table.name == "learner"
        or (key.column.table.name not in (name, "card") and is_of_a_learner(key.column.table.name))
        for key in TABLES[name].foreign_keys
    )


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as session:
        connection = session.connection()
        found = {name: [tuple(row) for row in connection.execute(select(table))] for name, table in TABLES.items()}
        found[SEARCH] = [(connection.exec_driver_sql(f"SELECT count(*) FROM {SEARCH}").scalar_one(),)]
    return found


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a row in every table."""
    fill(database)
    with database.write() as session:
        rebuild(session.connection())
    assert all(rows not in ([], [(0,)]) for rows in everything(database).values())
    return database


def test_every_table_has_its_place() -> None:
    assert set(ORIGINS) == {*TABLES, SEARCH}
    assert {*ROWS, "learner"} == set(TABLES)


def test_doctor_examines_every_table() -> None:
    assert set(EXAMINED) == set(TABLES)


def test_replay_writes_what_comes_from_the_reviews() -> None:
    assert {table.name for table in DERIVED} == of(Origin.REVIEWS)


def test_what_is_a_learners_is_in_the_history(filled: Database) -> None:
    assert set(IN_THE_HISTORY) == of(Origin.LEARNER)
    assert {name for name in TABLES if is_of_a_learner(name)} == of(*OF_A_LEARNER) - {"learner"}
    kinds = {line.model_fields["kind"].default for line in IN_THE_HISTORY.values()}
    lines = "".join(history_lines(filled, 1, MOMENT))
    assert {kind for kind in kinds if f'"kind":"{kind}"' in lines} == kinds


def test_what_is_a_learners_is_deleted_with_the_learner(filled: Database) -> None:
    before = everything(filled)
    with filled.write() as session:
        erase(session, 1)
    after = everything(filled)
    for name in of(*OF_A_LEARNER) - {"learner"}:
        assert after[name] == [], name
    assert [row[-9:] for row in after["evidence"]] != [row[-9:] for row in before["evidence"]], "it is hidden at once"
    for name in of(Origin.FILES, Origin.TIME, Origin.CLASS) - {"evidence"}:
        assert after[name] == before[name], name
    assert len(after["learner"]) == 1


def test_a_backup_holds_every_table(filled: Database, tmp_path: Path) -> None:
    before = everything(filled)
    copies = DatedCopies(filled, tmp_path / "backups", 7)
    copy = backup(filled, tmp_path / "copy").path
    with filled.write() as session:
        erase(session, 1)
    filled.close()
    restore(copies, copy, NOW)
    for name in (table.name for table in LETS_IN):
        before[name] = []
    assert everything(filled) == before


def test_who_was_deleted_does_not_come_back_with_a_copy(filled: Database, tmp_path: Path) -> None:
    copies = DatedCopies(filled, tmp_path / "backups", 7)
    copy = backup(filled, tmp_path / "copy").path
    with filled.write() as session:
        delete_for_good(session, copies.deletions, 1, NOW)
    after = everything(filled)
    assert len(after["deleted_learner"]) == 2
    filled.close()
    restore(copies, copy, NOW)
    again = everything(filled)
    for name in of(*OF_A_LEARNER):
        assert len(again[name]) == (1 if name == "learner" else 0), name
    assert {key for key, _ in again["deleted_learner"]} == {key for key, _ in after["deleted_learner"]}


def test_every_table_is_moved(filled: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "deviations", lambda _: [])  # the rows are made up, and no replay gives them
    counts = moving.move(filled, elsewhere)
    assert counts == dict.fromkeys(TABLES, 1)
    assert everything(elsewhere) == everything(filled)


def test_the_numbers_of_new_rows_go_on(filled: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "deviations", lambda _: [])
    moving.move(filled, elsewhere)
    for name, table in TABLES.items():
        if "id" in table.c:
            with elsewhere.write() as session:
                highest = session.connection().execute(select(func.max(table.c.id))).scalar_one()
                if not elsewhere.is_sqlite:
                    sequence = f"SELECT nextval(pg_get_serial_sequence('\"{name}\"', 'id'))"
                    assert session.connection().exec_driver_sql(sequence).scalar_one() == highest + 1
