"""Everything is the same in the other database, or nothing is there."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cards.load.search import asked, matches
from app.database import Database
from app.upkeep import move as moving
from app.upkeep.copy_error import CopyError
from app.upkeep.doctor.derived import deviations
from app.upkeep.in_use import InUseError, in_use
from app.upkeep.move import move
from tests.conftest import Ended
from tests.databases import backend_named
from tests.exchange.history.places import Place, lived, write_content

KINDS = ("sqlite", "postgres")
Make = Callable[[str], Database]


@pytest.fixture
def made(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes an empty database of a kind."""
    ends: list[Callable[[], None]] = []
    numbers = itertools.count()

    def make(kind: str) -> Database:
        templates = tmp_path_factory.getbasetemp() / kind
        templates.mkdir(exist_ok=True)
        backend = backend_named(kind, templates)
        folder = tmp_path / f"database-{next(numbers)}"
        folder.mkdir()
        url = backend.new(folder)
        database = Database(url)
        ends.extend([lambda: backend.drop(url), database.close])
        return database

    yield make
    for end in reversed(ends):
        end()


def home(database: Database, folder: Path) -> Place:
    """A place with a life of two learners in that database."""
    database.migrate()
    write_content(folder / "content")
    place = Place(database, folder / "content", (f"t{number}" for number in itertools.count()))
    place.load()
    lived(place)
    place.put("learner", id=765_432, name="Ada", types_answers=False, own_keys={"undo": "z"})
    place.put("own_tag", learner_id=765_432, card_id=place.card_id("d/a"), tag="Ünïcode 漢字")
    return place


def in_order(place: Place) -> dict[str, list[tuple[object, ...]]]:
    return {name: sorted(rows, key=repr) for name, rows in place.everything().items()}


@pytest.mark.server
@pytest.mark.parametrize(("one", "other"), [*itertools.product(KINDS, KINDS)])
def test_everything_is_there_and_life_goes_on(made: Make, tmp_path: Path, one: str, other: str) -> None:
    source, target = made(one), made(other)
    place = home(source, tmp_path)
    before, reviews, states = place.everything(), place.reviews(), place.states()
    counts = move(source, target)
    assert (counts["review"], counts["card"], counts["learner"]) == (6, 4, 2)
    assert place.everything() == before
    there = Place(target, place.content, place.tokens, place.now)
    if one == other:
        assert in_order(there) == in_order(place)
    assert there.export() == place.export()
    assert (len(there.reviews()), len(there.states())) == (len(reviews), len(states))
    with target.read() as session:
        assert len(session.connection().execute(matches(session.connection(), asked("what is a"))).all()) > 0
    there.rate("d/c", 4)
    there.undo()
    there.load()
    assert deviations(target) == []
    assert len(there.reviews()) == len(reviews) + 2


def with_a_card(target: Database) -> None:
    target.migrate()
    with target.write() as session:
        session.connection().exec_driver_sql("INSERT INTO deck (name, title) VALUES ('a', 'A')")


def with_a_table(target: Database) -> None:
    with target.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE invoice (id integer)")


def with_a_learner(target: Database) -> None:
    target.migrate()
    with target.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET name = 'Ada'")


@pytest.mark.parametrize(
    ("fill", "says"),
    [(with_a_card, "1 rows of deck"), (with_a_table, "table invoice"), (with_a_learner, "rows of learner")],
)
def test_a_target_with_anything_in_it_is_refused(
    made: Make, tmp_path: Path, fill: Callable[[Database], None], says: str
) -> None:
    place, target = home(made("sqlite"), tmp_path), made("sqlite")
    fill(target)
    with pytest.raises(CopyError, match=says):
        move(place.database, target)


def without_a_state(place: Place) -> None:
    with place.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM card_state WHERE card_id = 1")


def older(place: Place) -> None:
    place.database.migrate("0006")


def with_an_orphan(place: Place) -> None:
    with place.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("INSERT INTO own_tag (learner_id, card_id, tag) VALUES (1, 99, 'a')")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (without_a_state, "differs from a replay: .*card_state.* Run recur replay"),
        (older, "older version"),
        (with_an_orphan, "A row of own_tag cannot be copied: .*FOREIGN KEY.* See recur doctor"),
    ],
)
def test_a_source_that_is_not_sound_is_refused(
    made: Make, tmp_path: Path, spoil: Callable[[Place], None], says: str
) -> None:
    place, target = home(made("sqlite"), tmp_path), made("sqlite")
    spoil(place)
    with pytest.raises(CopyError, match=says):
        move(place.database, target)
    if target.revision():
        assert Place(target, place.content, place.tokens).rows("SELECT count(*) FROM review") == [(0,)]


def test_neither_may_be_in_use(made: Make, tmp_path: Path) -> None:
    place, target = home(made("sqlite"), tmp_path), made("sqlite")
    for one in (place.database, target):
        with in_use(one), pytest.raises(InUseError):
            move(place.database, target)
    with pytest.raises(CopyError, match="is already"):
        move(place.database, place.database)


@pytest.mark.server
@pytest.mark.parametrize("kind", KINDS)
def test_a_difference_is_named_and_nothing_stays(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    place, target = home(made("sqlite"), tmp_path), made(kind)

    def spoil(connection: object) -> None:
        connection.exec_driver_sql("UPDATE review SET typed = 'x' WHERE id = 3")  # type: ignore[attr-defined]

    with monkeypatch.context() as patch:
        patch.setattr(moving, "rebuild", spoil)
        with pytest.raises(CopyError, match="review differs after it was copied"):
            move(place.database, target)
    assert move(place.database, target)["review"] == 6


def test_the_command_leaves_the_source_byte_for_byte(
    made: Make, tmp_path: Path, run_recur: Callable[..., Ended]
) -> None:
    place = home(made("sqlite"), tmp_path)
    place.database.close()
    file = place.database.file
    assert file
    before = hashlib.sha256(file.read_bytes()).digest()
    ended = run_recur("move", "--to", f"sqlite:///{tmp_path}/new.sqlite", RECUR_DATABASE_URL=f"sqlite:///{file}")
    assert (ended.code, ended.err) == (0, "")
    assert "        6 review\n" in ended.out
    assert hashlib.sha256(file.read_bytes()).digest() == before
    ended = run_recur("move", "--to", f"sqlite:///{tmp_path}/new.sqlite", RECUR_DATABASE_URL=f"sqlite:///{file}")
    assert ended.code == 2
    assert "is not empty" in ended.err
