"""The tables as SQLAlchemy Core sees them: a review's statements are built once and never refresh an object."""

from typing import cast

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

from app.models import (
    Card,
    CardDemo,
    CardLink,
    CardMark,
    CardSource,
    CardState,
    CardTag,
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
