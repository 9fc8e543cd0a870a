"""A database in use is not replaced, and one that is being replaced is not used."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.database import Database, UnusableDatabaseError
from app.settings import ROOT
from app.upkeep.in_use import InUseError, alone, in_use
from tests.conftest import Ended
from tests.forked import forked

HOLDER = """
import sys
from app.database import Database
from app.upkeep.in_use import in_use
with in_use(Database(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_many_share_it_and_one_has_it_alone(database: Database, database_url: str) -> None:
    other = Database(database_url)
    with in_use(database), in_use(other), pytest.raises(InUseError, match=r"Stop the server"), alone(other):
        pass
    with alone(database):
        with pytest.raises(InUseError, match="Try again when that is done"), in_use(other):
            pass
        with pytest.raises(InUseError), alone(other):
            pass
    with in_use(other):
        pass
    other.close()


@pytest.mark.sqlite("about files")
def test_it_is_free_at_once_though_a_forked_process_has_its_file_open(database: Database) -> None:
    with ExitStack() as child:
        with alone(database):
            child.enter_context(forked())
        with alone(database):
            pass


@pytest.mark.sqlite("about files")
def test_a_file_has_one_lock_by_whatever_name(database: Database, tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to("recur.sqlite")
    link = Database(f"sqlite:///{tmp_path / 'link.sqlite'}")
    with in_use(database), pytest.raises(InUseError), alone(link):
        pass
    link.close()


@pytest.mark.server
def test_the_lock_ends_with_a_process_that_is_killed(database: Database, database_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(InUseError), alone(database):
        pass
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    while True:
        try:
            with alone(database):
                return
        except InUseError:  # PostgreSQL takes a moment to notice
            time.sleep(0.05)


@pytest.mark.sqlite("about files")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'recur.sqlite'}")
    (tmp_path / "recur.sqlite.in-use").mkdir()
    with pytest.raises(UnusableDatabaseError, match=r"recur\.sqlite\.in-use cannot be written: Is a directory"):
        in_use(database).__enter__()
    database.close()


def test_a_command_waits_for_nobody(run_recur: Callable[..., Ended], database: Database) -> None:
    with alone(database):
        ended = run_recur("replay")
    assert ended.code == 2
    assert "is being restored, moved or repaired" in ended.err
    assert run_recur("replay").code == 0
