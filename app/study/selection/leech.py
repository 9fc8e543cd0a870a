"""A leech, a card that is missed again and again, and what may help more than asking it again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import Card, CardDemo, Topic
from app.study.selection.links import prerequisites
from app.study.selection.standing import LEECH_FROM


@dataclass(frozen=True)
class Leech:
    """How often the card was missed after it had been known; its topic, its first demo, and the cards it builds on."""

    lapses: int
    topic: Topic
    demo: CardDemo | None
    builds_on: Sequence[Card]


def leech(session: Session, card_id: int, lapses: int) -> Leech | None:
    """What may help with the card that was missed `lapses` times after it had been known; None if it is not a leech.

    A card without prerequisites builds on the one before it in its topic.
    """
    if lapses < LEECH_FROM:
        return None
    card = session.get_one(Card, card_id)
    demo = session.exec(select(CardDemo).where(CardDemo.card_id == card.id).order_by(col(CardDemo.position))).first()
    before = select(Card).where(
        Card.topic_id == card.topic_id, col(Card.retired_at).is_(None), col(Card.place) < card.place
    )
    builds_on = prerequisites(session, card.id) or session.exec(before.order_by(col(Card.place).desc()).limit(1)).all()
    return Leech(lapses, session.get_one(Topic, card.topic_id), demo, builds_on)
