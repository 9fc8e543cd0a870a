"""A restored database is the copy; what was there is kept; and nothing of it comes back."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlmodel import select

from app.database import Database
from app.models import Account, AppToken, Learner, SignIn
from app.study.deletions import delete_for_good
from app.study.learners import add_learner
from app.upkeep.backup import backup
from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.in_use import InUseError, in_use
from app.upkeep.restore import end_if_put_in_place_by_hand, restore
from app.upkeep.sqlite_copy import logs_of
from bench.serving import RECUR, recur_env, serving
from tests.conftest import Ended
from tests.exchange.history.places import Place
from tests.upkeep.conftest import NOW

pytestmark = pytest.mark.sqlite("about the files of a copy")


def test_it_is_the_copy_again_and_what_was_there_is_kept(studied: Place, copies: DatedCopies, tmp_path: Path) -> None:
    before = studied.everything()
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    for name in ("d/a", "d/b", "d/c"):
        studied.rate(name, 4)
    after = studied.everything()
    studied.database.close()
    done = restore(copies, copy, NOW)
    assert (done.reviews, done.learners, done.migrated_from) == (6, 1, None)
    assert studied.everything() == before
    assert done.kept
    kept = Database(f"sqlite:///{done.kept}")
    assert Place(kept, studied.content, studied.tokens).everything() == after
    kept.close()
    studied.database.close()
    assert restore(copies, done.kept, NOW).reviews == 9
    assert studied.everything() == after


def with_eve(database: Database) -> int:
    """Add Ada, and Eve, who is signed in, has an app token and asked to be deleted; returns Ada's id."""
    with database.write() as session:
        ada, eve = (add_learner(session, name, Random(name)) for name in ("Ada", "Eve"))
        account = Account(learner_id=eve, name="eve", role="learner", made_at=NOW)
        session.add(account)
        session.flush()
        session.add(SignIn(token_hash="s", account_id=account.id, started_at=NOW, used_at=NOW))
        session.add(AppToken(token_hash="t", account_id=account.id, label="Script", made_at=NOW))
        session.get_one(Learner, eve).leaves_at = NOW
    return ada


def check_that_it_ended(database: Database, later: datetime) -> None:
    with database.read() as session:
        assert {one.name: one.leaves_at for one in session.exec(select(Learner))} == {
            "You": None,
            "Eve": later + timedelta(days=7),  # who may have thought better of it since: she has time to say so
        }
        assert (session.exec(select(SignIn)).all(), session.exec(select(AppToken)).all()) == ([], [])


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_ended_since_does_not_come_back(
    studied: Place, copies: DatedCopies, tmp_path: Path, is_lost: bool
) -> None:
    """By the file beside the database, even if the database is lost; and by the database, even if the file is."""
    database = studied.database
    ada = with_eve(database)
    copy = backup(database, tmp_path / "copy.sqlite").path
    with database.write() as session:
        delete_for_good(session, copies.deletions, ada, NOW)
    database.close()
    if is_lost:
        (tmp_path / "recur.sqlite").unlink()
    else:
        copies.deletions.unlink()
    later = NOW + timedelta(days=30)
    assert restore(copies, copy, later).learners == 2
    check_that_it_ended(database, later)
    database.close()


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_copy_put_in_place_by_hand_is_known_at_the_next_start(
    studied: Place, copies: DatedCopies, tmp_path: Path, caplog: pytest.LogCaptureFixture, is_kept: bool
) -> None:
    """One that was made, and one that a restore has kept."""
    database, later = studied.database, NOW + timedelta(days=30)
    ada = with_eve(database)
    copy: Path | None = backup(database, tmp_path / "copy.sqlite").path
    if is_kept:
        empty = backup(database, tmp_path / "other.sqlite").path
        database.close()
        copy = restore(copies, empty, NOW).kept
    assert copy
    with database.write() as session:
        delete_for_good(session, copies.deletions, ada, NOW)
    end_if_put_in_place_by_hand(copies, NOW)
    assert not caplog.text  # it is no copy
    database.close()
    shutil.copyfile(copy, tmp_path / "recur.sqlite")
    end_if_put_in_place_by_hand(copies, later)
    check_that_it_ended(database, later)
    assert "put in place by hand" in caplog.text
    caplog.clear()
    end_if_put_in_place_by_hand(copies, later)
    assert not caplog.text
    database.close()


def test_an_old_log_never_comes_back(studied: Place, copies: DatedCopies, tmp_path: Path) -> None:
    """A server killed amid its work leaves a log, which would write its pages into any file of that name."""
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    before = studied.everything()
    studied.rate("d/a", 4)
    files = {path: path.read_bytes() for path in (tmp_path / "recur.sqlite", *logs_of(tmp_path / "recur.sqlite"))}
    assert len(files) == 3
    studied.database.close()
    for path, held in files.items():
        path.write_bytes(held)
    kept = restore(copies, copy, NOW).kept
    assert logs_of(tmp_path / "recur.sqlite") == []
    assert studied.everything() == before
    assert kept
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT count(*) FROM review").fetchone() == (7,)


def test_a_damaged_database_is_kept_with_its_log(studied: Place, copies: DatedCopies, tmp_path: Path) -> None:
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    before = studied.everything()
    studied.database.close()
    (tmp_path / "recur.sqlite").write_bytes(b"no database" * 1000)
    (tmp_path / "recur.sqlite-wal").write_bytes(b"a log")
    kept = restore(copies, copy, NOW).kept
    assert studied.everything() == before
    assert kept
    assert kept.read_bytes() == b"no database" * 1000
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"a log"


def test_where_there_was_nothing_nothing_is_kept(studied: Place, copies: DatedCopies, tmp_path: Path) -> None:
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    before = studied.everything()
    studied.database.close()
    (tmp_path / "recur.sqlite").unlink()
    assert restore(copies, copy, NOW).kept is None
    assert studied.everything() == before


def test_a_copy_of_an_older_version_is_migrated(studied: Place, copies: DatedCopies, tmp_path: Path) -> None:
    reviews = studied.reviews()
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    older = Database(f"sqlite:///{copy}")
    older.migrate("0004")
    older.close()
    held = copy.read_bytes()
    studied.database.close()
    assert restore(copies, copy, NOW).migrated_from == "0004"
    assert studied.reviews() == reviews
    assert copy.read_bytes() == held
    with closing(sqlite3.connect(tmp_path / "recur.sqlite")) as connection:
        connection.execute("SELECT 1 FROM review")
    assert not list(tmp_path.glob(".recur*"))


def test_a_restore_that_ends_in_the_middle_changes_nothing(
    studied: Place, copies: DatedCopies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    studied.rate("d/c", 4)
    before = studied.everything()
    studied.database.close()
    (tmp_path / ".recur.sqlite.killed").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            restore(copies, copy, NOW)
    assert studied.everything() == before
    assert not list(tmp_path.glob(".recur*"))
    studied.database.close()
    assert restore(copies, copy, NOW).reviews == 6


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def without_reviews(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE review")


def damaged(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\1" * 4096 * 3)


def dump(path: Path) -> None:
    path.write_bytes(b"PGDMP\1")


def text(path: Path) -> None:
    path.write_text("notes" * 1000)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (newer, "newer version of Recur .*9999"),
        (without_reviews, "no table review"),
        (damaged, "is damaged"),
        (dump, "copy of a PostgreSQL database"),
        (text, "no database"),
        (Path.unlink, "cannot be read: No such file"),
        (lambda path: path.write_bytes(b""), "no table alembic_version"),
    ],
)
def test_what_is_no_good_copy_changes_nothing(
    studied: Place, copies: DatedCopies, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    spoil(copy)
    before = studied.everything()
    with pytest.raises(CopyError, match=says):
        restore(copies, copy, NOW)
    assert studied.everything() == before
    assert not copies.folder.exists()
    assert not list(tmp_path.glob(".recur*"))


def test_a_database_in_use_is_not_replaced(studied: Place, copies: DatedCopies, tmp_path: Path) -> None:
    copy = backup(studied.database, tmp_path / "copy.sqlite").path
    with in_use(studied.database), pytest.raises(InUseError, match="Stop the server"):
        restore(copies, copy, NOW)
    with closing(sqlite3.connect(tmp_path / "recur.sqlite")) as other:  # a program that knows nothing of our lock
        other.execute("SELECT count(*) FROM review").fetchone()
        with pytest.raises(InUseError, match="Another program"):
            restore(copies, copy, NOW)
    assert copies.all() == []
    with pytest.raises(CopyError, match="itself"):
        restore(copies, tmp_path / "recur.sqlite", NOW)


@pytest.mark.server
def test_the_command_beside_a_server_and_after_it(
    studied: Place, run_recur: Callable[..., Ended], tmp_path: Path
) -> None:
    studied.database.close()
    assert run_recur("backup", "copy.sqlite").code == 0
    with serving(RECUR, recur_env(tmp_path)):
        ended = run_recur("restore", "copy.sqlite")
        assert (ended.code, ended.out) == (2, "")
        assert "Stop the server" in ended.err
        assert run_recur("backup", "copy.sqlite", "--force").code == 0
    ended = run_recur("restore", "copy.sqlite")
    assert ended.out.startswith("Restored 6 reviews of 1 learner from copy.sqlite.\nThe replaced database was kept as ")
    listed = run_recur("restore").out.splitlines()
    assert "before-restore.sqlite" in [line.rpartition("Z-")[2] for line in listed]
    shutil.rmtree(tmp_path / "backups")
    assert run_recur("restore").out == f"There are no copies in {tmp_path / 'backups'}.\n"
