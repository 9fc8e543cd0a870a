"""/quiz/NAME: question, reveal, answer, rating; undo; the end, and the result."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from app.study.learner.preferences import preferences
from app.study.quiz import take as quiz
from app.study.quiz.take import AnothersQuizError, NotAskedError, NotOfThisQuizError, UnknownQuizError
from app.study.schedule.rate import (
    LONGEST_TYPED,
    Answer,
    OldFormError,
    StaleFormError,
    UndoneTokenError,
    UnknownCardError,
)
from app.web.frame.pages import Now, RowId, TheDatabase, TheLearner, TheSettings, wants_part
from app.web.quiz.page import Visit, answer_page, question_page, refused, share_page, visit_of

router = APIRouter()
_REFUSED = (UnknownQuizError, AnothersQuizError, UnknownCardError, ValueError)


@router.get("/quiz/{name}")
def one_quiz(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    name: str,
    card: RowId | None = None,
    shown_at: datetime | None = None,
) -> Response:
    """The question to answer now; with its `card` and `shown_at` the answer; the result when the quiz is over.

    Another's quiz shows what it asks, and can be taken afresh.
    """
    with database.read() as session:
        try:
            return _asked(visit_of(request, session, settings, learner, name, now), card, shown_at)
        except AnothersQuizError as error:
            return share_page(request, session, preferences(session, settings, learner), error.quiz)


class TypedForm(BaseModel):
    """An answer typed before the reveal: sent, since an address is no place for it."""

    card: RowId
    shown_at: datetime
    typed: str = ""


@router.post("/quiz/{name}/reveal")
def reveal(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    name: str,
    form: Annotated[TypedForm, Form()],
) -> Response:
    """The answer beside what was typed. Records nothing."""
    typed = _typed(form.typed)
    if len(typed) > LONGEST_TYPED:
        sentence = (
            f"A typed answer may have {LONGEST_TYPED} characters, this one has {len(typed)}: go back and shorten it."
        )
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, sentence)
    with database.read() as session:
        try:
            return _asked(visit_of(request, session, settings, learner, name, now), form.card, form.shown_at, typed)
        except AnothersQuizError as error:
            raise refused(error) from error


def _asked(visit: Visit, card: int | None, shown_at: datetime | None, typed: str = "") -> Response:
    item = visit.run.current(visit.now)
    if item is None or card is None or shown_at is None or shown_at.tzinfo is None:
        return question_page(visit)
    if item.card_id != card:  # the back button, or another tab that went on
        return question_page(replace(visit, notice="That question is not the one to answer now. This one is."))
    return answer_page(visit, item, shown_at, typed)


class RatingForm(BaseModel):
    """The five buttons' form."""

    card: RowId
    rating: int
    token: str
    after: RowId
    shown_at: datetime
    revealed_at: datetime
    typed: str = ""


@router.post("/quiz/{name}")
def rate_answer(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    name: str,
    form: Annotated[RatingForm, Form()],
) -> Response:
    """Record the rating, commit, and show the next question. Sent twice, it counts once and is answered the same."""
    try:
        times = (form.shown_at, form.revealed_at)
        answered = Answer(form.card, form.rating, form.token, form.after, *times, _typed(form.typed))
        with database.write() as session:
            rated = quiz.answer(session, preferences(session, settings, learner), name, answered, now)
    except _REFUSED as error:
        raise refused(error) from error
    except (NotAskedError, StaleFormError, UndoneTokenError, OldFormError) as error:
        with database.read() as session:
            visit = visit_of(request, session, settings, learner, name, now)
            return question_page(replace(visit, notice=str(error), status=HTTPStatus.CONFLICT))
    if not wants_part(request):
        return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
    with database.read() as session:
        return question_page(replace(visit_of(request, session, settings, learner, name, now), rated=rated))


def _typed(text: str) -> str:
    """Forms send every line's end as two characters."""
    return text.replace("\r\n", "\n")


@router.post("/quiz/{name}/undo")
def undo_last(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    name: str,
    token: Annotated[str, Form()],
) -> Response:
    """Take back the quiz's last answer, and ask it again."""
    try:
        with database.write() as session:
            undone = quiz.take_back(session, preferences(session, settings, learner), name, token, now)
        notice = "There is no rating left to take back."
        if undone:
            notice = f"Taken back: your {undone.review.rating} is undone."
        status = HTTPStatus.OK
    except NotOfThisQuizError as error:
        undone, notice, status = None, str(error), HTTPStatus.CONFLICT
    except _REFUSED as error:
        raise refused(error) from error
    if undone and not wants_part(request):
        return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
    with database.read() as session:
        visit = visit_of(request, session, settings, learner, name, now)
        if undone and visit.run.is_late(now):
            notice += " The time is over, so that question stays unanswered."
        return question_page(replace(visit, notice=notice, status=status))


@router.post("/quiz/{name}/end")
def end_quiz(database: TheDatabase, settings: TheSettings, learner: TheLearner, now: Now, name: str) -> Response:
    """Leave the rest unanswered, and show the result."""
    try:
        with database.write() as session:
            quiz.end(session, preferences(session, settings, learner), name, now)
    except _REFUSED as error:
        raise refused(error) from error
    return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
