"""Beam search over a model of next-token probabilities, and the best sequence of all for comparison.

Source: Lowerre, "The Harpy speech recognition system", 1976; division by a power of the length as in Wu et al.,
"Google's neural machine translation system", 2016, section 7. Best of all: Viterbi, 1967.
This model looks one token back, so that the best sequence can be computed; the search works with any model.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.nn.shapes import Array, expect


@dataclass(frozen=True)
class BigramModel:
    """log p of the first token, and of each token after each; the last column of `after` is the end mark.

    Shapes: first (V,), after (V, V+1)
    """

    first: Array
    after: Array

    def __post_init__(self) -> None:
        expect("first", self.first, ("V",))
        expect("after", self.after, (len(self.first), len(self.first) + 1))

    @property
    def end(self) -> int:
        """The end mark's index: one past the last token."""
        return len(self.first)

    def log_p(self, tokens: Sequence[int]) -> Array:
        """log p of every next token, the end mark last, given the tokens so far."""
        after: Array = self.after[tokens[-1]] if tokens else self.first
        return after


class Candidate(NamedTuple):
    """A partial sequence: its tokens, its summed log p, the log p of its last token, and its score."""

    tokens: tuple[int, ...]
    log_p: float
    last: float
    score: float

    @property
    def p(self) -> float:
        """The probability, rounded to the twelve digits that survive the logarithm."""
        return float(f"{math.exp(self.log_p):.12g}")

    @property
    def rank(self) -> tuple[float, tuple[int, ...]]:
        """A sort key: best first, ties in alphabetical order."""
        return -self.score, self.tokens


def score(log_p: float, length: int, penalty: float) -> float:
    """log p / length^α: α = 0 is the plain sum, 1 the mean a token. The end mark counts as a token."""
    reached: float = log_p / float(length) ** penalty
    return reached


def extend(beam: Sequence[Candidate], model: BigramModel, penalty: float) -> list[Candidate]:
    """Every candidate extended by every possible token, best first; one that has ended stays as it is."""
    found = []
    for kept in beam:
        if kept.tokens and kept.tokens[-1] == model.end:
            found.append(kept)
            continue
        for token, last in enumerate(model.log_p(kept.tokens).tolist()):
            if last > -math.inf:
                log_p = kept.log_p + last
                reached = score(log_p, len(kept.tokens) + 1, penalty)
                found.append(Candidate((*kept.tokens, token), log_p, last, reached))
    return sorted(found, key=lambda candidate: candidate.rank)


def search(model: BigramModel, width: int, steps: int, penalty: float) -> list[list[Candidate]]:
    """All candidates of each step, best first; the first `width` of them are kept and extended. Width 1 is greedy."""
    beam, seen = [Candidate((), 0.0, 0.0, 0.0)], []
    for _ in range(steps):
        seen.append(extend(beam, model, penalty))
        beam = seen[-1][:width]
    return seen


def best(model: BigramModel, steps: int, penalty: float) -> Candidate:
    """The best of all sequences of at most `steps` tokens that have ended, or have `steps` of them.

    Of two candidates of the same length and last token, the less probable can never win: one is kept for each token.
    """
    beam, ended = extend([Candidate((), 0.0, 0.0, 0.0)], model, penalty), []
    for _ in range(steps - 1):
        longer = extend(beam, model, penalty)
        ended += [candidate for candidate in longer if candidate.tokens[-1] == model.end]
        firsts = {candidate.tokens[-1]: candidate for candidate in reversed(longer)}
        beam = [candidate for token, candidate in firsts.items() if token != model.end]
    return min([*beam, *ended], key=lambda candidate: candidate.rank)
