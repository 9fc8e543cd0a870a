"""How far two sequences are apart: the fewest substitutions, deletions and insertions that turn one into the other.

Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966; by rows of a
table, Wagner & Fischer, "The string-to-string correction problem", 1974.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple


class Edits(NamedTuple):
    """The edits of one cheapest way; of several ways, the one with the fewest substitutions."""

    total: int
    substitutions: int
    deletions: int
    insertions: int

    def with_one(self, substitution: int = 0, deletion: int = 0, insertion: int = 0) -> "Edits":
        """These edits and one more, or none."""
        more = (substitution + deletion + insertion, substitution, deletion, insertion)
        return Edits(*(a + b for a, b in zip(self, more, strict=True)))


def edits(reference: Sequence[Hashable], said: Sequence[Hashable]) -> Edits:
    """The fewest edits that turn the reference into what was said; what is missing there is a deletion."""
    row = [Edits(j, 0, 0, j) for j in range(len(said) + 1)]
    for i, wanted in enumerate(reference, start=1):
        above, row = row, [Edits(i, 0, i, 0)]
        for j, got in enumerate(said, start=1):
            substituted = above[j - 1].with_one(substitution=int(wanted != got))
            row.append(min(substituted, above[j].with_one(deletion=1), row[j - 1].with_one(insertion=1)))
    return row[-1]


def word_error_rate(reference: Sequence[Hashable], said: Sequence[Hashable]) -> float:
    """(S + D + I) / N, with N words in the reference; above 1 where too many words are inserted."""
    if not reference:
        raise ValueError("reference is empty; wanted at least one word.")
    return edits(reference, said).total / len(reference)
