"""/topics: the course, and for each topic Preview, Explain, Key points, Review."""

from fastapi import APIRouter, Request
from sqlmodel import col, select
from starlette.responses import Response

from app.models import Card
from app.study.learner.preferences import preferences
from app.study.sitting.today import by_topic
from app.web.frame.decks import deck_named, topic_named
from app.web.frame.pages import Now, TheDatabase, TheLearner, TheSettings, page

router = APIRouter()


@router.get("/topics")
def topics(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    deck: str | None = None,
) -> Response:
    """Every topic, in learning order."""
    with database.read() as session:
        chosen = deck_named(session, deck)
        who = preferences(session, settings, learner)
        rows = by_topic(session, who, now, chosen.id)
        return page(request, "topics/list.html", deck=chosen, topics=rows)


@router.get("/topics/{deck}/{name}")
def topic(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    deck: str,
    name: str,
) -> Response:
    """One topic's four steps."""
    with database.read() as session:
        chosen, found = topic_named(session, deck, name)
        cards = session.exec(
            select(Card).where(Card.topic_id == found.id, col(Card.retired_at).is_(None)).order_by(Card.place)
        ).all()
        rows = by_topic(session, preferences(session, settings, learner), now, chosen.id)
        place = next(i for i, row in enumerate(rows) if row.topic.id == found.id)
        return page(
            request,
            "topics/topic.html",
            deck=chosen,
            topic=found,
            cards=cards,
            state=rows[place],
            before=rows[place - 1].topic if place else None,
            after=rows[place + 1].topic if place + 1 < len(rows) else None,
        )
