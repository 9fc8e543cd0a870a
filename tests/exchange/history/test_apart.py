"""While a history is read everybody goes on studying, its own learner too; then it is there at once, or not at all."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from sqlmodel import SQLModel

from app.database import BusyDatabaseError
from app.exchange.history import apart
from app.exchange.history.import_history import ImportedHistory, import_history
from app.study.schedule.replay import replay
from app.upkeep.every_table import ORIGINS, Origin
from tests.examples import examples
from tests.exchange.history.events import EVENTS
from tests.exchange.history.places import Place, lived

DERIVED = ("card_state", "day_total", "month_total")


class Meddling(io.BytesIO):
    """A file during whose reading something else happens: at its fifth line, `often` times at most."""

    def __init__(self, data: bytes, meddle: Callable[[], Any], often: int = 1) -> None:
        super().__init__(data)
        self.meddle, self.often, self.read_lines = meddle, often, 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.read_lines = self.read_lines + 1 if self.tell() else 1
        if self.read_lines == 5 and self.often:
            self.often -= 1
            self.meddle()
        return super().readline(size)


def take(place: Place, history: bytes, meddle: Callable[[], Any], often: int = 1) -> ImportedHistory:
    return import_history(place.database, Meddling(history, meddle, often), 1, place.now)


def is_whole(place: Place) -> bool:
    """True if what is derived is what a replay makes of the reviews."""

    def derived() -> list[list[str]]:
        return [sorted(repr(row) for row in place.rows(f"SELECT * FROM {table}")) for table in DERIVED]

    before = derived()
    with place.database.write() as session:
        replay(session)
    return before == derived()


def test_what_the_learner_rates_meanwhile_comes_after_the_history(three: list[Place]) -> None:
    here, there, _bare = three
    history = lived(here)
    there.now = here.now + timedelta(days=1)
    there.rate("d/b", 2)
    tokens: list[str] = []

    def study() -> None:
        tokens.append(there.rate("d/a", 4))
        tokens.append(there.rate("e/a", 1))
        tokens.append(there.undo())
        tokens.append(there.rate("d/c", 5))

    done = take(there, history, study)
    assert (done.added, done.merged) == (6, True)
    kept = [row[1] for row in there.reviews()]
    assert kept[:6] == [row[1] for row in here.reviews()]
    assert kept[-4:] == tokens
    assert there.reviews()[-2][3] == tokens[1], "the undo is of the rating that it was of"
    assert is_whole(there)


@examples(10)
@given(EVENTS, EVENTS, EVENTS)
def test_whatever_happens_meanwhile_it_equals_a_replay(
    places: Any, before: list[Any], here_done: list[Any], meanwhile: list[Any]
) -> None:
    with places("here", "there") as (here, there):
        here.live(here_done)
        there.live(before)
        take(there, here.export(), lambda: there.live(meanwhile))
        assert is_whole(there)
        whole = there.everything()
        assert take(there, here.export(), lambda: None).added == 0
        assert there.everything() == whole


def test_others_go_on_too(three: list[Place]) -> None:
    here, there, _bare = three
    history = lived(here)
    there.prefs = replace(there.prefs, learner_id=2)
    take(there, history, lambda: there.rate("d/a", 3))
    assert len(there.reviews(1)) == 6
    assert len(there.reviews(2)) == 1
    assert is_whole(there)


@pytest.mark.parametrize("learner", [1, 2])
def test_a_card_that_somebody_rates_meanwhile_keeps_its_seed(places: Any, learner: int) -> None:
    """Its dates follow from the seed: they would not equal a replay with that of the file."""
    with places("here", "there") as (here, there):
        here.mark("d/a", None, True, False, "")
        with here.database.write() as session:
            session.connection().exec_driver_sql("UPDATE card SET seed = 12345")
        there.prefs = replace(there.prefs, learner_id=learner)
        take(there, here.export(), lambda: there.rate("d/a", 4))
        assert there.rows(
            "SELECT seed FROM card JOIN deck ON deck.id = deck_id WHERE deck.name = 'd' AND card.name = 'a'"
        ) == [(None,)]
        assert is_whole(there)


def test_a_mark_that_both_change_meanwhile_is_merged_like_any_other(three: list[Place]) -> None:
    here, there, _bare = three
    history = lived(here)
    take(there, history, lambda: there.mark("d/a", None, False, False, "Mine."))
    assert there.said()[0][0][3:] == (True, "Mine.\n---\nLook this up.")
    assert is_whole(there)


def test_a_card_that_moves_meanwhile_is_counted_where_it_is(three: list[Place]) -> None:
    here, there, _bare = three
    history = lived(here)

    def move() -> None:
        topics = there.content / "d"
        (topics / "new.md").write_text((topics / "a.md").read_text().replace("Topic a", "New"))
        (topics / "a.md").unlink()
        there.load()

    assert take(there, history, move).added == 6
    assert is_whole(there)


def test_it_gives_up_when_everything_changes_again_and_again(three: list[Place]) -> None:
    here, there, _bare = three
    history = lived(here)
    texts = iter("abcdefghijk")
    with pytest.raises(BusyDatabaseError, match="nothing was imported"):
        take(there, history, lambda: there.mark("d/a", None, False, False, next(texts)), often=99)
    assert there.reviews() == []
    assert len(there.said()[0]) == 1


def test_every_table_of_a_learner_has_a_copy() -> None:
    of_learners = {name for name, table in SQLModel.metadata.tables.items() if "learner_id" in table.columns}
    lets_in = {name for name, origin in ORIGINS.items() if origin is Origin.ACCOUNT}  # in no history
    assert of_learners - lets_in <= {table.name for table in apart.COPIED}
