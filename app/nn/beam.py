"""Beam search over a model that gives each next token a probability, and the best sequence there is, to compare.

Source: Lowerre, "The Harpy speech recognition system", 1976; division by a power of the length as in Wu et al.,
"Google's neural machine translation system", 2016, section 7. Best of all: Viterbi, 1967.
The model here looks one token back, so that the best can be known; the search itself asks for no such thing.
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
        """The end mark's number: one past the tokens."""
        return len(self.first)

    def log_p(self, tokens: Sequence[int]) -> Array:
        """log p of every next token, the end mark last, given the tokens so far."""
        after: Array = self.after[tokens[-1]] if tokens else self.first
        return after


class Candidate(NamedTuple):
    """A beginning: its tokens, its summed log p, that of its last token alone, and its score."""

    tokens: tuple[int, ...]
    log_p: float
    last: float
    score: float

    @property
    def p(self) -> float:
        """The probability, to the twelve digits that are left of it after logarithms."""
        return float(f"{math.exp(self.log_p):.12g}")

    @property
    def rank(self) -> tuple[float, tuple[int, ...]]:
        """Best first; of equals the one that comes first in the alphabet."""
        return -self.score, self.tokens


def score(log_p: float, length: int, penalty: float) -> float:
    """log p / length^α: α = 0 is the plain sum, 1 the mean a token. The end mark counts as a token."""
    reached: float = log_p / float(length) ** penalty
    return reached


def extend(beam: Sequence[Candidate], model: BigramModel, penalty: float) -> list[Candidate]:
    """Every beginning with every token that can follow; one that has ended goes on as it is. Best first."""
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

    Of two beginnings of one length with the same last token the less probable can never win: keep one for each token.
    """
    beam, ended = extend([Candidate((), 0.0, 0.0, 0.0)], model, penalty), []
    for _ in range(steps - 1):
        longer = extend(beam, model, penalty)
        ended += [candidate for candidate in longer if candidate.tokens[-1] == model.end]
        firsts = {candidate.tokens[-1]: candidate for candidate in reversed(longer)}
        beam = [candidate for token, candidate in firsts.items() if token != model.end]
    return min([*beam, *ended], key=lambda candidate: candidate.rank)
