"""Which cards a learner has not seen, in learning order, found without walking over those seen.

The cursor is the place of the first unseen card of a deck. A rating moves it on, an undo moves it back.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, insert, select, update

from app.tables import CARD, CARD_STATE, EMPTY, NEW_CARD_CURSOR, NONE, ONE, THE_DECK, THE_LEARNER, Prepared

_CURSOR = (NEW_CARD_CURSOR.c.learner_id == THE_LEARNER) & (NEW_CARD_CURSOR.c.deck_id == THE_DECK)
_SEEN = exists().where(CARD_STATE.c.learner_id == THE_LEARNER, CARD_STATE.c.card_id == CARD.c.id)
_IN_DECK = (CARD.c.deck_id == THE_DECK) & CARD.c.retired_at.is_(None)


def unseen(column: str, within: ColumnElement[bool] | None = None) -> Select[Any]:
    """A column of the cards without a state, in learning order, of those `within`.

    Parameters of the statement are `learner` and `deck`.
    """
    cursor = select(NEW_CARD_CURSOR.c.place).where(_CURSOR).scalar_subquery()
    from_there = CARD.c.place >= func.coalesce(cursor, EMPTY)
    meant = _IN_DECK if within is None else _IN_DECK & within
    return select(CARD.c[column]).where(meant, from_there, ~_SEEN).order_by(CARD.c.place, CARD.c.id)


_FIRST = unseen("place").limit(ONE).offset(NONE).scalar_subquery()
_LAST = select(func.max(CARD.c.place)).where(_IN_DECK).scalar_subquery()
_PLACE = func.coalesce(_FIRST, _LAST, EMPTY)

# Parameters of these statements are `learner` and `deck`: if they had the columns' names, the parameters of the values
# would hide those of the subqueries.
ADD_CURSOR = Prepared(insert(NEW_CARD_CURSOR).values(learner_id=THE_LEARNER, deck_id=THE_DECK, place=_PLACE))
"""Store where the unseen cards of a deck begin, if no row does yet."""
MOVE_CURSOR = Prepared(update(NEW_CARD_CURSOR).where(_CURSOR).values(place=_PLACE))
"""Store it again after one more card was seen."""
MOVE_CURSOR_BACK = (
    update(NEW_CARD_CURSOR)
    .where(_CURSOR, NEW_CARD_CURSOR.c.place > bindparam("back_to"))
    .values(place=bindparam("back_to"))
)
"""The card at the place `back_to` is unseen again."""
