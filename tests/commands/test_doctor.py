"""`recur doctor` as it is typed: what it prints, its exit codes, and that it stays away from a database in use."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from app.database import Database
from app.settings import Settings
from app.upkeep.in_use import in_use
from tests.conftest import Ended
from tests.upkeep.lived import write_content

pytestmark = [pytest.mark.sqlite, pytest.mark.slow]


@pytest.fixture
def file(settings: Settings, run_recur: Callable[..., Ended]) -> Path:
    write_content(settings.content_dir)
    assert run_recur("load").code == 0
    file = Database(settings.database_url).file
    assert file
    return file


def change(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


def test_it_says_what_is_wrong_and_mends_it(file: Path, run_recur: Callable[..., Ended]) -> None:
    assert run_recur("doctor") == Ended(0, "All is well.\n", "")
    change(file, "UPDATE card SET short_html = 'x' WHERE id = 3")
    change(file, "DELETE FROM card_search WHERE rowid = 5")
    found = run_recur("doctor")
    assert (found.code, found.err) == (1, "")
    assert "- What rnn/topic-0.md says is stored otherwise: q-0-2. `recur doctor --fix` loads it from" in found.out
    assert "of the search index is missing (card 5). `recur doctor --fix` rebuilds the search index." in found.out
    assert found.out.endswith("3 things found.\n")  # the index has the words of the card as it was
    mended = run_recur("doctor", "--fix")
    assert mended.code == 0
    copy = next(file.parent.glob("backups/recur-*-before-repair.sqlite"))
    assert f"A copy of the previous state: {copy}\nLoaded 1 content file again." in mended.out
    assert "Loaded 1 content file again.\nRebuilt the search index.\nExamined again:\nAll is well.\n" in mended.out
    assert run_recur("doctor", "--fix") == Ended(0, "All is well.\n", "")


def test_it_mends_nothing_under_a_server(file: Path, settings: Settings, run_recur: Callable[..., Ended]) -> None:
    change(file, "DELETE FROM card_search")
    database = Database(settings.database_url)
    with in_use(database):
        ended = run_recur("doctor", "--fix")
        assert (ended.code, ended.out) == (2, "")
        assert "is in use by a server or by another command. Stop the server" in ended.err
        assert run_recur("doctor").code == 1
    database.close()
    assert run_recur("doctor", "--fix").code == 0


def test_a_replay_says_what_differed(file: Path, run_recur: Callable[..., Ended]) -> None:
    assert "Nothing differed.\n0 reviews of 0 cards replayed." in run_recur("replay").out
    change(file, "INSERT INTO day_total VALUES (1, 1, 0, '2026-01-01', 0, 0, 0, 1, 0, 1, 5)")
    said = run_recur("replay").out
    assert said.startswith("Of the totals of days (day_total), 1 is left over. Corrected.\n")
    assert "Nothing differed." in run_recur("replay").out


def test_a_damaged_file_is_salvaged_into_a_new_one(file: Path, tmp_path: Path, run_recur: Callable[..., Ended]) -> None:
    with file.open("r+b") as opened:
        opened.write(bytes(100))
    damaged = file.read_bytes()
    new = tmp_path / "new.sqlite"
    done = run_recur("doctor", "--salvage", new)
    assert (done.code, done.err) == (0, "")
    assert "learner: 1 row read.\nreview: 0 rows read." in done.out
    assert file.read_bytes() == damaged
    assert run_recur("doctor", "--salvage", new).code == 2, "it exists"
    assert run_recur("doctor", RECUR_DATABASE_URL=f"sqlite:///{new}").out == "All is well.\n"
    assert run_recur("doctor", "--fix").code == 0


@pytest.mark.parametrize("leave", [False, True])
def test_a_database_that_was_there_before_is_missed(file: Path, run_recur: Callable[..., Ended], leave: bool) -> None:
    file.unlink()
    if leave:
        file.touch()
    assert "start again" in run_recur("doctor").out
    assert file.exists() == leave
    warned = run_recur("load")
    assert warned.code == 0
    what = "empty" if leave else "missing"
    assert f"{file} is {what}, and there was a database before. A new, empty one was made. To have the" in warned.err
    assert run_recur("load").err == ""


def test_a_first_start_warns_of_nothing(settings: Settings, run_recur: Callable[..., Ended]) -> None:
    write_content(settings.content_dir)
    assert run_recur("load").err == ""
