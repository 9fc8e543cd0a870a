"""The tables as SQLAlchemy Core sees them, for statements that are built once and never refresh an object."""

from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

from sqlalchemy import Connection, Table, bindparam, inspect, select
from sqlmodel import SQLModel

from app.models import (
    Card,
    CardDemo,
    CardLink,
    CardMark,
    CardSource,
    CardState,
    CardTag,
    ContentFile,
    DayTotal,
    Deck,
    Learner,
    MonthTotal,
    NewCardCursor,
    OwnTag,
    Quiz,
    QuizItem,
    Review,
    Topic,
)


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, inspect(model).local_table)


CARD = _table(Card)
CARD_DEMO = _table(CardDemo)
CARD_LINK = _table(CardLink)
CARD_MARK = _table(CardMark)
CARD_SOURCE = _table(CardSource)
CARD_STATE = _table(CardState)
CARD_TAG = _table(CardTag)
CONTENT_FILE = _table(ContentFile)
DAY_TOTAL = _table(DayTotal)
DECK = _table(Deck)
LEARNER = _table(Learner)
MONTH_TOTAL = _table(MonthTotal)
NEW_CARD_CURSOR = _table(NewCardCursor)
OWN_TAG = _table(OwnTag)
QUIZ = _table(Quiz)
QUIZ_ITEM = _table(QuizItem)
REVIEW = _table(Review)
TOPIC = _table(Topic)

AT_ONCE = 5_000
"""The most values in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""
_Value = TypeVar("_Value", int, str)
_LOCK = select(LEARNER.c.id).where(LEARNER.c.id == bindparam("learner")).with_for_update()


def chunks(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """The distinct values in order, in lists short enough for one statement."""
    distinct = sorted(set(values))
    for start in range(0, len(distinct), AT_ONCE):
        yield distinct[start : start + AT_ONCE]


def lock_learner(connection: Connection, learner_id: int) -> None:
    """Keep everybody else from writing this learner's rows until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"learner": learner_id})
