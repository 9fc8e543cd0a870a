"""After a quiz: the same questions again, and two quizzes beside each other."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Form, HTTPException, Query
from starlette.responses import RedirectResponse, Response

from app.models import Deck
from app.study.quiz.make import NothingToAskError, make, plan_again
from app.study.quiz.result import compared
from app.study.quiz.take import AnothersQuizError, UnknownQuizError, quiz_named
from app.web.frame.here import Here
from app.web.quiz.page import refused, visit_of


def again(
    here: Here,
    name: str,
    new: Annotated[str, Form(alias="name")],
) -> Response:
    """A fresh quiz of the same questions, one's own or another's. The same form sent twice is one quiz."""
    with here.reading() as session:
        try:
            quiz = quiz_named(session, name)
        except UnknownQuizError as error:
            raise refused(error) from error
        who = here.learner(session)
        plan = plan_again(session, who, quiz, here.now)
    try:
        with here.writing() as session:
            made = make(session, who, quiz.deck_id, new, plan, here.now)
    except NothingToAskError as error:
        raise HTTPException(HTTPStatus.CONFLICT, "None of this quiz’s cards can be asked any more.") from error
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return RedirectResponse(f"/quiz/{made}", HTTPStatus.SEE_OTHER)


def compare(
    here: Here,
    name: str,
    other: Annotated[str, Query(alias="with")],
) -> Response:
    """Two of one's own quizzes: the means, whole and by topic."""
    with here.reading() as session:
        try:
            runs = [visit_of(here, session, which).run for which in (name, other)]
        except AnothersQuizError as error:
            raise refused(error) from error
        whole, by_topic = compared(*(run.asked for run in runs))
        return here.page(
            "quiz/compare.html",
            deck=session.get_one(Deck, runs[0].quiz.deck_id),
            quizzes=[run.quiz for run in runs],
            whole=whole,
            by_topic=by_topic,
            zone=here.learner(session).zone,
        )
