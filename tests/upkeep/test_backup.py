"""A copy is whole, of one moment, readable by its owner alone, or not made at all."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from app.database import Database
from app.upkeep.backup import SPARE, backup
from app.upkeep.copy_error import CopyError
from tests.conftest import Ended
from tests.exchange.history.places import Place

pytestmark = pytest.mark.sqlite("about the files of a copy")


def test_a_copy_holds_everything_in_one_file(studied: Place, tmp_path: Path) -> None:
    before = studied.everything()
    done = backup(studied.database, tmp_path / "copy.sqlite")
    assert (done.reviews, done.size) == (6, done.path.stat().st_size)
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    alone = tmp_path / "elsewhere"
    alone.mkdir(mode=0o500)
    shutil.copyfile(done.path, alone / "copy.sqlite")
    with closing(sqlite3.connect(f"file:{alone / 'copy.sqlite'}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("SELECT count(*) FROM review").fetchone() == (6,)
    copy = Database(f"sqlite:///{done.path}")
    assert Place(copy, studied.content, studied.tokens).everything() == before
    copy.close()


def test_a_copy_is_made_while_another_writes(studied: Place, tmp_path: Path) -> None:
    with studied.database.write() as session:
        session.connection().exec_driver_sql("INSERT INTO deck (name, title) VALUES ('new', 'New')")
        backup(studied.database, tmp_path / "copy.sqlite")
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as copy:
        assert copy.execute("SELECT count(*) FROM deck WHERE name = 'new'").fetchone() == (0,)


def test_a_file_that_is_there_is_kept_unless_asked(studied: Place, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite").write_text("mine")
    with pytest.raises(CopyError, match="add --force"):
        backup(studied.database, tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").read_text() == "mine"
    assert backup(studied.database, tmp_path / "copy.sqlite", force=True).reviews == 6


@pytest.mark.parametrize("name", ["recur.sqlite", "link.sqlite", "other.sqlite"])
def test_no_database_in_use_is_written_over(studied: Place, tmp_path: Path, name: str) -> None:
    (tmp_path / "link.sqlite").symlink_to("recur.sqlite")
    shutil.copyfile(tmp_path / "recur.sqlite", tmp_path / "other.sqlite")
    (tmp_path / "other.sqlite-wal").touch()
    before = (tmp_path / "recur.sqlite").read_bytes()
    with pytest.raises(CopyError, match=r"is the database itself|is a database in use"):
        backup(studied.database, tmp_path / name, force=True)
    assert (tmp_path / "recur.sqlite").read_bytes() == before


class Usage(NamedTuple):
    free: int


def test_a_disk_that_would_be_almost_full_is_refused(
    studied: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = backup(studied.database, tmp_path / "first.sqlite").size
    most = sum((tmp_path / f"recur.sqlite{end}").stat().st_size for end in ("", "-wal"))
    assert most >= size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(SPARE + most - 1))
    with pytest.raises(CopyError, match=r"would be almost full: 3\d MB are free"):
        backup(studied.database, tmp_path / "copy.sqlite")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(SPARE + most))
    backup(studied.database, tmp_path / "copy.sqlite")


def test_a_damaged_database_makes_no_copy(studied: Place, tmp_path: Path) -> None:
    studied.database.close()
    path = tmp_path / "recur.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'ix_review_learner_day'").fetchone()[
            0
        ]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    with pytest.raises(CopyError, match="is damaged"):
        backup(studied.database, tmp_path / "copy.sqlite")
    assert not list(tmp_path.glob("*copy.sqlite*"))


def test_the_command_says_what_it_copied(run_recur: Callable[..., Ended], studied: Place, tmp_path: Path) -> None:
    ended = run_recur("backup", "copy.sqlite")
    assert ended.out == f"copy.sqlite: 6 reviews, {(tmp_path / 'copy.sqlite').stat().st_size:,} bytes.\n"
    assert run_recur("backup", "copy.sqlite").code == 2
    assert run_recur("backup", "copy.sqlite", "--force").code == 0
    assert "backups/recur-20" in run_recur("backup").out
    missing = f"sqlite:///{tmp_path / 'missing.sqlite'}"
    ended = run_recur("backup", RECUR_DATABASE_URL=missing)
    assert (ended.code, ended.err) == (2, f"There is no file {tmp_path / 'missing.sqlite'}.\n")
    assert not (tmp_path / "missing.sqlite").exists()
