"""The server makes a copy a day by itself, and says once why it cannot."""

import logging
import time
from datetime import timedelta

import pytest

from app.upkeep.daily_copies import DailyCopy
from app.upkeep.dated_copies import DatedCopies
from bench.serving import RECUR, recur_env, serving
from tests.exchange.history.places import Place
from tests.upkeep.conftest import NOW

pytestmark = pytest.mark.sqlite("about the files of a copy")


def test_one_copy_a_day(copies: DatedCopies) -> None:
    daily = DailyCopy(copies)
    for hours in (0, 1, 23, 24, 30, 48):
        daily.look(NOW + timedelta(hours=hours))
    assert [path.name[6:19] for path in copies.all("daily")] == ["2026-03-04T09", "2026-03-03T09", "2026-03-02T09"]


def test_what_hinders_it_is_logged_once(copies: DatedCopies, caplog: pytest.LogCaptureFixture) -> None:
    copies.folder.touch()
    daily = DailyCopy(copies)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            daily.look(NOW)
        assert len(caplog.records) == 1
        assert "was not made: The folder" in caplog.text
        copies.folder.unlink()
        daily.look(NOW)
    assert len(copies.all("daily")) == 1


@pytest.mark.server
@pytest.mark.parametrize("kept", [0, 7])
def test_a_server_makes_one_when_it_starts(studied: Place, copies: DatedCopies, kept: int) -> None:
    environment = recur_env(studied.content.parent) | {"RECUR_BACKUPS": str(kept)}
    for _ in range(2):
        with serving(RECUR, environment):
            deadline = time.monotonic() + (10 if kept else 2)
            while not copies.all() and time.monotonic() < deadline:
                time.sleep(0.05)
    assert [path.name.rpartition("Z-")[2] for path in copies.all()] == (["daily.sqlite"] if kept else [])
