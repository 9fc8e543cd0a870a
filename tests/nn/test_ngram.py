"""Counts against counting by hand, and perplexity against what it must be."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import ngram
from tests.examples import examples


def test_a_small_text_counted_by_hand() -> None:
    assert ngram.counts("abab ", 1) == {"a": Counter(b=2), "b": Counter({"a": 1, " ": 1})}
    assert ngram.counts("abab", 2) == {"ab": Counter(a=1), "ba": Counter(b=1)}
    assert ngram.counts("ab", 2) == {}


@given(text=st.text("abc ", min_size=2, max_size=60), n=st.integers(1, 4))
@examples(100)
def test_counts_are_what_a_search_of_the_text_finds(text: str, n: int) -> None:
    found = ngram.counts(text, n)
    for context, followed in found.items():
        for character, many in followed.items():
            assert many == sum(text.startswith(context + character, at) for at in range(len(text)))
        p = ngram.probabilities(followed, "abc ")
        assert p.sum() == pytest.approx(1.0)
        assert p.tolist() == pytest.approx([followed[c] / sum(followed.values()) for c in "abc "])
    assert sum(sum(followed.values()) for followed in found.values()) == max(0, len(text) - n)


def test_as_many_equally_likely_characters_have_that_perplexity() -> None:
    assert ngram.perplexity(np.full(7, 1 / 5)) == pytest.approx(5.0)
    assert ngram.perplexity(np.array([0.5, 0.25, 0.8])) == pytest.approx(10 ** (1 / 3))  # ln 10 = 2.3026, over 3
    assert ngram.perplexity(np.ones(3)) == 1.0


def test_a_context_has_at_least_one_character() -> None:
    with pytest.raises(ValueError, match="wanted at least 1"):
        ngram.counts("abc", 0)


def test_bits_per_character_do_not_depend_on_the_tokens() -> None:
    assert ngram.bits_per_character(np.array([0.5, 0.25, 0.125]), 3) == pytest.approx(2.0)
    assert ngram.bits_per_character(np.array([0.5 * 0.25 * 0.125]), 3) == pytest.approx(2.0)  # one token of all three
    p = np.array([0.3, 0.7, 0.01])
    assert 2 ** ngram.bits_per_character(p, 3) == pytest.approx(ngram.perplexity(p))  # a token a character


def test_the_perplexity_of_two_texts_is_no_mean_of_theirs() -> None:
    sure, unsure = np.full(2, 0.5), np.full(2, 0.125)
    assert ngram.perplexity(np.concatenate((sure, unsure))) == pytest.approx(4.0)  # the means: (2 + 8) / 2 = 5
