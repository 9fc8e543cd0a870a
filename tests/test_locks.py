"""A lock is held by one process at a time, and ends with it."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from app.locks import AdvisoryLock, FileLock
from app.settings import ROOT
from tests import postgres
from tests.forked import forked

HOLDER = """
import sys
from pathlib import Path
from app.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.try_hold()
print("held", flush=True)
sys.stdin.read()
"""


def test_one_holds_it_and_another_gets_it_afterwards(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert not one.is_held()
    assert one.try_hold()
    assert one.is_held()
    assert not other.try_hold()
    assert not other.is_held()
    one.free()
    assert not one.is_held()
    assert other.try_hold()
    one.free()  # what it does not hold stays as it is
    assert other.is_held()


def test_it_is_free_at_once_though_a_forked_process_has_its_file_open(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.try_hold()
    with forked():
        one.free()
        assert other.try_hold()


def test_waiting_is_told_once_and_ends(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    told: list[str] = []
    with other.held(lambda: told.append("free at once")):
        pass
    assert one.try_hold()

    def wait() -> None:
        told.append("waits")
        one.free()

    with other.held(wait):
        assert not one.try_hold()
    assert told == ["waits"]
    assert one.try_hold()


def test_a_lock_on_a_file_that_was_replaced_is_lost(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.try_hold()
    (tmp_path / "lock").unlink()
    assert not one.is_held()
    assert other.try_hold()
    assert other.is_held()
    assert not one.is_held()


@pytest.mark.server
def test_postgresql_holds_it_for_one_connection_and_frees_it_with_that() -> None:
    cluster = postgres.shared()
    name = cluster.create()
    one, other, another_name = (AdvisoryLock(make_url(cluster.url(name)), word) for word in ("a", "a", "b"))
    assert one.try_hold()
    assert one.is_held()
    assert not other.try_hold()
    assert not other.is_held()
    assert another_name.try_hold()
    another_name.free()
    with psycopg.connect(
        host=str(cluster.folder), port=5432, user=postgres.USER, dbname=name, autocommit=True
    ) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert not one.is_held(), "PostgreSQL ended the connection that held it"
    with other.held():
        assert not one.try_hold()
    one.free()
    cluster.drop(name)


@pytest.mark.server
def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock(path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert not lock.try_hold()
        holder.kill()
    assert lock.try_hold()
    lock.free()
