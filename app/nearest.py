"""What a person may have meant: the known word that is nearest to what they wrote."""

import difflib
import re
from collections.abc import Iterable

LONGEST = 100
"""So many letters of a word are compared: anything longer is not a typing slip, and would take long."""

_SAID = re.compile(r"'([\w./-]+)'.* The nearest is '?([\w./-]*\w)")


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The most similar of the known words; None if none reaches `cutoff`, from 0 (anything) to 1 (the same)."""
    return next(iter(difflib.get_close_matches(word[:LONGEST], list(known), n=1, cutoff=cutoff)), None)


def the_nearest_is(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """A sentence to follow a message, with a space before it; empty if no word is near."""
    near = nearest(word, known, cutoff)
    return "" if near is None else f" The nearest is {near!r}."


def nearest_in(message: str) -> tuple[str, str] | None:
    """The unknown word and the nearest known one, if a message names them; only words as addresses have them."""
    found = _SAID.search(message)
    return found and (found[1], found[2])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question to follow a message, with a space before it; empty if no word is near."""
    near = nearest(word, known)
    return "" if near is None else f" Did you mean {near!r}?"


class UnknownNameError(LookupError):
    """Of `what` a subclass says, none has this name; `nearest` is one that there is."""

    what: str

    def __init__(self, name: str, nearest: str) -> None:
        super().__init__(f"There is no {self.what} {name!r}. The nearest is {nearest}.")
        self.name, self.nearest = name, nearest
