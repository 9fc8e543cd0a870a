"""What every test may ask for: a migrated database of its own and the settings that go with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import Database
from app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{tmp_path / 'recur.sqlite'}",
        content_dir=tmp_path / "content",
        time_zone="Europe/Berlin",
        watch=False,
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    database.migrate()
    yield database
    database.close()
