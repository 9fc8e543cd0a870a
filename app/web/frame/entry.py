"""Who asks, where everybody signs in: known by the session's cookie alone, or for a program by its app token."""

import base64
import binascii
import logging
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote, urlencode

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope

from app.accounts.sign_in import DEVICE_LASTS, LONGEST_SIGN_IN, Entered, SignedIn, note_use, of_program, signed_in
from app.database import UnusableDatabaseError, is_busy
from app.settings import Settings
from app.web.frame.busy import busy_answer
from app.web.frame.errors import error_page, problem, refused
from app.web.frame.here import SAFE_METHODS, cookie, give_cookie, is_from_this_machine, take_cookie, wants_part

SESSION, DEVICE = "recur-session", "recur-device"
PUBLIC = frozenset({"/sign-in", "/privacy", "/sw.js", "/offline"})
"""Pages for those who are not signed in, beside a link's."""
LINKS, FILES, FOR_PROGRAMS = "/join/", "/static/", ("/api/", "/metrics")
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SIGN_IN_FIRST = "You are signed out. Sign in in another tab, then send this again: it is still here."

log = logging.getLogger(__name__)


class FrontDoor:
    """Lets in who is signed in. It is asked before every page, so that none can forget it."""

    def __init__(self, settings: Settings) -> None:
        self.takes_plain_http = settings.plain_http

    async def refuse(self, scope: Scope, receive: Receive) -> Response | None:
        """Note in the scope who asks; returns the answer instead if they may not come in."""
        request, path = Request(scope, receive), scope["path"]
        scope["account"] = None
        if not self.takes_plain_http and not _is_private(request):
            sentence = "passwords and sessions are sent by https alone. Open this address with https://"
            return refused(request, HTTPStatus.FORBIDDEN, sentence)
        if path.startswith(FILES):
            return None
        try:
            scope["account"] = await run_in_threadpool(_who, request)
        except (SQLAlchemyError, UnusableDatabaseError) as error:
            if not is_busy(error):
                raise
            scope["failure"] = error  # for the log
            return await busy_answer(request)
        if scope["account"] or path in PUBLIC or path.startswith(LINKS):
            return None
        return await run_in_threadpool(_sign_in_first, request)


def _is_private(request: Request) -> bool:
    """True if nobody on the way can read the request: it came by https, or never left this machine."""
    return request.url.scheme == "https" or (is_from_this_machine(request) and request.url.hostname in LOCAL_NAMES)


def _who(request: Request) -> SignedIn | None:
    database, now = request.app.state.database, request.app.state.clock()
    token = _token(request.headers) if request.url.path.startswith(FOR_PROGRAMS) else None
    if token is not None:
        with database.read() as session:
            return of_program(session, token)
    secret = cookie(request, SESSION)
    if not secret:
        return None
    with database.read() as session:
        who = signed_in(session, secret, now)
    if who and not who.is_noted:
        with suppress(SQLAlchemyError, UnusableDatabaseError), database.write() as session:  # the next request tries
            note_use(session, who, now)
    return who


def _token(headers: Headers) -> str | None:
    """The password that a program sent, with any name."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _sign_in_first(request: Request) -> Response:
    if request.url.path.startswith(FOR_PROGRAMS):
        if "authorization" in request.headers:
            fields = {"client": request.client.host if request.client else None}
            log.warning("An app token was refused.", extra={"fields": fields})
        answer = problem(HTTPStatus.UNAUTHORIZED, "Not signed in", "Send an app token as the password of Basic.")
        answer.headers["WWW-Authenticate"] = 'Basic realm="Recur", charset="UTF-8"'
        return answer
    if wants_part(request):
        return PlainTextResponse(SIGN_IN_FIRST, HTTPStatus.FORBIDDEN)
    if request.method not in SAFE_METHODS:
        return error_page(request, HTTPStatus.FORBIDDEN, [SIGN_IN_FIRST])
    back = quote(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?{urlencode({'then': back})}" if back != "/" else "/sign-in", 303)


def let_in(request: Request, response: Response, entered: Entered) -> Response:
    """Give the browser its cookies."""
    give_cookie(request, response, SESSION, entered.session, int(LONGEST_SIGN_IN.total_seconds()))
    give_cookie(request, response, DEVICE, entered.device, int(DEVICE_LASTS.total_seconds()))
    return response


def let_out(request: Request, response: Response) -> Response:
    """Take the session's cookie from the browser. It stays known as a device, so that others cannot keep it out."""
    take_cookie(request, response, SESSION)
    return response
