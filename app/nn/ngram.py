"""Language models by counting: what follows n characters, and the perplexity of a model on a text.

Source: Shannon, "A mathematical theory of communication", 1948, section 3; perplexity, Jelinek et al., 1977;
bits per character, Graves, "Generating sequences with recurrent neural networks", 2013, section 3.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from app.nn.shapes import Array

Counts = Mapping[str, Counter[str]]


def counts(text: str, n: int) -> Counts:
    """For every n characters in a row, how often each character came next. Raises ValueError for n < 1."""
    if n < 1:
        raise ValueError(f"n is {n}; wanted at least 1 character of context.")
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for end in range(n, len(text)):
        found[text[end - n : end]][text[end]] += 1
    return dict(found)


def probabilities(followed: Counter[str], alphabet: Sequence[str]) -> Array:
    """p(y | context) = count(context, y) / count(context): the relative frequency.

    Shapes: alphabet of V characters → p (V,)
    """
    many = np.array([float(followed[character]) for character in alphabet])
    p: Array = many / many.sum()
    return p


def perplexity(p: Array) -> float:
    """exp of the mean −ln p of the characters that came: the number of equally likely choices per step.

    Of several texts it takes all their characters together: it is not the mean of their perplexities.

    Shapes: p (any,) of the characters that came
    """
    return float(np.exp(-np.log(p).mean()))


def bits_per_character(p: Array, characters: int) -> float:
    """Σ −log₂ p of the tokens that came, over the text's characters: it compares models with different tokens.

    Shapes: p (any,) of the tokens that came
    """
    return float(-np.log2(p).sum() / characters)
