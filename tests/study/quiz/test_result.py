"""A quiz's figures, against plain Python and by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.study.quiz.result import compared, foreseen, result_of, spread
from app.study.quiz.take import Item


def item(rating: int | None, expected: float | None = None, topic: str = "a", name: str = "c") -> Item:
    return Item(1, name, "?", topic.upper(), topic, False, expected, None, rating, None, True)


ITEMS = st.lists(
    st.builds(item, st.none() | st.integers(1, 5), st.none() | st.floats(0, 1), st.sampled_from("abc")), max_size=30
)


def test_mean_and_spread_by_hand() -> None:
    found = spread([item(2), item(4), item(None), item(4), item(4), item(5), item(5), item(7), item(9)])
    assert found is not None
    assert (found.answered, found.mean, found.deviation, found.lowest, found.highest) == (8, 5, 2.0, 2, 9)
    assert spread([item(None)]) is None
    single = spread([item(3)])
    assert single is not None
    assert (single.mean, single.deviation) == (3, 0)


@given(ITEMS)
def test_every_figure_is_that_of_plain_python(items: list[Item]) -> None:
    result = result_of(items)
    given_ratings = [i.rating for i in items if i.rating is not None]
    if given_ratings:
        mean = sum(given_ratings) / len(given_ratings)
        assert result.ratings is not None
        assert result.ratings.mean == pytest.approx(mean)
        deviation = math.sqrt(sum((rating - mean) ** 2 for rating in given_ratings) / len(given_ratings))
        assert result.ratings.deviation == pytest.approx(deviation)
    else:
        assert result.ratings is None
    assert [topic.topic for topic in result.by_topic] == sorted({i.topic for i in items})
    assert sum(topic.asked for topic in result.by_topic) == len(items)
    for topic in result.by_topic:
        own = [i.rating for i in items if i.topic == topic.topic and i.rating is not None]
        assert (topic.ratings.mean if topic.ratings else None) == (pytest.approx(sum(own) / len(own)) if own else None)
    seen = [(i.expected, i.rating) for i in items if i.rating is not None and i.expected is not None]
    if seen:
        assert result.foreseen is not None
        assert result.foreseen.cards == len(seen)
        assert result.foreseen.expected == pytest.approx(sum(expected for expected, _ in seen) / len(seen))
        assert result.foreseen.remembered == pytest.approx(sum(rating >= 3 for _, rating in seen) / len(seen))
    else:
        assert result.foreseen is None
    assert list(result.missed) == [i for i in items if i.rating in (1, 2)]


@pytest.mark.parametrize(
    ("rating", "expected", "verdict"),
    [
        (2, 0.8, "worse"), (1, 0.99, "worse"), (2, 0.79, ""), (3, 0.5, "better"), (5, 0.1, "better"), (3, 0.51, ""),
        (2, 0.3, ""), (5, 0.9, ""), (1, None, ""), (5, None, ""), (None, 0.9, ""), (None, 0.1, ""),
    ],
)  # fmt: skip
def test_what_went_worse_or_better_than_foreseen(rating: int | None, expected: float | None, verdict: str) -> None:
    result = result_of([item(rating, expected)])
    assert (len(result.worse), len(result.better)) == (verdict == "worse", verdict == "better")


def test_a_new_card_was_not_foreseen() -> None:
    assert foreseen([item(5), item(None, 0.9)]) is None


def test_two_quizzes_beside_each_other() -> None:
    whole, topics = compared([item(4, topic="a"), item(2, topic="b")], [item(3, topic="b"), item(5, topic="c")])
    assert whole.change == -1
    assert [(row.topic, row.change) for row in topics] == [("A", None), ("B", -1), ("C", None)]
    assert [(row.one is None, row.other is None) for row in topics] == [(False, True), (False, False), (True, False)]
