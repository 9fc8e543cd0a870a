"""PostgreSQL is copied by pg_dump and restored in one transaction, and its password is on no command line."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest

from app.database import Database
from app.study.deletions import delete_for_good
from app.upkeep import postgres_copy
from app.upkeep.copy_error import CopyError
from app.upkeep.daily_copies import DailyCopy
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.in_use import InUseError, alone, in_use
from app.upkeep.migrate import migrate
from app.upkeep.restore import end_if_put_in_place_by_hand, restore
from tests.databases import backend_named
from tests.exchange.history.places import Place, lived, write_content
from tests.postgres import USER, shared
from tests.upkeep.conftest import NOW
from tests.upkeep.test_restore import check_that_it_ended, with_eve

pytestmark = pytest.mark.server


@pytest.fixture
def studied(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.getbasetemp() / "postgres"
    folder.mkdir(exist_ok=True)
    backend = backend_named("postgres", folder)
    url = backend.new(tmp_path, backend.migrated)
    database = Database(url)
    write_content(tmp_path / "content")
    studied = Place(database, tmp_path / "content", (f"t{number}" for number in count()))
    studied.load()
    lived(studied)
    yield studied
    database.close()
    backend.drop(url)


@pytest.fixture
def copies(studied: Place, tmp_path: Path) -> DatedCopies:
    return DatedCopies(studied.database, tmp_path / "backups", 7)


def test_it_is_the_copy_again_and_what_was_there_is_kept(studied: Place, copies: DatedCopies) -> None:
    before = studied.everything()
    copy = copies.make("by-hand", NOW)
    assert (copy.reviews, stat.S_IMODE(copy.path.stat().st_mode)) == (6, 0o600)
    studied.rate("d/c", 4)
    after = studied.everything()
    done = restore(copies, copy.path, NOW)
    assert (done.reviews, done.learners, done.migrated_from) == (6, 1, None)
    assert studied.everything() == before
    assert studied.rows("SELECT count(*) FROM card_search") == [(4,)]
    assert done.kept
    restore(copies, done.kept, NOW)
    assert studied.everything() == after
    studied.rate("d/a", 3)  # its id is not one of those restored
    assert len(studied.reviews()) == 8


def test_a_copy_put_in_place_by_hand_is_known_at_the_next_start(
    studied: Place, copies: DatedCopies, caplog: pytest.LogCaptureFixture
) -> None:
    end_if_put_in_place_by_hand(copies, NOW)  # from now on the database knows itself
    ada = with_eve(studied.database)
    copy = copies.make("by-hand", NOW).path
    with studied.database.write() as session:
        delete_for_good(session, copies.deletions, ada, NOW)
    end_if_put_in_place_by_hand(copies, NOW)
    assert not caplog.text
    studied.database.engine.dispose()
    postgres_copy.restore(studied.database, copy)
    later = NOW + timedelta(days=30)
    end_if_put_in_place_by_hand(copies, later)
    check_that_it_ended(studied.database, later)
    end_if_put_in_place_by_hand(copies, later)
    assert caplog.text.count("put in place by hand") == 1


def test_an_older_copy_is_migrated_although_newer_tables_are_there(studied: Place, copies: DatedCopies) -> None:
    reviews, said = studied.reviews(), studied.said()
    studied.database.migrate("0003")
    copy = copies.make("by-hand", NOW).path
    assert "A copy of its previous state is" in migrate(copies, NOW)[0]
    with studied.database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("CREATE TABLE later (card_id integer REFERENCES card (id))")
        connection.exec_driver_sql("INSERT INTO later VALUES (1)")
    assert restore(copies, copy, NOW).migrated_from == "0003"
    assert (studied.reviews(), studied.said()) == (reviews, said)


def cut_short(path: Path) -> None:
    held = path.read_bytes()
    path.write_bytes(held[: len(held) * 2 // 3])


def damaged(path: Path) -> None:
    """In the rows of a table that comes after others."""
    held = path.read_bytes()
    at = len(held) - 600
    path.write_bytes(held[:at] + bytes(200) + held[at + 200 :])


def another_programs(path: Path) -> None:
    cluster = shared()
    name = cluster.create()
    with psycopg.connect(host=str(cluster.folder), port=5432, user=USER, dbname=name, autocommit=True) as other:
        other.execute("CREATE TABLE review (id integer)")
    database = Database(cluster.url(name))
    postgres_copy.dump(database, path)
    database.close()
    cluster.drop(name)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut_short, "pg_restore failed"),
        (damaged, "not restored, and nothing has changed: .*error"),
        (another_programs, "no table alembic_version"),
        (lambda path: path.write_text("text"), "recur move"),
        (lambda path: path.write_bytes(b"PGDMP"), "pg_restore failed"),
    ],
)
def test_what_is_no_good_copy_changes_nothing(
    studied: Place, copies: DatedCopies, spoil: Callable[[Path], None], says: str
) -> None:
    copy = copies.make("by-hand", NOW).path
    studied.rate("d/c", 4)
    before = studied.everything()
    spoil(copy)
    with pytest.raises(CopyError, match=says):
        restore(copies, copy, NOW)
    assert studied.everything() == before


def test_no_command_line_and_no_message_has_the_password(
    studied: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/said; env >{tmp_path}/env; touch {tmp_path}/x.dump\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with_password = studied.database.url.set(
        password="secret word", query={"host": str(shared().folder), "sslmode": "prefer"}
    )
    database = Database(with_password.render_as_string(hide_password=False))
    postgres_copy.dump(database, tmp_path / "x.dump")
    database.close()
    said, environment = (tmp_path / "said").read_text(), (tmp_path / "env").read_text().splitlines()
    assert "secret" not in said
    assert {"PGPASSWORD=secret word", "PGSSLMODE=prefer", f"PGUSER={USER}", f"PGHOST={shared().folder}"} <= {
        *environment
    }
    assert "secret" not in postgres_copy.shown(database)


def test_where_pg_dump_is_missing_it_is_said_what_to_install(
    studied: Place, copies: DatedCopies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(CopyError, match=r"pg_dump, which is not installed here\. On Debian: apt-get install"):
        copies.make("by-hand", NOW)
    daily = DailyCopy(copies)
    for _ in range(3):
        daily.look(NOW)
    assert len(caplog.records) == 1
    studied.database.migrate("0004")
    assert "without a copy of its previous state. A PostgreSQL" in migrate(copies, NOW)[0]
    assert copies.all() == []


def test_a_server_regains_its_lock_after_postgresql_was_restarted(studied: Place, tmp_path: Path) -> None:
    other = Database(studied.database.url.render_as_string(hide_password=False))
    with in_use(studied.database):
        studied.rows("SELECT 1")
        with psycopg.connect(
            host=str(shared().folder), port=5432, user=USER, dbname=str(other.url.database), autocommit=True
        ) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
        with alone(other), pytest.raises(Exception, match="is being restored"):
            studied.rows("SELECT 1")
        studied.rows("SELECT 1")
        with pytest.raises(InUseError), alone(other):
            pass
    with alone(other):
        pass
    other.close()
