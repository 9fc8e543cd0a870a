"""Reviews, due days and marks out of packages that Anki itself writes, on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from anki.collection import Collection, ExportAnkiPackageOptions
from sqlalchemy import select

from app.database import Database
from app.settings import Settings
from app.tables import CARD, CARD_MARK, CARD_STATE, OWN_TAG, REVIEW

BERLIN = ZoneInfo("Europe/Berlin")
QUESTIONS = ("Known?", "Lapsed?", "Suspended?", "Flagged?", "New?", "Reset?", "Draft?")
NOW = datetime.now(UTC).replace(microsecond=0)


def ankis_day() -> date:
    """Asked for in the test, since a run may last over its end: it begins at four, by the clock of the machine."""
    return (datetime.now().astimezone() - timedelta(hours=4)).date()


def ago(days: float, hour: int = 12) -> datetime:
    return (NOW - timedelta(days=days)).astimezone(BERLIN).replace(hour=hour, minute=0, second=0)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Seven notes in two nested decks, with reviews on record, written by Anki."""
    collection = Collection(str(tmp_path / "collection.anki2"))
    kind, db = collection.models.by_name("Basic"), collection.db
    assert kind
    assert db
    cards = {}
    for at, question in enumerate(QUESTIONS):
        deck = collection.decks.id("Networks::Gates" if at % 2 else "Networks")
        assert deck
        note = collection.new_note(kind)
        note["Front"], note["Back"] = question, '<img src="x.png">' if question == "Draft?" else f"Answer {at}."
        collection.add_note(note, deck)
        (cards[question],) = note.card_ids()

    def log(question: str, when: datetime, ease: int, kind: int = 1, factor: int = 2500) -> None:
        row = (int(when.timestamp() * 1000), cards[question], -1, ease, 5, 1, factor, 7_000, kind)
        db.execute("INSERT INTO revlog VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)

    for days, ease in ((30, 3), (29, 2), (20, 4), (5, 3)):
        log("Known?", ago(days), ease)
    log("Known?", ago(4), 3, kind=3, factor=0)
    log("Lapsed?", ago(10), 3)
    log("Lapsed?", ago(2, hour=2), 1)  # at two in the night: the day before
    log("Suspended?", ago(8), 3)
    log("Reset?", ago(9), 3)
    log("Reset?", ago(6), 0, kind=4, factor=0)
    log("Draft?", ago(7), 4)
    today = collection.sched.today
    for question, due in (("Known?", 17), ("Suspended?", 3), ("Draft?", 4)):
        db.execute("UPDATE cards SET type = 2, queue = 2, ivl = 20, due = ? WHERE id = ?", today + due, cards[question])
    collection.sched.suspend_cards([cards["Suspended?"]])
    collection.set_user_flag_for_cards(3, [cards["Flagged?"]])
    options = ExportAnkiPackageOptions(with_scheduling=True, with_deck_configs=True, with_media=True, legacy=False)
    collection.export_anki_package(out_path=str(tmp_path / "new.apkg"), options=options, limit=None)
    options.legacy = True
    collection.export_anki_package(out_path=str(tmp_path / "old.apkg"), options=options, limit=None)
    collection.close()
    return tmp_path


def rows(database: Database, query: Any) -> list[Any]:
    with database.read() as session:
        return list(session.connection().execute(query).mappings())


@pytest.fixture
def take(package: Path, settings: Settings, run_recur: Callable[..., Any]) -> Callable[[str], str]:
    """Import one of the packages and load the content; gives what was printed."""
    settings.content_dir.mkdir()

    def run(name: str) -> str:
        ended = run_recur("import", package / name, "--into", "nets/deck", RECUR_TIME_ZONE="Europe/Berlin")
        assert (ended.code, ended.err) == (0, "")
        assert run_recur("load", RECUR_TIME_ZONE="Europe/Berlin").code == 0
        return str(ended.out)

    return run


@pytest.mark.parametrize("name", ["new.apkg", "old.apkg"])
def test_a_learner_goes_on_where_anki_stopped(take, database, settings, name):
    said = take(name)
    assert "From Anki: 10 reviews added, 0 known already; 2 marks." in said
    assert "1 reviews in a filtered deck changed nothing in Anki, and are left out" in said
    states = {
        row["question"]: row
        for row in rows(
            database,
            select(CARD.c.question, CARD.c.retired_at, CARD_STATE).join(CARD_STATE, CARD_STATE.c.card_id == CARD.c.id),
        )
    }
    today = ankis_day()
    assert set(states) == {"Known?", "Lapsed?", "Suspended?", "Draft?"}
    assert (states["Known?"]["due_on"], states["Known?"]["reviews"]) == (today + timedelta(days=17), 4)
    assert states["Suspended?"]["due_on"] == today + timedelta(days=3)
    assert (states["Lapsed?"]["reviewed_on"], states["Lapsed?"]["lapses"]) == (ago(3).date(), 1)
    of_known = select(REVIEW).join(CARD, CARD.c.id == REVIEW.c.card_id).where(CARD.c.question == "Known?")
    known = rows(database, of_known.order_by(REVIEW.c.id))
    assert [row["rating"] for row in known] == [4, 3, 5, 4]
    assert [row["token"].split("-")[2] for row in known] == ["3", "2", "4", "3"]
    assert [row["rated_at"] for row in known] == [ago(days).astimezone(UTC) for days in (30, 29, 20, 5)]
    assert {row["rated_at"] - row["shown_at"] for row in known} == {timedelta(seconds=7)}
    marks = rows(database, select(CARD.c.question, CARD_MARK).join(CARD_MARK, CARD_MARK.c.card_id == CARD.c.id))
    assert {row["question"]: (row["is_suspended"], row["is_flagged"]) for row in marks} == {
        "Suspended?": (True, False),
        "Flagged?": (False, True),
    }
    assert [row["tag"] for row in rows(database, select(OWN_TAG.c.tag))] == ["green flag"]
    assert "From Anki: 0 reviews added, 10 known already" in take(name)


def test_the_history_of_a_draft_waits_and_wakes(take, database, settings, run_recur):
    take("new.apkg")
    query = select(CARD.c.question, CARD.c.retired_at).where(CARD.c.question == "Draft?")
    assert rows(database, query)[0]["retired_at"] is not None
    (path,) = [path for path in (settings.content_dir / "nets").glob("*.md") if "Draft:" in path.read_text()]
    text = path.read_text()
    at = text.index("Draft: yes")
    path.write_text(text[:at].replace("The answer has not been written yet.", "Yes.") + text[text.index("\n", at) :])
    assert run_recur("load").code == 0
    (card,) = rows(database, query)
    assert card["retired_at"] is None
    (state,) = rows(
        database,
        select(CARD_STATE.c.due_on).join(CARD, CARD.c.id == CARD_STATE.c.card_id).where(CARD.c.question == "Draft?"),
    )
    assert state["due_on"] == ankis_day() + timedelta(days=4)


def test_nested_decks_are_files(take, settings):
    take("new.apkg")
    files = {path.stem: path.read_text() for path in (settings.content_dir / "nets").glob("*.md")}
    assert set(files) == {"deck-networks", "deck-networks-gates"}
    assert 'title: "Networks: Gates"' in files["deck-networks-gates"]
    assert "## Lapsed? " in files["deck-networks-gates"]
    assert "## Known? " in files["deck-networks"]


def test_without_its_history_a_package_needs_no_database(package, settings, run_recur):
    settings.content_dir.mkdir()
    ended = run_recur("import", package / "new.apkg", "--into", "nets", "--no-history")
    assert (ended.code, "From Anki" in ended.out) == (0, False)
    assert not Path(settings.database_url.removeprefix("sqlite:///")).exists()
