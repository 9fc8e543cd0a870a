"""Which deck a page is about."""

import difflib
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.models import Card, Deck, Topic
from app.web.frame.errors import NotHereError

_DECKS = select(Deck).order_by(Deck.name)
# Every rating asks for its deck: not by way of the session's objects.
DECK_BY_NAME = select(Deck.id, Deck.name, Deck.title).where(Deck.name == bindparam("name"))


def all_decks(session: Session) -> Sequence[Deck]:
    """Every deck that has a topic to show, by name."""
    has_topic = select(Topic.id).where(Topic.deck_id == Deck.id, col(Topic.retired_at).is_(None)).exists()
    return session.exec(_DECKS.where(has_topic)).all()


def deck_named(session: Session, name: str | None) -> Deck:
    """The deck called `name`, or the first by name that has a topic.

    Raises NotHereError, with the nearest name, when there is no such deck or no deck at all.
    """
    if name is not None and (row := session.connection().execute(DECK_BY_NAME, {"name": name}).one_or_none()):
        return Deck(**row._mapping)
    decks = session.exec(_DECKS).all()
    if not decks:
        raise NotHereError("No cards are loaded yet: run `recur load`, which reads the content folder.")
    if name is None:
        return next(iter(all_decks(session)), decks[0])
    near = difflib.get_close_matches(name, [deck.name for deck in decks], n=1, cutoff=0)[0]
    raise NotHereError(f"There is no deck called {name!r}. The nearest is {near!r}.")


def topic_titles(session: Session, names: Collection[str], deck: Deck | None = None) -> dict[str, str]:
    """The titles of topics of the deck, or of any deck, by name. Raises NotHereError, with the nearest name."""
    if not names:
        return {}
    topics = select(Topic.name, Topic.title).where(col(Topic.retired_at).is_(None))
    known = dict(session.exec(topics if deck is None else topics.where(Topic.deck_id == deck.id)).all())
    for name in names:
        if name not in known:
            where = f" in {deck.title}" if deck else ""
            raise NotHereError(f"There is no topic called {name!r}{where}.{_nearest(name, known)}")
    return {name: known[name] for name in names}


def topic_named(session: Session, deck_name: str, name: str) -> tuple[Deck, Topic]:
    """The deck and its topic. Raises NotHereError, with the nearest name."""
    deck = deck_named(session, deck_name)
    topics = session.exec(select(Topic).where(Topic.deck_id == deck.id, col(Topic.retired_at).is_(None))).all()
    found = next((topic for topic in topics if topic.name == name), None)
    if found is None:
        raise NotHereError(
            f"There is no topic called {name!r} in {deck.title}.{_nearest(name, [topic.name for topic in topics])}"
        )
    return deck, found


def card_named(session: Session, deck_name: str, name: str) -> tuple[Deck, Card]:
    """The deck and its card, retired or not. Raises NotHereError, with the nearest name."""
    deck = deck_named(session, deck_name)
    card = session.exec(select(Card).where(Card.deck_id == deck.id, Card.name == name)).first()
    if card is None:
        cards = session.exec(select(Card).where(Card.deck_id == deck.id, col(Card.retired_at).is_(None))).all()
        raise NotHereError(
            f"There is no card called {name!r} in {deck.title}.{_nearest(name, [card.name for card in cards])}"
        )
    return deck, card


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" The nearest is {near[0]!r}." if near else ""
