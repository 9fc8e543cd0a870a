"""The report of a quiz by point: which points of a good answer were made, and which are missing. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.study.quiz.take import Item
from app.study.sitting.points import Point, kept_before
from app.study.sitting.typed_answer import stem, unsaid

MOST_SHARED = 5
_NO_WORDS = re.compile(r"\$[^$]*\$|`[^`]*`|\d+")


@dataclass(frozen=True, slots=True)
class PointResult:
    """A point in Markdown, the answers that lack it, and those that made it. Cards that word it alike share it."""

    text: str
    missing: Sequence[Item]
    made: Sequence[Item]


@dataclass(frozen=True, slots=True)
class SharedTerm:
    """A term of points in several topics: the answers, of so many, that lack it, each with its points with the term."""

    word: str
    missing: Sequence[tuple[Item, Sequence[str]]]
    answers: int


@dataclass(frozen=True, slots=True)
class PointReport:
    """How many of the points asked in how many answers were made, each point, and terms missing across topics."""

    answers: int
    made: int
    asked: int
    points: Sequence[PointResult]
    shared: Sequence[SharedTerm]

    @property
    def repeated(self) -> list[PointResult]:
        """The points that several answers lack, those first that most lack."""
        return sorted((one for one in self.points if len(one.missing) > 1), key=lambda one: -len(one.missing))

    @property
    def of_cards(self) -> list[tuple[Item, list[PointResult]]]:
        """The other points that are missing, by their card."""
        found = defaultdict[Item, list[PointResult]](list)
        for one in self.points:
            if len(one.missing) == 1:
                found[one.missing[0]].append(one)
        return [*found.items()]


def report_of(items: Sequence[Item], subject: str) -> PointReport | None:
    """The report; None if no answer says anything of points. The deck's `subject` is no term to miss."""
    told = [(item, kept_before(item.points)) for item in items if item.points]
    if not told:
        return None
    found: dict[str, tuple[str, list[Item], list[Item]]] = {}
    for item, points in told:
        for point in points:
            key = " ".join(point.text.replace("*", "").casefold().split())
            _text, missing, made = found.setdefault(key, (point.text, [], []))
            (made if point.is_made else missing).append(item)
    every = [point for _item, points in told for point in points]
    number = sum(point.is_made for point in every)
    return PointReport(
        len(told), number, len(every), [PointResult(*one) for one in found.values()], _shared(told, subject)
    )


def _shared(told: Sequence[tuple[Item, Sequence[Point]]], subject: str) -> list[SharedTerm]:
    """The terms missing from answers in two topics or more, those first that most answers lack."""
    names = {stem(word) for word in (*subject.split(), "".join(word[0] for word in subject.split()))}
    words: dict[str, str] = {}
    asked, missing = defaultdict[str, list[Item]](list), defaultdict[str, list[tuple[Item, Sequence[str]]]](list)
    for item, points in told:
        made = names | {term for point in points if point.is_made for term, _word in _terms(point)}
        for term, word in dict(one for point in points for one in _terms(point)).items():
            words.setdefault(term, word)
            asked[term].append(item)
            if term not in made:
                missing[term].append((item, [one.text for one in points if term in dict(_terms(one))]))
    several = [term for term, lacking in missing.items() if len({item.topic_place for item, _ in lacking}) > 1]
    several.sort(key=lambda term: (-len(missing[term]), len(asked[term]), words[term]))
    return [SharedTerm(words[term], missing[term], len(asked[term])) for term in several[:MOST_SHARED]]


def _terms(point: Point) -> Iterator[tuple[str, str]]:
    """The terms of a point's words, each with the word; LSTM and ReLU keep their capitals."""
    for word in unsaid("", _NO_WORDS.sub(" ", point.text)):
        if term := stem(word):
            yield term, word if word[1:] != word[1:].lower() else word.lower()
