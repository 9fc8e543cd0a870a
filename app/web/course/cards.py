"""/cards: one card, its history, its sources, and the file and line to edit."""

from functools import partial

from sqlmodel import select
from starlette.responses import RedirectResponse, Response

from app.models import Card, CardSource, Deck, Review, Topic
from app.study.forecast.chances import said
from app.study.forecast.fold import taught
from app.study.schedule.computed import asked_before
from app.study.schedule.review_log import IN_ORDER, stored_state
from app.study.selection.leech import leech
from app.study.selection.marks import marks_of
from app.study.selection.placeholder import may_see
from app.web.course.versions import number_at, versions_of
from app.web.frame.decks import card_named
from app.web.frame.editing import edit_at
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here


def card_by_short_name(here: Here, name: str) -> Response:
    """Redirect the short address to the full one, if exactly one deck has the card."""
    with here.reading() as session:
        named = session.exec(select(Deck.name, Card.id).join(Card).where(Card.name == name)).all()
        decks = [deck for deck, card_id in named if may_see(session, here.learner_id, card_id or 0)]
    if len(decks) != 1:
        which = f"{len(decks)} decks have" if decks else "No deck has"
        raise NotHereError(f"{which} a card called {name!r}; its full address is /cards/DECK/{name}.")
    return RedirectResponse(f"/cards/{decks[0]}/{name}")


def card(here: Here, deck: str, name: str) -> Response:
    """Show everything about a card."""
    with here.reading() as session:
        learner = here.learner(session)
        chosen, found = card_named(session, deck, name, learner.learner_id)
        if (chosen.name, found.name) != (deck, name):
            return RedirectResponse(f"/cards/{chosen.name}/{found.name}")
        topic = session.get_one(Topic, found.topic_id)
        texts = versions_of(session, found.id)
        connection, today = session.connection(), learner.day(here.now)
        state = stored_state(connection, learner.learner_id, found.id)
        of_mine = (Review.learner_id == learner.learner_id, Review.card_id == found.id)
        return here.page(
            "cards/card.html",
            deck=chosen,
            card=found,
            topic=topic,
            sources=session.exec(select(CardSource.item).where(CardSource.card_id == found.id)).all(),
            state=state,
            said=said(taught(connection, learner.learner_id).predictor, state, today) if state else None,
            leech=leech(session, found.id, state.lapses) if state else None,
            rated_on=state.reviewed_on if state else None,
            marks=marks_of(session, learner.learner_id, found.id),
            texts=texts,
            version_at=partial(number_at, texts),
            history=session.exec(select(Review).where(*of_mine).order_by(*IN_ORDER)).all(),
            asked_before=asked_before,
            zone=learner.zone,
            today=today,
            edit=edit_at(here.settings, topic.path, found.line),
        )
