"""The points of a card beside an answer."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.points import LONGEST, MOST
from app.cards.load.search import text_of_html
from app.cards.render.render import inline
from app.study.sitting.formulas import spelled_out
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


def test_guesses_are_seldom_wrong() -> None:
    """Of 399 points of cards, beside answers typed by hand: [x] where the answer makes the point."""
    right, found = Counter[bool](), Counter[bool]()
    for block in (Path(__file__).parent / "typed_points.md").read_text().strip().split("\n\n> "):
        typed, points = block.removeprefix("> ").split("\n\n", 1)
        for is_made, text in re.findall(r"- \[([ x])\] (.+)", points):
            html = inline(text)
            right[is_made == "x"] += 1
            found[is_made == "x"] += guess(text, html, text_of_html(html), spelled_out(typed)).is_made
    assert (right[True], right[False]) == (140, 259)
    assert found[False] <= 2  # a false tick is worse than a missing one: by words alone there were nine
    assert found[True] >= 105  # and 86


@pytest.mark.parametrize(
    ("point", "typed", "is_made"),
    [
        ("The weights are small, not close to 1.", "weights close to 1", False),  # the contrary
        ("The weights are small, not close to 1.", "small weights, not near 1", True),
        ("There are $nh + h^2 + h$ parameters, says the layer of Keras.", "n*h + h² + h", True),  # the whole formula
        ("There are $nh + h^2 + h$ parameters in the layer.", "the layer has parameters", False),  # and nothing of it
        ("Its value is 0 or 1.", "a value of 0 or 1", True),
        ("It is centred on 0 and 1 somehow.", "0, 1", False),  # numbers alone
    ],
)
def test_formulas_count_more_than_numbers_and_a_denial_needs_one(point: str, typed: str, is_made: bool) -> None:
    html = inline(point)
    assert guess(point, html, text_of_html(html), spelled_out(typed)).is_made == is_made


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
