"""The scheduler against py-fsrs, the formulas as published, and a golden sequence."""

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import fsrs
import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS
from hypothesis import given
from hypothesis import strategies as st

from app.study.schedule import scheduler
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import MAX_DAYS, Memory, fuzzed, outcomes, recall
from tests.examples import examples, share_of

MEMORIES = st.none() | st.builds(Memory, st.floats(0.0011, 36_500), st.floats(1, 10))
FSRS_RATING = {
    1: fsrs.Rating.Again,
    2: fsrs.Rating.Again,
    3: fsrs.Rating.Hard,
    4: fsrs.Rating.Good,
    5: fsrs.Rating.Easy,
}


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(4))
def test_memory_and_interval_equal_py_fsrs_on_random_histories(seed: int) -> None:
    """1,000 histories a seed, 1 to 15 reviews each: early, on time, late, same day; retention 0.70 to 0.97."""
    rng = random.Random(seed)
    for _ in range(share_of(1_000)):
        retention = rng.uniform(0.70, 0.97)
        oracle = fsrs.Scheduler(
            desired_retention=retention, learning_steps=(), relearning_steps=(), enable_fuzzing=False
        )
        theirs, ours, days = fsrs.Card(), None, 0
        moment = datetime(2025, 1, 1, tzinfo=UTC)
        for _ in range(rng.randint(1, 15)):
            elapsed = 0 if ours is None else rng.choice([0, 0, 1, days, days, days // 2, days * 2, rng.randint(0, 400)])
            moment += timedelta(days=min(elapsed, 20_000))
            rating = rng.randint(1, 5)
            outcome = outcomes(ours, min(elapsed, 20_000), retention, 1, 0)[Rating(rating)]
            theirs, _ = oracle.review_card(theirs, FSRS_RATING[rating], moment)
            assert theirs.stability is not None
            assert theirs.difficulty is not None

            # The one known difference: fsrs-rs keeps stability within 36,500 days, py-fsrs lets it grow.
            theirs.stability = min(theirs.stability, 36_500.0)
            raw = theirs.stability / oracle._FACTOR * (retention ** (1 / oracle._DECAY) - 1)
            assert outcome.memory.stability == pytest.approx(theirs.stability, rel=1e-4)
            assert outcome.memory.difficulty == pytest.approx(theirs.difficulty, rel=1e-4)
            assert outcome.interval == pytest.approx(raw, rel=1e-4)
            ours, days = outcome.memory, max(1, outcome.days)


def test_a_second_look_on_the_same_day_lowers_stability_only_when_missed() -> None:
    for stability in (0.5, 3.0, 20.0, 400.0):
        then = outcomes(Memory(stability, 5.0), 0, 0.9, 1, 1)
        assert then[Rating.NOT_AT_ALL].memory.stability < stability
        assert all(then[rating].memory.stability >= stability for rating in Rating if not rating.missed)


@given(st.floats(0.001, 36_500), st.integers(0, 36_500))
def test_recall_is_the_published_forgetting_curve(stability: float, elapsed: int) -> None:
    factor = 0.9 ** (-1 / 0.1542) - 1
    assert recall(stability, elapsed) == pytest.approx((1 + factor * elapsed / stability) ** -0.1542, rel=1e-6)


def test_recall_is_ninety_percent_after_the_stability() -> None:
    assert recall(17.0, 17) == pytest.approx(0.9)
    assert recall(17.0, 0) == 1


@examples(500)
@given(MEMORIES, st.integers(0, 5_000), st.floats(0.70, 0.97), st.integers(1, 10**9), st.integers(0, 500))
def test_a_better_rating_never_returns_sooner(
    memory: Memory | None, elapsed: int, retention: float, card: int, reviews: int
) -> None:
    found = outcomes(memory, elapsed, retention, card, reviews)
    assert list(found) == list(Rating)
    days = [outcome.days for outcome in found.values()]
    assert days == sorted(days)
    assert days[:2] == [0, 0]
    assert all(1 <= day <= MAX_DAYS for day in days[2:])
    assert found == outcomes(memory, elapsed, retention, card, reviews)


def test_a_better_rating_never_returns_sooner_even_where_parameters_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    crossed = list(DEFAULT_PARAMETERS)
    crossed[1:4] = [60.0, 30.0, 5.0]  # the stability after a first Hard, Good and Easy
    monkeypatch.setattr(scheduler, "_FSRS", FSRS(crossed))
    found = outcomes(None, 0, 0.9, 1, 0)
    assert found[Rating.WITH_EFFORT].days == found[Rating.WELL].days == found[Rating.PERFECTLY].days > 50


@pytest.mark.parametrize(
    ("interval", "days"),
    [
        (0.01, [1]),
        (1.4, [1]),
        (1.5, [2]),
        (2.49, [2]),
        (2.5, [2, 3, 4]),
        (5.0, [4, 5, 6]),  # 1 + 0.15 × 2.5 = 1.375 days either way
        (10.0, [8, 9, 10, 11, 12]),  # 1 + 0.15 × 4.5 + 0.1 × 3 = 1.975
        (100.0, list(range(93, 108))),  # 1 + 0.675 + 1.3 + 0.05 × 80 = 6.975
        (36_500.0, list(range(34_673, 36_501))),
        (400_000.0, list(range(34_673, 36_501))),
    ],
)
def test_fuzz_reaches_each_day_of_ankis_range_and_no_other(interval: float, days: list[int]) -> None:
    steps = 20 * len(days)
    reached = [fuzzed(interval, step / steps) for step in range(steps)]
    assert sorted(set(reached)) == days
    assert all(abs(times - 20) <= 1 for times in Counter(reached).values())
    assert fuzzed(interval, math.nextafter(1, 0)) == days[-1]


def test_fuzz_differs_between_cards_and_reviews_alone() -> None:
    memory = Memory(100.0, 5.0)
    by_card = {outcomes(memory, 100, 0.9, card, 3)[Rating.WELL].days for card in range(200)}
    by_review = {outcomes(memory, 100, 0.9, 7, reviews)[Rating.WELL].days for reviews in range(200)}
    assert len(by_card) > 20
    assert len(by_review) > 20


@pytest.mark.parametrize(
    ("ratings", "golden"),
    [
        ([4, 4, 4, 4, 4, 4], [2, 10, 42, 161, 492, 1312]),
        ([3, 3, 3, 3, 3], [1, 3, 5, 13, 19]),
        ([5, 5, 5, 5], [9, 69, 404, 2005]),
        ([4, 4, 4, 1, 4, 4, 2, 3, 5], [2, 10, 42, 0, 4, 9, 0, 1, 3]),
    ],
)
def test_golden_sequence_of_days(ratings: list[int], golden: list[int]) -> None:
    """Card 1, each time on its date. Another number here moves every learner's dates: be sure that you mean it."""
    memory, days, found = None, 0, []
    for reviews, rating in enumerate(ratings):
        outcome = outcomes(memory, days, 0.9, 1, reviews)[Rating(rating)]
        memory, days = outcome.memory, outcome.days
        found.append(days)
    assert found == golden
