"""The tables as SQLAlchemy Core sees them: a review's statements are built once and never refresh an object."""

from typing import cast

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

from app.models import Card, CardMark, CardState, DayTotal, Learner, MonthTotal, NewCardCursor, Review


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, inspect(model).local_table)


CARD = _table(Card)
CARD_MARK = _table(CardMark)
CARD_STATE = _table(CardState)
DAY_TOTAL = _table(DayTotal)
LEARNER = _table(Learner)
MONTH_TOTAL = _table(MonthTotal)
NEW_CARD_CURSOR = _table(NewCardCursor)
REVIEW = _table(Review)
