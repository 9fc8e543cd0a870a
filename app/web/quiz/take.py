"""/quiz/NAME: question, reveal, answer, rating; undo; the end, and the result."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, HTTPException
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

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
from app.web.frame.here import Here, RowId
from app.web.quiz.page import Visit, answer_page, question_page, refused, share_page, visit_of

_REFUSED = (UnknownQuizError, AnothersQuizError, UnknownCardError, ValueError)


def one_quiz(
    here: Here,
    name: str,
    card: RowId | None = None,
    shown_at: datetime | None = None,
) -> Response:
    """The question to answer now; with its `card` and `shown_at` the answer; the result when the quiz is over.

    Another's quiz shows what it asks, and can be taken afresh.
    """
    with here.reading() as session:
        try:
            return _asked(visit_of(here, session, name), card, shown_at)
        except AnothersQuizError as error:
            return share_page(here.request, session, here.learner(session), error.quiz)


class TypedForm(BaseModel):
    """An answer typed before the reveal: sent, since an address is no place for it."""

    card: RowId
    shown_at: datetime
    typed: str = ""


def reveal(
    here: Here,
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
    with here.reading() as session:
        try:
            return _asked(visit_of(here, session, name), form.card, form.shown_at, typed)
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


def rate_answer(
    here: Here,
    name: str,
    form: Annotated[RatingForm, Form()],
) -> Response:
    """Record the rating, commit, and show the next question. Sent twice, it counts once and is answered the same."""
    try:
        times = (form.shown_at, form.revealed_at)
        answered = Answer(form.card, form.rating, form.token, form.after, *times, _typed(form.typed))
        with here.writing() as session:
            rated = quiz.answer(session, here.learner(session), name, answered, here.now)
    except _REFUSED as error:
        raise refused(error) from error
    except (NotAskedError, StaleFormError, UndoneTokenError, OldFormError) as error:
        with here.reading() as session:
            visit = visit_of(here, session, name)
            return question_page(replace(visit, notice=str(error), status=HTTPStatus.CONFLICT))
    if not here.wants_part:
        return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
    with here.reading() as session:
        return question_page(replace(visit_of(here, session, name), rated=rated))


def _typed(text: str) -> str:
    """Forms send every line's end as two characters."""
    return text.replace("\r\n", "\n")


def undo_last(
    here: Here,
    name: str,
    token: Annotated[str, Form()],
) -> Response:
    """Take back the quiz's last answer, and ask it again."""
    try:
        with here.writing() as session:
            undone = quiz.take_back(session, here.learner(session), name, token, here.now)
        notice = "There is no rating left to take back."
        if undone:
            notice = f"Taken back: your {undone.review.rating} is undone."
        status = HTTPStatus.OK
    except NotOfThisQuizError as error:
        undone, notice, status = None, str(error), HTTPStatus.CONFLICT
    except _REFUSED as error:
        raise refused(error) from error
    if undone and not here.wants_part:
        return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
    with here.reading() as session:
        visit = visit_of(here, session, name)
        if undone and visit.run.is_late(here.now):
            notice += " The time is over, so that question stays unanswered."
        return question_page(replace(visit, notice=notice, status=status))


def end_quiz(here: Here, name: str) -> Response:
    """Leave the rest unanswered, and show the result."""
    try:
        with here.writing() as session:
            quiz.end(session, here.learner(session), name, here.now)
    except _REFUSED as error:
        raise refused(error) from error
    return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
