"""A large new deck is written a few files at a time, and everything else at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session

from app.cards.load.load import LoadReport, load
from app.database import Database
from app.tables import CARD, CONTENT_FILE

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FILES, CARDS_A_FILE = 8, 20
CARDS_AT_ONCE = 50


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cards.load.load.CARDS_AT_ONCE", CARDS_AT_ONCE)


def write_deck(content: Path, deck: str, files: int = FILES) -> None:
    for file in range(files):
        cards = "".join(f"## Card {file} {n}? {{#c{file}-{n}}}\nYes {file} {n}.\n\n" for n in range(CARDS_A_FILE))
        (content / deck).mkdir(exist_ok=True)
        (content / deck / f"t{file}.md").write_text(f"---\ntitle: T{file}\n---\n\n{cards}")


def live(database: Database) -> int:
    with database.read() as session:
        count = select(func.count()).select_from(CARD).where(CARD.c.retired_at.is_(None))
        return int(session.connection().execute(count).scalar_one())


@pytest.fixture
def written(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cards are live after each transaction that writes."""
    real, counts = database.write, []

    @contextmanager
    def write() -> Iterator[Session]:
        with real() as session:
            yield session
        counts.append(live(database))

    monkeypatch.setattr(database, "write", write)
    return counts


def loaded(database: Database, content: Path) -> LoadReport:
    report = load(database, content, NOW)
    assert report.mistakes == ()
    return report


def test_a_new_deck_comes_a_few_files_at_a_time(database: Database, content: Path, written: list[int]) -> None:
    write_deck(content, "d")
    report = loaded(database, content)
    assert (report.read, report.added, report.files) == (FILES, FILES * CARDS_A_FILE, FILES)
    assert written == [40, 80, 120, 160]
    assert all(b - a <= CARDS_AT_ONCE for a, b in zip([0, *written], written, strict=False))
    assert loaded(database, content).read == 0
    assert len(written) == 4


def test_what_a_kill_left_out_comes_with_the_next_load(database: Database, content: Path) -> None:
    write_deck(content, "d")
    real, writes = database.write, 0

    def dies() -> Any:
        nonlocal writes
        writes += 1
        if writes == 3:
            raise KeyboardInterrupt
        return real()

    database.write = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        load(database, content, NOW)
    database.write = real  # type: ignore[method-assign]
    assert live(database) == 80
    report = loaded(database, content)
    assert (report.read, report.added) == (4, 80)
    assert live(database) == FILES * CARDS_A_FILE
    with database.read() as session:
        files = session.connection().execute(select(func.count()).select_from(CONTENT_FILE)).scalar_one()
    assert files == FILES + 1, "with sources.yaml, which came last"


def test_a_deck_that_is_there_changes_at_once(database: Database, content: Path, written: list[int]) -> None:
    write_deck(content, "d", files=1)
    loaded(database, content)
    written.clear()
    write_deck(content, "d")
    write_deck(content, "e", files=1)
    loaded(database, content)
    assert written == [180]
