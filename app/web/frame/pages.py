"""How a page is made: the templates, what each of them may use, and whether a whole page or a part is wanted."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse

from app.cards.file.sources import by_document
from app.cards.render.maths import mathml
from app.cards.render.render import inline
from app.settings import ROOT
from app.study.learner.preferences import Look, look
from app.study.schedule.scale import Rating
from app.web.frame.dates import a_date, how_large, how_long, plural

Clock = Callable[[], datetime]
LEARNER_COOKIE = "recur-learner"
FIRST_LEARNER = 1
"""Who studies where nobody has said who they are."""


def utc_now() -> datetime:
    """The one clock of a real server."""
    return datetime.now(UTC)


@functools.cache
def environment(static_version: str) -> Environment:
    """The Jinja2 environment: autoescaping, and an error for a variable that a route forgot.

    The apps of one process share it, so that each template is compiled once.
    """
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(("html", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # no look at the file system for each page; a changed template needs a restart
    )
    made.globals["static"] = lambda name: f"/static/{static_version}/{name}"
    made.globals["one_use_id"] = lambda: uuid4().hex
    made.globals["Rating"] = Rating
    made.globals["look_of"] = _look  # asked for by whole pages alone: a slider's answer has no time for it
    made.globals["by_document"] = lambda request, items: by_document(request.app.state.settings.content_dir, items)
    made.filters |= {
        "maths": lambda latex: Markup(mathml(latex)),  # noqa: S704  (sanitised where they are made)
        "inline": lambda text: Markup(inline(text)),  # noqa: S704
        "a_date": a_date,
        "how_large": how_large,
        "how_long": how_long,
        "plural": plural,
    }
    return made


def wants_part(request: Request) -> bool:
    """Whether htmx asks for a part of the page; going back or opening an address asks for the whole."""
    return request.headers.get("hx-request-type") == "partial" and "hx-history-restore-request" not in request.headers


def page(request: Request, template: str, status: int = 200, part: str | None = None, **context: Any) -> HTMLResponse:
    """The page made of `template`, or its block `part` when htmx asks for a part.

    Raises jinja2.UndefinedError when the template uses a variable that is not in `context`.
    """
    made = request.app.state.templates.get_template(template)
    context |= {"request": request, "current_path": request.url.path}
    if part and wants_part(request):
        body = "".join(made.blocks[part](made.new_context(context)))
    else:
        body = made.render(context)
    return HTMLResponse(body, status, {"Vary": "HX-Request-Type", "Cache-Control": "no-store"})


def _look(request: Request) -> Look:
    try:
        with request.app.state.database.read() as session:
            return look(session, learner_id(request))
    except SQLAlchemyError:  # the page may be the very one that says so
        return Look()


def learner_id(request: Request) -> int:
    """The learner whom this browser has chosen, or the first."""
    chosen = request.cookies.get(LEARNER_COOKIE, "")
    return int(chosen) if chosen.isascii() and chosen.isdecimal() and int(chosen) < 2**31 else FIRST_LEARNER
