"""The result of a quiz: mean and spread, by topic, and beside what the schedule expected. Items in, figures out."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from app.study.quiz.take import Item
from app.study.schedule.scale import Rating

SURE, DOUBTFUL = 0.8, 0.5
"""A miss at a chance of recall of SURE or more is worse than expected; a recall at DOUBTFUL or less is better."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Ratings: how many, their mean, their standard deviation (of the population), the lowest and the highest."""

    answered: int
    mean: float
    deviation: float
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The cards that had been seen before: how many, the share expected to be remembered, and the share that was."""

    cards: int
    expected: float
    remembered: float


@dataclass(frozen=True, slots=True)
class TopicResult:
    """One topic: how many questions, and the figures of the answers, None if there are none. `why` it was chosen."""

    topic: str
    asked: int
    ratings: Spread | None
    foreseen: Foreseen | None
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """A whole quiz; `items` in the order in which they were asked, topics in learning order."""

    items: Sequence[Item]
    ratings: Spread | None
    foreseen: Foreseen | None
    by_topic: Sequence[TopicResult]
    worse: Sequence[Item]
    better: Sequence[Item]
    missed: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Difference:
    """One topic in two quizzes; None for a quiz in which nothing of it was answered."""

    topic: str
    one: Spread | None
    other: Spread | None

    @property
    def change(self) -> float | None:
        """How much the mean of the one is above that of the other."""
        return None if self.one is None or self.other is None else self.one.mean - self.other.mean


def result_of(items: Sequence[Item]) -> Result:
    """The result of the answers to these questions."""
    places = dict(sorted({item.topic_place: item.topic for item in items}.items()))
    missed = [item for item in items if item.rating is not None and Rating(item.rating).missed]
    known = [item for item in items if item.rating is not None and not Rating(item.rating).missed]
    return Result(
        items=items,
        ratings=spread(items),
        foreseen=foreseen(items),
        by_topic=[_of_topic(topic, [i for i in items if i.topic_place == place]) for place, topic in places.items()],
        worse=[item for item in missed if item.expected is not None and item.expected >= SURE],
        better=[item for item in known if item.expected is not None and item.expected <= DOUBTFUL],
        missed=missed,
    )


def spread(items: Sequence[Item]) -> Spread | None:
    """Mean and spread of the answers; None if there are none."""
    ratings = [item.rating for item in items if item.rating is not None]
    if not ratings:
        return None
    return Spread(len(ratings), fmean(ratings), pstdev(ratings), min(ratings), max(ratings))


def foreseen(items: Sequence[Item]) -> Foreseen | None:
    """The answers beside what the schedule expected; None if no answered card had been seen before."""
    pairs = [(i.expected, Rating(i.rating)) for i in items if i.rating is not None and i.expected is not None]
    if not pairs:
        return None
    return Foreseen(
        len(pairs), fmean(expected for expected, _ in pairs), fmean(not rating.missed for _, rating in pairs)
    )


def compared(one: Sequence[Item], other: Sequence[Item]) -> tuple[Difference, list[Difference]]:
    """Two quizzes beside each other: whole, and by topic in learning order."""
    places = dict(sorted({item.topic_place: item.topic for item in (*one, *other)}.items()))
    by_topic = [
        Difference(topic, *(spread([i for i in items if i.topic_place == place]) for items in (one, other)))
        for place, topic in places.items()
    ]
    return Difference("All topics", spread(one), spread(other)), by_topic


def _of_topic(topic: str, items: Sequence[Item]) -> TopicResult:
    why = next((item.why for item in items if item.why), "")
    return TopicResult(topic, len(items), spread(items), foreseen(items), why)
