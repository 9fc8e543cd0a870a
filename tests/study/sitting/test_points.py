"""The points of a card beside an answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.points import LONGEST, MOST
from app.study.sitting.points import Point, guess, kept, kept_before, proposed
from tests.examples import examples

WORDS = "The same weights are used at every step"


@pytest.mark.parametrize(
    ("typed", "said", "is_made"),
    [
        ("", [], False),
        ("It shares a weight.", ["weights"], False),  # one term of two; the others are words of any answer
        ("A weight, for each of the steps", ["weights", "step"], True),
        ("STEPS, WEIGHTS!", ["weights", "step"], True),
        ("something else", [], False),
    ],
)
def test_a_point_is_ticked_by_more_than_half_of_its_terms(typed: str, said: list[str], is_made: bool) -> None:
    found = guess(WORDS, WORDS, WORDS, typed)
    assert (found.is_made, list(found.said)) == (is_made, said)


def test_a_point_without_terms_is_never_ticked() -> None:
    assert not guess("It is so", "", "It is so", "It is so").is_made


def test_more_points_never_propose_less_and_only_none_proposes_the_lowest() -> None:
    for of in range(1, MOST + 1):
        ratings = [proposed(made, of) for made in range(of + 1)]
        assert ratings == sorted(ratings)
        assert (ratings[0], ratings[-1]) == (1, 5)
        assert 1 not in ratings[1:]
        assert 5 not in ratings[:-1]
    assert [proposed(made, 5) for made in range(6)] == [1, 2, 2, 3, 4, 5]


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=LONGEST)


@examples(60)
@given(st.lists(_TEXTS, max_size=MOST), st.sets(st.integers(-1, MOST)))
def test_what_a_review_keeps_is_read_as_it_was(points: list[str], made: set[int]) -> None:
    assert kept_before(kept(points, made)) == [Point(text, at in made) for at, text in enumerate(points)]


@pytest.mark.parametrize("points", [["a"] * (MOST + 1), ["a" * (LONGEST + 1)], ["\0"]])
def test_points_of_no_page_are_refused(points: list[str]) -> None:
    with pytest.raises(ValueError, match="Load the page again"):
        kept(points, ())
    with pytest.raises(ValueError, match="Load the page again"):
        kept_before(json.dumps([[point, True] for point in points], ensure_ascii=False))
