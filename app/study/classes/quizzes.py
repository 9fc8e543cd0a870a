"""Quizzes of a class: the same questions for everybody, once each, between two moments; and the result by question.

What a learner answers is a quiz of their own. The result is counted once, when it is over: for each part of the class,
if enough of it have answered. When somebody leaves or is deleted, what their part answered is taken out for good, of
every question, whether they had answered it or not. So two results of a quiz are equal, or differ by a whole part.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from app.database import lock_learner
from app.study.classes.enough import TAKES_PART, Whole, is_enough, participants
from app.study.forecast.chances import chances
from app.study.learner.preferences import Preferences
from app.study.quiz.choose import Question
from app.study.quiz.make import Kind, Plan, make
from app.study.quiz.take import ANSWERED, GRACE, RATING
from app.study.schedule.review_log import STANDS
from app.study.schedule.scale import Rating
from app.study.selection.selection import Selection, listed
from app.tables import (
    ACCOUNT,
    CARD,
    CLASS_MEMBER,
    CLASS_QUIZ,
    CLASS_QUIZ_TAKER,
    DECK,
    LEARNER,
    QUIZ,
    QUIZ_ITEM,
    REVIEW,
    SCHOOL_CLASS,
    THE_LEARNER,
)

LONGEST_TITLE = 60
MOST_QUESTIONS = 50
LONGEST_OPEN = timedelta(days=31)
MOST_QUIZZES = 200
"""Of one class."""

HIGHEST = 0.9
"""The highest share of misses that is told."""


class NoSuchQuizError(LookupError):
    """The class has no such quiz, or it is not open to this learner."""


class WrongQuizError(ValueError):
    """A quiz cannot be made like this; the message says why, and `field` which is wrong."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewClassQuiz:
    """What an instructor chose. `cards` are the ids of the cards of the deck, in the order of asking."""

    title: str
    deck_id: int
    cards: Sequence[int]
    opens_at: datetime
    closes_at: datetime


class CountedPart(NamedTuple):
    """What a part of a class with so many `members` answered, as it was counted once: a row for each question.

    A row has the `card`, how many `answered` it and `missed` it, the sum of their `rating`s, and the `slips` that
    enough of them made, with how many. It is left out if fewer answered than a figure must be of.
    """

    part: int
    made_at: datetime
    members: int
    questions: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "CountedPart":
        """From the JSON of the table class_quiz."""
        return cls(kept["part"], datetime.fromisoformat(kept["made_at"]), kept["members"], kept["questions"])


@dataclass(frozen=True, slots=True)
class ListedQuiz:
    """A quiz of a class as its instructors see it. `results` are its parts; None until it was over and counted."""

    id: int
    title: str
    deck_id: int
    deck: str
    cards: Sequence[int]
    opens_at: datetime
    closes_at: datetime
    results: Sequence[Mapping[str, Any]] | None

    def is_over(self, now: datetime) -> bool:
        """True once no answer counts any more."""
        return now >= self.closes_at + GRACE


@dataclass(frozen=True, slots=True)
class OpenQuiz:
    """A quiz that a learner may take now. `quiz` is the name of their own once they have begun, with answers `left`."""

    id: int
    class_name: str
    title: str
    cards: Sequence[int]
    closes_at: datetime
    quiz: str | None
    ended_at: datetime | None
    left: int

    @property
    def is_done(self) -> bool:
        """True if the learner has taken it."""
        return self.quiz is not None and (self.left == 0 or self.ended_at is not None)


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """A question, and how the class answered it: `answered` is 0 if there is no figure that may be shown.

    `missed` is a share, 0 to 1, or HIGHEST if it is higher: one could tell what each knows. `mean` is None then.
    `slips` are mistakes that enough learners made, with how many did.
    """

    card_id: int
    name: str
    question_html: str
    answered: int
    missed: float
    mean: float | None
    slips: Sequence[tuple[str, int]]


def cards_of(session: Session, learner_id: int, deck_id: int, selection: Selection, today: date) -> list[int]:
    """The live cards of a deck that a selection lets through, in learning order."""
    cards, passing = listed(selection.shape, in_deck=True)
    query = select(CARD.c.id).select_from(cards).where(passing).order_by(CARD.c.place, CARD.c.id)
    values = {"learner": learner_id, "deck": deck_id, "today": today} | selection.parameters(today)
    return list(session.connection().execute(query, values).scalars())


def drawn(cards: Sequence[int], number: int, rng: Random) -> list[int]:
    """So many of the cards, in learning order, or all if there are fewer."""
    chosen = set(rng.sample(cards, min(number, len(cards))))
    return [card for card in cards if card in chosen]


def cards_of_quiz(session: Session, learner_id: int, name: str, deck_id: int) -> list[int]:
    """The cards of a learner's own quiz of the deck that are still in the files, in order; none if there is no such."""
    query = (
        select(QUIZ_ITEM.c.card_id)
        .select_from(
            QUIZ_ITEM.join(QUIZ, QUIZ.c.id == QUIZ_ITEM.c.quiz_id).join(CARD, CARD.c.id == QUIZ_ITEM.c.card_id)
        )
        .where(QUIZ.c.learner_id == learner_id, QUIZ.c.name == name, QUIZ.c.deck_id == deck_id)
        .where(CARD.c.retired_at.is_(None))
        .order_by(QUIZ_ITEM.c.position)
    )
    return list(session.connection().execute(query).scalars())


def add_quiz(session: Session, class_id: int, new: NewClassQuiz, now: datetime) -> int:
    """Keep a quiz of the class; returns its id. Call it in a write session. Raises WrongQuizError."""
    title = " ".join(new.title.split())
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise WrongQuizError(f"Give it a title of at most {LONGEST_TITLE} characters.", "title")
    if not new.cards:
        raise WrongQuizError("No card matches: choose another topic or fewer filters.", "cards")
    if len(new.cards) > MOST_QUESTIONS:
        raise WrongQuizError(f"A quiz has at most {MOST_QUESTIONS} questions, and these are {len(new.cards)}.", "cards")
    if new.closes_at <= max(new.opens_at, now):
        raise WrongQuizError("It must end after it starts, and after now.", "closes")
    if new.closes_at - new.opens_at > LONGEST_OPEN:
        raise WrongQuizError(f"It can be open for at most {LONGEST_OPEN.days} days.", "closes")
    connection = session.connection()
    number = connection.execute(select(func.count()).where(CLASS_QUIZ.c.class_id == class_id)).scalar_one()
    if number >= MOST_QUIZZES:
        raise WrongQuizError(f"The class has {MOST_QUIZZES} quizzes already: delete an old one.", "title")
    row = {
        "class_id": class_id, "deck_id": new.deck_id, "title": title, "cards": list(new.cards),
        "opens_at": new.opens_at, "closes_at": new.closes_at, "made_at": now,
    }  # fmt: skip
    made: int = connection.execute(insert(CLASS_QUIZ).values(row).returning(CLASS_QUIZ.c.id)).scalar_one()
    return made


_LISTED = (
    select(
        CLASS_QUIZ.c.id, CLASS_QUIZ.c.title, CLASS_QUIZ.c.deck_id, DECK.c.title, CLASS_QUIZ.c.cards,
        CLASS_QUIZ.c.opens_at, CLASS_QUIZ.c.closes_at, CLASS_QUIZ.c.results,
    )
    .join(DECK, DECK.c.id == CLASS_QUIZ.c.deck_id)
    .where(CLASS_QUIZ.c.class_id == bindparam("class_id"))
    .order_by(CLASS_QUIZ.c.opens_at.desc(), CLASS_QUIZ.c.id.desc())
)  # fmt: skip


def quizzes_of_class(session: Session, class_id: int) -> Sequence[ListedQuiz]:
    """All of the class's, the latest first."""
    return [ListedQuiz(*row) for row in session.connection().execute(_LISTED, {"class_id": class_id})]


def quiz_of_class(session: Session, class_id: int, quiz_id: int) -> ListedQuiz:
    """One of them. Raises NoSuchQuizError."""
    found = session.connection().execute(_LISTED.where(CLASS_QUIZ.c.id == quiz_id), {"class_id": class_id}).first()
    if found is None:
        raise NoSuchQuizError("This class has no such quiz.")
    return ListedQuiz(*found)


def delete_quiz(session: Session, class_id: int, quiz_id: int) -> None:
    """Delete a quiz of the class; what learners answered stays their own. Call it in a write session."""
    connection = session.connection()
    mine = select(CLASS_QUIZ.c.id).where(CLASS_QUIZ.c.class_id == class_id, CLASS_QUIZ.c.id == quiz_id)
    connection.execute(delete(CLASS_QUIZ_TAKER).where(CLASS_QUIZ_TAKER.c.class_quiz_id.in_(mine)))
    connection.execute(delete(CLASS_QUIZ).where(CLASS_QUIZ.c.id.in_(mine)))


_LEFT = select(func.count()).where(QUIZ_ITEM.c.quiz_id == QUIZ.c.id, QUIZ_ITEM.c.token.is_(None)).scalar_subquery()
_OPEN = (
    select(
        CLASS_QUIZ.c.id, SCHOOL_CLASS.c.name, CLASS_QUIZ.c.title, CLASS_QUIZ.c.cards, CLASS_QUIZ.c.closes_at,
        QUIZ.c.name, QUIZ.c.ended_at, _LEFT,
    )
    .select_from(
        ACCOUNT.join(CLASS_MEMBER, and_(CLASS_MEMBER.c.account_id == ACCOUNT.c.id, ~CLASS_MEMBER.c.teaches))
        .join(SCHOOL_CLASS, SCHOOL_CLASS.c.id == CLASS_MEMBER.c.class_id)
        .join(CLASS_QUIZ, CLASS_QUIZ.c.class_id == SCHOOL_CLASS.c.id)
        .outerjoin(
            CLASS_QUIZ_TAKER,
            and_(CLASS_QUIZ_TAKER.c.class_quiz_id == CLASS_QUIZ.c.id, CLASS_QUIZ_TAKER.c.learner_id == THE_LEARNER),
        )
        .outerjoin(QUIZ, QUIZ.c.name == CLASS_QUIZ_TAKER.c.quiz)
    )
    .where(ACCOUNT.c.learner_id == THE_LEARNER)
    .where(CLASS_QUIZ.c.opens_at <= bindparam("now"), CLASS_QUIZ.c.closes_at > bindparam("now"))
    .order_by(CLASS_QUIZ.c.closes_at, CLASS_QUIZ.c.id)
)  # fmt: skip


def open_quizzes(session: Session, learner_id: int, now: datetime) -> Sequence[OpenQuiz]:
    """The quizzes of the learner's classes that are open now, with what the learner has done of each."""
    return [OpenQuiz(*row) for row in session.connection().execute(_OPEN, {"learner": learner_id, "now": now})]


def plan_for(session: Session, learner: Preferences, quiz_id: int, now: datetime) -> tuple[Plan, int]:
    """The quiz as this learner takes it, until it closes, and its deck's id. Raises NoSuchQuizError: it is not open."""
    its = next((one for one in open_quizzes(session, learner.learner_id, now) if one.id == quiz_id), None)
    if its is None:
        raise NoSuchQuizError("This quiz is not open. It may have ended, or not started yet.")
    connection = session.connection()
    deck = connection.execute(select(CLASS_QUIZ.c.deck_id).where(CLASS_QUIZ.c.id == quiz_id)).scalar_one()
    live = connection.execute(select(CARD.c.id).where(CARD.c.id.in_(its.cards), CARD.c.retired_at.is_(None))).scalars()
    known, recall = set(live), chances(session, learner.learner_id, deck).on(learner.day(now))
    questions = [Question(card, recall.get(card)) for card in its.cards if card in known]
    seconds = max(1, int((its.closes_at - now).total_seconds()))
    return Plan(Kind.CHOSEN, f"{its.class_name}: {its.title}", questions, seconds), deck


def begin(session: Session, learner: Preferences, quiz_id: int, plan: tuple[Plan, int], now: datetime) -> str:
    """Begin the quiz, or go on with it: everybody takes it once. Returns the name of the learner's own.

    Call it in a write session. Raises NothingToAskError.
    """
    connection = session.connection()
    lock_learner(connection, learner.learner_id)
    key = {"class_quiz_id": quiz_id, "learner_id": learner.learner_id}
    begun = connection.execute(select(CLASS_QUIZ_TAKER.c.quiz).filter_by(**key)).scalar()
    if begun is not None:
        return str(begun)
    name = make(session, learner, plan[1], uuid4().hex, plan[0], now)
    connection.execute(insert(CLASS_QUIZ_TAKER).values(**key, quiz=name))
    return name


_TAKEN = (
    select(CLASS_MEMBER.c.part, QUIZ_ITEM.c.card_id, RATING.label("rating"), REVIEW.c.slip)
    .select_from(
        ANSWERED.join(QUIZ, QUIZ.c.id == QUIZ_ITEM.c.quiz_id)
        .join(CLASS_QUIZ_TAKER, CLASS_QUIZ_TAKER.c.quiz == QUIZ.c.name)
        .join(ACCOUNT, ACCOUNT.c.learner_id == CLASS_QUIZ_TAKER.c.learner_id)
        .join(LEARNER, LEARNER.c.id == ACCOUNT.c.learner_id)
        .join(CLASS_QUIZ, CLASS_QUIZ.c.id == CLASS_QUIZ_TAKER.c.class_quiz_id)
        .join(
            CLASS_MEMBER,
            and_(CLASS_MEMBER.c.class_id == CLASS_QUIZ.c.class_id, CLASS_MEMBER.c.account_id == ACCOUNT.c.id),
        )
    )
    .where(CLASS_QUIZ_TAKER.c.class_quiz_id == bindparam("quiz"), STANDS)
    .where(TAKES_PART, CLASS_MEMBER.c.counts_from <= REVIEW.c.rated_at)
)


def count_results(session: Session, class_id: int, quiz: ListedQuiz, now: datetime) -> None:
    """Count the result of a quiz of the class that is over, once and for all. Call it in a write session."""
    connection = session.connection()
    if not quiz.is_over(now) or quiz.results is not None:
        return
    given = defaultdict[tuple[int, int], list[Any]](list)
    for row in connection.execute(_TAKEN, {"quiz": quiz.id}):
        if row.rating is not None:
            given[row.part, row.card_id].append(row)
    whole = Whole(participants(connection, class_id))
    results = []
    for part in sorted({part for part, _card in given}):
        enough = (card for card in quiz.cards if is_enough(len(given[part, card])))
        questions = [_counted(card, given[part, card]) for card in enough]
        counted = CountedPart(part, now, whole.members(part, now), questions)
        results.append(counted._asdict() | {"made_at": now.isoformat()})
    still = (CLASS_QUIZ.c.id == quiz.id) & CLASS_QUIZ.c.results.is_(None)
    connection.execute(update(CLASS_QUIZ).where(still).values(results=results))


def _counted(card: int, rows: Sequence[Any]) -> dict[str, Any]:
    """What may be shown of a part's answers to a question."""
    slips = Counter(row.slip for row in rows if row.slip)
    return {
        "card": card,
        "answered": len(rows),
        "missed": sum(Rating(row.rating).missed for row in rows),
        "rating": sum(row.rating for row in rows),
        "slips": [[slip, number] for slip, number in slips.most_common() if is_enough(number)],
    }


def drop_results(connection: Connection, class_id: int, part: int, since: datetime) -> None:
    """Take what a part of the class answered out of every result counted since then. Call it in a write session."""
    counted = select(CLASS_QUIZ.c.id, CLASS_QUIZ.c.results)
    counted = counted.where(CLASS_QUIZ.c.class_id == class_id, CLASS_QUIZ.c.results.is_not(None))
    for quiz, results in connection.execute(counted).all():
        parts = ((one, CountedPart.of(one)) for one in results)
        kept = [one for one, its in parts if its.part != part or its.made_at < since]
        if len(kept) < len(results):
            connection.execute(update(CLASS_QUIZ).where(CLASS_QUIZ.c.id == quiz).values(results=kept))


def results_of(session: Session, class_id: int, quiz: ListedQuiz) -> Sequence[QuestionResult]:
    """What was counted, by question in the order of asking, of the parts of the class that nobody has left since."""
    connection = session.connection()
    whole = Whole(participants(connection, class_id))
    sums, slips = defaultdict[int, Counter[str]](Counter), defaultdict[int, Counter[str]](Counter)
    for part in filter(whole.holds, map(CountedPart.of, quiz.results or ())):
        for one in part.questions:
            sums[one["card"]].update({name: one[name] for name in ("answered", "missed", "rating")})
            slips[one["card"]].update(dict(one["slips"]))
    rows = connection.execute(select(CARD.c.id, CARD.c.name, CARD.c.question_html).where(CARD.c.id.in_(quiz.cards)))
    cards = {row.id: row for row in rows}
    return [_shown(cards[card], sums[card], slips[card].most_common()) for card in quiz.cards if card in cards]


def _shown(card: Any, sums: Counter[str], slips: Sequence[tuple[str, int]]) -> QuestionResult:
    many = sums["answered"]
    missed = sums["missed"] / many if many else 0.0
    mean = sums["rating"] / many if many and missed < HIGHEST else None
    return QuestionResult(card.id, card.name, card.question_html, many, min(HIGHEST, missed), mean, slips)
