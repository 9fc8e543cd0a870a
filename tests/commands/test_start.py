"""A server that cannot start says why in one sentence, as text and as JSON, and exits with 2."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.database import Database
from app.settings import ROOT, Settings
from tests.conftest import Ended

pytestmark = pytest.mark.usefixtures("logging_as_it_was")
Start = Callable[..., Ended]


@pytest.fixture
def start(settings: Settings, run_recur: Start) -> Iterator[Start]:
    """Starts a server that is expected to give up: at the latest since its port is taken."""
    settings.content_dir.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        yield lambda **variables: run_recur("serve", **{"RECUR_WATCH": "false", "RECUR_PORT": port, **variables})


def database_that(settings: Settings, *statements: str) -> None:
    database = Database(settings.database_url)
    database.migrate()
    database.close()
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


REFUSALS = {
    "port": ({}, "Cannot listen on 127.0.0.1:.*: Address already in use"),
    "host": (
        {"RECUR_HOST": "no.such.host.invalid", "RECUR_PASSWORD": "long enough"},
        "Cannot listen on no.such.host.invalid:",
    ),
    "host, not even a name": (
        {"RECUR_HOST": "a" * 70 + ".example", "RECUR_PASSWORD": "long enough"},
        "Cannot listen on aaaa.*: this is not a host name",
    ),
    "content folder": ({"RECUR_CONTENT_DIR": "{path}/nowhere"}, "There is no content folder .*nowhere"),
    "setting": ({"RECUR_PORT": "eight"}, "RECUR_PORT must be a whole number[.]"),
    "two settings": ({"RECUR_PORT": "eight", "RECUR_DAY_STARTS_AT": "24"}, "RECUR_DAY_STARTS_AT"),
    "database, no address": ({"RECUR_DATABASE_URL": "nonsense"}, "RECUR_DATABASE_URL cannot be used"),
    "database, no valid address": (
        {"RECUR_DATABASE_URL": "postgresql://u:pw@[::1/db"}, "RECUR_DATABASE_URL cannot be used",
    ),
    "database, no server": (
        {"RECUR_DATABASE_URL": "postgresql+psycopg://u:SECRET@127.0.0.1:1/db"}, "cannot be used: .*refused",
    ),
    "database, a folder": ({"RECUR_DATABASE_URL": "sqlite:///{path}"}, "unable to open database file"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_one_sentence(start: Start, tmp_path: Path, case: str) -> None:
    given, says = REFUSALS[case]
    variables = {name: value.replace("{path}", str(tmp_path)) for name, value in given.items()}
    number = 2 if case == "two settings" else 1
    text = start(**variables)
    assert (text.code, text.out) == (2, "")
    assert re.search(says, text.err), text.err
    assert len(text.err.splitlines()) == number, text.err
    as_json = start(**variables, RECUR_LOG_FORMAT="json")
    assert (as_json.code, as_json.out) == (2, "")
    events = [json.loads(line) for line in as_json.err.splitlines()]
    assert len(events) == number
    assert {one["level"] for one in events} == {"error"}
    assert re.search(says, " ".join(one["message"] for one in events))
    assert "SECRET" not in text.err + as_json.err


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_database_without_a_table(start: Start, settings: Settings, log_format: str) -> None:
    database_that(settings, "DROP TABLE content_file")
    ended = start(RECUR_LOG_FORMAT=log_format)
    assert ended.code == 2
    assert "content_file" in ended.err
    assert "recur.sqlite: The database cannot be used" in ended.err
    assert "`recur doctor`" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_what_a_start_says_is_json_too(start: Start, settings: Settings) -> None:
    (settings.content_dir / "small").mkdir()
    (settings.content_dir / "small" / "first.md").write_text("## A card without an answer?\n")
    ended = start(RECUR_LOG_FORMAT="json", RECUR_NEW_A_DAY="3")
    said = [json.loads(line)["message"] for line in ended.err.splitlines()]
    assert "RECUR_NEW_A_DAY is not a setting" in said[0]
    assert "small/first.md" in said[1]
    assert ended.out == ""


def test_a_mistake_of_ours_is_one_event_too(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("app.web.frame.assets.version", fails)
    ended = start(RECUR_LOG_FORMAT="json")
    (event,) = [json.loads(line) for line in ended.err.splitlines()]
    assert ended.code == 1
    assert event["cause"] == "ZeroDivisionError: a mistake of ours"
    assert event["traceback"].count("Traceback") == 1


def test_a_missing_library_is_named(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.frame.assets.LIBRARIES", {"lib/htmx.js": ROOT / "node_modules/nothing.js"})
    ended = start()
    assert (ended.code, ended.err.splitlines()) == (
        2,
        ["node_modules/nothing.js is missing. Run `make setup`, which runs `npm ci`."],
    )
