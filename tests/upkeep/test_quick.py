"""The fast check: what keeps people from studying is a reason in `/readyz`, and at a start."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.conftest import Ended
from tests.upkeep.lived import Place, write_content

WRONG = [
    ("DROP TABLE own_tag", "no such table: own_tag. `recur doctor` says what is damaged."),
    ("ALTER TABLE learner DROP COLUMN theme", "no such column: learner.theme"),
    ("DROP TABLE card_search", "no such table: card_search"),
    ("UPDATE alembic_version SET version_num = '0003'", "is at revision 0003, and this program needs"),
    ("DELETE FROM alembic_version", "is at revision None"),
]


@pytest.fixture
def server(place: Place) -> TestClient:
    settings = Settings(database_url=f"sqlite:///{place.file}", content_dir=place.content, watch=False)
    client = TestClient(create_app(settings), base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    assert client.get("/readyz").text == "ready\n"
    return client


@pytest.mark.parametrize(("statement", "says"), WRONG)
def test_a_schema_that_is_not_whole_is_not_ready(place: Place, server: TestClient, statement: str, says: str) -> None:
    place.run(statement)
    answer = server.get("/readyz")
    assert answer.status_code == 503
    assert says in answer.text


def test_without_the_content_folder_it_is_not_ready(place: Place, server: TestClient, tmp_path: Path) -> None:
    away = place.content.rename(tmp_path / "away")
    answer = server.get("/readyz")
    away.rename(place.content)
    assert (answer.status_code, answer.text) == (503, "There is no content folder: set RECUR_CONTENT_DIR.\n")


def test_a_full_disk_is_not_ready(server: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs("/")
    monkeypatch.setattr(os, "statvfs", lambda _path: os.statvfs_result((*real[:3], 0, 1, *real[5:])))
    answer = server.get("/readyz")
    assert answer.status_code == 503
    assert "The disk is full" in answer.text


def test_a_disk_that_takes_no_byte_is_not_ready(server: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_how: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.upkeep.quick.TemporaryFile", refuse)
    assert server.get("/readyz").text == "Nothing can be written beside the database: No space left on device.\n"


def test_a_server_whose_file_is_gone_acknowledges_nothing(place: Place, server: TestClient) -> None:
    send = {"card": "1", "token": "t", "action": "flag", "deck": "rnn"}
    shutil.rmtree(place.file.parent)
    answer = server.get("/readyz")
    assert (answer.status_code, answer.text[:41]) == (503, "The database was deleted or replaced whil")
    for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
        answer = server.post("/learners", data={"name": "Eve"} | send, headers=headers)
        assert answer.status_code == 503
        assert "What you sent was not saved. The database was deleted or replaced" in answer.text
        assert str(place.file.parent) not in answer.text
    assert not place.file.exists()


def test_a_start_names_what_is_missing(settings: Settings, run_recur: Callable[..., Ended]) -> None:
    write_content(settings.content_dir)
    assert run_recur("load").code == 0
    database = Database(settings.database_url)
    with database.write() as session:
        session.execute(text("DROP TABLE own_tag"))
    database.close()
    for command in ("load", "serve"):
        ended = run_recur(command)
        assert (ended.code, ended.out) == (2, "")
        assert "no such table: own_tag. `recur doctor` says what is damaged." in ended.err
        assert len(ended.err.splitlines()) == 1
    assert run_recur("doctor", "--fix").code == 0
    assert run_recur("load").code == 0
