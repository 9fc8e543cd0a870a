"""A client of the app over a small deck of its own."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.databases import Backend

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


_HIDDEN = re.compile("<template.*?</template>", re.DOTALL)


def before_reveal(page: str) -> str:
    """A question's page without the answer that it hides."""
    return _HIDDEN.sub("", page)


def write_content(content_dir: Path) -> Path:
    folder = content_dir / "small"
    folder.mkdir(parents=True)
    (folder / "first.md").write_text(DECK)
    return content_dir


@pytest.fixture
def content(settings: Settings) -> Path:
    """The content folder, with one deck of one topic."""
    return write_content(settings.content_dir)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend: Backend, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database; for a client it has that content."""

    def fill(database: Database) -> None:
        assert not load(database, write_content(tmp_path / "loaded"), NOW).mistakes

    has_content = {"client", "content"} <= set(request.fixturenames)
    url = backend.new(tmp_path, backend.template("small", fill) if has_content else backend.migrated)
    yield url
    backend.drop(url)


@pytest.fixture
def client(database: Database, settings: Settings, content: Path) -> Iterator[TestClient]:
    app = create_app(settings, database, lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000)) as made:
        yield made
