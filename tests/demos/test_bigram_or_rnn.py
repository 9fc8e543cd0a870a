"""The bigram against the text itself, the RNN's memory against a loop by hand, and what each can know."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.bigram_or_rnn import DEMO, RUN, predict
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Curve, Diagram
from app.demos.machine.numbers import show
from app.demos.parts import character_marks as marks
from tests.examples import examples


def state(mark: str, words: int, w: float) -> Any:
    return DEMO.parse({"mark": mark, "words": str(words), "w": repr(w)})


prefixes: dict[str, Any] = {
    "mark": st.sampled_from("¿¡"),
    "words": st.integers(1, len(RUN)),
    "w": st.floats(0, 3, allow_subnormal=False),
}


@given(**prefixes)
@examples(60)
def test_both_are_distributions_and_the_bigram_is_the_share_in_the_text(mark: str, words: int, w: float) -> None:
    p = state(mark, words, w)
    bigram, with_memory, _ = predict(p)
    assert bigram.sum() == pytest.approx(1.0, abs=1e-12)
    assert with_memory.sum() == pytest.approx(1.0, abs=1e-12)
    assert (with_memory >= 0).all()
    pairs = [b for a, b in itertools.pairwise(marks.TEXT) if a == p.prefix[-1]]
    assert bigram.tolist() == pytest.approx([pairs.count(c) / len(pairs) for c in marks.ALPHABET], rel=1e-12)


@given(**prefixes)
@examples(60)
def test_the_memory_is_a_loop_of_one_unit(mark: str, words: int, w: float) -> None:
    p = state(mark, words, w)
    m, wanted = 0.0, []
    for character in p.prefix:
        m = math.tanh(w * m + 20 * {"¿": 1, "¡": -1}.get(character, 0))
        wanted.append(m)
    np.testing.assert_allclose(predict(p)[2], wanted, rtol=1e-12, atol=1e-12)


@given(words=st.integers(1, len(RUN)), w=st.floats(0, 3, allow_subnormal=False))
@examples(40)
def test_the_bigram_cannot_see_the_first_mark_and_a_memory_can(words: int, w: float) -> None:
    asks, exclaims = (state(mark, words, w) for mark in "¿¡")
    assert predict(asks)[0].tolist() == predict(exclaims)[0].tolist()
    numbers = DEMO.compute(asks).numbers
    assert numbers["bigram"] == numbers["bigram_wrong"]
    assert numbers["rnn"] == DEMO.compute(exclaims).numbers["rnn"]
    if w > 1.2:
        assert numbers["rnn"] > 50 * numbers["rnn_wrong"]


@given(mark=st.sampled_from("¿¡"), words=st.integers(1, len(RUN)))
@examples(20)
def test_without_its_loop_the_rnn_is_the_bigram(mark: str, words: int) -> None:
    bigram, with_memory, _ = predict(state(mark, words, 0.0))
    assert with_memory.tolist() == bigram.tolist()


def test_the_copy_units_hold_the_last_character_exactly() -> None:
    states = marks.read("¿vas a", 2, 1.5)
    np.testing.assert_allclose(
        states[-1][:-1], np.concatenate([marks.one_hot("a")[0], marks.one_hot(" ")[0]]), atol=1e-12
    )


def test_a_fading_memory_ends_near_a_coin_toss_and_a_kept_one_does_not() -> None:
    faded, kept = DEMO.result("w=0.9&words=10"), DEMO.result("w=1.5&words=10")
    assert faded.numbers["share"] < 0.52
    assert kept.numbers["share"] > 0.99
    assert "it has almost forgotten the mark **43** characters back" in faded.figures[0].caption
    assert "it remembers" in kept.figures[0].caption
    # tanh(1.5 m) = m: the memory rests where the two curves cross.
    assert kept.numbers["memory"] == pytest.approx(math.tanh(1.5 * kept.numbers["memory"]), abs=1e-9)


def test_memory_makes_the_text_less_surprising() -> None:
    forgetful, keeping = DEMO.result("w=0").numbers, DEMO.result("w=1.5").numbers
    assert forgetful["rnn_perplexity"] == pytest.approx(forgetful["bigram_perplexity"], rel=1e-12)
    assert keeping["rnn_perplexity"] < keeping["bigram_perplexity"]
    p = [
        [b for a, b in itertools.pairwise(marks.TEXT) if a == one].count(two)
        / sum(a == one for a, _ in itertools.pairwise(marks.TEXT))
        for sentence in marks.SENTENCES
        for one, two in itertools.pairwise(sentence)
    ]
    assert keeping["bigram_perplexity"] == pytest.approx(math.prod(p) ** (-1 / len(p)), rel=1e-9)


def test_the_curve_ends_at_the_number_that_is_told() -> None:
    result = DEMO.result("mark=¡&words=3&w=0.95")
    readers, _, curve, _ = result.figures
    assert isinstance(curve, Curve)
    assert isinstance(readers, Diagram)
    ends = {node.at: readers.nodes[place + 1].text for place, node in enumerate(readers.nodes) if node.text in "?!"}
    right = result.traces()[0].columns.index("!") + 1
    for model in ("bigram", "rnn"):
        assert ends[f"{model},{right}"] == show(result.numbers[model])
    assert [node.text for node in readers.nodes[: len(curve.x)]] == list("¡ana␣canta␣la")
    assert curve.series[0].values[-1] == pytest.approx(result.numbers["share"], rel=1e-12)
    assert len(curve.x) == result.numbers["gap"] + 1


def test_words_of_ones_own_are_read_in_place_of_the_given_ones() -> None:
    result = DEMO.result("mark=¡&own=el gato ama la luna&w=1.5")
    assert result.numbers["gap"] == len("el gato ama la luna")
    assert result.numbers["bigram"] == DEMO.result("mark=¡&words=4").numbers["bigram"]
    assert "“¡el gato ama la luna”" in result.figures[0].caption
    nowhere = DEMO.result("own=el s")
    assert nowhere.numbers["bigram"] == nowhere.numbers["rnn"] == 0
    assert "no sentence of the text ends after “s”" in nowhere.figures[0].caption


def test_a_letter_that_the_text_does_not_have_is_named() -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse("own=el búho")
    assert "each one of ␣a" in str(caught.value)
    assert "own=el%20uo" in caught.value.nearest
