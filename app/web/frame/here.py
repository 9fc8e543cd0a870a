"""What a route is given: a dependency with the request, the learner, the time, and the sessions; and the form."""

import ipaddress
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, get_origin
from urllib.parse import SplitResult, parse_qsl, urlsplit

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from app.accounts.roles import Deed, may
from app.accounts.sign_in import SignedIn
from app.database import Database, Visit
from app.settings import Settings
from app.study.learner.preferences import Preferences, preferences
from app.study.learners import FIRST_LEARNER
from app.web.frame.assets import STYLES_COOKIE, with_styles

if TYPE_CHECKING:
    from app.observe.metrics import Metrics

LEARNER_COOKIE = "recur-learner"
BROWSER_COOKIE = "recur-browser"
"""Tells apart the browsers that train: two behind one router have one address."""
NOBODY = 0
"""Stands for the learner where nobody is signed in."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What asks with one of these changes nothing."""
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
"""Headers that proxies add."""
LONGEST_ID = 10
LONGEST_BACK = 500
RowId = Annotated[int, Field(ge=0, lt=2**31)]
"""A database id in an address or a form: as large as every database's columns allow."""


@dataclass(slots=True)
class Context:
    """One request: who asks (`learner_id`), when (`now`, UTC, read once), and the app's settings and database."""

    request: Request
    settings: Settings
    database: Database
    learner_id: int
    now: datetime
    metrics: "Metrics | None" = None
    """The figures that this server keeps, if it keeps any."""
    visit: Visit = field(init=False)
    """What this request does with the database. Its pages and its error pages look here."""
    connected: Callable[[], AbstractContextManager[None]] = field(init=False)
    """Keeps one connection for all sessions of its block: they cost less than one each."""
    reading: Callable[[], AbstractContextManager[Session]] = field(init=False)
    """Opens a session that sees one snapshot and writes nothing. Only one session may be open at a time."""
    writing: Callable[[], AbstractContextManager[Session]] = field(init=False)
    """Opens a session in one short write transaction. The block must end before the route answers: it commits."""
    wants_part: bool = field(init=False)
    """True if htmx asks for a part of the page."""
    _learner: Preferences | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.visit = self.request.state.visit = Visit(self.database)
        self.connected, self.reading, self.writing = self.visit.connected, self.visit.read, self.visit.write
        self.wants_part = wants_part(self.request)

    @property
    def account(self) -> SignedIn | None:
        """Who is signed in; None where there are no accounts, and on the pages for those who are not."""
        return account_of(self.request)

    def signed_in(self) -> SignedIn:
        """Who is signed in, on a page that only they reach. Raises HTTPException where there are no accounts."""
        if self.account is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "This server has no accounts. RECUR_ACCESS=accounts makes some.")
        return self.account

    def learner(self, session: Session) -> Preferences:
        """The learner's preferences, read once a request. Raises UnknownLearnerError."""
        if self._learner is None:
            self._learner = preferences(session, self.settings, self.learner_id)
        return self._learner

    def page(self, template: str, status: int = 200, part: str | None = None, **context: Any) -> HTMLResponse:
        """The page made from `template`, or its block `part` if htmx asks for a part; see `page`."""
        return page(self.request, template, status, part, **context)


def wants_part(request: Request) -> bool:
    """True if htmx asks for a part of the page. Going back and opening an address ask for all of it."""
    return request.headers.get("hx-request-type") == "partial" and "hx-history-restore-request" not in request.headers


def page(request: Request, template: str, status: int = 200, part: str | None = None, **context: Any) -> HTMLResponse:
    """The page made from `template`, or its block `part` if htmx asks for a part.

    Raises jinja2.UndefinedError if the template uses a variable that is not in `context`.
    """
    made = request.app.state.templates.get_template(template)
    context |= {"request": request, "current_path": request.url.path}
    if part and wants_part(request):
        body = "".join(made.blocks[part](made.new_context(context)))
    else:
        body = made.render(context)
    headers = {"Vary": "HX-Request-Type", "Cache-Control": "no-store"}
    if not is_visit(request):
        return HTMLResponse(body, status, headers)
    had = cookie(request, STYLES_COOKIE)
    body, has, request.scope["styles"] = with_styles(body, had)
    response = HTMLResponse(body, status, headers)
    if has != had:
        give_cookie(request, response, STYLES_COOKIE, has)
    return response


def is_visit(request: Request) -> bool:
    """True if a browser asks for a page to show it by itself."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers


def account_of(request: Request) -> SignedIn | None:
    """Who is signed in, as the guard found out (`app.web.frame.entry`)."""
    account: SignedIn | None = request.scope.get("account")
    return account


def allowed(deed: Deed) -> Any:
    """A dependency that refuses with 403 whose role may not do this. Where there are no accounts it refuses nobody."""

    async def check(request: Request) -> None:
        account = account_of(request)
        if account is not None and not may(account.role, deed):
            refused = f"You are signed in as {account.role.with_article}, who may not {deed}."
            raise HTTPException(HTTPStatus.FORBIDDEN, refused)

    return Depends(check)


def learner_id(request: Request) -> int:
    """The learner who is signed in, or where there are no accounts: whom this browser has chosen, or the first."""
    if "account" in request.scope:
        account = account_of(request)
        return account.learner_id if account else NOBODY
    # One without the prefix is from before: it says who somebody chose to be, and lets nobody in.
    chosen = cookie(request, LEARNER_COOKIE) or request.cookies.get(LEARNER_COOKIE, "")
    is_id = chosen.isascii() and chosen.isdecimal() and len(chosen) <= LONGEST_ID and int(chosen) < 2**31
    return int(chosen) if is_id else FIRST_LEARNER


def cookie_name(request: Request, name: str) -> str:
    """The full name of a cookie. With https browsers take one of this name from this very host alone, and by https."""
    return f"{'__Host-' if request.scope['scheme'] == 'https' else ''}{name}"


def cookie(request: Request, name: str) -> str:
    """The value of one of our cookies; empty if the browser has none."""
    return request.cookies.get(cookie_name(request, name), "")


def give_cookie(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Let the browser have a cookie, for so many seconds or until it is closed."""
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_name(request, name), value, seconds, httponly=True, samesite="lax", secure=secure)


def take_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie from the browser."""
    give_cookie(request, response, name, "", 0)


def parts_of(address: str) -> SplitResult:
    """The parts of an address that a browser named in a header; all empty if it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def card_before(request: Request, said: str) -> str | None:
    """The address of the card that the reader came from, by what the address says or by the Referer; None if none."""
    before = parts_of(request.headers.get("referer", ""))
    if not said and before.netloc == request.url.netloc:
        said = before.path + (f"?{before.query}" if before.query else "")
    is_a_card = re.fullmatch(r"/((review|quiz/[\w-]+)(\?[^\s\\]*)?|cards/[\w-]+/[\w-]+)", said)
    return said if is_a_card and len(said) < LONGEST_BACK else None


def is_from_this_machine(request: Request) -> bool:
    """True if the request comes from a loopback address, and not through a proxy there."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def _context(request: Request) -> Context:
    state = request.app.state
    return Context(request, state.settings, state.database, learner_id(request), state.clock(), state.metrics)


Here = Annotated[Context, Depends(_context)]


def plainly(model: type[BaseModel]) -> Callable[[Callable[..., Response]], Callable[[Request], Awaitable[Response]]]:
    """Makes a plain route of a function that takes a Context, a form of `model`, and what its address holds.

    It does without what FastAPI does for parameters, which takes longer than reading the form.
    """
    read = _read(model)

    def made(answer: Callable[..., Response]) -> Callable[[Request], Awaitable[Response]]:
        async def route(request: Request) -> Response:
            here, form = await _context(request), await read(request)
            return await run_in_threadpool(answer, here, form, **request.path_params)

        return route

    return made


def sent(model: type[BaseModel]) -> Any:
    """A form that was sent, as an object of `model`: what FastAPI's Form() does, in a third of the time.

    A field that is empty, and may hold only one text, counts as not sent. A bad one is answered with 422.
    """
    return Depends(_read(model))


def _read(model: type[BaseModel]) -> Callable[[Request], Awaitable[BaseModel]]:
    fields = model.model_fields
    lists = {name for name, field in fields.items() if get_origin(field.annotation) is tuple}

    async def read(request: Request) -> BaseModel:
        if request.headers.get("content-type") == "application/x-www-form-urlencoded":
            # At once rather than piece by piece: the body is here as a whole.
            form = FormData([*parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)])
        else:
            form = await request.form()
        given = {
            name: form.getlist(name) if name in lists else value
            for name, value in form.items()
            if name in lists or (name in fields and value != "")
        }
        await form.close()
        try:
            return model.model_validate(given)
        except ValidationError as error:
            errors = [one | {"loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
            raise RequestValidationError(errors, body=given) from error

    return read
