"""Fresh databases, with and without the content."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.cards.load.load import load
from app.database import Database
from tests.exchange.history.places import NOW, Place, lived, write_content


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases: "here" has the content; "there" too, its cards under other ids; "bare" has none."""
    folder = tmp_path_factory.mktemp("templates")
    write_content(folder / "content")
    for name in ("here", "there", "bare"):
        database = Database(f"sqlite:///{folder / name}.sqlite")
        database.migrate()
        with database.write() as session:
            session.connection().exec_driver_sql("INSERT INTO learner (name) VALUES ('Second')")
        if name == "there":
            early = folder / "early"
            shutil.copytree(folder / "content" / "e", early / "e")
            shutil.copyfile(folder / "content" / "sources.yaml", early / "sources.yaml")
            (early / "e" / "z.md").write_text("---\ntitle: Z\n---\n\n## Gone? {#gone}\nYes.\n")
            load(database, early, NOW)
        if name != "bare":
            load(database, folder / "content", NOW)
        database.close()  # the last connection writes the log into the file
    return folder


@pytest.fixture(scope="session")
def places(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Any]]:
    """Makes fresh copies of the databases, for property tests, which need them anew for each example."""
    folder = tmp_path_factory.mktemp("places")
    numbers = count()

    @contextmanager
    def make(*names: str) -> Iterator[list[Place]]:
        made, tokens = [], (f"token-{number}" for number in count())
        for name in names:
            here = folder / str(next(numbers))
            here.mkdir()
            shutil.copytree(templates / "content", here / "content")
            shutil.copyfile(templates / f"{name}.sqlite", here / "recur.sqlite")
            made.append(Place(Database(f"sqlite:///{here / 'recur.sqlite'}"), here / "content", tokens))
        yield made
        for place in made:
            place.database.close()
            shutil.rmtree(place.content.parent)

    return make


@pytest.fixture
def three(places: Callable[..., AbstractContextManager[list[Place]]]) -> Iterator[list[Place]]:
    with places("here", "there", "bare") as made:
        yield made


@pytest.fixture(scope="module")
def a_history(places: Callable[..., AbstractContextManager[list[Place]]]) -> bytes:
    """What `lived` exports."""
    with places("here") as (here,):
        return lived(here)
