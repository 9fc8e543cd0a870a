"""A learner's quizzes, the latest first, each with its result; and what another learner may know of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Float, bindparam, case, cast, func, select
from sqlmodel import Session

from app.models import Quiz
from app.study.learner.preferences import Preferences
from app.study.quiz.take import ANSWERED, RATING
from app.study.selection.standing import MAY_BE_ASKED
from app.tables import CARD, QUIZ, QUIZ_ITEM, THE_DECK, THE_LEARNER, TOPIC

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Past:
    """One quiz: how many questions, how many answers, how many answers are `left` to give, and the mean rating."""

    name: str
    title: str
    started_at: datetime
    seconds: int | None
    ended_at: datetime | None
    asked: int
    answered: int
    left: int
    mean: float | None

    def is_open(self, now: datetime) -> bool:
        """True if one can go on with it."""
        is_late = self.seconds is not None and now >= self.started_at + timedelta(seconds=self.seconds)
        return self.left > 0 and self.ended_at is None and not is_late


_COUNTED = (
    select(
        QUIZ.c.name,
        QUIZ.c.title,
        QUIZ.c.started_at,
        QUIZ.c.seconds,
        QUIZ.c.ended_at,
        func.count(),
        func.count(RATING),
        func.count(case((RATING.is_(None) & MAY_BE_ASKED, 1))),
        func.avg(cast(RATING, Float)),
    )
    .select_from(ANSWERED.join(QUIZ, QUIZ.c.id == QUIZ_ITEM.c.quiz_id))
    .where(QUIZ.c.learner_id == THE_LEARNER, QUIZ.c.deck_id == THE_DECK)
    .group_by(QUIZ.c.id)
    .order_by(QUIZ.c.started_at.desc(), QUIZ.c.id.desc())
    .limit(bindparam("limit"))
)
_TOPICS = (
    select(TOPIC.c.title, func.count(), func.count(case((MAY_BE_ASKED, 1))))
    .select_from(QUIZ_ITEM.join(CARD, CARD.c.id == QUIZ_ITEM.c.card_id).join(TOPIC, TOPIC.c.id == CARD.c.topic_id))
    .where(QUIZ_ITEM.c.quiz_id == bindparam("quiz"))
    .group_by(TOPIC.c.id)
    .order_by(TOPIC.c.place)
)


def past(session: Session, learner: Preferences, now: datetime, deck_id: int, most: int = MOST_LISTED) -> list[Past]:
    """The learner's latest quizzes of the deck."""
    values = {"learner": learner.learner_id, "today": learner.day(now), "deck": deck_id, "limit": most}
    return [Past(*row) for row in session.connection().execute(_COUNTED, values)]


def topics_asked(session: Session, learner: Preferences, now: datetime, quiz: Quiz) -> Sequence[tuple[str, int, int]]:
    """The topics of a quiz, anyone's: title, number of questions, and how many of them this learner can be asked."""
    values = {"quiz": quiz.id, "learner": learner.learner_id, "today": learner.day(now)}
    rows = session.connection().execute(_TOPICS, values)
    return [(title, asked, askable) for title, asked, askable in rows]
