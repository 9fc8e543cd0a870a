"""Sums of what was foretold and what happened, their intervals and losses."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.study.forecast.calibration import BINS, SURENESS, Calibration, Foretold, Tally
from app.study.schedule.rate import SUREST
from tests.examples import examples

ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1)


@examples(60)
@given(st.integers(1, 500), st.data())
def test_the_interval_holds_the_shares_that_would_not_surprise(asked: int, data: st.DataObject) -> None:
    """Wilson's: at its ends p the share is 1.645 standard deviations from p."""
    one = Tally(asked, data.draw(st.integers(0, asked)))
    low, high = one.interval
    assert 0 <= low <= one.share <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(one.share - end) / math.sqrt(end * (1 - end) / asked) == pytest.approx(1.645, rel=1e-6)


@examples(60)
@given(ANSWERS)
def test_each_answer_is_in_its_bin_and_the_loss_is_the_mean(answers: list[tuple[float, bool]]) -> None:
    foretold = Foretold()
    for chance, recalled in answers:
        foretold.add(chance, recalled)
    for least, most, one in zip(BINS, (*BINS[1:], 1.1), foretold.bins, strict=True):
        mine = [(chance, recalled) for chance, recalled in answers if least <= chance < most]
        assert (one.asked, one.recalled) == (len(mine), sum(recalled for _, recalled in mine))
        assert one.expected == pytest.approx(sum(chance for chance, _ in mine))
    clipped = [(min(max(chance, 1e-4), 1 - 1e-4), recalled) for chance, recalled in answers]
    losses = [-math.log(chance if recalled else 1 - chance) for chance, recalled in clipped]
    assert foretold.log_loss == pytest.approx(sum(losses) / len(losses))
    assert foretold.given == pytest.approx(math.prod(math.exp(-loss / len(losses)) for loss in losses))


@examples(30)
@given(ANSWERS)
def test_json_keeps_every_bit(answers: list[tuple[float, bool]]) -> None:
    found = Calibration()
    for number, (chance, recalled) in enumerate(answers):
        for one in found.by.values():
            one.add(chance, recalled)
        found.add_sure(1 + number % 3, recalled)
    assert Calibration.of(json.loads(json.dumps(found.plain()))) == found
    assert found.recalls == len(answers)


def test_there_is_a_word_for_every_level() -> None:
    assert len(SURENESS) == SUREST
