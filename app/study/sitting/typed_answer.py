"""Compare a typed answer with the right one: which terms match, and which are missing.

It does not judge: the rating is the learner's.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_STEM = snowballstemmer.stemmer("english").stemWord
# Words that any answer may have, whatever it is about.
_COMMON = frozenset(
    """
    a about after again all also although always an and any are as at back be because been before being between
    both but by can cannot could did do does done down each either else even ever every few for from further get
    gets give goes had has have having he her here him his how however i if in instead into is it its itself
    just keep less let like made make makes many may me might more most much must my need needs never no nor not
    nothing now of off often on once one only or other our out over own per same say says she should since so
    some still such than that the their them then there these they thing things this those through to together
    too two under until up us use used uses using very was we well were what when where whether which while who
    why will with within without would yet you your
    """.split()  # noqa: SIM905 (prose, not a list)
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a typed answer; `matches` is True for a term that the right answer has too."""

    text: str
    matches: bool


def compared(typed: str, answer: str) -> list[Piece]:
    """`typed` in pieces, which add up to the whole text. `answer` is plain text."""
    known = {stem(word) for word in _WORD.findall(answer)} - {None}
    pieces: list[Piece] = []
    at = 0
    for found in _WORD.finditer(typed):
        if stem(found[0]) in known:
            pieces += [Piece(typed[at : found.start()], False), Piece(found[0], True)]
            at = found.end()
    pieces.append(Piece(typed[at:], False))
    return [piece for piece in pieces if piece.text]


def unsaid(typed: str, short: str) -> list[str]:
    """The terms of the short answer (plain text) that are not in `typed`, each once, in their order there."""
    said = {stem(word) for word in _WORD.findall(typed)}
    terms = {key: word for word in reversed(_WORD.findall(short)) if (key := stem(word)) and key not in said}
    return list(reversed(terms.values()))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str | None:
    """What words are compared by: gate, gates and gated are one term. None for a common word."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("’", "'").removesuffix("'s")
    if folded in _COMMON or (len(folded) < 2 and not folded.isdecimal()):
        return None
    return str(_STEM(folded))
