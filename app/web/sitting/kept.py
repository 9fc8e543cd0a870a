"""/kept: the page of a sitting with all of today's cards, which a device keeps to ask them without a net."""

from typing import Any

from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import Response

from app.study.sitting.kept import KeptCard, kept_cards
from app.web.frame.decks import all_decks
from app.web.frame.here import Here
from app.web.sitting.review import QueueSitting, SittingQuery
from app.web.sitting.shown import Shown, with_answer


def kept(here: Here) -> Response:
    """Every card with its hidden answer and its rating form. Typed answers wait for the net, so then there is none."""
    with here.reading() as session:
        cards: list[tuple[KeptCard, Markup]] = []
        if not here.learner(session).types_answers:
            for deck in all_decks(session):
                queue = QueueSitting(here, SittingQuery(deck=deck.name))
                queue.session = session
                cards += [
                    (one, _asked(queue, session, one)) for one in kept_cards(session, queue.learner, here.now, deck.id)
                ]
        return here.page("sitting/kept.html", learner=here.learner(session), cards=cards)


def _asked(queue: QueueSitting, session: Session, one: KeptCard) -> Markup:
    """What the page of a sitting shows of the card, as its part that is swapped."""
    shown = with_answer(queue.here, session, queue.learner, Shown(one.card, queue.here.now))
    made = queue.here.request.app.state.templates.get_template("sitting/sitting.html")
    context: dict[str, Any] = {**queue.context(shown), "learner": queue.learner, "shown": shown, "leave": "/"}
    context |= {"rated": None, "aside": None, "has_undo": False, "explains": False, "notice": "", "undo_token": ""}
    context |= {"request": queue.here.request, "current_path": "/review"}
    return Markup("".join(made.blocks["sitting"](made.new_context(context))))  # noqa: S704  (a page of ours)
