"""The plan on synthetic learners: what it brings over the queue, and whether its forecast holds."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import settings

from app.study.plan.rule import RETURNS
from app.study.plan.simulate import BEGIN, Case, Measured, cases, measure, ratings, situation, summary
from app.study.plan.synthetic import Course, Learners, planned
from tests.examples import share_of

LONGEST_CARD = 180
"""Seconds that one card of a slow learner takes, its returns included."""


IS_WHOLE = settings.get_current_profile_name() == "proof"


@pytest.fixture(scope="module")
def measured() -> list[Measured]:
    """Every case of docs/plan.md with 400 learners in `make proof`; some of them with 20 in `make test`."""
    days, minutes = ((3, 7, 14, 30), (10, 20, 40)) if IS_WHOLE else ((3, 7), (10, 40))
    return [measure(case, share_of(20), 60 if IS_WHOLE else 0, 1) for case in cases((79, 400), days, minutes)]


@pytest.mark.proof
@pytest.mark.slow
def test_the_plan_brings_more_than_the_queue(measured: list[Measured]) -> None:
    gains = np.mean([one.gains for one in measured], axis=0)
    error = gains.std(ddof=1) / len(gains) ** 0.5
    assert gains.mean() >= (0.05 if IS_WHOLE else 0.05 - 3 * error)
    assert (gains < 0).mean() <= (0.05 if IS_WHOLE else 0.2)
    (week,) = [one for one in measured if one.case == Case(79, 7, 10)]
    assert week.unmet <= (9 if IS_WHOLE else 12)
    assert week.queue_unmet > 2 * week.unmet


@pytest.mark.proof
@pytest.mark.slow
def test_no_day_is_longer_than_promised_by_more_than_a_card(measured: list[Measured]) -> None:
    assert max(one.over for one in measured) <= LONGEST_CARD
    for one in measured:
        assert one.plan_minutes <= one.case.days * one.case.minutes * 1.02


@pytest.mark.proof
@pytest.mark.slow
def test_the_interval_of_the_forecast_holds(measured: list[Measured]) -> None:
    for name in ("covered", "covered_halfway", "covered_stopped"):
        shares = [getattr(one, name) for one in measured]
        if not np.isnan(shares).any():
            assert 0.85 <= np.mean(shares) <= 0.95 if IS_WHOLE else 0.8 <= np.mean(shares) <= 0.98
            assert all(0.75 <= share <= 0.99 for share in shares) or not IS_WHOLE


def course(learners: int = 3, cards: int = 30, days: int = 6) -> Course:
    drawn = Learners.drawn(np.random.default_rng(1), learners, cards)
    *_, (_day, studied, _rule) = planned(drawn, np.random.default_rng(2), (600.0,) * days)
    return studied


def test_the_schedule_comes_to_the_same_states() -> None:
    """The arrays that the learners study with, and the product's fold over the same ratings."""
    studied = course()
    for row in range(3):
        found = situation(studied, row, (600.0,) * 9)
        assert found.day.toordinal() - BEGIN.toordinal() == 6
        assert found.seconds == (600.0,) * 3
        for card in found.cards:
            state = card.state
            assert (state is None) == np.isnan(studied.cards.stability[row, card.id])
            if state is not None:
                assert state.stability == pytest.approx(studied.cards.stability[row, card.id], rel=1e-3)
                assert state.difficulty == pytest.approx(studied.cards.difficulty[row, card.id], rel=1e-3)
                assert (state.reviewed_on - BEGIN).days == studied.cards.last[row, card.id]
                assert state.due_at is None  # what was missed came back
        assert found.predictor.recalls == sum(card.state.recalls for card in found.cards if card.state)


def test_a_missed_card_comes_back_twice() -> None:
    for card, day in groupby(ratings(course(), 0), key=lambda one: (one[0], one[1].day)):
        given = [one.rating for _card, one in day]
        assert given in ([4], [1] + [4] * RETURNS), card


def test_the_same_seed_gives_the_same_table() -> None:
    case = Case(20, 4, 5)
    first, second = measure(case, 5, 2, 3), measure(case, 5, 2, 3)
    assert first.row == second.row != measure(case, 5, 2, 4).row
    assert summary([first]) == summary([second])
    assert len(summary([measure(case, 5, 0, 3)])) == len(summary([first])) - 2


def test_a_learner_is_the_same_whatever_the_deck() -> None:
    few, many = (Learners.drawn(np.random.default_rng(1), 4, cards) for cards in (10, 90))
    np.testing.assert_array_equal(few.pace, many.pace)
    np.testing.assert_array_equal(few.relearns, many.relearns)
    assert few.card.shape == (4, 10)
