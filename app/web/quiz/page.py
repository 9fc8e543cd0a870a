"""The page of one quiz: its question or the answer, and at the end the result."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import groupby

from fastapi import Request
from sqlmodel import Session, col, select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.models import Card, CardDemo, CardSource, Deck, Quiz, Topic
from app.settings import Settings
from app.study.learner.preferences import Preferences
from app.study.quiz.past import Past, past, topics_asked
from app.study.quiz.result import DOUBTFUL, SURE, Result, result_of
from app.study.quiz.take import Item, Run, UnknownQuizError, run_of
from app.study.schedule.buttons import Offer, offer
from app.study.schedule.rate import Rated, UnknownCardError
from app.web.frame.editing import EditLink, edit_link
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here
from app.web.frame.pages import page
from app.web.sitting.review_view import Typed, beside


@dataclass(frozen=True)
class Visit:
    """What every answer of this page needs. `notice` and `rated` say what has just happened."""

    request: Request
    session: Session
    settings: Settings
    who: Preferences
    run: Run
    now: datetime
    notice: str | None = None
    rated: Rated | None = None
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True)
class Shown:
    """A question on the page; with `offer`, its answer and the five buttons."""

    item: Item
    card: Card
    shown_at: datetime
    edit: EditLink
    typed: Typed | None = None
    offer: Offer | None = None
    revealed_at: datetime | None = None
    sources: Sequence[str] = ()


@dataclass(frozen=True)
class Over:
    """The end: the result, typed answers with their cards, demos of the cards missed, and quizzes to compare."""

    result: Result
    cards: dict[int, Card]
    typed: dict[int, Typed]
    demos: dict[int, list[CardDemo]]
    others: Sequence[Past]

    @property
    def names(self) -> str:
        """The missed cards, as an address names them."""
        return ",".join(item.name for item in self.result.missed)


def visit_of(here: Here, session: Session, name: str) -> Visit:
    """Raises NotHereError for a quiz that is not there, AnothersQuizError for another learner's."""
    who = here.learner(session)
    try:
        return Visit(here.request, session, here.settings, who, run_of(session, who, name), here.now)
    except UnknownQuizError as error:
        raise NotHereError(str(error)) from error


def refused(error: Exception) -> HTTPException:
    """What is wrong with a form, as an answer of its own status."""
    if isinstance(error, UnknownQuizError | UnknownCardError):
        return NotHereError(str(error))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, ValueError) else HTTPStatus.FORBIDDEN
    return HTTPException(status, str(error))


def question_page(visit: Visit) -> Response:
    """The question to answer now, or the result."""
    item = visit.run.current(visit.now)
    if item is None:
        return _page(visit, None)
    card, edit = _card(visit, item)
    return _page(visit, Shown(item, card, visit.now, edit))


def answer_page(visit: Visit, item: Item, shown_at: datetime, typed: str = "") -> Response:
    """The answer to the current question, beside what was typed."""
    card, edit = _card(visit, item)
    query = select(CardSource.item).where(CardSource.card_id == card.id).order_by(CardSource.item)
    sources = visit.session.exec(query).all()
    the_offer = offer(visit.session, visit.who, card.id, visit.now)
    compared = beside(typed, card) if typed.strip() else None
    return _page(visit, Shown(item, card, shown_at, edit, compared, the_offer, visit.now, sources))


def share_page(request: Request, session: Session, who: Preferences, quiz: Quiz) -> Response:
    """What another's quiz asks, and the button that takes it; nothing of what was answered."""
    topics = topics_asked(session, who, quiz)
    return page(
        request,
        "quiz/share.html",
        deck=session.get_one(Deck, quiz.deck_id),
        quiz=quiz,
        topics=topics,
        asked=sum(asked for _, asked, _ in topics),
        askable=sum(askable for _, _, askable in topics),
    )


def _card(visit: Visit, item: Item) -> tuple[Card, EditLink]:
    card = visit.session.get_one(Card, item.card_id)
    path = visit.session.exec(select(Topic.path).where(Topic.id == card.topic_id)).one()
    return card, edit_link(visit.settings, path, card)


def _page(visit: Visit, shown: Shown | None) -> Response:
    run = visit.run
    return page(
        visit.request,
        "quiz/sitting.html",
        visit.status,
        part="sitting",
        deck=visit.session.get_one(Deck, run.quiz.deck_id),
        run=run,
        quiz=run.quiz,
        who=visit.who,
        shown=shown,
        over=None if shown else _over(visit),
        seconds_left=None if run.ends_at is None else math.ceil((run.ends_at - visit.now).total_seconds()),
        is_late=run.is_late(visit.now),
        today=visit.who.day(visit.now),
        rated=visit.rated,
        notice=visit.notice,
        limits={"sure": SURE, "doubtful": DOUBTFUL},
    )


def _over(visit: Visit) -> Over:
    result = result_of(visit.run.asked)
    typed = {item.card_id: item.typed for item in result.items if item.typed}
    missed = [item.card_id for item in result.missed]
    cards = {card.id: card for card in visit.session.exec(select(Card).where(col(Card.id).in_(typed)))}
    links = visit.session.exec(
        select(CardDemo)
        .where(col(CardDemo.card_id).in_(missed))
        .order_by(col(CardDemo.card_id), col(CardDemo.position))
    )
    quizzes = past(visit.session, visit.who, visit.run.quiz.deck_id)
    return Over(
        result,
        cards,
        {card_id: beside(text, cards[card_id]) for card_id, text in typed.items()},
        {card_id: list(demos) for card_id, demos in groupby(links, key=lambda link: link.card_id)},
        [one for one in quizzes if one.name != visit.run.quiz.name and one.mean is not None],
    )
