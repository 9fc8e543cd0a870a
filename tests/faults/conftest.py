"""A database in which somebody has lived, a fresh copy for each fault."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from app.database import Database
from tests.databases import Backend
from tests.faults.lives import fill, opened


@pytest.fixture(scope="session")
def lived(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], AbstractContextManager[Database]]:
    """Makes fresh databases in which `lives.live` was."""

    @contextmanager
    def make() -> Iterator[Database]:
        folder = tmp_path_factory.mktemp("lived")
        template = backend.template("lived", lambda database: fill(database, folder / "content"))
        url = backend.new(folder, template)
        with opened(url) as database:
            yield database
        backend.drop(url)
        shutil.rmtree(folder)

    return make
