"""/learners: who studies on this server; choose, add, rename, and delete all of one's own."""

from datetime import datetime
from http import HTTPStatus
from random import SystemRandom
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.settings import Settings
from app.study.learner.preferences import UnknownLearnerError, preferences
from app.study.learner.profile import Profile, WrongProfileError, profile
from app.study.learners import FIRST, add_learner, all_learners, belongings, erase, rename
from app.web.frame.errors import NotHereError
from app.web.frame.pages import LEARNER_COOKIE, Now, RowId, TheDatabase, TheLearner, TheSettings, page

router = APIRouter()

A_YEAR = 365 * 24 * 3600
Name = Annotated[str, Form()]


@router.get("/learners")
def learners(
    request: Request, database: TheDatabase, settings: TheSettings, learner: TheLearner, now: Now, deleted: str = ""
) -> Response:
    """Everyone, and who of them studies in this browser."""
    with database.read() as session:
        everyone = _everyone(session, settings, learner, now) | {"deleted": deleted}
        return page(request, "learners/list.html", **everyone)


def _everyone(session: Session, settings: Settings, learner: int, now: datetime) -> dict[str, Any]:
    who = preferences(session, settings, learner)
    everyone = all_learners(session)
    days = {known.id: who.day(known.studied_at) for known in everyone if known.studied_at}
    context = {"everyone": everyone, "learner": learner, "days": days, "today": who.day(now)}
    return context | {"deleted": "", "problems": {}, "meant": None, "typed": ""}


@router.post("/learners")
def add(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    name: Name = "",
) -> Response:
    """One more learner, who studies in this browser from now on."""
    try:
        with database.write() as session:
            added = add_learner(session, name, SystemRandom())
    except WrongProfileError as error:
        with database.read() as session:
            everyone = _everyone(session, settings, learner, now)
            wrong = {"problems": error.problems, "typed": name}
            return page(request, "learners/list.html", HTTPStatus.UNPROCESSABLE_ENTITY, **everyone | wrong)
    return _studies(request, added, "/settings")


@router.post("/learners/choose")
def choose(request: Request, database: TheDatabase, chosen: Annotated[RowId, Form()]) -> Response:
    """Who studies in this browser from now on."""
    with database.read() as session:
        _known(session, chosen)
    return _studies(request, chosen, "/")


@router.post("/learners/rename")
def rename_learner(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    learner: TheLearner,
    now: Now,
    chosen: Annotated[RowId, Form()],
    name: Name = "",
) -> Response:
    """Another name for one of them."""
    try:
        with database.write() as session:
            _known(session, chosen)
            rename(session, chosen, name)
    except WrongProfileError as error:
        with database.read() as session:
            everyone = _everyone(session, settings, learner, now)
            wrong = {"problems": error.problems, "meant": chosen, "typed": name}
            return page(request, "learners/list.html", HTTPStatus.UNPROCESSABLE_ENTITY, **everyone | wrong)
    return RedirectResponse("/learners", HTTPStatus.SEE_OTHER)


@router.get("/learners/{chosen}/delete")
def ask_to_delete(request: Request, database: TheDatabase, chosen: RowId, learner: TheLearner) -> Response:
    """What would go, and the name to be typed."""
    with database.read() as session:
        return _ask(request, session, chosen, learner)


@router.post("/learners/{chosen}/delete")
def delete(request: Request, database: TheDatabase, chosen: RowId, learner: TheLearner, name: Name = "") -> Response:
    """Delete all that is the learner's own, if the name is theirs."""
    with database.write() as session:
        going = _known(session, chosen)
        if is_theirs := " ".join(name.split()) == " ".join(going.name.split()):
            erase(session, chosen)
    if not is_theirs:
        with database.read() as session:
            return _ask(request, session, chosen, learner, typed=name)
    response = RedirectResponse("/learners?deleted=1", HTTPStatus.SEE_OTHER)
    if chosen == learner:
        response.delete_cookie(LEARNER_COOKIE)
    return response


def _ask(request: Request, session: Session, chosen: int, learner: int, typed: str | None = None) -> Response:
    return page(
        request,
        "learners/delete.html",
        HTTPStatus.OK if typed is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        going=_known(session, chosen),
        mine=belongings(session, chosen),
        chosen=chosen,
        learner=learner,
        is_first=chosen == FIRST,
        typed=typed,
    )


def _known(session: Session, chosen: int) -> Profile:
    """Raises NotHereError: an id in an address is not the browser's own learner, whose cookie would be dropped."""
    try:
        return profile(session, chosen)
    except UnknownLearnerError as error:
        raise NotHereError(f"{error} Their profile may have been deleted; /learners lists who is here.") from error


def _studies(request: Request, learner: int, then: str) -> Response:
    """Go to `then` as this learner."""
    response = RedirectResponse(then, HTTPStatus.SEE_OTHER)
    secure = request.url.scheme == "https"
    response.set_cookie(LEARNER_COOKIE, str(learner), A_YEAR, httponly=True, samesite="lax", secure=secure)
    return response
