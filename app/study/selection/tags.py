"""The tags that a learner meets in a deck: its authors' and their own."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlmodel import Session

from app.tables import CARD, CARD_TAG, OWN_TAG

_OF_DECK = (CARD.c.deck_id == bindparam("deck")) & CARD.c.retired_at.is_(None)
_BY_AUTHORS = select(CARD_TAG.c.tag).join(CARD, CARD.c.id == CARD_TAG.c.card_id).where(_OF_DECK)
_OWN = (
    select(OWN_TAG.c.tag)
    .join(CARD, CARD.c.id == OWN_TAG.c.card_id)
    .where(_OF_DECK, OWN_TAG.c.learner_id == bindparam("learner"))
)
_ALL = _BY_AUTHORS.union(_OWN).order_by("tag")


def tags_in(session: Session, learner_id: int, deck_id: int) -> Sequence[str]:
    """Every tag of the deck's live cards, by letter."""
    return session.connection().execute(_ALL, {"learner": learner_id, "deck": deck_id}).scalars().all()
