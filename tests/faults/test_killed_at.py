"""A server and the commands killed at chosen moments of a write, COMMIT's two sides among them: before or after."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import settings as hypothesis_settings

from app.database import Database
from app.exchange.history.finish_imports import finish_imports
from app.settings import ROOT, Settings
from bench.serving import ServerProcess
from tests.faults.lives import CARD, WRITES, Form, differing, dump, is_write, replayed
from tests.faults.writing import Lived, clean_write, client_of

pytestmark = [pytest.mark.server, pytest.mark.proof]
DYING = [sys.executable, "-m", "tests.faults.dying"]


def chosen(cases: Sequence[Any], number: int) -> Sequence[Any]:
    """All in `make proof`, else so many, always the same."""
    if hypothesis_settings.get_current_profile_name() == "proof":
        return cases
    return random.Random(2).sample(list(cases), min(number, len(cases)))


def around_commits(number: int) -> list[str]:
    return [f"{when} commit {n}" for n in range(1, number + 1) for when in ("before", "after")]


def environment(database: Database, content: Path, **more: str) -> dict[str, str]:
    return {
        "RECUR_DATABASE_URL": str(database.url),
        "RECUR_CONTENT_DIR": str(content),
        "RECUR_BACKUP_DIR": str(content.with_name("backups")),
        "RECUR_WATCH": "false",
        "RECUR_TIME_ZONE": "Europe/Berlin",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def test_a_write_of_a_killed_server_is_whole_or_absent_and_can_be_sent_again(
    lived: Lived, content: Path, settings: Settings
) -> None:
    settings = settings.model_copy(update={"content_dir": content})
    kills = 0
    for kind in chosen(list(WRITES), 3):
        with lived() as database:
            form, before, after, calls = clean_write(kind, settings, database)
        writes = sum(is_write(call) for call in calls)
        moments = [f"write {n}" for n in range(1, writes + 1)] + around_commits(calls.count("do_commit"))
        for moment in chosen(moments, 1):
            with lived() as database:
                assert WRITES[kind](client_of(settings, database)) == form
                killed_while_sending(form, moment, environment(database, content, RECUR_PORT="{port}"))
                finish_imports(database)  # as the next start does
                found = dump(database)
                assert found in (before, after), f"{kind}, {moment}: {differing(before, found)}"
                last = moment == f"after commit {calls.count('do_commit')}"
                assert found == after or not last, f"{kind}, {moment}: committed, and not there"
                assert not differing(found, replayed(database)), f"{kind}, {moment}"
                again = form.send(client_of(settings, database))
                assert again.status_code == 200 or (found == after and again.status_code < 500), f"{kind}, {moment}"
                assert not differing(after, dump(database)), f"{kind}, {moment}"
            kills += 1
    assert kills >= 3


def killed_while_sending(form: Form, moment: str, env: dict[str, str]) -> None:
    server = ServerProcess([*DYING, moment, "serve"], env)
    try:
        server.wait_until_it_answers()
        with (
            httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client,
            pytest.raises(httpx2.TransportError),
        ):
            form.send(client)
        assert server.process.wait(10) == -signal.SIGKILL
    finally:
        server.stop()


def run(moment: str, database: Database, content: Path, words: Sequence[str | Path]) -> dict[str, int]:
    """Run `recur`, which dies at the moment, or else must succeed; then what it counted."""
    counts = content.parent / "counts.json"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RECUR_")}
    env = clean | environment(database, content, COUNTS=str(counts))
    done = subprocess.run([*DYING, moment, *map(str, words)], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == (0 if moment.startswith("never") else -signal.SIGKILL), (moment, done.stdout, done.stderr)
    counted: dict[str, int] = json.loads(counts.read_text()) if counts.exists() else {}
    return counted


def changed(content: Path, folder: Path) -> Path:
    """A copy of the content in which a card has another answer, one is new, and one is gone."""
    copy = folder / "content"
    shutil.copytree(content, copy)
    file = copy / "small" / "first.md"
    cards = file.read_text().replace("Answer 1.", "Another answer.").replace(CARD.format(n=3), "")
    file.write_text(cards + CARD.format(n=99))
    return copy


def do_nothing(_database: Database) -> None:
    pass


def spoil_totals(database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE day_total SET seconds = 77")


def go_back(database: Database) -> None:
    """As far as a version before the checksums and the versions of cards."""
    database.migrate("0005")


COMMANDS: dict[str, tuple[Callable[[Database], None], tuple[str, ...], bool]] = {
    "import": (do_nothing, ("import", "{history}"), True),
    "load": (do_nothing, ("load",), True),
    "replay": (spoil_totals, ("replay",), True),
    "migrate": (go_back, ("load",), False),
}
"""What comes before the command, its words, and whether its one change is there or not after a kill."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_did_all_or_nothing_and_can_be_run_again(
    name: str, lived: Lived, content: Path, settings: Settings, tmp_path: Path
) -> None:
    prepare, words, is_one_change = COMMANDS[name]
    with lived() as database:
        form = WRITES["import a history"](client_of(settings, database))
        assert form.files
        history = tmp_path / "history.jsonl"
        history.write_bytes(form.files["file"][1])
        command = [word.format(history=history) for word in words]
        files = changed(content, tmp_path) if name == "load" else content
        prepare(database)
        before = dump(database, with_times=False) if is_one_change else {}
        counts = run("never 1", database, files, command)
        after = dump(database, with_times=False)
        assert before != after
    calls = [f"call {n}" for n in range(1, counts["call"] + 1)]
    moments = [*around_commits(counts["before commit"]), *random.Random(name).sample(calls, min(15, len(calls)))]
    for moment in chosen(moments, 1):
        with lived() as database:
            prepare(database)
            run(moment, database, files, command)
            if is_one_change:
                finish_imports(database)
                found = dump(database, with_times=False)
                assert found in (before, after), (moment, differing(before, found), differing(after, found))
                assert name == "replay" or not differing(found, replayed(database, with_times=False)), moment
            run("never 1", database, files, command)
            assert not differing(after, dump(database, with_times=False)), moment
