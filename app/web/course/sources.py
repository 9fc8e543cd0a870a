"""/sources: the documents that the cards draw on, and what covers each of their items."""

from collections import defaultdict

from sqlmodel import Session, col, select
from starlette.responses import Response

from app.cards.check.check import Coverage
from app.cards.file.yaml_files import read_sources
from app.models import Card, CardSource, Deck, Topic
from app.web.frame.here import Here


def sources(here: Here) -> Response:
    """Show every document with its items, and each item with the topics and cards that cover it."""
    listed, mistakes = read_sources(here.settings.content_dir)
    with here.reading() as session:
        covering = _covering(session)
    documents = listed.documents if listed else ()
    papers = dict(sorted(listed.papers.items(), key=lambda one: (one[1].year, one[0]))) if listed else {}
    covered = sum(item in covering for document in documents for item in document.items)
    return here.page(
        "sources.html", documents=documents, covering=covering, papers=papers, covered=covered, is_broken=bool(mistakes)
    )


def _covering(session: Session) -> dict[str, list[Coverage]]:
    """Where learners can read about each item: topics first, then cards, in learning order."""
    places: dict[str, list[Coverage]] = defaultdict(list)
    decks = {deck.id: deck.name for deck in session.exec(select(Deck))}
    topics = session.exec(
        select(Topic.deck_id, Topic.name, Topic.title, Topic.sources)
        .where(col(Topic.retired_at).is_(None))
        .order_by(col(Topic.deck_id), Topic.place)
    )
    for deck_id, name, title, items in topics:
        for item in items:
            places[item].append(Coverage(decks[deck_id], name, "", title))
    cards = session.exec(
        select(CardSource.item, Card.deck_id, Card.name, Card.question_html)
        .join(Card)
        .where(col(Card.retired_at).is_(None))
        .order_by(col(Card.deck_id), Card.place)
    )
    for item, deck_id, name, question in cards:
        places[item].append(Coverage(decks[deck_id], "", name, question))
    return places
