"""Cards that stand in another file take what was learned of them along, whichever way the content was loaded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

from app.cards.load.load import load
from app.cli import app as recur
from app.database import Database, lock_learner
from app.main import create_app
from app.settings import Settings
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from app.study.schedule.replay import replay
from app.study.schedule.totals import move_cards
from tests.eventually import eventually

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PREFS = Preferences(1, ZoneInfo("UTC"), 4, 20, 0.9)

Totals = dict[str, tuple[int, int]]


@pytest.fixture
def write(settings: Settings) -> Callable[..., None]:
    """Write a file of cards, each named by a letter; the file has to be gone when it holds none."""
    (settings.content_dir / "d").mkdir(parents=True)
    (settings.content_dir / "sources.yaml").write_text("documents: []\n")

    def write(name: str, cards: str) -> None:
        body = "".join(f"## Question {card}? {{#{card}}}\nAnswer {card}.\n\n" for card in cards)
        path = settings.content_dir / "d" / f"{name}.md"
        path.write_text(f"---\ntitle: {name}\norder: 1\n---\n\n{body}") if cards else path.unlink()

    return write


def study(database: Database) -> None:
    """Rate cards a and b on two days, c on one."""
    with database.read() as session:
        rows = session.connection().execute(text("SELECT id, name FROM card")).all()
        ids = {name: card_id for card_id, name in rows}
    last = dict.fromkeys(ids, 0)
    for number, name in enumerate("abcab"):
        at = NOW + timedelta(days=2 * (number > 2))
        with database.write() as session:
            answer = Answer(ids[name], 4, f"token-{number}", last[name], at, at)
            last[name] = rate(session, PREFS, answer, at).review.id


def totals(database: Database) -> Totals:
    """(ratings, recalls) of each topic by name, and of the deck by `deck`; the same after a replay."""
    query = text(
        "SELECT coalesce(name, 'deck'), sum(rated_4), coalesce((SELECT sum(asked) FROM month_total"
        " WHERE month_total.topic_id = day_total.topic_id), 0)"
        " FROM day_total LEFT JOIN topic ON topic.id = topic_id GROUP BY name, topic_id"
    )
    with database.write() as session:
        lock_learner(session.connection(), None)  # or the running app moves them between the two
        kept = session.connection().execute(query).all()
        replay(session)
        assert sorted(session.connection().execute(query).all()) == sorted(kept)
    return {name: (ratings, recalls) for name, ratings, recalls in kept}


def test_moved_renamed_retired_and_returned_cards(
    database: Database, settings: Settings, write: Callable[..., None]
) -> None:
    def read() -> Totals:
        assert not load(database, settings.content_dir, NOW, move_cards=move_cards).mistakes
        return totals(database)

    write("one", "ab")
    write("two", "c")
    read()
    study(database)
    assert totals(database) == {"deck": (5, 0), "one": (4, 2), "two": (1, 0)}
    write("one", "b")
    write("two", "ac")
    assert read() == {"deck": (5, 0), "one": (2, 1), "two": (3, 1)}
    write("two", "")
    write("three", "acd")
    assert read() == {"deck": (5, 0), "one": (2, 1), "three": (3, 1)}
    write("three", "d")  # a and c are retired: what was learned stays where it was
    assert read() == {"deck": (5, 0), "one": (2, 1), "three": (3, 1)}
    write("one", "abc")
    assert read() == {"deck": (5, 0), "one": (5, 2)}


def test_without_it_the_totals_stay_behind(database: Database, settings: Settings, write: Callable[..., None]) -> None:
    """So that the tests here are known to be able to fail."""
    write("one", "abc")
    load(database, settings.content_dir, NOW)
    study(database)
    write("one", "ab")
    write("two", "c")
    load(database, settings.content_dir, NOW)
    with pytest.raises(AssertionError):
        totals(database)


def test_the_command_and_the_running_app_move_them(
    database: Database, settings: Settings, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one", "abc")
    load(database, settings.content_dir, NOW)
    study(database)
    with database.write() as session:  # as in a database from before there were totals
        session.connection().exec_driver_sql("DELETE FROM day_total")
        session.connection().exec_driver_sql("DELETE FROM month_total")
    monkeypatch.setenv("RECUR_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("RECUR_CONTENT_DIR", str(settings.content_dir))
    monkeypatch.setenv("RECUR_BACKUP_DIR", str(settings.backup_dir))
    write("one", "bc")
    write("two", "a")
    assert CliRunner().invoke(recur, ["load"]).exit_code == 0
    assert totals(database) == {"deck": (5, 0), "one": (3, 1), "two": (2, 1)}

    served = Database(settings.database_url)
    with TestClient(create_app(settings.model_copy(update={"watch": True}), served)):
        write("two", "ab")
        write("one", "c")
        eventually(lambda: totals(database) == {"deck": (5, 0), "one": (1, 0), "two": (4, 2)})
