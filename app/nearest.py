"""What a person may have meant: the known word that is nearest to what they wrote."""

import difflib
from collections.abc import Iterable

LONGEST = 100
"""So many letters of a word are compared: anything longer is not a typing slip, and would take long."""


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The most similar of the known words; None if none reaches `cutoff`, from 0 (anything) to 1 (the same)."""
    return next(iter(difflib.get_close_matches(word[:LONGEST], list(known), n=1, cutoff=cutoff)), None)


def the_nearest_is(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """A sentence to follow a message, with a space before it; empty if no word is near."""
    near = nearest(word, known, cutoff)
    return "" if near is None else f" The nearest is {near!r}."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question to follow a message, with a space before it; empty if no word is near."""
    near = nearest(word, known)
    return "" if near is None else f" Did you mean {near!r}?"
