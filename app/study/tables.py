"""The tables as SQLAlchemy Core sees them: a review's statements are built once and never refresh an object."""

from typing import cast

from sqlalchemy import Table, inspect
from sqlmodel import SQLModel

from app.models import Card, CardLink, CardState, Deck, Learner, NewCardCursor, Review


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, inspect(model).local_table)


CARD = _table(Card)
CARD_LINK = _table(CardLink)
CARD_STATE = _table(CardState)
DECK = _table(Deck)
LEARNER = _table(Learner)
NEW_CARD_CURSOR = _table(NewCardCursor)
REVIEW = _table(Review)
