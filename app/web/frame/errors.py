"""Error answers: a page that says what went wrong and what to do next, never a traceback."""

import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from app.database import BeingImportedError, BusyDatabaseError, GoneDatabaseError, is_busy
from app.demos.machine.demo import BadParametersError
from app.exchange.history.finish_imports import finish_if_cut_short
from app.invalid import in_words
from app.nearest import nearest_in
from app.study.learner.preferences import LeavingLearnerError, UnknownLearnerError
from app.study.quiz.take import AnothersQuizError, UnknownQuizError
from app.study.schedule.rate import UnknownCardError
from app.web.frame.assets import by_hash
from app.web.frame.busy import BUSY_HEADERS, BusyError, busy_answer, what_was_saved
from app.web.frame.here import LEARNER_COOKIE, SAFE_METHODS, is_visit, page, take_cookie, wants_part


class NotHereError(HTTPException):
    """404. The sentence names what does not exist, and what to try."""

    def __init__(self, sentence: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, sentence)


def error_page(request: Request, status: int, sentences: list[str]) -> Response:
    """The error's page. If a sentence names what is nearest, a link leads to the same address with that name."""
    asked = f"{request.url.path}?{request.url.query}".removesuffix("?")
    found = nearest_in(" ".join(sentences)) if request.method in SAFE_METHODS else None
    address = re.sub(rf"(?<![\w-]){re.escape(found[0])}(?![\w-])", found[1], asked) if found else asked
    nearest = (found[1], address) if found and address != asked else None
    named = {"title": HTTPStatus(status).phrase, "code": int(status)}
    return page(request, "error.html", status, part="main", sentences=sentences, nearest=nearest, **named)


def refused(request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer without the database and without other files: a small page for a browser, otherwise one line."""
    if not is_visit(request):
        return PlainTextResponse(f"{status:d} {HTTPStatus(status).phrase}: {sentence}\n", status, headers)
    body, safe = refused_page(request.app.state.templates, status, sentence)
    return HTMLResponse(body, status, {**(headers or {}), **safe})


def refused_page(templates: Environment, status: int, sentence: str) -> tuple[str, dict[str, str]]:
    """The small page, and the headers that it needs."""
    sentence, phrase = sentence[0].upper() + sentence[1:], HTTPStatus(status).phrase
    body = templates.get_template("refused.html").render(code=int(status), phrase=phrase, sentence=sentence)
    style = body.partition("<style>")[2].partition("</style>")[0]
    policy = f"default-src 'none'; style-src {by_hash(style)}; base-uri 'none'; frame-ancestors 'none'"
    return body, {"Content-Security-Policy": policy, "Cache-Control": "no-store"}


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """An error answer for programs: problem JSON (RFC 9457)."""
    body = {"title": title, "status": int(status), "detail": detail, **more}
    return Response(json.dumps(body, ensure_ascii=False), int(status), media_type="application/problem+json")


def bad_parameters(error: BadParametersError, path: str) -> Response:
    """Which parameters of a demo are invalid, and the nearest valid state, under the same path."""
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "These parameters are invalid",
        str(error),
        errors=[{"parameter": p.parameter, "given": p.given, "detail": p.sentence} for p in error.problems],
        nearest=f"{path}?{error.nearest}",
    )


def _is_for_a_program(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _http(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    if error.detail == HTTPStatus(error.status_code).phrase:
        sentence = {404: f"There is no page at {request.url.path}.", 405: "This address does not accept that method."}
        detail = sentence.get(error.status_code, error.detail)
    else:
        detail = error.detail
    if _is_for_a_program(request):
        response = problem(error.status_code, HTTPStatus(error.status_code).phrase, detail)
        response.headers.update(error.headers or {})
        return response
    response = error_page(request, error.status_code, [detail])
    response.headers.update(error.headers or {})
    return response


def _name(problem: dict[str, Any]) -> str:
    """The value that is wrong; the first part of its place says whether the address or the body holds it."""
    return "The body" if problem["type"] == "json_invalid" else ".".join(map(str, problem["loc"][1:]))


def _validation(request: Request, error: Exception) -> Response:
    error = cast(RequestValidationError, error)
    sentences = [in_words(_name(problem), problem, tells_value=True) + "." for problem in error.errors()]
    if _is_for_a_program(request):
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid input", " ".join(sentences))
    return error_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, sentences)


def _as(status: HTTPStatus) -> Callable[[Request, Exception], Response]:
    return lambda request, error: error_page(request, status, [str(error)])


def _no_learner(request: Request, error: Exception) -> Response:
    sentences = [f"{error} The profile that this browser used was deleted.", "Go to Today to study as someone else."]
    if isinstance(error, LeavingLearnerError):
        sentences = [str(error)]
    if isinstance(error, LeavingLearnerError) and request.method in SAFE_METHODS and not wants_part(request):
        response: Response = RedirectResponse("/learners", HTTPStatus.SEE_OTHER)
    else:
        response = error_page(request, HTTPStatus.NOT_FOUND, sentences)
    take_cookie(request, response, LEARNER_COOKIE)
    response.delete_cookie(LEARNER_COOKIE)  # from before the prefix
    return response


def unexpected(request: Request) -> Response:
    """The answer after a failure of ours, which the log tells."""
    sentences = ["Something went wrong on our side.", what_was_saved(request) or "Reload, or go to Today."]
    if _is_for_a_program(request):
        code = HTTPStatus.INTERNAL_SERVER_ERROR
        return problem(code, code.phrase, " ".join(sentences), request_id=request.scope["request_id"])
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, sentences)


async def _busy(request: Request, error: Exception) -> Response:
    """A page that says so; a program gets the same as problem JSON."""
    error = cast(BusyError, error)
    request.scope["failure"] = error  # for the log
    return _http(request, error) if _is_for_a_program(request) else await busy_answer(request, [error.detail])


def _gone(request: Request, error: Exception) -> Response:
    """The database's file has gone: nothing is acknowledged until somebody has looked."""
    request.scope["failure"] = error  # for the log
    saved = "" if request.method in SAFE_METHODS else "What you sent was not saved. "
    what = f"{saved}The database was deleted or replaced while the server was running, so nothing can be saved now."
    sentences = [what, "Tell whoever runs this server; its log says what to do."]
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if _is_for_a_program(request):
        return problem(status, "The database is gone", what)
    if wants_part(request):
        return PlainTextResponse(" ".join(sentences), status)
    request.state.has_no_look = True  # it would be read from the database
    return error_page(request, status, sentences)


async def _database(request: Request, error: Exception) -> Response:
    """A database that is busy or away will answer in a moment; any other error of it is unexpected."""
    if is_busy(error):
        request.scope["failure"] = error  # for the log
        if _is_for_a_program(request):
            answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy", "Ask again in a few seconds.")
            answer.headers.update(BUSY_HEADERS)
            return answer
        return await busy_answer(request)
    raise error


async def _being_imported(request: Request, error: Exception) -> Response:
    """A learner waits for their history, of which nobody sees a part. If its import was cut short, it is finished."""
    answer = await _busy(request, BusyError(" ".join(filter(None, (str(error), what_was_saved(request))))))
    answer.background = BackgroundTask(finish_if_cut_short, request.app.state.database)
    return answer


def install(app: FastAPI) -> None:
    """Give `app` its error pages. They read the database too, so they are made in a thread, as pages are."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(UnknownLearnerError, _no_learner)
    app.add_exception_handler(UnknownCardError, _as(HTTPStatus.NOT_FOUND))
    app.add_exception_handler(UnknownQuizError, _as(HTTPStatus.NOT_FOUND))
    app.add_exception_handler(AnothersQuizError, _as(HTTPStatus.FORBIDDEN))
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(BusyDatabaseError, _database)
    app.add_exception_handler(BeingImportedError, _being_imported)
    app.add_exception_handler(GoneDatabaseError, _gone)
