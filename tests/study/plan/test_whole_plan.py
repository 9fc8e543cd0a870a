"""The plan by day, and its forecast."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from app.study.plan.rule import Reason
from app.study.plan.situation import PlanCard, Situation, study_seconds
from app.study.plan.whole_plan import by_topic, most_to_gain, other_minutes, readiness, whole_plan
from tests.examples import examples
from tests.study.plan.cards import SITUATIONS, TODAY, met, situation


@examples(25)
@given(SITUATIONS)
def test_every_number_is_possible(given_: Situation) -> None:
    plan, cards = whole_plan(given_, futures=5), len(given_.cards)
    for one in (plan.kept, plan.stopped):
        assert 0 <= one.low <= one.expected <= one.high <= cards
    assert 0 <= plan.unmet <= sum(card.state is None for card in given_.cards)
    for day, seconds in zip(plan.days, given_.seconds if cards else (), strict=True):
        assert 0 <= day.recalled <= cards
        assert sum(day.cards.values()) <= cards
        assert (day.minutes == 0) == (sum(day.cards.values()) == 0)
        assert day.minutes <= seconds / 60 + 4  # the last answer of a slow learner
    topics = by_topic(given_)
    assert sum(one.cards for one in topics.values()) == cards
    assert sum(one.recalled.expected for one in topics.values()) == pytest.approx(plan.stopped.expected)
    assert whole_plan(given_, futures=5) == plan  # the same seed


def test_keeping_to_it_is_better_than_stopping() -> None:
    given_ = situation([PlanCard(one, 1) for one in range(79)], days=14, minutes=20)
    plan = whole_plan(given_)
    assert plan.kept.expected > plan.stopped.expected + 30
    assert plan.unmet < 1
    assert [day.day for day in plan.days] == [TODAY + timedelta(days=one) for one in range(14)]
    assert sum(day.cards[Reason.MEET] for day in plan.days) == pytest.approx(79, abs=1)
    assert plan.days[-1].cards[Reason.REFRESH] > plan.days[-1].cards[Reason.MORE]
    assert plan.stopped == readiness(given_)


def test_more_minutes_lead_further() -> None:
    few, some, many = other_minutes(situation([PlanCard(one, 1) for one in range(79)]), (5, 10, 30))
    assert few.unmet > some.unmet > many.unmet
    assert few.recalled.expected < some.recalled.expected < many.recalled.expected


def test_the_topic_that_fades_gains_most() -> None:
    cards = [met(one, stability=1, ago=20, topic=7) for one in range(10)]
    cards += [met(20 + one, stability=900, topic=8) for one in range(10)]
    found = most_to_gain(situation(cards))
    assert found is not None
    assert (found.topic, found.cards) == (7, 10)
    assert most_to_gain(situation([])) is None


def test_days_off_and_an_interview_today() -> None:
    assert study_seconds(TODAY, TODAY + timedelta(days=7), 10, {5, 6}) == (600.0,) * 5 + (0.0, 0.0)
    assert study_seconds(TODAY, TODAY, 10) == study_seconds(TODAY, TODAY - timedelta(days=3), 10) == ()
    given_ = situation([met(1), PlanCard(2, 1)])
    plan = whole_plan(replace(given_, seconds=()))
    assert plan.days == ()
    assert plan.kept == plan.stopped
