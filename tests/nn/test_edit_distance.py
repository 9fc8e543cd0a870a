"""Edits against a search through every way to align two sequences."""

import functools

import numpy as np
import pytest

from app.nn.edit_distance import Edits, edits, word_error_rate
from tests.examples import seeds


@functools.cache
def searched(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """The fewest edits, by trying the three at every place."""
    if not a or not b:
        return len(a) + len(b)
    return min(searched(a[1:], b[1:]) + (a[0] != b[0]), searched(a[1:], b) + 1, searched(a, b[1:]) + 1)


@pytest.mark.proof
@pytest.mark.parametrize("seed", seeds(60))
def test_no_way_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (tuple(rng.integers(0, 3, size=rng.integers(0, 7)).tolist()) for _ in range(2))
    found = edits(a, b)
    assert found.total == searched(a, b) == found.substitutions + found.deletions + found.insertions
    assert len(a) - found.deletions + found.insertions == len(b)


def test_worked_by_hand() -> None:
    assert edits("kitten", "sitting") == Edits(3, 2, 0, 1)
    assert edits("abcd", "axc") == Edits(2, 1, 1, 0)
    assert word_error_rate(["the", "cat", "sat", "on", "the", "mat"], ["the", "cat", "sat", "mat"]) == 2 / 6
    assert word_error_rate(["yes"], ["oh", "yes", "please"]) == 2.0


def test_an_empty_reference_has_no_rate() -> None:
    with pytest.raises(ValueError, match="reference is empty"):
        word_error_rate([], ["a"])
