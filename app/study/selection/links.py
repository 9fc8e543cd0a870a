"""Which cards follow upon which: what an interviewer may ask next, and what a card builds on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from app.models import Card
from app.tables import CARD, CARD_LINK, DECK, THE_DECK

# The card that links, and the card it links to: found by name, for it may have been renamed, retired or brought back.
_FROM, _TO = CARD.alias("from_card"), CARD.alias("to_card")
_FOLLOW_UPS = (
    CARD_LINK.join(_FROM, _FROM.c.id == CARD_LINK.c.card_id)
    .join(DECK, DECK.c.name == CARD_LINK.c.deck)
    .join(_TO, (_TO.c.deck_id == DECK.c.id) & (_TO.c.name == CARD_LINK.c.name))
)
_IS_MEANT = CARD_LINK.c.is_follow_up & (_FROM.c.id != _TO.c.id)
_BOTH = select(_FROM.c.id, _TO.c.id).select_from(_FOLLOW_UPS).where(_IS_MEANT)
_NEXT = (
    _BOTH.with_only_columns(_TO.c.id)
    .where(_FROM.c.id == bindparam("card"), _TO.c.retired_at.is_(None))
    .order_by(CARD_LINK.c.position)
)
_BEFORE = (
    _BOTH.with_only_columns(_FROM.c.id)
    .where(_TO.c.id == bindparam("card"), _FROM.c.retired_at.is_(None))
    .order_by(_FROM.c.place, _FROM.c.id)
)
_WITHIN = _BOTH.where(
    *(card.c.deck_id == THE_DECK for card in (_FROM, _TO)), *(card.c.retired_at.is_(None) for card in (_FROM, _TO))
).order_by(CARD_LINK.c.card_id, CARD_LINK.c.position)


def follow_ups(session: Session, card_id: int) -> Sequence[Card]:
    """The live cards that may be asked right after this one, in the order in which it names them."""
    return _cards(session, _NEXT, card_id)


def prerequisites(session: Session, card_id: int) -> Sequence[Card]:
    """The live cards upon which this one follows, in learning order: what it builds on."""
    return _cards(session, _BEFORE, card_id)


def follow_ups_in(session: Session, deck_id: int) -> dict[int, list[int]]:
    """The live cards of a deck that have follow-ups within it: of each the id, and theirs in order, none twice."""
    found: dict[int, dict[int, None]] = {}
    for card_id, next_id in session.connection().execute(_WITHIN, {"deck": deck_id}):
        found.setdefault(card_id, {})[next_id] = None
    return {card_id: list(ids) for card_id, ids in found.items()}


def _cards(session: Session, ids: Select[Any], card_id: int) -> Sequence[Card]:
    order = dict.fromkeys(session.connection().execute(ids, {"card": card_id}).scalars())
    cards = {card.id: card for card in session.exec(select_models(Card).where(col(Card.id).in_(order)))}
    return [cards[one] for one in order]
