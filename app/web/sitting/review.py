"""/review: question, reveal, answer, rating; and undo."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, HTTPException, Query
from starlette.responses import RedirectResponse, Response

from app.models import Card
from app.study.schedule.rate import (
    Answer,
    OldFormError,
    StaleFormError,
    UndoneTokenError,
    UnknownCardError,
    rate,
    rated_since,
    undo,
)
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here, RowId
from app.web.sitting.review_address import SittingQuery, Typed
from app.web.sitting.review_page import answer, next_page, question, sitting_page, visit_of
from app.web.sitting.review_view import Visit


class CardQuery(SittingQuery):
    """A sitting, and a card in it: its question, or with `shown_at` its answer."""

    card: RowId | None = None
    shown_at: datetime | None = None


def review(
    here: Here,
    asked: Annotated[CardQuery, Query()],
) -> Response:
    """The next card's question; with `card`, that card's; with `shown_at` too, its answer."""
    with here.reading() as session:
        visit = visit_of(here, session, asked)
        if visit.sitting.queue.since and asked.since is None and not here.wants_part:
            return RedirectResponse(f"/review?{visit.sitting.query}")  # the address says from now on when it began
        return _asked(visit, asked, "")


class TypedForm(CardQuery):
    """An answer typed before the reveal. It is sent, and not part of an address: it is private, and may be long."""

    typed: Typed = ""


def reveal(
    here: Here,
    form: Annotated[TypedForm, Form()],
) -> Response:
    """The answer beside what was typed. Records nothing."""
    with here.reading() as session:
        return _asked(visit_of(here, session, form), form, form.typed)


def _asked(visit: Visit, asked: CardQuery, typed: str) -> Response:
    if asked.card is None:
        return next_page(visit)
    chosen = visit.session.get(Card, asked.card)
    if chosen is None or chosen.retired_at is not None or chosen.deck_id != visit.sitting.deck.id:
        return next_page(visit, notice="That card is no longer in the deck. Here is the next one.")
    if asked.shown_at is None or asked.shown_at.tzinfo is None:
        return sitting_page(visit, question(visit, chosen))
    # The back button leads here again after the rating: without this, it would be a second review.
    if rated := rated_since(visit.session, visit.who, chosen.id, asked.shown_at):
        return next_page(visit, notice=f"You rated that card {rated.rating} since it was shown. Here is the next one.")
    return sitting_page(visit, answer(visit, chosen, asked.shown_at, typed))


class RatingForm(SittingQuery):
    """The five buttons' form."""

    card: RowId
    rating: int
    token: str
    after: RowId
    shown_at: datetime
    revealed_at: datetime
    typed: Typed = ""


def rate_card(
    here: Here,
    form: Annotated[RatingForm, Form()],
) -> Response:
    """Record the rating, commit, and show the next card. Sent twice, it counts once and is answered the same."""
    form.check_learner(here.learner_id)
    try:
        answered = Answer(
            form.card, form.rating, form.token, form.after, form.shown_at, form.revealed_at, form.typed, form.key
        )
        with here.writing() as session:
            who = here.learner(session)
            rated = rate(session, who, answered, here.now)
    except UnknownCardError as error:
        raise NotHereError(str(error)) from error
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except (StaleFormError, UndoneTokenError, OldFormError) as error:
        with here.reading() as session:
            return _not_counted(visit_of(here, session, form), form, error)
    if not here.wants_part:
        return RedirectResponse(f"/review?{urlencode(form.pairs)}", HTTPStatus.SEE_OTHER)
    with here.reading() as session:
        return next_page(visit_of(here, session, form), rated=rated)


def _not_counted(visit: Visit, form: RatingForm, error: Exception) -> Response:
    """Say why nothing was counted, and give what to do next: the card again, or the next one."""
    card = visit.session.get_one(Card, form.card)
    if isinstance(error, OldFormError):
        shown = answer(visit, card, visit.now, form.typed)
        return sitting_page(visit, shown, notice=str(error), status=HTTPStatus.CONFLICT)
    if isinstance(error, UndoneTokenError):
        return sitting_page(visit, question(visit, card), notice=str(error), status=HTTPStatus.CONFLICT)
    return next_page(visit, notice=str(error), status=HTTPStatus.CONFLICT)


class UndoForm(SittingQuery):
    """The undo button's form."""

    token: str


def undo_last(
    here: Here,
    form: Annotated[UndoForm, Form()],
) -> Response:
    """Take back the last rating, and show its card again."""
    form.check_learner(here.learner_id)
    try:
        with here.writing() as session:
            undone = undo(session, here.learner(session), form.token, here.now)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    with here.reading() as session:
        visit = visit_of(here, session, form)
        card = session.get(Card, undone.card_id) if undone else None
        if undone is None or card is None:
            return next_page(visit, notice="There is no rating left to take back.")
        if not here.wants_part:
            query = urlencode([*visit.sitting.pairs, ("card", card.id)])
            return RedirectResponse(f"/review?{query}", HTTPStatus.SEE_OTHER)
        notice = f"Taken back: your {undone.review.rating} is undone."
        return sitting_page(visit, question(visit, card), notice=notice)
