"""The arrays' FSRS-6 is that of the library which the schedule uses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.study.plan.curve import Forgetting
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import Memory, outcomes, recall
from tests.examples import examples

CURVE = Forgetting()


@examples(300)
@given(st.floats(0.01, 3000), st.floats(1, 10), st.integers(0, 400))
def test_a_card_that_was_seen(stability: float, difficulty: float, days: int) -> None:
    by_library = outcomes(Memory(stability, difficulty), days, 0.9, 1, 1)
    memory = np.array([stability]), np.array([difficulty])
    chance = CURVE.recall(memory[0], days)
    assert chance[0] == pytest.approx(recall(stability, days), rel=1e-12)
    ours = {Rating.WELL: CURVE.remembered(memory, chance), Rating.NOT_AT_ALL: CURVE.missed(memory, chance)}
    if days == 0:
        ours = {Rating.WELL: CURVE.again_today(memory)}
    for rating, after in ours.items():
        assert [one.item() for one in after] == pytest.approx(by_library[rating].memory, rel=1e-4)


def test_a_new_card() -> None:
    by_library = outcomes(None, 0, 0.9, 1, 0)
    for rating in (Rating.WELL, Rating.NOT_AT_ALL):
        first = CURVE.first(remembered=not rating.missed)
        assert [float(one) for one in first] == pytest.approx(by_library[rating].memory, rel=1e-4)


def test_parameters_may_differ_by_row() -> None:
    parameters = [np.array([[one], [one * 1.1]]) for one in Forgetting()._w]
    stability, difficulty = np.full((2, 3), 4.0), np.full((2, 3), 5.0)
    both = Forgetting(parameters).remembered((stability, difficulty), np.full((2, 3), 0.8))
    alone = CURVE.remembered((stability, difficulty), np.full((2, 3), 0.8))
    np.testing.assert_allclose(both[0][0], alone[0][0])
    assert not np.allclose(both[0][1], alone[0][1])
