"""Processes that start at the same moment: one brings the database up to date, and the others wait for it."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from app.database import STARTING, Database
from app.settings import ROOT
from bench.cards import content_folder
from bench.serving import RECUR
from tests.databases import Backend
from tests.examples import share_of

pytestmark = pytest.mark.server

LOAD = [*RECUR[:-1], "load"]
WAITS = "Waiting: another process migrates the database.\n"
OLD = "0003"
"""A revision from which there is much to migrate."""


class Starting:
    """Commands over one database, started at once."""

    def __init__(self, url: str, content: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("RECUR_")}
        folders = {"RECUR_CONTENT_DIR": str(content), "RECUR_BACKUP_DIR": str(content.with_name("backups"))}
        self.env = clean | folders | {"RECUR_DATABASE_URL": url, "RECUR_TIME_ZONE": "UTC"}
        self.url = url

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(LOAD, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check_whole(self, cards: int) -> None:
        """Every table is there, the content once, and what is derived equals a replay."""
        database = Database(self.url)
        assert database.is_up_to_date()
        with database.read() as session:
            count = session.connection().exec_driver_sql("SELECT count(*) FROM card WHERE retired_at IS NULL")
            assert count.scalar_one() == cards
        database.close()


@pytest.fixture
def starting(backend: Backend, tmp_path: Path) -> Starting:
    content_folder(tmp_path / "content", files=3, cards_a_file=5)
    return Starting(backend.new(tmp_path), tmp_path / "content")


def ended(processes: "list[subprocess.Popen[str]]") -> list[tuple[int, str]]:
    """Exit code and everything said, of each."""
    said = ["".join(process.communicate(timeout=120)) for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, said, strict=True)]


@pytest.mark.parametrize("revision", [None, OLD])
def test_one_migrates_and_the_others_wait(starting: Starting, revision: str | None) -> None:
    database = Database(starting.url)
    if revision:
        database.migrate()
        database.migrate(revision)
    with database.lock(STARTING).held():
        processes = [starting.start() for _ in range(2)]
        for process in processes:  # so that they begin at the same moment
            assert process.stderr
            assert process.stderr.readline() == WAITS
        assert not database.is_up_to_date()
    database.close()
    said = ended(processes)
    assert [code for code, _ in said] == [0, 0], said
    assert ["15 added" in text for _, text in said].count(True) == 1, said
    starting.check_whole(15)


@pytest.mark.proof
def test_one_killed_at_any_moment_leaves_nothing_that_the_others_wait_for(backend: Backend, tmp_path: Path) -> None:
    chance = random.Random(11)
    content_folder(tmp_path / "content", files=3, cards_a_file=5)
    for turn in range(share_of(3)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        starting = Starting(backend.new(folder), tmp_path / "content")
        processes = [starting.start() for _ in range(3)]
        time.sleep(chance.uniform(0.5, 4))
        victim = processes.pop(chance.randrange(3))
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        said = ended(processes)
        assert [code for code, _ in said] == [0, 0], said
        starting.check_whole(15)
        backend.drop(starting.url)
