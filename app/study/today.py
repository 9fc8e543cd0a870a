"""The day at a glance: what is due by topic, what was done, and when there is more to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, case, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from app.models import Card, Topic
from app.study.history import COUNTED, STANDS
from app.study.learner import Preferences
from app.study.new_cards import unseen
from app.study.queue import DECK, LEARNER, MINE, MOST_COUNTED, TODAY, parameters
from app.study.rating import Rating
from app.study.recall import chance_of_recall, prepare_recall
from app.study.tables import CARD, CARD_STATE, REVIEW


@dataclass(frozen=True, slots=True)
class TopicToday:
    """A topic's cards: all, those never seen, those due, and the mean chance (0 to 1) that a seen one is known."""

    topic: Topic
    cards: int
    new: int
    due: int
    recall: float | None


_IS_DUE = (CARD_STATE.c.due_on <= TODAY) | CARD_STATE.c.due_at.is_not(None)
_BY_TOPIC = (
    select(
        CARD.c.topic_id,
        func.count().label("cards"),
        func.count().filter(CARD_STATE.c.card_id.is_(None)).label("new"),
        func.count().filter(_IS_DUE).label("due"),
        func.avg(chance_of_recall(CARD_STATE.c.stability, CARD_STATE.c.reviewed_on, TODAY)).label("recall"),
    )
    .select_from(
        CARD.outerjoin(CARD_STATE, and_(CARD_STATE.c.learner_id == LEARNER, CARD_STATE.c.card_id == CARD.c.id))
    )
    .where(CARD.c.deck_id == DECK, CARD.c.retired_at.is_(None))
    .group_by(CARD.c.topic_id)
)


def by_topic(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> list[TopicToday]:
    """Every topic of the deck in learning order, with what is due in it today."""
    connection = session.connection()
    prepare_recall(connection)
    rows = {row.topic_id: row for row in connection.execute(_BY_TOPIC, parameters(prefs, now, deck_id))}
    topics = session.exec(
        select_models(Topic).where(Topic.deck_id == deck_id, col(Topic.retired_at).is_(None)).order_by(Topic.place)
    )
    return [
        TopicToday(topic, row.cards, row.new, row.due, row.recall)
        if (row := rows.get(topic.id))
        else TopicToday(topic, 0, 0, 0, None)
        for topic in topics
    ]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done today: ratings that stand, the cards they were for, and those missed at least once."""

    reviews: int
    cards: int
    missed: int
    by_rating: Mapping[Rating, int]


_IN_DECK = select(CARD.c.deck_id).where(CARD.c.id == REVIEW.c.card_id).scalar_subquery() == DECK
_SUMMARY = (
    select(
        func.count(),
        func.count(REVIEW.c.card_id.distinct()),
        func.count(case((REVIEW.c.rating <= Rating.HARDLY, REVIEW.c.card_id)).distinct()),
        *(func.count().filter(REVIEW.c.rating == int(rating)) for rating in Rating),
    )
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == LEARNER, REVIEW.c.day == TODAY, STANDS, _IN_DECK)
)


def summary(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> Summary:
    """What the learner did with the deck today."""
    reviews, cards, missed, *counts = session.connection().execute(_SUMMARY, parameters(prefs, now, deck_id)).one()
    return Summary(reviews, cards, missed, dict(zip(Rating, counts, strict=True)))


def missed_today(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> Sequence[Card]:
    """The cards of the deck that were missed at least once today, in learning order."""
    today = (REVIEW.c.learner_id == prefs.learner_id, REVIEW.c.day == prefs.day(now), STANDS)
    missed = select(REVIEW.c.card_id).select_from(COUNTED).where(*today, REVIEW.c.rating <= Rating.HARDLY)
    return session.exec(
        select_models(Card).where(Card.deck_id == deck_id, col(Card.id).in_(missed)).order_by(Card.place)
    ).all()


@dataclass(frozen=True, slots=True)
class NextDue:
    """The next date with something to do, how many cards will be due then, and how many new ones allowed.

    No number is counted further than MOST_COUNTED.
    """

    on: date
    due: int
    new: int


_LATER = and_(MINE, CARD_STATE.c.due_on > TODAY)
_EARLIEST = select(CARD_STATE.c.due_on).where(_LATER).order_by(CARD_STATE.c.due_on).limit(1)
_DUE_THEN = select(func.count()).select_from(
    select(CARD_STATE.c.card_id).where(_LATER, CARD_STATE.c.due_on <= bindparam("then")).limit(MOST_COUNTED).subquery()
)
_UNSEEN = select(func.count()).select_from(unseen("id").limit(MOST_COUNTED).subquery())


def next_due(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> NextDue | None:
    """When, after today, the deck asks for more; None when nothing is left to come.

    It takes today's sitting for finished.
    """
    connection = session.connection()
    values = parameters(prefs, now, deck_id)
    new = min(prefs.new_per_day, connection.execute(_UNSEEN, values).scalar_one())
    then = values["today"] + timedelta(days=1) if new else connection.execute(_EARLIEST, values).scalar()
    if then is None:
        return None
    return NextDue(then, connection.execute(_DUE_THEN, values | {"then": then}).scalar_one(), new)
