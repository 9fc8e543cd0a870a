"""A quiz as it is taken: each answer is a review like any other, and the quiz knows which."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, case, exists, select, update
from sqlmodel import Session
from sqlmodel import select as select_models

from app.models import Quiz
from app.study.learner.preferences import Preferences
from app.study.schedule.form_id import is_token, use_of
from app.study.schedule.rate import Answer, Rated, UnknownCardError, rate
from app.study.schedule.review_log import STANDS, UNDOING
from app.study.schedule.undo import Undone, last_rating, undo
from app.tables import CARD, CARD_MARK, QUIZ, QUIZ_ITEM, REVIEW, TOPIC, lock_learner

GRACE = timedelta(seconds=5)
"""An answer on its way when the time is over still counts."""


class UnknownQuizError(LookupError):
    """There is no such quiz."""


class AnothersQuizError(Exception):
    """The quiz is another learner's: what they answered is not shown. `quiz` is that quiz."""

    def __init__(self, quiz: Quiz) -> None:
        super().__init__("This quiz is another learner’s. Open its address to take the same questions yourself.")
        self.quiz = quiz


class NotAskedError(Exception):
    """The answer was to a question that the quiz asks no more; the message says why. Nothing was counted."""


class NotOfThisQuizError(Exception):
    """The learner's last rating was given elsewhere: undoing it here would surprise."""

    def __init__(self) -> None:
        super().__init__(
            "Your last rating was not given in this quiz, so nothing was taken back here. Undo it where it was given."
        )


@dataclass(frozen=True, slots=True)
class Item:
    """A question of a quiz and, as far as it stands, its answer.

    `is_askable` is False when the card left the files, or the learner suspended it. `token` is of the last form that
    answered it, even if that was taken back; `rating` is None then. `expected` is the chance of recall, 0 to 1, when
    the quiz was made.
    """

    card_id: int
    name: str
    question: str
    topic: str
    topic_place: str
    is_follow_up: bool
    expected: float | None
    token: str | None
    rating: int | None
    typed: str | None
    is_askable: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A quiz of one's own, as far as it has come."""

    quiz: Quiz
    items: tuple[Item, ...]

    @property
    def asked(self) -> tuple[Item, ...]:
        """What counts as part of it: an unanswered question that can be asked no more is skipped."""
        return tuple(item for item in self.items if item.is_askable or item.rating is not None)

    @property
    def done(self) -> int:
        """How many questions are answered."""
        return sum(item.rating is not None for item in self.items)

    @property
    def ends_at(self) -> datetime | None:
        """When the time is over; None for a quiz that may take any time."""
        return None if self.quiz.seconds is None else self.quiz.started_at + timedelta(seconds=self.quiz.seconds)

    def is_late(self, now: datetime) -> bool:
        """Whether the time is over."""
        return self.ends_at is not None and now >= self.ends_at

    def current(self, now: datetime) -> Item | None:
        """The question to ask now; None when the quiz is over."""
        if self.quiz.ended_at is not None or self.is_late(now):
            return None
        return next((item for item in self.items if item.rating is None and item.is_askable), None)


IS_SUSPENDED = exists().where(
    CARD_MARK.c.learner_id == bindparam("learner"), CARD_MARK.c.card_id == CARD.c.id, CARD_MARK.c.is_suspended
)
IS_ASKABLE = and_(CARD.c.retired_at.is_(None), ~IS_SUSPENDED)
"""Of a row of `card`: it is in the files, and the learner has not suspended it."""
RATING = case((STANDS, REVIEW.c.rating))
# One join after the other: of a join in brackets SQLite would first make a table of all reviews.
ANSWERED = (
    QUIZ_ITEM.join(CARD, CARD.c.id == QUIZ_ITEM.c.card_id)
    .outerjoin(REVIEW, REVIEW.c.token == QUIZ_ITEM.c.token)
    .outerjoin(UNDOING, UNDOING.c.undoes_id == REVIEW.c.id)
)
"""Every question beside its card and the review that answered it, undone or not."""
_ITEMS = (
    select(
        QUIZ_ITEM.c.card_id,
        CARD.c.name,
        CARD.c.question,
        TOPIC.c.title,
        TOPIC.c.place,
        QUIZ_ITEM.c.is_follow_up,
        QUIZ_ITEM.c.expected,
        QUIZ_ITEM.c.token,
        RATING,
        case((STANDS, REVIEW.c.typed)),
        IS_ASKABLE,
    )
    .select_from(ANSWERED.join(TOPIC, TOPIC.c.id == CARD.c.topic_id))
    .where(QUIZ_ITEM.c.quiz_id == bindparam("quiz"))
    .order_by(QUIZ_ITEM.c.position)
)
_ANSWER = (
    update(QUIZ_ITEM)
    .where(QUIZ_ITEM.c.quiz_id == bindparam("quiz"), QUIZ_ITEM.c.card_id == bindparam("card"))
    .values(token=bindparam("by"))
)
_END = update(QUIZ).where(QUIZ.c.id == bindparam("quiz")).values(ended_at=bindparam("at"))


def quiz_named(session: Session, name: str) -> Quiz:
    """A quiz, whoever's it is. Raises UnknownQuizError."""
    quiz = session.exec(select_models(Quiz).where(Quiz.name == name)).first() if is_token(name) else None
    if quiz is None:
        raise UnknownQuizError(f"There is no quiz {name!r}.")
    return quiz


def run_of(session: Session, prefs: Preferences, name: str) -> Run:
    """The learner's own quiz. Raises UnknownQuizError, AnothersQuizError."""
    quiz = quiz_named(session, name)
    if quiz.learner_id != prefs.learner_id:
        raise AnothersQuizError(quiz)
    rows = session.connection().execute(_ITEMS, {"quiz": quiz.id, "learner": prefs.learner_id})
    return Run(quiz, tuple(Item(*row) for row in rows))


def answer(session: Session, prefs: Preferences, name: str, given: Answer, now: datetime) -> Rated:
    """Count `given` once, as a review and as the quiz's answer to its card's question.

    Call it in a write session. Raises what `run_of` and `rate` raise, UnknownCardError also for a card that the quiz
    does not ask, and NotAskedError for a question that was answered, or when the quiz is over.
    """
    lock_learner(session.connection(), prefs.learner_id)
    run = run_of(session, prefs, name)
    item = next((item for item in run.items if item.card_id == given.card_id), None)
    if item is None:
        raise UnknownCardError(f"This quiz does not ask card {given.card_id}.")
    if item.token != given.token:
        _check_asked(run, item, now)
    rated = rate(session, prefs, given, now)
    if not rated.repeated:
        values = {"quiz": run.quiz.id, "card": item.card_id, "by": given.token}
        session.connection().execute(_ANSWER, values)
    return rated


def _check_asked(run: Run, item: Item, now: datetime) -> None:
    if item.rating is not None:
        raise NotAskedError(f"You have answered that question already, with {item.rating}. Nothing was counted now.")
    if run.quiz.ended_at is not None:
        raise NotAskedError("This quiz was ended before that answer came. Nothing was counted now.")
    if run.is_late(now - GRACE):
        raise NotAskedError("The time was over when that answer came. It was not counted.")


def take_back(session: Session, prefs: Preferences, name: str, token: str, now: datetime) -> Undone | None:
    """Undo the quiz's last answer, and go on with it if it was ended; None when nothing is left to undo at all.

    The same `token` twice undoes once. Call it in a write session. Raises what `run_of` and `undo` raise, and
    NotOfThisQuizError when the learner's last rating is not of this quiz.
    """
    connection = session.connection()
    lock_learner(connection, prefs.learner_id)
    run = run_of(session, prefs, name)
    if use_of(connection, token, prefs.learner_id) is None:
        last = last_rating(session, prefs)
        if last is not None and last.token not in {item.token for item in run.items}:
            raise NotOfThisQuizError
    undone = undo(session, prefs, token, now)
    if undone is not None and not undone.repeated:
        _end(connection, run, None)
    return undone


def end(session: Session, prefs: Preferences, name: str, now: datetime) -> None:
    """Leave the rest of the quiz unanswered. Call it in a write session. Raises what `run_of` raises."""
    run = run_of(session, prefs, name)
    if run.current(now) is not None:
        _end(session.connection(), run, now)


def _end(connection: Connection, run: Run, at: datetime | None) -> None:
    connection.execute(_END, {"quiz": run.quiz.id, "at": at})
