"""Words are counted however they are marked up."""

from collections import Counter

import pytest

from app.exchange.imports.words import by_line, named, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a *b* `c`", "A, b. c!"),
        ("x² and y₁₀", "x 2 and y 10"),
        ("re\u00adset", "reset"),
        ("h_t = \\tanh(W)", "h t tanh w"),
        ("Größe", "GRÖSSE".replace("O", "Ö").replace("ÖÖ", "Ö")),
        ("ﬁne", "fine"),
    ],
)
def test_the_same_words(one, other):
    assert words(one) == words(other)


def test_missing_words_are_named_by_line():
    assert list(by_line("a b\nb c\nb", Counter("bbc"))) == [(1, Counter("b")), (2, Counter("bc"))]
    assert named(Counter("aab")) == "a, a, b"
