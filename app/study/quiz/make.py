"""Making a quiz: what may be asked, what was chosen, and the rows that keep it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from statistics import fmean

from sqlalchemy import and_, bindparam, insert, select
from sqlmodel import Session
from sqlmodel import select as select_models

from app.database import lock_learner
from app.models import Deck, Quiz
from app.study.forecast.chances import chances
from app.study.learner.preferences import Preferences
from app.study.quiz.choose import WEAKEST, Candidate, Question, Risk, chosen, interview, weakest
from app.study.schedule.rate import check_token
from app.study.selection.selection import Selection, Titles, passing
from app.study.selection.standing import EVERY_CARD, IS_SET_ASIDE
from app.study.sitting.plans import plans
from app.study.sitting.queue import Queue, parameters
from app.tables import CARD, CARD_STATE, QUIZ_ITEM, THE_DECK

SECONDS_A_QUESTION = 60
INTERVIEW_SECONDS = 120
"""For each question: there is time to think, to say it aloud and to read the answer."""


class Kind(StrEnum):
    """How the questions were found."""

    CHOSEN = "chosen"
    WEAKEST = "weakest"
    INTERVIEW = "interview"


class NothingToAskError(Exception):
    """No card is left to ask; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A quiz before it is kept. `title` says in words what was chosen; `seconds` is None for any time."""

    kind: Kind
    title: str
    questions: Sequence[Question]
    seconds: int | None = None

    def timed(self, minutes: int | None) -> "Plan":
        """The same against the clock: so many minutes, or one for each question."""
        return replace(self, seconds=60 * minutes if minutes else SECONDS_A_QUESTION * len(self.questions))


_IS_ASKABLE = and_(CARD.c.retired_at.is_(None), ~IS_SET_ASIDE)
_CANDIDATES = (
    select(CARD.c.id, CARD.c.topic_id, CARD.c.place, CARD.c.level, CARD_STATE.c.difficulty, CARD.c.asks)
    .select_from(EVERY_CARD)
    .where(CARD.c.deck_id == THE_DECK, _IS_ASKABLE)
)
_SAME = (
    select(CARD.c.id, QUIZ_ITEM.c.is_follow_up)
    .select_from(EVERY_CARD.join(QUIZ_ITEM, QUIZ_ITEM.c.card_id == CARD.c.id))
    .where(QUIZ_ITEM.c.quiz_id == bindparam("quiz"), _IS_ASKABLE)
    .order_by(QUIZ_ITEM.c.position)
)


def candidates(session: Session, prefs: Preferences, now: datetime, queue: Queue) -> list[Candidate]:
    """The cards of the deck and the selection that may be asked today: not retired, suspended or buried."""
    query = _CANDIDATES.where(passing(queue.selection.shape))
    rows = session.connection().execute(query, parameters(prefs, now, queue))
    recall = chances(session, prefs.learner_id, queue.deck_id).on(prefs.day(now))
    return [
        Candidate(row.id, row.topic_id, row.place, row.level, recall.get(row.id), row.difficulty, row.asks is not None)
        for row in rows
    ]


def plan_chosen(
    cards: Sequence[Candidate], number: int, selection: Selection, titles: Titles, rng: random.Random
) -> Plan:
    """A quiz of so many of the cards, which are those of the selection."""
    questions = chosen(cards, number, rng)
    words = selection.words(titles)
    scope = words.pop("topic", "all topics")
    if len(selection.topic) > 2:
        scope = f"{len(selection.topic)} topics"
    count = "1 question" if len(questions) == 1 else f"{len(questions)} questions"
    return Plan(Kind.CHOSEN, f"{', '.join([count, *words.values()])}: {scope}", questions)


def plan_weakest(cards: Sequence[Candidate]) -> Plan:
    """The cards that are least likely to be known today."""
    questions = weakest(cards)
    return Plan(Kind.WEAKEST, "Weakest ten" if len(questions) == WEAKEST else f"Weakest {len(questions)}", questions)


def risks(
    session: Session, prefs: Preferences, deck: Deck, now: datetime, cards: Sequence[Candidate]
) -> dict[int, Risk]:
    """How likely each topic's cards are to be missed on the day of the deck's next interview; without a plan, today."""
    today = prefs.day(now)
    days = (plan.interview_on for plan in plans(session, prefs.learner_id) if plan.deck in ("", deck.name))
    day = min((one for one in days if one >= today), default=today)
    recall = chances(session, prefs.learner_id, deck.id).on(day)
    by_topic: dict[int, list[float | None]] = {}
    for card in cards:
        by_topic.setdefault(card.topic_id, []).append(recall.get(card.card_id))
    return {topic: _risk(of_cards, "" if day == today else " on the day") for topic, of_cards in by_topic.items()}


def _risk(recall: Sequence[float | None], when: str) -> Risk:
    """The risk of a topic, by the chance of recall of each card, None for a new one."""
    new = recall.count(None)
    known = fmean(one or 0.0 for one in recall)
    if 2 * new >= len(recall):
        return Risk(1 - known, "all new" if new == len(recall) else f"{new} of {len(recall)} new")
    return Risk(1 - known, f"{round(100 * known)} % expected{when}")


def plan_interview(
    cards: Sequence[Candidate],
    follow_ups: Mapping[int, Sequence[int]],
    rng: random.Random,
    by_topic: Mapping[int, Risk],
) -> Plan:
    """A mock interview on the topics of most risk, against the clock."""
    questions = interview(cards, follow_ups, rng, risks=by_topic)
    return Plan(Kind.INTERVIEW, "Mock interview", questions, INTERVIEW_SECONDS * len(questions))


def plan_again(session: Session, prefs: Preferences, quiz: Quiz, now: datetime) -> Plan:
    """The questions of a quiz, one's own or another's, as far as they can still be asked."""
    rows = session.connection().execute(_SAME, parameters(prefs, now, Queue(quiz.deck_id)) | {"quiz": quiz.id})
    recall = chances(session, prefs.learner_id, quiz.deck_id).on(prefs.day(now))
    questions = [Question(card_id, recall.get(card_id), is_follow_up) for card_id, is_follow_up in rows]
    return Plan(Kind(quiz.kind), quiz.title, questions, quiz.seconds)


def make(session: Session, prefs: Preferences, deck_id: int, name: str, plan: Plan, now: datetime) -> str:
    """Keep a quiz that starts now, under the `name` that its form brought along. Returns the name.

    The same name twice is one quiz. Call it in a write session. Raises NothingToAskError, and ValueError for a name
    that is malformed.
    """
    check_token(name)
    lock_learner(session.connection(), prefs.learner_id)
    if session.exec(select_models(Quiz.id).where(Quiz.name == name)).first() is not None:
        return name
    if not plan.questions:
        raise NothingToAskError(_WHY_NOTHING[plan.kind])
    quiz = Quiz(
        learner_id=prefs.learner_id,
        deck_id=deck_id,
        name=name,
        kind=plan.kind,
        title=plan.title,
        started_at=now.astimezone(UTC),
        seconds=plan.seconds,
    )
    session.add(quiz)
    session.flush()
    session.connection().execute(
        insert(QUIZ_ITEM),
        [
            {"quiz_id": quiz.id, "position": position, **question._asdict()}
            for position, question in enumerate(plan.questions)
        ],
    )
    return name


_WHY_NOTHING = {
    Kind.CHOSEN: "No card matches: choose more topics or fewer filters.",
    Kind.WEAKEST: "You have not rated a card of this deck yet. Study some first, or choose another quiz.",
    Kind.INTERVIEW: "No card of this deck can be asked: all are suspended or no longer in the files.",
}
