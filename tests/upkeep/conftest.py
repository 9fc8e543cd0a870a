"""Databases that were lived in, made once and copied for each test that damages one; and their dated copies."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from app.database import Database
from app.upkeep.dated_copies import DatedCopies
from tests.exchange.history import places
from tests.upkeep.lived import Place, copy_of, lived

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The undamaged one. Do not change it."""
    return lived(tmp_path_factory.mktemp("lived"))


@pytest.fixture
def place(whole: Place, tmp_path: Path) -> Place:
    """A copy of its own for the test."""
    return copy_of(whole, tmp_path / "place")


@pytest.fixture
def copies(database: Database, tmp_path: Path) -> DatedCopies:
    """The dated copies of the test's database."""
    return DatedCopies(database, tmp_path / "backups", 7)


@pytest.fixture
def studied(database: Database, tmp_path: Path) -> places.Place:
    """The test's database, in which somebody has studied: reviews, an undo, marks, own tags, a quiz."""
    places.write_content(tmp_path / "content")
    place = places.Place(database, tmp_path / "content", (f"t{number}" for number in count()))
    place.load()
    places.lived(place)
    return place
