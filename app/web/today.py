"""/ : what is due today, by topic, and one press to start."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.study import queue
from app.study.learner import preferences
from app.study.today import by_topic, next_due
from app.web.decks import all_decks, deck_named
from app.web.pages import Now, TheDatabase, TheLearner, TheSettings, page

router = APIRouter()

SECONDS_A_CARD = 30
"""A fair guess for the estimate on the page: people take 10 to 60 seconds a card."""


@router.get("/")
def today(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    deck: str | None = None,
) -> Response:
    """The day at a glance."""
    with database.read() as session:
        chosen = deck_named(session, deck)
        who = preferences(session, settings, learner)
        return page(
            request,
            "today.html",
            deck=chosen,
            decks=all_decks(session),
            today=who.day(now),
            progress=queue.progress(session, who, now, chosen.id),
            topics=by_topic(session, who, now, chosen.id),
            next_due=next_due(session, who, now, chosen.id),
            new_per_day=who.new_per_day,
            seconds_a_card=SECONDS_A_CARD,
        )
