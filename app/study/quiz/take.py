"""Take a quiz: each answer is a review like any other, and the quiz knows which."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, case, select, update
from sqlmodel import Session
from sqlmodel import select as select_models

from app.database import lock_learner
from app.models import Quiz
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, NotCountedError, Rated, UnknownCardError, check_token, rate
from app.study.schedule.review_log import STANDS, UNDOING, use_of
from app.study.schedule.undo import Undone, last_rating, undo
from app.study.selection.standing import MAY_BE_ASKED
from app.tables import CARD, QUIZ, QUIZ_ITEM, REVIEW, THE_LEARNER, TOPIC

GRACE = timedelta(seconds=5)
"""An answer that arrives so long after the end still counts."""


class UnknownQuizError(LookupError):
    """There is no such quiz."""


class AnothersQuizError(Exception):
    """The quiz is another learner's: what they answered is not shown. `quiz` is that quiz."""

    def __init__(self, quiz: Quiz) -> None:
        super().__init__("This quiz belongs to another learner. Open its address to take the same questions yourself.")
        self.quiz = quiz


class NotAskedError(NotCountedError):
    """The quiz no longer asks the question that was answered; the message says why."""


class NotOfThisQuizError(NotCountedError):
    """The learner's last rating was given elsewhere: nobody expects it to be undone here."""

    def __init__(self) -> None:
        super().__init__(
            "Your last rating was not given in this quiz, so nothing was undone. Undo it where you gave it."
        )


@dataclass(frozen=True, slots=True)
class Item:
    """A question of a quiz and, unless it was taken back, its answer.

    `is_askable` is False if the card has left the files, or the learner suspended it or buried it for today. `token` is
    that of the last form that answered the question, even if that answer was taken back; `rating` is None then.
    `expected` is the chance of recall, 0 to 1, when the quiz was made. `points` are as the review keeps them,
    and `why` says why the question's topic was chosen.
    """

    card_id: int
    name: str
    question_html: str
    topic: str
    topic_place: str
    is_follow_up: bool
    expected: float | None
    token: str | None
    rating: int | None
    typed: str | None
    is_askable: bool
    points: str | None = None
    why: str | None = None


@dataclass
class Attempt:
    """A learner's own quiz, as far as it has come.

    `asked` are the questions that count: one without an answer that cannot be asked is skipped. `done` counts the
    answers. `ends_at` is when the time is over, None for a quiz without a limit.
    """

    quiz: Quiz
    items: tuple[Item, ...]
    asked: tuple[Item, ...] = field(init=False)
    done: int = field(init=False)
    ends_at: datetime | None = field(init=False)

    def __post_init__(self) -> None:
        quiz = self.quiz
        self.asked = tuple(item for item in self.items if item.is_askable or item.rating is not None)
        self.done = sum(item.rating is not None for item in self.items)
        self.ends_at = None if quiz.seconds is None else quiz.started_at + timedelta(seconds=quiz.seconds)

    def is_late(self, now: datetime) -> bool:
        """True if the time is over."""
        return self.ends_at is not None and now >= self.ends_at

    def current(self, now: datetime) -> Item | None:
        """The question to ask now; None if the quiz is over."""
        if self.quiz.ended_at is not None or self.is_late(now):
            return None
        return next((item for item in self.items if item.rating is None and item.is_askable), None)


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
        CARD.c.question_html,
        TOPIC.c.title,
        TOPIC.c.place,
        QUIZ_ITEM.c.is_follow_up,
        QUIZ_ITEM.c.expected,
        QUIZ_ITEM.c.token,
        RATING,
        case((STANDS, REVIEW.c.typed)),
        MAY_BE_ASKED,
        case((STANDS, REVIEW.c.points)),
        QUIZ_ITEM.c.why,
    )
    .select_from(ANSWERED.join(TOPIC, TOPIC.c.id == CARD.c.topic_id))
    .where(QUIZ_ITEM.c.quiz_id == bindparam("quiz"))
    .order_by(QUIZ_ITEM.c.position)
)
_ASKED = (
    select(
        QUIZ.c.id,
        QUIZ.c.started_at,
        QUIZ.c.seconds,
        QUIZ.c.ended_at,
        QUIZ_ITEM.c.card_id,
        QUIZ_ITEM.c.token,
        RATING.label("rating"),
    )
    .select_from(
        QUIZ.outerjoin(QUIZ_ITEM, (QUIZ_ITEM.c.quiz_id == QUIZ.c.id) & (QUIZ_ITEM.c.card_id == bindparam("card")))
        .outerjoin(REVIEW, REVIEW.c.token == QUIZ_ITEM.c.token)
        .outerjoin(UNDOING, UNDOING.c.undoes_id == REVIEW.c.id)
    )
    .where(QUIZ.c.name == bindparam("quiz"), QUIZ.c.learner_id == THE_LEARNER)
)
"""A learner's quiz beside its question about a card."""
_ANSWER = (
    update(QUIZ_ITEM)
    .where(QUIZ_ITEM.c.quiz_id == bindparam("quiz"), QUIZ_ITEM.c.card_id == bindparam("card"))
    .values(token=bindparam("by"))
)
_END = update(QUIZ).where(QUIZ.c.id == bindparam("quiz")).values(ended_at=bindparam("at"))


def quiz_named(session: Session, name: str) -> Quiz:
    """The quiz called `name`, whoever's it is. Raises UnknownQuizError."""
    quiz = None if "\0" in name else session.exec(select_models(Quiz).where(Quiz.name == name)).first()
    if quiz is None:
        raise UnknownQuizError(f"There is no quiz {name!r}.")
    return quiz


def attempt_at(session: Session, learner: Preferences, name: str, today: date) -> Attempt:
    """The learner's own quiz on their date `today`. Raises UnknownQuizError, AnothersQuizError."""
    quiz = quiz_named(session, name)
    if quiz.learner_id != learner.learner_id:
        raise AnothersQuizError(quiz)
    values = {"quiz": quiz.id, "learner": learner.learner_id, "today": today}
    return Attempt(quiz, tuple(Item(*row) for row in session.connection().execute(_ITEMS, values)))


def answer(session: Session, learner: Preferences, name: str, given: Answer, now: datetime) -> Rated:
    """Count `given` once, as a review and as the quiz's answer to its card's question.

    Call it in a write session. Raises what `attempt_at` and `rate` raise, UnknownCardError also for a card that the
    quiz does not ask, and NotAskedError for a question that was answered, or if the quiz is over.
    """
    connection = session.connection()
    lock_learner(connection, learner.learner_id)
    values = {"quiz": name, "learner": learner.learner_id, "card": given.card_id}
    asked = connection.execute(_ASKED, values).one_or_none() if "\0" not in name else None
    if asked is None or asked.card_id is None:
        attempt_at(session, learner, name, learner.day(now))
        raise UnknownCardError(f"This quiz does not ask card {given.card_id}.")
    if asked.token != given.token:  # otherwise it is the form that was counted
        if asked.rating is not None:
            had = f"You have already answered that question, with {asked.rating}."
            raise NotAskedError(f"{had} This time nothing was counted.")
        if asked.ended_at is not None:
            raise NotAskedError("This quiz had ended before that answer arrived. This time nothing was counted.")
        if asked.seconds is not None and now - GRACE >= asked.started_at + timedelta(seconds=asked.seconds):
            raise NotAskedError("Time was up when that answer arrived. It was not counted.")
    rated = rate(session, learner, given, now)
    if not rated.repeated:
        connection.execute(_ANSWER, {"quiz": asked.id, "card": asked.card_id, "by": given.token})
    return rated


def take_back(session: Session, learner: Preferences, name: str, token: str, now: datetime) -> Undone | None:
    """Undo the quiz's last answer, and go on with it if it was ended; None if nothing is left to undo at all.

    The same `token` twice undoes once. Call it in a write session. Raises what `attempt_at` and `undo` raise, and
    NotOfThisQuizError if the learner's last rating was not given in this quiz.
    """
    check_token(token)
    connection = session.connection()
    lock_learner(connection, learner.learner_id)
    attempt = attempt_at(session, learner, name, learner.day(now))
    if use_of(connection, token, learner.learner_id) is None:
        last = last_rating(session, learner)
        if last is not None and last.token not in {item.token for item in attempt.items}:
            raise NotOfThisQuizError
    undone = undo(session, learner, token, now)
    if undone is not None and not undone.repeated:
        _end(connection, attempt, None)
    return undone


def end(session: Session, learner: Preferences, name: str, now: datetime) -> None:
    """Leave the rest of the quiz unanswered. Call it in a write session. Raises what `attempt_at` raises."""
    attempt = attempt_at(session, learner, name, learner.day(now))
    if attempt.current(now) is not None:
        _end(session.connection(), attempt, now)


def _end(connection: Connection, attempt: Attempt, at: datetime | None) -> None:
    connection.execute(_END, {"quiz": attempt.quiz.id, "at": at})
