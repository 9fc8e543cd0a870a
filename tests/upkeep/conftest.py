"""A database that was lived in, made once and copied for each test that damages it."""

from pathlib import Path

import pytest

from tests.upkeep.lived import Place, copy_of, lived


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The undamaged one. Do not change it."""
    return lived(tmp_path_factory.mktemp("lived"))


@pytest.fixture
def place(whole: Place, tmp_path: Path) -> Place:
    """A copy of its own for the test."""
    return copy_of(whole, tmp_path / "place")
