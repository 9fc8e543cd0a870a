"""The evidence is renewed once a day by a process of its own, which ends with the server."""

import multiprocessing
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread

import pytest

from app.study.evidence import renewal
from app.study.evidence.renewal import Renewal
from tests.classroom import Classroom
from tests.eventually import eventually
from tests.study.conftest import Study


def for_ever(*_: object) -> None:
    Event().wait()


@pytest.mark.server
def test_a_look_renews_what_is_due_in_another_process(
    new_study: Callable[[int], AbstractContextManager[Study]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_study(1) as study:
        room = Classroom(study.database, study.now)
        (card,) = room.cards()
        learners = [room.learner() for _ in range(6)]
        room.later(hours=1)
        for learner in learners:
            room.answer(learner, card, 4)
        mine = Renewal(study.database, lambda: room.now)
        mine.look()
        (figures,) = room.shown().values()
        assert figures.learners == 6
        # Not again on this day, and not by another server either.
        monkeypatch.setattr(Renewal, "_renew", None)
        mine.look()
        Renewal(study.database, lambda: room.now).look()
        monkeypatch.undo()
        # On the next a server that is stopped ends the process at once.
        room.later(days=1)
        for learner in learners:
            room.answer(learner, card, 4)
        monkeypatch.setattr(renewal, "_renew_all", for_ever)
        thread = Thread(target=mine.look)
        thread.start()
        eventually(lambda: bool(multiprocessing.active_children()))
        mine.stop()
        thread.join()
        assert multiprocessing.active_children() == []
        assert len(room.shown()) == 1


@pytest.mark.server
def test_the_first_figures_come_when_the_class_pauses(
    new_study: Callable[[int], AbstractContextManager[Study]],
) -> None:
    """A look that found too few answers is not the day's only one; one amid the answers would show few of them."""
    with new_study(1) as study:
        room = Classroom(study.database, study.now)
        (card,) = room.cards()
        learners = [room.learner() for _ in range(5)]
        mine = Renewal(study.database, lambda: room.now)
        mine.look()
        for learner in learners:
            room.later(minutes=10)
            room.answer(learner, card, 4)
            mine.look()
        assert not room.shown()
        room.later(minutes=15)
        mine.look()
        (figures,) = room.shown().values()
        assert figures.learners == 5
        # The day has its figures now.
        room.later(minutes=10)
        for learner in learners:
            room.answer(learner, card, 4)
        before = room.shown()
        room.later(minutes=15)
        mine.look()
        assert room.shown() == before
