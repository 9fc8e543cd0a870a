"""Ready for the interview: the sum of the chances of recall on that day."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.study.forecast.predictor import Predictor
from app.study.selection import marks
from app.study.sitting.readiness import Readiness, readiness

if TYPE_CHECKING:
    from tests.study.conftest import Study

DECK = 1


def found(study: "Study", on: date | None) -> Readiness | None:
    study.prefs = replace(study.prefs, interview_on=on)
    with study.database.read() as session:
        return readiness(session, study.prefs, study.now, DECK)


def test_what_would_be_known_on_the_day_if_nothing_more_were_studied(study: "Study") -> None:
    states = [study.rate(card, rating).state for card, rating in ((1, 5), (2, 3), (3, 1))]
    study.retire(10)
    ready = found(study, date(2025, 6, 21))
    assert ready is not None
    assert (ready.days, ready.cards, ready.unmet, ready.unmet_a_day) == (20, 9, 6, 1)
    assert ready.known == pytest.approx(sum(Predictor().chance(state, 20) for state in states), rel=1e-9)
    assert 0 <= ready.low < ready.known < ready.high <= 3


def test_on_the_day_itself_the_unmet_are_all_for_today(study: "Study") -> None:
    ready = found(study, date(2025, 6, 1))
    assert ready is not None
    assert (ready.days, ready.known, ready.unmet_a_day) == (0, 0, 10)


@pytest.mark.parametrize("on", [None, date(2025, 5, 31)])
def test_without_an_interview_to_come_there_is_nothing_to_say(study: "Study", on: date | None) -> None:
    assert found(study, on) is None


def test_suspended_and_buried_cards_are_not_unmet(study: "Study") -> None:
    known, on = study.rate(1, 5).state, date(2025, 6, 21)
    study.rate(2, 5)
    with study.database.write() as session:
        marks.suspend(session, 1, [2, 3])
        marks.bury(session, 1, [1, 4], date(2025, 7, 1))
    ready = found(study, on)
    assert ready is not None
    assert (ready.cards, ready.unmet) == (8, 6), "the buried ones are still in the deck"
    assert ready.known == pytest.approx(Predictor().chance(known, 20), rel=1e-9)
