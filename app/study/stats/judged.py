"""Answers to computed questions: how many were right, how long they took, the slips, and the ratings beside."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from app.ask.questions.registry import all_questions
from app.study.schedule.computed import NOTHING
from app.study.schedule.review_log import UNDOING
from app.study.schedule.scale import Rating
from app.study.stats.activity import Scope
from app.study.stats.retention import ENOUGH
from app.tables import CARD, EMPTY, REVIEW, THE_DECK, THE_LEARNER

MOST_COUNTED = 2_000
"""So many of the learner's latest answers, in all decks, are read at most."""
MOST_SLIPS = 8
LATELY = timedelta(days=30)
WEEKS = 12
"""So many weeks are compared at most, the last ending today."""
VERDICTS = {"right": "right", "slip": "a known slip", "wrong": "wrong otherwise", NOTHING: "no answer"}
"""What a review keeps as its verdict, each in the page's words."""


class GivenAnswer(NamedTuple):
    """An answer as its review keeps it. The fields are review's columns."""

    question: str
    verdict: str
    slip: str | None
    of_four: bool
    rating: int
    day: date
    shown_at: datetime | None
    revealed_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it took, if that is known."""
        return (self.revealed_at - self.shown_at).total_seconds() if self.shown_at and self.revealed_at else None


class OfQuestion(NamedTuple):
    """The answers to one question: how many, how many of them right, and the median seconds of the right ones."""

    title: str
    answers: int
    right: int
    seconds: float | None


class SlipMade(NamedTuple):
    """A slip in words, how often it was made in all and in the last 30 days, and the last day of them.

    `weeks` has for each week how often its question was asked and how often the slip was made, the last week last;
    nothing if the question was asked too rarely to compare weeks.
    """

    title: str
    says: str
    times: int
    lately: int
    last: date
    weeks: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class JudgedAnswers:
    """All answers that were typed, or all that were chosen `of_four`.

    `ratings` has for each of VERDICTS how many answers were rated 1, 2, 3, 4 and 5.
    """

    of_four: bool
    questions: Sequence[OfQuestion]
    ratings: Mapping[str, Sequence[int]]

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(self.ratings["right"])

    @property
    def missed(self) -> int:
        """How many were not."""
        return sum(map(sum, self.ratings.values())) - self.right

    @property
    def too_kind(self) -> int:
        """How many that were not right were rated 3 or more."""
        return sum(sum(row[2:]) for verdict, row in self.ratings.items() if verdict != "right")

    @property
    def too_strict(self) -> int:
        """How many right ones were rated 1 or 2."""
        return sum(self.ratings["right"][:2])


@dataclass(frozen=True, slots=True)
class ComputedAnswers:
    """The latest answers to computed questions, in each way that was used; `slips` has the commonest first."""

    ways: Sequence[JudgedAnswers]
    slips: Sequence[SlipMade]


# The index of computed reviews holds all that this asks for, and so no other review is looked at.
_LATEST = (
    select(REVIEW.c.id)
    .where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.question > EMPTY)
    .order_by(REVIEW.c.counts_at.desc(), REVIEW.c.id.desc())
    .limit(MOST_COUNTED)
    .subquery()
)
_ANSWERS = (
    select(*(REVIEW.c[name] for name in GivenAnswer._fields))
    .select_from(_LATEST.join(REVIEW, REVIEW.c.id == _LATEST.c.id).join(CARD, CARD.c.id == REVIEW.c.card_id))
    .where(
        CARD.c.deck_id == THE_DECK,
        REVIEW.c.day.between(bindparam("first"), bindparam("last")),
        ~select(UNDOING.c.id).where(UNDOING.c.undoes_id == REVIEW.c.id).exists(),
    )
)
_OF_TOPIC = _ANSWERS.where(CARD.c.topic_id == bindparam("topic"))


def computed_answers(
    connection: Connection, scope: Scope, first: date | None, today: date, last: date
) -> ComputedAnswers:
    """The answers given from `first` to `last`, of the learner's latest MOST_COUNTED."""
    values = {"learner": scope.learner_id, "deck": scope.deck_id, "first": first or date.min, "last": last}
    if scope.topic_id is not None:
        values["topic"] = scope.topic_id
    rows = connection.execute(_ANSWERS if scope.topic_id is None else _OF_TOPIC, values)
    weeks = WEEKS if first is None else min(WEEKS, (today - first).days // 7)
    return told([GivenAnswer(*row) for row in rows], today, weeks)


def told(answers: Sequence[GivenAnswer], today: date, weeks: int = WEEKS) -> ComputedAnswers:
    """The figures of these answers, with the slips of so many weeks."""
    ways = [(of_four, [one for one in answers if bool(one.of_four) == of_four]) for of_four in (False, True)]
    return ComputedAnswers([_judged(of_four, own) for of_four, own in ways if own], _slips(answers, today, weeks))


def _judged(of_four: bool, answers: Iterable[GivenAnswer]) -> JudgedAnswers:
    ratings = {verdict: [0] * len(Rating) for verdict in VERDICTS}
    by_question = defaultdict[str, list[GivenAnswer]](list)
    for one in answers:
        verdict = one.verdict if one.verdict in VERDICTS else "wrong"  # an imported history may have others
        ratings[verdict][one.rating - 1] += 1
        by_question[one.question].append(one)
    questions = [_of_question(name, own) for name, own in by_question.items()]
    return JudgedAnswers(of_four, sorted(questions, key=lambda one: (-one.answers, one.title)), ratings)


def _of_question(name: str, answers: Sequence[GivenAnswer]) -> OfQuestion:
    right = [one for one in answers if one.verdict == "right"]
    seconds = [one.seconds for one in right if one.seconds is not None]
    return OfQuestion(_title(name), len(answers), len(right), median(seconds) if seconds else None)


def _slips(answers: Iterable[GivenAnswer], today: date, weeks: int) -> Sequence[SlipMade]:
    days, asked = defaultdict[tuple[str, str], list[date]](list), defaultdict[str, list[date]](list)
    for one in answers:
        asked[one.question].append(one.day)
        if one.slip:
            days[one.question, one.slip].append(one.day)

    def by_week(name: str, own: Iterable[date]) -> Sequence[tuple[int, int]]:
        of_all, of_slip = (Counter(max(0, (today - day).days) // 7 for day in some) for some in (asked[name], own))
        found = [(of_all[week], of_slip[week]) for week in range(weeks - 1, -1, -1)]
        is_enough = sum(of_all[week] for week in range(weeks)) >= ENOUGH and sum(bool(one) for one, _ in found) > 1
        return found if is_enough else []

    made = [
        SlipMade(_title(name), says, len(own), sum(day > today - LATELY for day in own), max(own), by_week(name, own))
        for (name, says), own in days.items()
    ]
    return sorted(made, key=lambda one: (-one.times, -one.last.toordinal(), one.says))[:MOST_SLIPS]


def _title(name: str) -> str:
    """The question's title; its name, if this version of Recur does not have it."""
    question = all_questions().get(name)
    return question.title if question else name
