"""A client of the app over a small deck of its own."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import Settings

DECK = """---
title: First topic
order: 1
---
An explanation with $x$.

## Key points
- A point.

""" + "".join(
    f"## Question {n}? {{#q{n}}}\nAnswer {n}.\n\nThe longer answer {n}.\n\nLevel: easy\n\n" for n in range(1, 6)
)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def write_content(content_dir: Path) -> Path:
    folder = content_dir / "small"
    folder.mkdir(parents=True)
    (folder / "first.md").write_text(DECK)
    return content_dir


@pytest.fixture
def content(settings: Settings) -> Path:
    """The content folder, with one deck of one topic."""
    return write_content(settings.content_dir)


@pytest.fixture(scope="session")
def loaded_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with that content, to be copied."""
    folder = tmp_path_factory.mktemp("loaded")
    shutil.copyfile(migrated_file, folder / "loaded.sqlite")
    database = Database(f"sqlite:///{folder / 'loaded.sqlite'}")
    assert not load(database, write_content(folder / "content"), NOW).mistakes
    database.close()
    return folder / "loaded.sqlite"


@pytest.fixture
def client(database: Database, settings: Settings, content: Path, loaded_file: Path) -> Iterator[TestClient]:
    shutil.copyfile(loaded_file, database.engine.url.database or "")
    with TestClient(create_app(settings, database, lambda: NOW), base_url="http://127.0.0.1:8000") as made:
        yield made
