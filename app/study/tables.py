"""The tables as SQLAlchemy Core sees them: a review's statements are built once and never refresh an object."""

from typing import cast

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

from app.models import (
    Card,
    CardMark,
    CardSource,
    CardState,
    CardTag,
    Deck,
    Learner,
    NewCardCursor,
    OwnTag,
    Review,
    Topic,
)


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, inspect(model).local_table)


CARD = _table(Card)
CARD_MARK = _table(CardMark)
CARD_SOURCE = _table(CardSource)
CARD_STATE = _table(CardState)
CARD_TAG = _table(CardTag)
DECK = _table(Deck)
LEARNER = _table(Learner)
NEW_CARD_CURSOR = _table(NewCardCursor)
OWN_TAG = _table(OwnTag)
REVIEW = _table(Review)
TOPIC = _table(Topic)
