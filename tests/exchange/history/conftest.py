"""Fresh databases, with and without the content."""

import functools
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

import pytest

from app.cards.load.load import load
from app.database import Database
from tests.databases import Backend
from tests.exchange.history.places import NOW, Place, lived, write_content


@pytest.fixture(scope="session")
def places(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[list[Place]]]:
    """Makes fresh databases, for property tests, which need them anew for each example.

    "here" has the content; "there" too, its cards under other ids; "bare" has none.
    """
    folder = tmp_path_factory.mktemp("places")
    content = write_content(folder / "content")
    numbers = count()

    def fill(name: str, database: Database) -> None:
        with database.write() as session:
            session.connection().exec_driver_sql("INSERT INTO learner (name) VALUES ('Second')")
        if name == "there":
            early = folder / "early"
            shutil.copytree(content / "e", early / "e")
            shutil.copyfile(content / "sources.yaml", early / "sources.yaml")
            (early / "e" / "z.md").write_text("---\ntitle: Z\n---\n\n## Gone? {#gone}\nYes.\n")
            load(database, early, NOW)
        if name != "bare":
            load(database, content, NOW)

    @contextmanager
    def make(*names: str) -> Iterator[list[Place]]:
        made, tokens = [], (f"token-{number}" for number in count())
        for name in names:
            here = folder / str(next(numbers))
            here.mkdir()
            shutil.copytree(content, here / "content")
            url = backend.new(here, backend.template(("places", name), functools.partial(fill, name)))
            made.append(Place(Database(url), here / "content", tokens))
        try:
            yield made
        finally:
            for place in made:
                place.database.close()
                backend.drop(str(place.database.url))
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
