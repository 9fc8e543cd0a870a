"""/topics: the course, and for each topic Preview, Explain, Key points, Review."""

from sqlmodel import col, select
from starlette.responses import Response

from app.models import Card
from app.study.sitting.today import by_topic
from app.web.frame.decks import deck_named, topic_named
from app.web.frame.here import Here


def topics(
    here: Here,
    deck: str | None = None,
) -> Response:
    """List every topic, in learning order."""
    with here.reading() as session:
        chosen = deck_named(session, deck)
        learner = here.learner(session)
        rows = by_topic(session, learner, here.now, chosen.id)
        return here.page("topics/list.html", deck=chosen, topics=rows)


def topic(
    here: Here,
    deck: str,
    name: str,
) -> Response:
    """Show the four steps of a topic."""
    with here.reading() as session:
        chosen, found = topic_named(session, deck, name)
        cards = session.exec(
            select(Card).where(Card.topic_id == found.id, col(Card.retired_at).is_(None)).order_by(Card.place)
        ).all()
        rows = by_topic(session, here.learner(session), here.now, chosen.id)
        place = next(i for i, row in enumerate(rows) if row.topic.id == found.id)
        return here.page(
            "topics/topic.html",
            deck=chosen,
            topic=found,
            cards=cards,
            state=rows[place],
            before=rows[place - 1].topic if place else None,
            after=rows[place + 1].topic if place + 1 < len(rows) else None,
        )
