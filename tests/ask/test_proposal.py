"""The proposed rating: within its bounds, never higher for a slower answer, and by the learner's own median."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ask.judge import Judged, Verdict
from app.ask.proposal import proposed
from tests.examples import examples

RIGHT = Judged("right")
TIMES = (40.0, 60.0, 50.0, 70.0, 45.0)  # the median is 50
SECONDS = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("seconds", "times", "rating"),
    [
        (29, TIMES, 5), (30, TIMES, 5), (31, TIMES, 4), (75, TIMES, 4), (76, TIMES, 3), (900, TIMES, 3),
        (5, TIMES[:4], 4), (120, (), 4), (121, (), 3), (5, (), 4), (119, (600.0,) * 5, 5),
    ],
)  # fmt: skip
def test_a_right_answer_is_rated_by_its_time(seconds: float, times: tuple[float, ...], rating: int) -> None:
    assert proposed(RIGHT, seconds, times) == rating
    assert proposed(RIGHT, seconds, times, of_four=True) == min(rating, 4)


def test_a_wrong_answer_that_went_part_of_the_way_is_a_2() -> None:
    assert proposed(Judged("slip", "The biases are missing."), 10) == 2
    assert proposed(Judged("wrong", line=2), 10) == 2
    assert proposed(Judged("wrong"), 10) == 1
    assert proposed(Judged("wrong"), 1, TIMES) == 1


def test_what_could_not_be_read_has_no_rating() -> None:
    with pytest.raises(ValueError, match="could not be read"):
        proposed(Judged("unreadable", "It is not a number."), 10)


@given(
    st.sampled_from([one for one in get_args(Verdict) if one != "unreadable"]),
    st.none() | st.integers(1, 5),
    SECONDS,
    SECONDS,
    st.lists(st.floats(0.1, 1e4), max_size=12),
    st.booleans(),
)
@examples(300)
def test_a_proposal_keeps_its_bounds_and_falls_with_time(
    verdict: Verdict, line: int | None, first: float, second: float, times: list[float], of_four: bool
) -> None:
    fast, slow = (
        proposed(Judged(verdict, line=line), seconds, times, of_four=of_four) for seconds in sorted((first, second))
    )
    low, high = (3, 4 if of_four else 5) if verdict == "right" else (1, 2)
    assert high >= fast >= slow >= low
