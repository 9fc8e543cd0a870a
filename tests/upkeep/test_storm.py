"""Copies made amid a storm of ratings: each, restored, holds what was acknowledged before it began, and is sound."""

import http.client
import threading
import time
from pathlib import Path

import pytest

from app.database import Database
from app.upkeep.backup import backup
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.doctor.derived import deviations
from app.upkeep.restore import restore
from bench.cards import loaded
from bench.serving import RECUR, ServerProcess, recur_env, serving
from tests.examples import share_of
from tests.faults.test_killed import form, send
from tests.upkeep.conftest import NOW

pytestmark = [pytest.mark.server, pytest.mark.proof]

COPIES = share_of(2)
WRITERS = 8
RATINGS_BETWEEN = 15
CARDS = COPIES * RATINGS_BETWEEN * 8


class Storm:
    """Writers that rate cards never rated before, through a server, until they are told to stop."""

    def __init__(self, server: ServerProcess) -> None:
        self.acknowledged: list[str] = []
        self.failed: list[object] = []
        self._server = server
        self._cards = iter(range(1, CARDS + 1))
        self._one = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> "Storm":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, ratings: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.acknowledged) < ratings:
            assert not self.failed
            assert time.monotonic() < deadline, "the writers stand still"
            time.sleep(0.005)

    def _write(self) -> None:
        connection = self._server.connect()
        try:
            while not self._stopped.is_set():
                with self._one:
                    card = next(self._cards, None)
                if card is None:
                    raise RuntimeError("all cards are rated: give the test more")
                fields = form(card)
                assert send(connection, fields) == 200
                self.acknowledged.append(fields["token"])
        except (OSError, http.client.HTTPException, RuntimeError, AssertionError) as error:
            self.failed.append(error)
        finally:
            connection.close()


def test_every_copy_restored_is_sound_and_holds_what_was_acknowledged(tmp_path: Path) -> None:
    loaded(tmp_path, CARDS)
    database = Database(f"sqlite:///{tmp_path / 'recur.sqlite'}")
    made: list[tuple[Path, set[str], int]] = []
    with serving(RECUR, recur_env(tmp_path)) as server, Storm(server) as storm:
        for number in range(COPIES):
            storm.wait_for(RATINGS_BETWEEN * (number + 1))
            before = set(storm.acknowledged)
            copy = backup(database, tmp_path / f"copy-{number}.sqlite")
            made.append((copy.path, before, copy.reviews))
    database.close()
    assert storm.failed == []
    for number, (path, before, reviews) in enumerate(made):
        restored = Database(f"sqlite:///{tmp_path / f'restored-{number}' / 'recur.sqlite'}")
        assert restore(DatedCopies(restored, tmp_path / "backups", 7), path, NOW).reviews == reviews
        with restored.read() as session:
            tokens = session.connection().exec_driver_sql("SELECT token FROM review").scalars().all()
        assert before <= set(tokens)
        assert len(tokens) == len(set(tokens)) == reviews
        assert deviations(restored) == []
        restored.close()
