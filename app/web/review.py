"""/review: question, reveal, answer, rating; and undo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Form, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.models import Card, CardSource, Deck, Topic
from app.settings import Settings
from app.study import queue
from app.study.learner import Preferences, preferences
from app.study.review import (
    Answer,
    Offer,
    OldFormError,
    Rated,
    StaleFormError,
    UndoneTokenError,
    UnknownCardError,
    offer,
    rate,
    rated_since,
    undo,
)
from app.study.today import NextDue, Summary, missed_today, next_due, summary
from app.web.decks import deck_named, topic_named
from app.web.editing import EditLink, edit_link
from app.web.errors import NotHereError
from app.web.pages import Now, RowId, TheDatabase, TheLearner, TheSettings, page, wants_part

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """A card on the page: its question, or, when `offer` is there, its answer with the five buttons."""

    card: Card
    topic: str
    shown_at: datetime
    edit: EditLink
    offer: Offer | None = None
    revealed_at: datetime | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Over:
    """The end of a sitting: what was done today, and what is left in the rest of the deck."""

    done: Summary
    missed: Sequence[Card]
    next_due: NextDue | None
    remaining: int


@dataclass(frozen=True)
class Visit:
    """What every answer of this page needs."""

    request: Request
    session: Session
    settings: Settings
    who: Preferences
    deck: Deck
    topic: Topic | None
    now: datetime

    @property
    def topic_id(self) -> int | None:
        """What the sitting is confined to, if anything."""
        return self.topic.id if self.topic else None


def _visit(
    request: Request,
    session: Session,
    who: Preferences,
    settings: Settings,
    deck: str | None,
    topic: str | None,
    now: datetime,
) -> Visit:
    """Raises NotHereError for a deck or topic that is not there."""
    chosen = deck_named(session, deck)
    within = topic_named(session, chosen.name, topic)[1] if topic else None
    return Visit(request, session, settings, who, chosen, within, now)


# Built once: building a statement costs as much as running it.
_TITLE_AND_PATH = select(Topic.title, Topic.path).where(col(Topic.id) == bindparam("topic"))
_SOURCES = select(CardSource.item).where(col(CardSource.card_id) == bindparam("card")).order_by(CardSource.item)


def _topic_of(visit: Visit, card: Card) -> tuple[str, str]:
    """Title and path: the rest of a topic is long, and not shown here."""
    title, path = visit.session.connection().execute(_TITLE_AND_PATH, {"topic": card.topic_id}).one()
    return title, path


def _question(visit: Visit, card: Card) -> Shown:
    title, path = _topic_of(visit, card)
    return Shown(card, title, visit.now, edit_link(visit.settings, path, card))


def _answer(visit: Visit, card: Card, shown_at: datetime) -> Shown:
    title, path = _topic_of(visit, card)
    sources = visit.session.connection().execute(_SOURCES, {"card": card.id}).scalars()
    the_offer = offer(visit.session, visit.who, card.id, visit.now)
    return Shown(card, title, shown_at, edit_link(visit.settings, path, card), the_offer, visit.now, tuple(sources))


def _sitting(
    visit: Visit, shown: Shown | None, *, rated: Rated | None = None, notice: str | None = None, status: int = 200
) -> Response:
    """The page with `shown`, or with what was done when nothing is left."""
    over = None
    if shown is None:
        day = (visit.session, visit.who, visit.now, visit.deck.id)
        over = Over(summary(*day), missed_today(*day), next_due(*day), queue.progress(*day).remaining)
    return page(
        visit.request,
        "review.html",
        status,
        part="sitting",
        deck=visit.deck,
        shown=shown,
        over=over,
        progress=queue.progress(visit.session, visit.who, visit.now, visit.deck.id, visit.topic_id),
        topic=visit.topic,
        today=visit.who.day(visit.now),
        rated=rated,
        notice=notice,
        undo_token=uuid4().hex,
    )


def _next(visit: Visit, rated: Rated | None = None, notice: str | None = None, status: int = 200) -> Response:
    card = queue.next_card(visit.session, visit.who, visit.now, visit.deck.id, visit.topic_id)
    return _sitting(visit, _question(visit, card) if card else None, rated=rated, notice=notice, status=status)


@router.get("/review")
def review(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    deck: str | None = None,
    topic: str | None = None,
    card: RowId | None = None,
    shown_at: datetime | None = None,
) -> Response:
    """The next card's question; with `card`, that card's; with `shown_at` too, its answer."""
    with database.read() as session:
        who = preferences(session, settings, learner)
        visit = _visit(request, session, who, settings, deck, topic, now)
        if card is None:
            return _next(visit)
        chosen = session.get(Card, card)
        if chosen is None or chosen.retired_at is not None or chosen.deck_id != visit.deck.id:
            return _next(visit, notice="That card is no longer in the deck. Here is the next one.")
        if shown_at is None or shown_at.tzinfo is None:
            return _sitting(visit, _question(visit, chosen))
        # The back button leads here again after the rating: without this, it would be a second review.
        if rated := rated_since(session, visit.who, chosen.id, shown_at):
            return _next(visit, notice=f"You rated that card {rated.rating} since it was shown. Here is the next one.")
        return _sitting(visit, _answer(visit, chosen, shown_at))


class RatingForm(BaseModel):
    """The five buttons' form."""

    card: RowId
    rating: int
    token: str
    after: RowId
    shown_at: datetime
    revealed_at: datetime
    deck: str
    topic: str = ""


@router.post("/review")
def rate_card(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    form: Annotated[RatingForm, Form()],
) -> Response:
    """Record the rating, commit, and show the next card. Sent twice, it counts once and is answered the same."""
    try:
        answer = Answer(form.card, form.rating, form.token, form.after, form.shown_at, form.revealed_at)
        with database.write() as session:
            who = preferences(session, settings, learner)
            rated = rate(session, who, answer, now)
    except UnknownCardError as error:
        raise NotHereError(str(error)) from error
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except (StaleFormError, UndoneTokenError, OldFormError) as error:
        with database.read() as session:
            visit = _visit(request, session, who, settings, form.deck, form.topic, now)
            return _not_counted(visit, form, error)
    if not wants_part(request):
        return RedirectResponse(_address(form), HTTPStatus.SEE_OTHER)
    with database.read() as session:
        return _next(_visit(request, session, who, settings, form.deck, form.topic, now), rated)


def _not_counted(visit: Visit, form: RatingForm, error: Exception) -> Response:
    """Say why nothing was counted, and give what to do next: the card again, or the next one."""
    card = visit.session.get_one(Card, form.card)
    if isinstance(error, OldFormError):
        return _sitting(visit, _answer(visit, card, visit.now), notice=str(error), status=HTTPStatus.CONFLICT)
    if isinstance(error, UndoneTokenError):
        return _sitting(visit, _question(visit, card), notice=str(error), status=HTTPStatus.CONFLICT)
    return _next(visit, notice=str(error), status=HTTPStatus.CONFLICT)


class UndoForm(BaseModel):
    """The undo button's form."""

    token: str
    deck: str
    topic: str = ""


def _address(form: RatingForm | UndoForm, **more: int) -> str:
    return "/review?" + urlencode({"deck": form.deck, **({"topic": form.topic} if form.topic else {}), **more})


@router.post("/review/undo")
def undo_last(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    form: Annotated[UndoForm, Form()],
) -> Response:
    """Take back the last rating, and show its card again."""
    try:
        with database.write() as session:
            who = preferences(session, settings, learner)
            undone = undo(session, who, form.token, now)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    if undone and not wants_part(request):
        return RedirectResponse(_address(form, card=undone.card_id), HTTPStatus.SEE_OTHER)
    with database.read() as session:
        visit = _visit(request, session, who, settings, form.deck, form.topic, now)
        card = session.get(Card, undone.card_id) if undone else None
        if undone is None or card is None:
            return _next(visit, notice="There is no rating left to take back.")
        return _sitting(visit, _question(visit, card), notice=f"Taken back: your {undone.review.rating} is undone.")
