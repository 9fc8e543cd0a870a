"""Which cards a learner has not seen, in learning order, found without walking over those seen."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, insert, select, update

from app.tables import CARD, CARD_STATE, NEW_CARD_CURSOR

_CURSOR = (NEW_CARD_CURSOR.c.learner_id == bindparam("learner")) & (NEW_CARD_CURSOR.c.deck_id == bindparam("deck"))
_SEEN = exists().where(CARD_STATE.c.learner_id == bindparam("learner"), CARD_STATE.c.card_id == CARD.c.id)
_IN_DECK = (CARD.c.deck_id == bindparam("deck")) & CARD.c.retired_at.is_(None)


def unseen(column: str, within: ColumnElement[bool] | None = None) -> Select[Any]:
    """A column of the cards without a state, of those `within`; parameters are `learner` and `deck`."""
    cursor = select(NEW_CARD_CURSOR.c.place).where(_CURSOR).scalar_subquery()
    from_there = CARD.c.place >= func.coalesce(cursor, "")
    meant = _IN_DECK if within is None else _IN_DECK & within
    return select(CARD.c[column]).where(meant, from_there, ~_SEEN).order_by(CARD.c.place, CARD.c.id)


_FIRST = unseen("place").limit(1).scalar_subquery()
_LAST = select(func.max(CARD.c.place)).where(_IN_DECK).scalar_subquery()
_PLACE = func.coalesce(_FIRST, _LAST, "")
# The parameters of the values would hide those of the subqueries, had they the columns' names.
_SET = insert(NEW_CARD_CURSOR).values(learner_id=bindparam("learner"), deck_id=bindparam("deck"), place=_PLACE)
_MOVE = update(NEW_CARD_CURSOR).where(_CURSOR).values(place=_PLACE)
_MOVE_BACK = (
    update(NEW_CARD_CURSOR)
    .where(_CURSOR, NEW_CARD_CURSOR.c.place > bindparam("back_to"))
    .values(place=bindparam("back_to"))
)


def move_cursor(connection: Connection, learner_id: int, deck_id: int, exists_already: bool) -> None:
    """Remember where the unseen cards begin, after one more was seen or when it had been forgotten."""
    connection.execute(_MOVE if exists_already else _SET, {"learner": learner_id, "deck": deck_id})


def move_cursor_back(connection: Connection, learner_id: int, deck_id: int, place: str) -> None:
    """The card at `place` is unseen again."""
    connection.execute(_MOVE_BACK, {"learner": learner_id, "deck": deck_id, "back_to": place})
