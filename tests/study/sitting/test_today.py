"""The day at a glance."""

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app.study.forecast.predictor import Predictor
from app.study.selection.marks import bury, suspend
from app.study.sitting.today import NextDue, by_topic, next_due

if TYPE_CHECKING:
    from tests.study.conftest import Study

DECK = 1


def test_by_topic(study: "Study") -> None:
    study.add_cards(4, "t2")  # 11 to 14
    study.add_cards(1, "t3")  # 15
    study.retire(15)
    study.retire(14)
    easy, missed, retired = study.rate(1, 5), study.rate(2, 1), study.rate(14, 4)
    study.later(days=2)
    with study.database.read() as session:
        first, second, third = by_topic(session, study.prefs, study.now, DECK)
    assert (first.topic.name, first.cards, first.new, first.learning, first.known, first.due) == ("t1", 10, 8, 2, 0, 1)
    mean = sum(Predictor().chance(one.state, 2) for one in (easy, missed)) / 2
    assert first.recall == pytest.approx(mean, rel=1e-9)
    assert (second.topic.name, second.cards, second.new, second.due, second.recall) == ("t2", 3, 3, 0, None)
    assert (third.topic.name, third.cards, third.recall) == ("t3", 0, None)
    assert retired.state.reviews == 1


def test_a_card_set_aside_is_not_counted_as_due_and_comes_no_sooner(study: "Study") -> None:
    for card in (1, 2, 3):
        study.rate(card, 3)
    study.prefs = replace(study.prefs, new_per_day=0)
    study.later(days=1)
    with study.database.write() as session:
        suspend(session, 1, [1])
        bury(session, 1, [2], study.prefs.day(study.now) + timedelta(days=1))
    with study.database.read() as session:
        (topic,) = by_topic(session, study.prefs, study.now, DECK)
    assert (topic.cards, topic.learning, topic.due) == (10, 3, 1)
    assert (study.next(), study.progress().due) == (3, 1)
    study.rate(3, 5)
    assert study.next() is None
    study.later(days=1)
    assert study.next() == 2, "buried until today"


def test_recall_is_certain_when_the_clock_was_set_back(study: "Study") -> None:
    study.rate(1, 4)
    study.later(days=-3)
    with study.database.read() as session:
        assert by_topic(session, study.prefs, study.now, DECK)[0].recall == 1


def test_next_due(study: "Study") -> None:
    def found() -> NextDue | None:
        with study.database.read() as session:
            return next_due(session, study.prefs, study.now, DECK)

    study.prefs = replace(study.prefs, new_per_day=4)
    for card in (1, 2, 3):
        study.rate(card, 3)  # tomorrow
    study.rate(4, 5)  # in 9 days
    assert found() == NextDue(date(2025, 6, 2), due=3, new=4)
    study.prefs = replace(study.prefs, new_per_day=0)
    assert found() == NextDue(date(2025, 6, 2), due=3, new=0)
    for card in (1, 2, 3):
        study.retire(card)
    later = found()
    assert later is not None
    assert (later.due, later.new) == (1, 0)
    assert later.on > date(2025, 6, 5)
    study.retire(4)
    assert found() is None
