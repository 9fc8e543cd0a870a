"""Source code becomes escaped HTML with classes."""

import pytest

from app.cards.render.highlight import CLASSES, LONGEST, highlight, is_known, known_languages


def test_words_get_the_classes_of_pygments():
    words = '<span class="n">x</span> <span class="o">=</span> <span class="mi">1</span>'
    assert highlight("x = 1", "python").strip() == words
    assert {"n", "o", "mi"} <= CLASSES


@pytest.mark.parametrize("language", ["", "klingon", "python"])
def test_it_is_escaped_whatever_its_language(language):
    assert "<b>" not in highlight("<b>&", language)
    assert highlight("a < b", "klingon") == "a &lt; b"


def test_what_is_too_long_is_left_plain():
    assert highlight("1" * (LONGEST + 1), "python") == "1" * (LONGEST + 1)


def test_plain_text_and_every_listed_language_are_known():
    assert is_known("")
    assert is_known("python")
    assert not is_known("klingon")
    assert "python" in known_languages()
