"""The day at a glance: what is due by topic, and when there is more to do."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean

from sqlalchemy import and_, bindparam, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from app.models import Topic
from app.study.forecast.chances import chances
from app.study.learner.preferences import Preferences
from app.study.schedule.new_card_cursor import unseen
from app.study.selection.standing import EVERY_CARD, HAS_ITS_TURN, IS_ASKABLE, IS_PUT_OFF, STATES
from app.study.sitting.order import MOST_COUNTED, mine
from app.study.sitting.queue import Queue, parameters
from app.tables import CARD, CARD_STATE, THE_DECK, TODAY

SECONDS_A_CARD = 30
"""A fair guess for estimates: people take 10 to 60 seconds a card."""


@dataclass(frozen=True, slots=True)
class TopicToday:
    """How many cards a topic has: all, new, learning, known, due; and the mean chance (0 to 1) of recall today.

    A card is new, learning or known. Cards that are set aside are not due, nor is one of which another side was asked
    today.
    """

    topic: Topic
    cards: int = 0
    new: int = 0
    learning: int = 0
    known: int = 0
    due: int = 0
    recall: float | None = None


_BY_TOPIC = (
    select(
        CARD.c.topic_id,
        func.count().label("cards"),
        *(func.count().filter(STATES[word].condition).label(word) for word in ("new", "learning", "known")),
        func.count().filter(and_(STATES["due"].condition, HAS_ITS_TURN)).label("due"),
    )
    .select_from(EVERY_CARD)
    .where(CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None))
    .group_by(CARD.c.topic_id)
)


def by_topic(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> list[TopicToday]:
    """Every topic of the deck in learning order, with what is due in it today."""
    connection = session.connection()
    rows = connection.execute(_BY_TOPIC, parameters(prefs, now, Queue(deck_id))).mappings()
    counts = {row["topic_id"]: {name: row[name] for name in row if name != "topic_id"} for row in rows}
    topics = session.exec(
        select_models(Topic).where(Topic.deck_id == deck_id, col(Topic.retired_at).is_(None)).order_by(Topic.place)
    )
    seen = chances(session, prefs.learner_id, deck_id)
    each_chance: dict[int, list[float]] = defaultdict(list)
    for card_id, chance in seen.on(prefs.day(now)).items():
        each_chance[seen.topics[card_id]].append(chance)
    recall = {topic_id: fmean(each) for topic_id, each in each_chance.items()}
    return [TopicToday(topic, **counts.get(topic.id, {}), recall=recall.get(topic.id)) for topic in topics]


@dataclass(frozen=True, slots=True)
class NextDue:
    """The next date with something to do, how many cards will be due then, and how many new ones allowed.

    Every count stops at MOST_COUNTED.
    """

    on: date
    due: int
    new: int


_LATER = and_(mine(), or_(CARD_STATE.c.due_on > TODAY, IS_PUT_OFF))
_EARLIEST = select(CARD_STATE.c.due_on).where(_LATER).order_by(CARD_STATE.c.due_on).limit(1)
_DUE_THEN = select(func.count()).select_from(
    select(CARD_STATE.c.card_id).where(_LATER, CARD_STATE.c.due_on <= bindparam("then")).limit(MOST_COUNTED).subquery()
)
_UNSEEN = select(func.count()).select_from(unseen("id", IS_ASKABLE).limit(MOST_COUNTED).subquery())


def next_due(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> NextDue | None:
    """When, after today, the deck asks for more; None when nothing is left to come.

    Assumes that today's sitting is finished.
    """
    connection = session.connection()
    values = parameters(prefs, now, Queue(deck_id))
    new = min(prefs.new_per_day, connection.execute(_UNSEEN, values).scalar_one())
    tomorrow = values["today"] + timedelta(days=1)
    then = tomorrow if new else connection.execute(_EARLIEST, values).scalar()
    if then is None:
        return None
    then = max(then, tomorrow)
    return NextDue(then, connection.execute(_DUE_THEN, values | {"then": then}).scalar_one(), new)
