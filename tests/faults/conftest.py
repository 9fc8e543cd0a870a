"""A database in which somebody has lived, a fresh copy for each fault."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from app.database import Database
from tests.databases import Backend
from tests.faults.lives import fill, opened, write_content


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of those databases. Its files are as they were loaded, down to their times."""
    return write_content(tmp_path_factory.mktemp("small") / "content")


@pytest.fixture(scope="session")
def lived(
    backend: Backend, content: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[Database]]:
    """Makes fresh databases in which `lives.live` was."""

    @contextmanager
    def make() -> Iterator[Database]:
        folder = tmp_path_factory.mktemp("lived")
        url = backend.new(folder, backend.template("lived", lambda database: fill(database, content)))
        with opened(url) as database:
            yield database
        backend.drop(url)
        shutil.rmtree(folder)

    return make
