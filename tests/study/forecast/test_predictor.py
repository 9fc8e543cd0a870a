"""The corrected chance of recall: hardly ever worse than that of FSRS, and better where a learner differs."""

import math
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.study.forecast.predictor import FSRS_ALONE, FSRS_ONLY, LEAST_SLOPE, Predictor, after
from app.study.schedule.scheduler import CountedRating, State, recall
from app.study.schedule.scheduler import after as rated
from tests.examples import examples

BEGIN = date(2026, 3, 2)
STATES = st.builds(
    lambda stability, difficulty, lapses, *record: State(
        stability, difficulty, BEGIN, None, BEGIN, BEGIN, datetime(2026, 3, 2, tzinfo=UTC), 1, lapses, 1, *record
    ),
    st.floats(0.01, 3000),
    st.floats(1, 10),
    st.integers(0, 9),
    st.integers(0, 20),
    st.floats(-10, 10),
    st.integers(0, 4),
)
RECALLS = st.lists(st.tuples(STATES, st.integers(1, 400)), max_size=40)


def rating(number: int, day: int, value: int, minutes: int = 0) -> CountedRating:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(days=day, minutes=minutes)
    return CountedRating(number, value, at, at, at, BEGIN + timedelta(days=day), 0.9)


def state(stability: float = 5, difficulty: float = 5, lapses: int = 0) -> State:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return State(stability, difficulty, BEGIN, None, BEGIN, BEGIN, now, 1, lapses, 1)


@examples(60)
@given(RECALLS, st.data())
def test_the_total_loss_never_exceeds_that_of_fsrs_by_more_than_the_prior_share(recalls, data):
    predictor, ours, fsrs = Predictor(), 0.0, 0.0
    for before, days in recalls:
        recalled = data.draw(st.booleans())
        chance, alone = predictor.chance(before, days), recall(before.stability, days)
        alone = min(max(alone, 1e-4), 1 - 1e-4)
        ours -= math.log(chance if recalled else 1 - chance)
        fsrs -= math.log(alone if recalled else 1 - alone)
        predictor = predictor.learned(before, days, recalled, share=0)
    assert ours <= fsrs - math.log(FSRS_ALONE) + 1e-9


@examples(60)
@given(RECALLS, st.data())
def test_what_is_known_stays_a_chance_and_a_covariance(recalls, data):
    predictor = Predictor()
    for before, days in recalls:
        predictor = predictor.learned(before, days, data.draw(st.booleans()))
        assert 0 < predictor.alone < 1
        assert predictor.weights[1] >= LEAST_SLOPE
        assert np.allclose(predictor.covariance, predictor.covariance.T, atol=1e-12)
        assert (np.linalg.eigvalsh(predictor.covariance) > 0).all()
        assert 0 < predictor.chance(before, days) < 1


@examples(60)
@given(RECALLS, STATES, st.data())
def test_the_chance_falls_with_the_days(recalls, one, data):
    predictor = Predictor()
    for before, days in recalls:
        predictor = predictor.learned(before, days, data.draw(st.booleans()))
    chances = [predictor.chance(one, days) for days in (1, 3, 10, 30, 100, 300)]
    assert all(later <= sooner + 1e-3 for sooner, later in pairwise(chances))


def test_one_update_by_hand():
    """With the prior alone, computed apart from the module, in the notation of the equations."""
    before, days = state(stability=5, difficulty=5), 5
    p0 = recall(5, 5)
    z0 = math.log(p0 / (1 - p0))
    x = np.array([1, z0 - 1.5, 0, -0.7, 0, math.log(5) / 2, -1])
    c = np.diag([0.25] + [0.09] * 6)
    v = x @ c @ x
    h = p0 * (1 - p0)
    w = (c @ x) / (1 + h * v) * (0 - p0)
    p1 = 1 / (1 + math.exp(-z0 / math.sqrt(1 + math.pi * v / 8)))
    a = 0.9 * (1 - p0) / (0.9 * (1 - p0) + 0.1 * (1 - p1))
    learned = Predictor().learned(before, days, recalled=False)
    np.testing.assert_allclose(learned.weights, w, rtol=1e-12)
    assert learned.alone == pytest.approx(0.999 * a + 0.0009, rel=1e-12)
    expected = c - h * np.outer(c @ x, c @ x) / (1 + h * v) + np.diag((0.01 * np.sqrt(np.diag(c))) ** 2)
    np.testing.assert_allclose(learned.covariance, expected, rtol=1e-12)


def test_only_a_rating_a_day_later_teaches():
    predictor, card = Predictor(), None
    told = [
        rating(1, 0, 4),
        rating(2, 0, 4),
        rating(3, 1, 1),
        rating(4, 1, 2, 15),
        rating(5, 1, 4, 40),
        rating(6, 3, 5),
    ]
    seen = []
    for given_ in told:
        predictor = after(predictor, card, given_)
        card = rated(card, 7, given_)
        seen.append((predictor.recalls, card.recalls, card.day_misses))
    assert seen == [(0, 0, 0), (0, 0, 0), (1, 1, 1), (1, 1, 2), (1, 1, 2), (2, 2, 0)]


def test_a_learner_who_forgets_more_is_expected_to():
    worse, better, card = Predictor(), Predictor(), state(stability=10)
    for _ in range(60):
        worse = worse.learned(card, 5, recalled=False)
        better = better.learned(card, 5, recalled=True)
    fsrs = recall(10, 5)
    assert worse.chance(card, 5) < fsrs - 0.3
    assert better.chance(card, 5) > fsrs


def test_what_is_said_of_a_chance_adds_up():
    predictor, card = Predictor(), state(stability=10, lapses=2)._replace(recalls=4, residual=-2.0, day_misses=2)
    for number in range(60):
        predictor = predictor.learned(card, 5, recalled=number % 3 == 0)
    told = predictor.explained(card, 5)
    assert told.fsrs == recall(10, 5)
    assert told.chance == pytest.approx(predictor.chance(card, 5), abs=1e-12)
    assert told.fsrs + sum(part.points for part in told.parts) == pytest.approx(told.chance, abs=1e-12)
    assert dict(told.parts)["record"] < 0  # it was recalled less often than FSRS says


def test_fsrs_only_is_fsrs():
    assert FSRS_ONLY.chance(state(stability=7), 9) == pytest.approx(recall(7, 9), abs=1e-12)
    many = [state(stability=5 + number) for number in range(50)]
    total = FSRS_ONLY.total(many, BEGIN + timedelta(days=5))
    assert total.expected == pytest.approx(sum(recall(one.stability, 5) for one in many))


@examples(30)
@given(RECALLS, st.lists(STATES, max_size=9), st.integers(0, 300))
def test_many_chances_at_once_are_those_of_each(recalls, cards, days):
    predictor = Predictor()
    for number, (before, lapse) in enumerate(recalls):
        predictor = predictor.learned(before, lapse, number % 3 > 0)
    at_once = predictor.chances(cards, BEGIN + timedelta(days=days))
    np.testing.assert_allclose(at_once, [predictor.chance(one, days) for one in cards], rtol=1e-9)


def test_a_total_has_an_interval():
    cards = [state(stability=5 + number) for number in range(50)]
    total = Predictor().total(cards, BEGIN + timedelta(days=5))
    chances = [Predictor().chance(one, 5) for one in cards]
    assert total.expected == pytest.approx(sum(chances))
    assert total.variance > sum(p * (1 - p) for p in chances)  # the weights are not known yet
    low, high = total.interval(50)
    assert 0 <= low < total.expected < high <= 50


def test_a_predictor_is_a_few_numbers():
    assert sum(np.size(one) for one in astuple(Predictor())) == 7 + 49 + 2
