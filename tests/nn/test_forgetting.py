"""The forgetting recurrence against py-fsrs, an implementation of its own in 64-bit floats."""

import random
from datetime import UTC, datetime, timedelta

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import forgetting
from app.nn.forgetting import Memory, first, interval, recall, review
from tests.examples import examples

GRADES = {1: fsrs.Rating.Again, 2: fsrs.Rating.Hard, 3: fsrs.Rating.Good, 4: fsrs.Rating.Easy}
memories = st.builds(Memory, st.floats(0.001, 36_500), st.floats(1, 10))


def test_the_weights_are_the_published_ones() -> None:
    assert forgetting.W == fsrs.scheduler.DEFAULT_PARAMETERS


@pytest.mark.parametrize("seed", range(60))
def test_every_state_is_that_of_py_fsrs(seed: int) -> None:
    rng = random.Random(seed)
    oracle = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    card, moment, ours = fsrs.Card(), datetime(2026, 1, 1, tzinfo=UTC), None
    for _ in range(12):
        grade, days = rng.randint(1, 4), rng.choice([0, 1, 2, 7, 30, 365])
        moment += timedelta(days=days)
        card, _ = oracle.review_card(card, GRADES[grade], moment)
        ours = first(grade) if ours is None else review(ours, grade, days)
        assert card.stability is not None
        card.stability = min(card.stability, 36_500.0)  # py-fsrs has no upper bound
        assert ours.stability == pytest.approx(card.stability, rel=1e-10)
        assert ours.difficulty == pytest.approx(card.difficulty, rel=1e-10)
        assert recall(ours.stability, 5) == pytest.approx(
            oracle.get_card_retrievability(card, moment + timedelta(days=5)), rel=1e-10
        )


@given(st.floats(0.001, 36_500), st.floats(0.7, 0.97))
def test_recall_and_interval_are_inverse_and_stability_is_ninety_percent(stability: float, retention: float) -> None:
    assert recall(stability, interval(stability, retention)) == pytest.approx(retention, rel=1e-9)
    assert recall(stability, stability) == pytest.approx(0.9, rel=1e-12)
    assert interval(stability, 0.9) == pytest.approx(stability, rel=1e-12)


@given(memories, st.integers(1, 1000))
@examples(200)
def test_a_better_answer_leaves_more_and_a_miss_never_raises(memory: Memory, days: int) -> None:
    again, hard, good, easy = (review(memory, grade, days) for grade in (1, 2, 3, 4))
    assert again.stability <= memory.stability <= hard.stability <= good.stability <= easy.stability
    assert again.difficulty >= hard.difficulty >= good.difficulty >= easy.difficulty


@given(memories)
@examples(100)
def test_on_the_same_day_only_a_miss_lowers_the_stability(memory: Memory) -> None:
    assert all(review(memory, grade, 0).stability >= memory.stability for grade in (2, 3, 4))
