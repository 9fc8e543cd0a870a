"""A drill: computed questions one after another. A seed says which they are, a log what came of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from app.ask.judge import ANOTHER_ORDER, Judged, known_slips
from app.ask.question import Instance, Question

LONGEST_LOG = 400
"""So many answers an address holds."""
RIGHT, WRONG, SKIPPED = "r", "w", "s"
SLIPS = "0123456789ABCDEFGHIJ"
"""The log has one letter for each answer: these three, or the place of the slip among the instance's."""


@dataclass(frozen=True)
class Answered:
    """One question of a drill and what came of it; `slip` is the sentence of the slip that was made, if it is known."""

    instance: Instance
    letter: str

    @property
    def is_right(self) -> bool:
        """True if it was answered right."""
        return self.letter == RIGHT

    @property
    def slip(self) -> str:
        """What went wrong, or nothing."""
        place = SLIPS.find(self.letter)
        sentences = _sentences(self.instance)
        return sentences[place] if 0 <= place < len(sentences) else ""


@dataclass(frozen=True)
class Score:
    """How many of the questions of one kind were answered right; skipped ones are not counted."""

    question: Question
    right: int
    asked: int


@dataclass(frozen=True)
class Drill:
    """A run of the questions of these kinds (at least one), as far as `log` goes."""

    kinds: Sequence[Question]
    seed: int
    log: str = ""

    def instance(self, place: int) -> Instance:
        """The question at a place from 0. Each round asks every kind once, in an order of its own, with new numbers."""
        of_round, at = divmod(place, len(self.kinds))
        order = random.Random(f"{self.seed} {of_round}").sample(range(len(self.kinds)), len(self.kinds))  # noqa: S311
        kind = self.kinds[order[at]]
        return kind.instance(self.seed + of_round)

    @property
    def current(self) -> Instance:
        """The question to answer now."""
        return self.instance(len(self.log))

    @property
    def is_full(self) -> bool:
        """True if the log holds as many answers as an address can."""
        return len(self.log) >= LONGEST_LOG

    def after(self, judged: Judged | None) -> "Drill":
        """The drill once the current question is answered, or skipped."""
        if judged is None:
            letter = SKIPPED
        elif judged.is_right:
            letter = RIGHT
        else:
            sentences = _sentences(self.current)
            letter = SLIPS[sentences.index(judged.says)] if judged.says in sentences else WRONG
        return replace(self, log=self.log + letter)

    @cached_property
    def answered(self) -> Sequence[Answered]:
        """Every question that was asked and what came of it, skipped ones left out."""
        return [Answered(self.instance(i), letter) for i, letter in enumerate(self.log) if letter != SKIPPED]

    @property
    def right(self) -> int:
        """How many were answered right."""
        return self.log.count(RIGHT)

    @property
    def by_kind(self) -> Sequence[Score]:
        """The score of each kind that was answered, in the order of the kinds."""
        found = {kind.name: [one for one in self.answered if one.instance.question is kind] for kind in self.kinds}
        return [
            Score(kind, sum(one.is_right for one in found[kind.name]), len(found[kind.name]))
            for kind in self.kinds
            if found[kind.name]
        ]

    @property
    def missed(self) -> Sequence[Question]:
        """The kinds of which one was answered wrong."""
        return [score.question for score in self.by_kind if score.right < score.asked]


def _sentences(instance: Instance) -> list[str]:
    return [*(says for _, says in known_slips(instance)), ANOTHER_ORDER][: len(SLIPS)]
