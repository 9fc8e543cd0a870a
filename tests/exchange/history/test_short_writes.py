"""An import is written in many short transactions, and yet it is there as a whole or not at all."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.database import BeingImportedError
from app.exchange.history import finish_imports, import_history, short_writes
from app.exchange.history.short_writes import _Writing
from app.settings import Settings
from app.study.learner.preferences import preferences
from tests.examples import share_of
from tests.exchange.history.places import Place, lived
from tests.exchange.history.test_apart import is_whole

STEPS = 16
"""More than the history of `lived` takes when two rows are written at a time."""
CASES = [(number, killed) for number in range(1, STEPS) for killed in (False, True)]
SOME = random.Random(1).sample(CASES, min(len(CASES), share_of(4)))


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_writes, "AT_ONCE", 2)
    monkeypatch.setattr(finish_imports, "AT_ONCE", 2)


def rows_of(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """Of each table, in an order that does not tell which rows were written last."""
    return {name: sorted(rows, key=repr) for name, rows in place.everything().items()}


def interrupt(monkeypatch: pytest.MonkeyPatch, number: int, what: Callable[[], None]) -> None:
    """Do something in the step of that number, before it is written."""
    numbers, check = itertools.count(1), _Writing.check

    def meddle(writing: _Writing) -> None:
        check(writing)
        if next(numbers) == number:
            what()

    monkeypatch.setattr(_Writing, "check", meddle)


def fail() -> None:
    raise KilledError


def die(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process end in that step: nothing is taken back either."""
    interrupt(monkeypatch, number, fail)

    def nothing(_database: object) -> None:
        pass

    monkeypatch.setattr(import_history, "finish_while_locked", nothing)


@pytest.mark.parametrize(("number", "killed"), SOME)
def test_whatever_step_fails_all_of_it_is_there_or_nothing(
    three: list[Place], monkeypatch: pytest.MonkeyPatch, number: int, killed: bool
) -> None:
    here, there, bare = three
    history = lived(here)
    there.now = here.now + timedelta(days=1)
    there.rate("d/b", 2)
    for place in (there, bare):
        before = rows_of(place)
        with monkeypatch.context() as meanwhile:
            (die if killed else lambda _patch, n: interrupt(_patch, n, fail))(meanwhile, number)
            try:
                place.take(history)
            except KilledError:
                pass
            else:
                assert number > STEPS // 2, "the import has fewer steps"
        finish_imports.finish_imports(place.database)
        found = rows_of(place)
        assert found == before or is_whole(place)
        assert (found == before) == (place.take(history).added > 0)
        assert is_whole(place)
        assert len(place.reviews()) == 6 + (place is there)


def test_steps_are_many_before_and_after_the_decision(three: list[Place], monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above fails on either side of it."""
    here, _there, bare = three
    marks: list[str | None] = []
    check = _Writing.check

    def look(writing: _Writing) -> None:
        check(writing)
        marks.append(writing.mark)

    monkeypatch.setattr(_Writing, "check", look)
    bare.take(lived(here))
    assert marks[0] is None
    assert marks.count(finish_imports.DECIDED) >= 3
    assert len(marks) - marks.count(finish_imports.DECIDED) >= 4
    assert len(marks) < STEPS


@pytest.mark.parametrize("number", [3, 7])
def test_meanwhile_the_learner_waits_and_nobody_else(
    three: list[Place], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    here, there, _bare = three
    history = lived(here)
    with monkeypatch.context() as meanwhile:
        die(meanwhile, number)
        with pytest.raises(KilledError):
            there.take(history)
    for act in (lambda: there.rate("d/a", 3), there.undo, there.export):
        with pytest.raises(BeingImportedError):
            act()
    with there.database.read() as session, pytest.raises(BeingImportedError):
        preferences(session, Settings(), 1)
    there.prefs = replace(there.prefs, learner_id=2)
    there.rate("d/a", 3)
    finish_imports.finish_if_cut_short(there.database)
    there.prefs = replace(there.prefs, learner_id=1)
    there.rate("d/a", 3)
    assert is_whole(there)


def test_one_import_at_a_time(three: list[Place], monkeypatch: pytest.MonkeyPatch) -> None:
    here, there, _bare = three
    history = lived(here)
    refused: list[Exception] = []

    def take_another() -> None:
        finish_imports.finish_if_cut_short(there.database)  # does nothing, as this one is at work
        with pytest.raises(import_history.ImportUnderWayError, match="Another history"):
            there.take(history)
        refused.append(import_history.ImportUnderWayError())

    interrupt(monkeypatch, 4, take_another)
    assert there.take(history).added == 6
    assert refused
    assert is_whole(there)
