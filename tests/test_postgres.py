"""The same code on PostgreSQL: migrate, load, study, undo, replay, in a cluster of the test's own."""

import getpass
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.cards.load import load
from app.database import Database
from app.main import create_app
from app.settings import ROOT, Settings
from app.study.replay import replay

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')


def postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as the user `postgres` where we are root, which it refuses."""
    path = shutil.which(program) or next((str(folder / program) for folder in reversed(FOLDERS)), None)
    if path is None:
        raise RuntimeError(f"This test needs PostgreSQL's {program}; `make postgres` installs it, or says how.")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_user, path, *arguments], check=True, stdout=subprocess.DEVNULL, timeout=120)


@pytest.fixture
def database() -> Iterator[Database]:
    # Not tmp_path: a socket's path may have 107 characters, and the user postgres must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="recur-pg-"))
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    postgres("initdb", "-D", data, "-U", user, "--auth=trust", "--no-sync")
    postgres(
        "pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -k {folder}", "start"
    )
    try:
        made = Database(f"postgresql+psycopg://{user}@/postgres?host={folder}")
        made.migrate()
        yield made
        made.close()
    finally:
        postgres("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def test_a_day_of_study_on_postgresql(database: Database) -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    report = load(database, ROOT / "content", now)
    assert not report.mistakes
    clock = [now]
    settings = Settings(watch=False, time_zone="Europe/Berlin", new_per_day=5)
    client = TestClient(create_app(settings, database, lambda: clock[0]), base_url="http://127.0.0.1:8000")

    def study(rating: int) -> None:
        question = dict(HIDDEN.findall(client.get("/review").text.split('class="reveal"')[0]))
        page = client.get("/review", params=question).text
        fields = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
        clock[0] += timedelta(seconds=30)
        assert client.post("/review", data=fields | {"rating": rating}).status_code == 200

    for rating in (4, 1, 5, 3, 2):
        study(rating)
    clock[0] += timedelta(minutes=11)
    study(4)
    assert client.post("/review/undo", data={"token": "undo-1", "deck": "rnn"}).status_code == 200
    study(5)
    study(4)
    assert "That was it for today." in client.get("/review").text
    for path in ("/", "/topics", "/content", "/demos", "/readyz", "/cards/what-is-an-rnn", "/stats?period=all"):
        assert client.get(path).status_code == 200
    assert load(database, ROOT / "content", clock[0]).read == 0
    clock[0] += timedelta(days=3)
    study(4)
    assert "1 recall so far" in client.get("/stats?period=all").text
    assert "The hardest cards" in client.get("/stats?topic=what-recurrence-is").text
    totals = "SELECT * FROM day_total NATURAL LEFT JOIN month_total ORDER BY 1, 2, 3, 4"
    columns = "SELECT card_id, stability, difficulty, due_on, reviews, last_review_id FROM card_state ORDER BY card_id"
    with database.write() as session:
        before = session.connection().exec_driver_sql(columns).all()
        assert len(before) == 5
        sums = session.connection().exec_driver_sql(totals).all()
        assert len(sums) == 4  # two days, each of the deck and of its topic
        replay(session)
        assert session.connection().exec_driver_sql(totals).all() == sums
        assert session.connection().exec_driver_sql(columns).all() == before
