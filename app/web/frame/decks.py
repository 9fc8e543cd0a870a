"""Which deck, topic, card or class a page is about."""

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.accounts.classes import teaches
from app.models import Card, CardAlias, Deck, Topic
from app.nearest import the_nearest_is
from app.study.selection.fields import no_such
from app.study.selection.placeholder import HAS_CONTENT, may_see
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context

_DECKS = select(Deck).where(HAS_CONTENT).order_by(Deck.name)
_BY_NAME = select(Deck.id, Deck.name, Deck.title).where(Deck.name == bindparam("name"), HAS_CONTENT)

_DECK_AND_CARD = select(Deck, Card).join(Card).where(Deck.name == bindparam("deck"), Card.name == bindparam("name"))

_BY_FORMER_NAME = (
    select(Deck, Card)
    .join(Card)
    .join(CardAlias)
    .where(CardAlias.deck == bindparam("deck"), CardAlias.name == bindparam("name"))
)


def all_decks(session: Session) -> Sequence[Deck]:
    """Every deck that has a topic to show, by name."""
    has_topic = select(Topic.id).where(Topic.deck_id == Deck.id, col(Topic.retired_at).is_(None)).exists()
    return session.exec(_DECKS.where(has_topic)).all()


def deck_named(session: Session, name: str | None) -> Deck:
    """The deck called `name`, or the first by name that has a topic.

    Raises NotHereError, with the nearest name, when there is no such deck or no deck at all.
    """
    if name is not None and (row := session.connection().execute(_BY_NAME, {"name": name}).mappings().one_or_none()):
        return Deck.model_construct(**row)
    decks = session.exec(_DECKS).all()
    if not decks:
        raise NotHereError("No cards are loaded yet: run `recur load`, which reads the content folder.")
    if name is None:
        return next(iter(all_decks(session)), decks[0])
    near = the_nearest_is(name, [deck.name for deck in decks], cutoff=0)
    raise NotHereError(f"There is no deck called {name!r}.{near}")


def topic_titles(session: Session, names: Collection[str], deck: Deck | None = None) -> dict[str, str]:
    """The titles of topics of the deck, or of any deck, by name. Raises NotHereError, with the nearest name."""
    if not names:
        return {}
    topics = select(Topic.name, Topic.title).where(col(Topic.retired_at).is_(None))
    known = dict(session.exec(topics if deck is None else topics.where(Topic.deck_id == deck.id)).all())
    if unknown := [name for name in names if name not in known]:
        raise NotHereError(no_such("topic", unknown[0], known))
    return {name: known[name] for name in names}


def topic_named(session: Session, deck_name: str, name: str) -> tuple[Deck, Topic]:
    """The deck and its topic. Raises NotHereError, with the nearest name."""
    deck = deck_named(session, deck_name)
    live = select(Topic).where(Topic.deck_id == deck.id, col(Topic.retired_at).is_(None))
    topics = {topic.name: topic for topic in session.exec(live)}
    if name not in topics:
        raise NotHereError(f"There is no topic called {name!r} in {deck.title}.{the_nearest_is(name, topics)}")
    return deck, topics[name]


def card_named(session: Session, deck_name: str, name: str, learner_id: int) -> tuple[Deck, Card]:
    """The deck and its card, retired or not, that the learner may see, by the name that it has or had.

    Raises NotHereError, with the nearest name.
    """
    named = {"deck": deck_name, "name": name}
    found = session.exec(_DECK_AND_CARD, params=named).first() or session.exec(_BY_FORMER_NAME, params=named).first()
    if found is None or not may_see(session, learner_id, found[1].id or 0):
        deck = deck_named(session, deck_name)
        known = session.exec(select(Card.name).where(Card.deck_id == deck.id, col(Card.retired_at).is_(None)))
        raise NotHereError(f"There is no card called {name!r} in {deck.title}.{the_nearest_is(name, known)}")
    return found


def check_theirs(here: Context, session: Session, class_id: int) -> None:
    """Raise NotHereError unless they teach the class, or manage all: whether there is another, they do not learn."""
    if not teaches(session, here.signed_in(), class_id):
        raise NotHereError("This is none of your classes.")
