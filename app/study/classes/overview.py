"""What the learners of a class know by topic, told so that nobody can work out what one of them knows.

Counted are the learners who take part in the class's evidence, and what they rated since. A topic is counted once
enough of them have studied it, and again at most once a day, and only when enough of them have studied it since, have
joined or have left. So the difference of any two figures is one of that many learners. When somebody has left and it
cannot be counted again yet, its figure is not shown.

Most classes are counted when an instructor looks at them, large ones in the background: a page never waits for more
than AT_ONCE states.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from app.study.classes.enough import FEWEST, TAKES_PART, WHY, is_enough
from app.study.schedule.scheduler import DECAY, FACTOR
from app.study.selection.recall import days_since
from app.tables import (
    ACCOUNT,
    CARD,
    CARD_STATE,
    CLASS_DATE,
    CLASS_DECK,
    CLASS_MEMBER,
    CLASS_TOPIC,
    DECK,
    LEARNER,
    TODAY,
    TOPIC,
)

Way = Callable[[], AbstractContextManager[Session]]
AT_ONCE = 20_000
"""The most states, one a learner and card, that are summed up while somebody waits. That takes some 0.1 s."""
TOO_FEW = f"Fewer than {FEWEST} learners have studied it."
SOMEBODY_LEFT = f"A learner has left. It is shown again when {FEWEST} learners have changed something."


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a class knows of a topic: means over its learners of shares of the topic's cards, 0 to 1.

    `met` was rated at least once, `recalled` would be recalled when it was counted, and `ready` on the day `held_on`
    without another look: None if the class had no date then. `recalled` and `ready` count an unmet card as not known.
    """

    learners: int
    cards: int
    met: float
    recalled: float
    ready: float | None
    held_on: date | None
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class TopicOfClass:
    """A topic of a class's deck with its readiness, or the reason `why_not` it is not shown."""

    id: int
    deck: str
    title: str
    readiness: Readiness | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What a class knows by topic, in learning order. `why_not` says why nothing at all is shown."""

    topics: Sequence[TopicOfClass]
    why_not: str

    @property
    def held_on(self) -> date | None:
        """The day that topics were counted for, if it is the same for all."""
        days = {one.readiness.held_on for one in self.topics if one.readiness}
        return days.pop() if len(days) == 1 else None


_LEARNERS = (
    select(ACCOUNT.c.learner_id, CLASS_MEMBER.c.counts_from)
    .join(CLASS_MEMBER, CLASS_MEMBER.c.account_id == ACCOUNT.c.id)
    .join(LEARNER, LEARNER.c.id == ACCOUNT.c.learner_id)
    .where(CLASS_MEMBER.c.class_id == bindparam("class_id"), TAKES_PART)
)
_CARDS = select(func.count()).where(CARD.c.topic_id == TOPIC.c.id, CARD.c.retired_at.is_(None)).scalar_subquery()
_TOPICS = (
    select(
        TOPIC.c.id, DECK.c.title.label("deck"), TOPIC.c.title, _CARDS.label("live"), CLASS_DATE.c.held_on.label("day"),
        CLASS_TOPIC.c.counted_at, CLASS_TOPIC.c.learners, CLASS_TOPIC.c.cards, CLASS_TOPIC.c.met,
        CLASS_TOPIC.c.recalled, CLASS_TOPIC.c.ready, CLASS_TOPIC.c.held_on,
    )
    .select_from(
        CLASS_DECK.join(DECK, DECK.c.id == CLASS_DECK.c.deck_id)
        .join(TOPIC, and_(TOPIC.c.deck_id == DECK.c.id, TOPIC.c.retired_at.is_(None)))
        .outerjoin(
            CLASS_DATE, and_(CLASS_DATE.c.class_id == CLASS_DECK.c.class_id, CLASS_DATE.c.deck_id == DECK.c.id)
        )
        .outerjoin(
            CLASS_TOPIC, and_(CLASS_TOPIC.c.class_id == CLASS_DECK.c.class_id, CLASS_TOPIC.c.topic_id == TOPIC.c.id)
        )
    )
    .where(CLASS_DECK.c.class_id == bindparam("class_id"))
    .order_by(DECK.c.title, TOPIC.c.place)
)  # fmt: skip
_DAYS = days_since(CARD_STATE.c.reviewed_on, TODAY)


def _recalled(days: ColumnElement[float]) -> ColumnElement[float]:
    """The sum of the chances that cards are recalled so many days after their last review."""
    return func.sum(func.power(1 + FACTOR * days / CARD_STATE.c.stability, DECAY))


_COUNTED = (
    select(
        CARD.c.topic_id,
        CARD_STATE.c.learner_id,
        func.count().label("met"),
        _recalled(_DAYS).label("recalled"),
        _recalled(_DAYS + days_since(TODAY, CLASS_DATE.c.held_on)).label("ready"),
        func.max(CARD_STATE.c.reviewed_at).label("newest"),
    )
    .select_from(
        CLASS_MEMBER.join(ACCOUNT, ACCOUNT.c.id == CLASS_MEMBER.c.account_id)
        .join(LEARNER, LEARNER.c.id == ACCOUNT.c.learner_id)
        .join(CARD_STATE, CARD_STATE.c.learner_id == ACCOUNT.c.learner_id)
        .join(CARD, and_(CARD.c.id == CARD_STATE.c.card_id, CARD.c.retired_at.is_(None)))
        .outerjoin(
            CLASS_DATE, and_(CLASS_DATE.c.class_id == CLASS_MEMBER.c.class_id, CLASS_DATE.c.deck_id == CARD.c.deck_id)
        )
    )
    .where(
        CLASS_MEMBER.c.class_id == bindparam("class_id"),
        TAKES_PART,
        CARD_STATE.c.reviewed_at >= CLASS_MEMBER.c.counts_from,
        CARD.c.topic_id.in_(bindparam("topics", expanding=True)),
    )
    .group_by(CARD.c.topic_id, CARD_STATE.c.learner_id)
)
"""A row for each topic and learner. The database sums up: no thread of ours holds the interpreter meanwhile."""


def overview(session: Session, class_id: int) -> Overview:
    """What may be shown of the class."""
    connection = session.connection()
    joined = connection.execute(_LEARNERS, {"class_id": class_id}).all()
    why_not = "" if is_enough(len(joined)) else WHY
    rows = connection.execute(_TOPICS, {"class_id": class_id}) if not why_not else ()
    return Overview([_shown(row, joined) for row in rows], why_not)


def _shown(row: Any, joined: Sequence[Any]) -> TopicOfClass:
    if row.counted_at is None:
        return TopicOfClass(row.id, row.deck, row.title, None, TOO_FEW)
    if _left(row, joined):
        return TopicOfClass(row.id, row.deck, row.title, None, SOMEBODY_LEFT)
    figures = row.met, row.recalled, row.ready, row.held_on, row.counted_at
    return TopicOfClass(row.id, row.deck, row.title, Readiness(row.learners, row.cards, *figures), "")


def _since(row: Any, joined: Sequence[Any]) -> set[int]:
    """Who has joined since the topic was counted."""
    return {one.learner_id for one in joined if row.counted_at is not None and one.counts_from > row.counted_at}


def _left(row: Any, joined: Sequence[Any]) -> int:
    """How many have left since the topic was counted."""
    return 0 if row.counted_at is None else int(row.learners) + len(_since(row, joined)) - len(joined)


def count_what_is_due(ways: tuple[Way, Way], class_id: int, today: date, now: datetime, waits: bool) -> None:
    """Count again and keep what may be counted: see `count_again`. The `ways` to a session are to read and to write."""
    read, write = ways
    with read() as session:
        found = count_again(session, class_id, today, now, waits)
    if found:
        with write() as session:
            keep(session, found)


def count_again(
    session: Session, class_id: int, today: date, now: datetime, waits: bool = True
) -> list[dict[str, Any]]:
    """What `keep` is to keep: the topics that may be counted now, with what was found. `today` is the reader's date.

    While somebody `waits`, a class with many learners and cards is left as it is, and otherwise one with few.
    """
    connection = session.connection()
    joined = connection.execute(_LEARNERS, {"class_id": class_id}).all()
    if not is_enough(len(joined)):
        return []
    topics = connection.execute(_TOPICS, {"class_id": class_id}).all()
    due = {row.id: row for row in topics if row.live and (row.counted_at is None or row.counted_at.date() < today)}
    if waits != (len(joined) * sum(row.live for row in due.values()) <= AT_ONCE):
        return []
    counted = defaultdict[int, list[Any]](list)
    values = {"class_id": class_id, "today": today, "topics": list(due)}
    for one in connection.execute(_COUNTED, values) if due else ():
        counted[one.topic_id].append(one)
    found = []
    for topic, those in counted.items():
        row = due[topic]
        since = _since(row, joined)
        # Who has joined since may be who has left.
        changed = since | {one.learner_id for one in those if row.counted_at is None or one.newest > row.counted_at}
        if is_enough(len(those)) and is_enough(len(changed) + max(0, _left(row, joined) - len(since))):
            names = ("met", "recalled", "ready") if row.day and row.day >= today else ("met", "recalled")
            of = len(joined) * row.live
            shares = {name: sum(getattr(one, name) for one in those) / of for name in names}
            figures = {"ready": None, "held_on": row.day if "ready" in shares else None} | shares
            figures |= {"learners": len(joined), "cards": row.live}
            key = {"class_id": class_id, "topic_id": topic}
            found.append(key | figures | {"counted_at": now, "before": row.counted_at})
    return found


def keep(session: Session, found: Sequence[dict[str, Any]]) -> None:
    """Keep what was counted, unless somebody else has counted meanwhile. Call it in a write session."""
    connection = session.connection()
    new = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(CLASS_TOPIC).on_conflict_do_nothing()
    for one in found:
        row = {name: value for name, value in one.items() if name != "before"}
        if one["before"] is None:
            connection.execute(new, row)
        else:
            same = CLASS_TOPIC.c.class_id == one["class_id"], CLASS_TOPIC.c.topic_id == one["topic_id"]
            still = CLASS_TOPIC.c.counted_at == one["before"]
            connection.execute(update(CLASS_TOPIC).where(*same, still).values(row))
