"""The cards that a device keeps, so that they can be asked without a net: those of today.

Computed cards are not among them: the server judges their answers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, or_, select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.schedule.new_card_cursor import unseen
from app.study.selection.standing import IS_ASKABLE, IS_DUE, ITS_STATE
from app.study.sitting.asked import ASKED, COLUMNS, AskedCard, asked
from app.study.sitting.order import IS_IN_SITTING
from app.study.sitting.queue import parameters, progress, queue_of_today
from app.study.sitting.rated_today import COMES_ONCE_MORE
from app.tables import CARD, CARD_STATE, NONE, REVIEW, THE_DECK

MOST_KEPT = 200


class KeptCard(NamedTuple):
    """A card, and the token of the rating that the next one builds on, None for a new card.

    `owes` is how often it is still to be recalled today if it was missed today: twice or once. Else it is 0. Cards that
    are planned keep their order.
    """

    card: AskedCard
    after: str | None
    owes: int = 0
    is_planned: bool = False


_MOST: Any = bindparam("most")
_OWES = case((IS_IN_SITTING, 2), (COMES_ONCE_MORE, 1), else_=0)
_IS_WRITTEN = CARD.c.asks.is_(None)
_DUE = (
    ASKED.add_columns(REVIEW.c.token, _OWES)
    .join(CARD_STATE, ITS_STATE)
    .join(REVIEW, REVIEW.c.id == CARD_STATE.c.last_review_id)
    .where(CARD.c.deck_id == THE_DECK, IS_ASKABLE, or_(IS_DUE, COMES_ONCE_MORE), _IS_WRITTEN)
    .order_by(_OWES > NONE, CARD_STATE.c.due_on, CARD.c.id)
    .limit(_MOST)
)
_FIRST_UNSEEN = unseen("id", IS_ASKABLE).limit(_MOST).subquery()
_NEW = ASKED.where(CARD.c.id.in_(select(_FIRST_UNSEEN.c.id)), _IS_WRITTEN).order_by(CARD.c.place)

_PLANNED = (
    ASKED.add_columns(REVIEW.c.token)
    .outerjoin(CARD_STATE, ITS_STATE)
    .outerjoin(REVIEW, REVIEW.c.id == CARD_STATE.c.last_review_id)
    .where(CARD.c.id.in_(bindparam("cards", expanding=True)))
)


def _planned(connection: Connection, values: dict[str, Any], cards: Sequence[int]) -> list[KeptCard]:
    rows = connection.execute(_PLANNED, values | {"cards": cards[:MOST_KEPT]})
    found = {row.id: KeptCard(asked(row), row[-1], is_planned=True) for row in rows}
    return [found[card] for card in cards if card in found]


def kept_cards(session: Session, learner: Preferences, now: datetime, deck_id: int) -> list[KeptCard]:
    """What the deck asks today, in the order of a sitting: at most MOST_KEPT due cards, and today's new ones.

    If there is a plan for it, what the plan has left instead.
    Due cards are not interleaved here: which topic was asked last is known when one is asked. Missed ones come last.
    """
    queue = queue_of_today(session, learner, now, deck_id)
    values = parameters(learner, now, queue) | {"most": MOST_KEPT}
    connection = session.connection()
    seen = [KeptCard(asked(row), *row[COLUMNS:]) for row in connection.execute(_DUE, values)]
    if queue.plan is not None:
        found = _planned(connection, values, [card.id for card in queue.planned])
    else:
        found = [one for one in seen if not one.owes]
        new = min(progress(session, learner, now, queue).new, MOST_KEPT)
        found += [KeptCard(asked(row), None) for row in connection.execute(_NEW, values | {"most": new})]
    found += [one for one in seen if one.owes]
    # Of the sides of a card one is asked a day.
    first = {(one.card.name.partition("~")[0]): one for one in reversed(found)}
    return [one for one in found if first[one.card.name.partition("~")[0]] is one]
