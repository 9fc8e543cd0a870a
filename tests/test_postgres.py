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
from sqlalchemy import select, text

from app.cards.load.load import load
from app.cards.load.search import asked, matches
from app.database import Database
from app.main import create_app
from app.models import CardMark, OwnTag
from app.settings import ROOT, Settings
from app.study.learner.preferences import preferences
from app.study.schedule.replay import replay
from app.study.schedule.reset import reset
from app.study.selection.browse import SORTS
from app.study.selection.standing import STATES
from app.tables import CARD, LEARNER

pytestmark = pytest.mark.server
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


def test_statements_stay_prepared(database: Database) -> None:
    """Planning one takes longer than running it, and a ROLLBACK would let psycopg forget them all."""
    for _ in range(10):
        with database.read() as session:
            session.connection().execute(select(LEARNER))
    with database.read() as session:
        statements = session.connection().execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()
    assert any("FROM learner" in one for one in statements)


def test_a_day_of_study_on_postgresql(database: Database, tmp_path: Path) -> None:
    now = NOW
    report = load(database, ROOT / "content", now)
    assert not report.mistakes
    clock = [now]
    settings = Settings(
        backup_dir=tmp_path / "backups", watch=False, time_zone="Europe/Berlin", new_per_day=5, deletion_days=0
    )
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
    assert "Done for today." in client.get("/review").text
    for kind in ("weakest", "interview"):
        assert "Show the answer" in client.post("/quiz", data={"kind": kind, "name": kind}).text
    question = dict(HIDDEN.findall(client.get("/quiz/weakest").text.split('class="reveal"')[0]))
    page = client.get("/quiz/weakest", params=question).text
    fields = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
    assert "2 of 5" in client.post("/quiz/weakest", data=fields | {"rating": 4}).text
    assert client.post("/quiz/weakest/undo", data={"token": "undo-2"}).status_code == 200
    assert "You answered no question" in client.post("/quiz/weakest/end").text
    assert client.post("/quiz/weakest/again", data={"name": "again"}).status_code == 200
    for path in (
        "/quiz",
        "/quiz/again/compare?with=weakest",
        "/",
        "/topics",
        "/content",
        "/demos",
        "/readyz",
        "/cards/what-is-an-rnn",
        "/stats?period=all",
    ):
        assert client.get(path).status_code == 200
    for path in ("/browse", "/browse?q=vanish+grad", *(f"/browse?sort={sort}&q=h" for sort in SORTS)):
        assert "card-" in client.get(path).text, path
    for state in STATES:
        assert client.get(f"/browse?state={state}&flagged=1&tag=a&level=easy").status_code == 200
    since = "2026-03-02T09:00:00Z"
    for query in (
        "q=vanish+grad",
        "topic=lstm-and-gru",
        "topic=lstm-and-gru,decoding",
        "missed=1",
        "cards=vanishing-why",
    ):
        for mode in ("due", "ahead", "cram"):
            assert client.get(f"/review?{query}&level=medium&mode={mode}&since={since}").status_code == 200
    listed = client.get("/browse?q=beam").text.count('id="card-')
    crammed = client.get(f"/review?q=beam&mode=cram&since={since}").text
    assert re.findall(r" / (\d+)<", crammed) == [str(listed)]
    quiz = {"kind": "chosen", "name": "words", "number": "50", "q": "beam", "state": "", "tag": ""}
    topics = re.findall(r'name="topic" value="([^"]*)"', client.get("/quiz").text)
    assert f" of {listed}<" in client.post("/quiz", data=quiz | {"topic": topics}).text
    chosen = {"card": [1, 2], "token": "t", "own_tag": "ask"}
    for again, do in enumerate(("suspend", "suspend")):
        answer = client.post("/browse/act", data=chosen | {"do": do})
        assert ("Nothing to do: 2 cards" if again else "Suspended 2 cards") in answer.text
    for do in ("flag", "tag", "untag", "unflag", "resume"):
        answer = client.post("/browse/act", data=chosen | {"do": do})
        assert " 2 cards" in answer.text, do
        assert "Nothing to do" not in answer.text, do
    loaded = load(database, ROOT / "content", clock[0])
    assert (loaded.added, loaded.changed, loaded.retired, loaded.mistakes) == (0, 0, 0, ())
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
    # A learner's own: chosen, marked, carried out, deleted, taken in again, beside another learner's.
    assert client.post("/settings", data={"name": "Ada", "theme": "dark", "key-undo": "z"}).status_code == 200
    eve = TestClient(client.app, base_url="http://127.0.0.1:8000", headers={"sec-fetch-site": "same-origin"})
    assert ">Eve</a>" in eve.post("/learners", data={"name": "Eve"}).text
    with database.write() as session:
        card = before[0].card_id
        session.add(CardMark(learner_id=1, card_id=card, is_flagged=True, note="Look this up."))
        session.add(OwnTag(learner_id=1, card_id=card, tag="hard"))
    history = client.get("/settings/history.jsonl").text
    assert client.post("/learners/1/delete", data={"name": "Ada"}).status_code == 200
    with database.read() as session:
        assert session.connection().exec_driver_sql(columns).all() == []
    taken = client.post("/settings/history", files={"file": ("history.jsonl", history)})
    assert "12 reviews added, 0 already here. 1 mark and 4 quizzes were" in taken.text
    assert client.get("/settings/history.jsonl").text == history
    with database.read() as session:
        after = session.connection().exec_driver_sql(columns).all()
    assert [row[:5] for row in after] == [row[:5] for row in before]
    assert "last studied" in eve.get("/learners").text
    assert "0 ratings" in eve.get("/settings").text
    with database.write() as session:
        cards = [row.card_id for row in after[:2]]
        assert reset(session, preferences(session, settings, 1), cards, "t", clock[0]).cards == 2
        states, sums = (session.connection().exec_driver_sql(query).all() for query in (columns, totals))
        assert len(states) == len(after) - 2
        replay(session)
        assert session.connection().exec_driver_sql(columns).all() == states
        assert session.connection().exec_driver_sql(totals).all() == sums
    with database.read() as session:
        decks = session.connection().exec_driver_sql("SELECT name FROM deck ORDER BY name").all()
        with database.write() as other:
            other.connection().exec_driver_sql("INSERT INTO deck (name, title) VALUES ('new', 'New')")
        decks_then = session.connection().exec_driver_sql("SELECT name FROM deck ORDER BY name").all()
        assert decks_then == decks, "a session to read sees one snapshot"
