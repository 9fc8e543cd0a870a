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
from sqlalchemy import select

from app.cards.load import load
from app.cards.search import asked, matches
from app.database import Database
from app.main import create_app
from app.settings import ROOT, Settings
from app.study.browse import SORTS
from app.study.learner import preferences
from app.study.replay import replay
from app.study.reset import reset
from app.study.standing import STATES
from app.study.tables import CARD

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
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


def found(database: Database, typed: str) -> set[str]:
    with database.read() as session:
        cards = matches(session.connection(), asked(typed)).subquery()
        return set(
            session.connection().execute(select(CARD.c.name).join(cards, cards.c.card_id == CARD.c.id)).scalars()
        )


def test_the_same_is_found_on_both_databases(database: Database, tmp_path: Path) -> None:
    sqlite = Database(f"sqlite:///{tmp_path / 'recur.sqlite'}")
    sqlite.migrate()
    for one in (database, sqlite):
        load(one, ROOT / "content", NOW)
    for typed in (
        "vanish grad",
        "W_hh",
        "W_h h",
        "élman",
        "lecture10-07",
        "h",
        "1",
        "it's \\ & | ! <-> :*",
        "no such word",
    ):
        assert found(database, typed) == found(sqlite, typed), typed
    assert "vanishing-why" in found(database, "vanish grad")
    database.migrate("0003")
    database.migrate()
    assert "vanishing-why" in found(database, "vanish grad")
    sqlite.close()


def test_a_day_of_study_on_postgresql(database: Database) -> None:
    now = NOW
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
    for path in ("/", "/topics", "/content", "/demos", "/readyz", "/cards/what-is-an-rnn"):
        assert client.get(path).status_code == 200
    for path in ("/browse", "/browse?q=vanish+grad", *(f"/browse?sort={sort}&q=h" for sort in SORTS)):
        assert "card-" in client.get(path).text, path
    for state in STATES:
        assert client.get(f"/browse?state={state}&flagged=1&tag=a&level=easy").status_code == 200
    chosen = {"card": [1, 2], "token": "t", "own_tag": "ask"}
    for again, do in enumerate(("suspend", "suspend")):
        answer = client.post("/browse/act", data=chosen | {"do": do})
        assert ("Nothing to do: 2 cards" if again else "Suspended 2 cards") in answer.text
    for do in ("flag", "tag", "untag", "unflag", "resume"):
        answer = client.post("/browse/act", data=chosen | {"do": do})
        assert " 2 cards" in answer.text, do
        assert "Nothing to do" not in answer.text, do
    assert load(database, ROOT / "content", clock[0]).read == 0
    columns = "SELECT card_id, stability, difficulty, due_on, reviews, last_review_id FROM card_state ORDER BY card_id"
    with database.write() as session:
        before = session.connection().exec_driver_sql(columns).all()
        assert len(before) == 5
        assert (
            reset(session, preferences(session, settings, 1), [row[0] for row in before[:2]], "t", clock[0]).cards == 2
        )
        before = before[2:]
        replay(session)
        assert session.connection().exec_driver_sql(columns).all() == before
