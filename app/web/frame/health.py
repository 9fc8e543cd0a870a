"""For those who watch a server: is the process up, can it answer, and what did it do?"""

from dataclasses import asdict
from http import HTTPStatus

from fastapi import Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.upkeep.quick import what_is_wrong
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here, is_from_this_machine


async def alive(request: Request) -> JSONResponse:
    """200 while the process answers, with what runs there."""
    return JSONResponse({"status": "ok", **asdict(request.app.state.build)})


def ready(here: Here) -> PlainTextResponse:
    """200 when people can study; 503 with the reason otherwise."""
    wrong = what_is_wrong(here.database, here.settings.content_dir)
    if wrong:
        return _not_ready(here, wrong)
    try:
        with here.reading() as session:
            cards = session.execute(text("SELECT count(*) FROM card WHERE retired_at IS NULL")).scalar_one()
    except SQLAlchemyError as error:
        return _not_ready(here, f"the database does not answer: {type(error).__name__}")
    if not cards:
        return _not_ready(here, "no cards are loaded: run `recur load`")
    return PlainTextResponse("ready\n")


def _not_ready(here: Here, why: str) -> PlainTextResponse:
    here.request.scope["failure"] = why  # for the log
    return PlainTextResponse(f"{why}\n", 503)


def metrics(request: Request) -> Response:
    """The metrics, for Prometheus. Without a password only this machine may read them."""
    state = request.app.state
    if state.metrics is None:
        raise NotHereError("This server keeps no metrics. RECUR_METRICS=true turns them on.")
    if state.settings.is_open and not is_from_this_machine(request):
        raise HTTPException(HTTPStatus.FORBIDDEN, "Without a password, metrics are available only on this machine.")
    return Response(state.metrics.page(), media_type=state.metrics.content_type)
