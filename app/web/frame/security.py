"""Checks every request (host, password, origin, size), and holds the policy headers of every answer.

One ASGI layer around the app, so that no page can forget it.
"""

import asyncio
import base64
import binascii
import math
import re
import secrets
import time
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import URL, Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.once import COOKIE, ONCE, OnceLink
from app.database import THREADS
from app.settings import Settings
from app.web.frame.busy import BUSY_HEADERS, busy_answer
from app.web.frame.entry import FrontDoor
from app.web.frame.errors import refused
from app.web.frame.guesses import LONGEST_WAIT, Guesses
from app.web.frame.here import FORWARDED, SAFE_METHODS, cookie, give_cookie

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
LARGE_BODIES = frozenset({"/settings/history"})
"""Paths that take files of up to RECUR_MAX_IMPORT_BYTES."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
WRITERS = THREADS // 2
"""The changes that a process works on at the same time. The threads that they leave are for those who only read."""
LONGEST_UPLOAD = 120
"""Seconds that a file may take to arrive; it is kept in a temporary file meanwhile."""
MOST_UPLOADS = 4
"""The files that a process takes in at the same time."""
LONGEST_QUEUE = 30
"""Seconds that a change waits for its turn. It takes no thread and no connection while it waits."""

LONGEST_QUERY = 16_384
"""Bytes of an address after its question mark."""
MOST_PARAMETERS = 200
MOST_DIGITS = 15

_FORWARDED = (
    "a proxy passed this on, and this server lets everybody in who reaches it, since it should be only you. "
    "For others, set RECUR_PASSWORD."
)
_IS_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.~-]+)(:\d*)?", re.ASCII)

POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""The headers of every answer."""
BY_TLS = {"Strict-Transport-Security": "max-age=31536000"}
"""The header of every answer by https, beside them: from now on browsers ask for this host by https alone."""


@lru_cache(maxsize=64)
def _hostname(host: str) -> str | None:
    """The name in a Host header, without its port; None if it is not a host name."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname if _IS_HOST.fullmatch(host) and parts.port != 0 else None
    except ValueError:
        return None


class Refusal(Exception):  # noqa: N818  (not an error of ours: an answer)
    """Answers the request with this status and sentence, before it reaches a route."""

    def __init__(self, status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.said = (status, sentence, headers)


def _let_in(once: OnceLink, scope: Scope, is_known: bool) -> Response:
    """Give the cookie to the first browser that opens the link. Looking ahead (HEAD, prefetch) is not opening."""
    looks_ahead = scope["method"] != "GET" or "sec-purpose" in Headers(scope=scope)
    if not is_known and (looks_ahead or not once.use(scope["path"])):
        sentence = "this link has been used, or is not this server's. Start `recur serve --phone` again for another."
        return refused(Request(scope), HTTPStatus.FORBIDDEN, sentence, {"Cache-Control": "no-store"})
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
    give_cookie(Request(scope), answer, COOKIE, once.cookie)
    return answer


class Guard:
    """Refuses forbidden requests."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.max_body = settings.max_body_bytes
        self.max_import = settings.max_import_bytes
        self.password = settings.password.get_secret_value().encode() if settings.password else None
        self.hosts = LOCAL_HOSTS | {settings.host} | set(settings.allowed_hosts)
        self.is_open = settings.is_open
        # Where a password is set the browser has none for a foreign name, so any name will do unless some are listed.
        self.door = FrontDoor(settings) if settings.has_accounts else None
        self.checks_host = settings.is_open or bool(settings.allowed_hosts)
        self.guesses = Guesses()
        self.uploads = 0
        self.writers = asyncio.Semaphore(WRITERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI app."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        try:
            self._check_request(scope)
            if self.password is not None and scope["path"] not in OPEN_PATHS:
                once: OnceLink | None = scope["app"].state.once
                is_known = once is not None and once.knows(cookie(Request(scope), COOKIE))
                if once and scope["path"].startswith(ONCE):
                    await _let_in(once, scope, is_known)(scope, receive, send)
                    return
                if not is_known:
                    await self._check_password(self.password, scope)
            if self.door is not None and scope["path"] not in OPEN_PATHS:
                answer = await self.door.refuse(scope, receive)
                if answer is not None:
                    await answer(scope, receive, send)
                    return
            self._admit(scope)
            if scope["method"] == "HEAD":
                await self._head(scope, receive, send)
                return
            # An import may be large: it is passed on as it arrives to the form's reader, which keeps it on disk.
            if scope["path"] in LARGE_BODIES:
                await self._upload(scope, receive, send)
                return
            if scope["method"] in SAFE_METHODS:
                await self.app(scope, receive, send)
                return
            body = await self._read(receive)
        except Refusal as refusal:
            await refused(Request(scope), *refusal.said)(scope, receive, send)
            return
        if body is None:
            return  # half a form counts as none
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def read_already() -> Message:
            return messages.pop() if messages else await receive()

        await self._write(scope, read_already, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as to GET, without the body. So every page has it, and none need think of it."""
        asked: dict[str, Any] = {**scope, "method": "GET"}

        async def start_alone(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        await self.app(asked, receive, start_alone)
        scope.update({**asked, "method": "HEAD"})  # what the app noted about the request

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.uploads == MOST_UPLOADS:
            sentence = f"{MOST_UPLOADS} files are already being uploaded. Send yours again in a minute."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, sentence, BUSY_HEADERS)
        self.uploads += 1
        try:
            await self.app(scope, self._counted(receive), send)
        finally:
            self.uploads -= 1

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a change on when its turn has come."""
        asked = time.perf_counter()
        try:
            async with asyncio.timeout(LONGEST_QUEUE if self.writers.locked() else None):
                await self.writers.acquire()
            scope["app"].state.database.tell_wait("queue", asked)
        except TimeoutError:
            scope["failure"] = TimeoutError(f"no turn to write within {LONGEST_QUEUE} s")  # for the log
            await (await busy_answer(Request(scope, receive)))(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self.writers.release()

    def _check_request(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a request must have exactly one Host header (RFC 9112).")
        if (name := _hostname(hosts[0]) if hosts else str(scope["server"][0])) is None:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the Host header is not a valid host name.")
        if scope["path"] not in OPEN_PATHS:
            self._check_host(name)
            if self.is_open and (by := next((name for name in FORWARDED if name in headers), None)):
                raise Refusal(HTTPStatus.FORBIDDEN, f"{by} says that {_FORWARDED}")
        self._check_address(scope["path"], scope["query_string"])

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if scope["method"] in SAFE_METHODS:
            if scope["path"] not in OPEN_PATHS:
                self._check_reader(headers, scope)
        else:
            self._check_origin(headers, scope)
            declared = headers.get("content-length", "0")
            large = scope["path"] in LARGE_BODIES
            most = self.max_import if large else self.max_body
            if not declared.isdecimal() or len(declared) > MOST_DIGITS or int(declared) > most:
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._too_large(large))

    def _check_host(self, name: str) -> None:
        # A foreign name that resolves to this machine (DNS rebinding) would make a foreign page same-origin.
        if self.checks_host and name not in self.hosts:
            raise Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this server does not answer to the name {name!r}. If it should, start it with "
                f"RECUR_ALLOWED_HOSTS={name}{' and RECUR_PASSWORD' if self.is_open else ''}.",
            )

    async def _check_password(self, password: bytes, scope: Scope) -> None:
        authorization = Headers(scope=scope).get("authorization")
        refusal = Refusal(
            HTTPStatus.UNAUTHORIZED,
            "this server asks for a password (any user name).",
            {"WWW-Authenticate": 'Basic realm="Recur", charset="UTF-8"'},
        )
        if authorization is None:
            raise refusal
        client = str(scope["client"][0]) if scope.get("client") else ""
        if wait := self.guesses.wait(client):
            if wait > LONGEST_WAIT:
                sentence = f"too many wrong passwords came from {client}. Try again in a few seconds."
                raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, sentence, {"Retry-After": str(math.ceil(wait))})
            await asyncio.sleep(wait)
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            given = b""
        if scheme.lower() != "basic" or not secrets.compare_digest(given, password):
            self.guesses.was_wrong(client, has_waited=wait > 0)
            raise refusal

    @staticmethod
    def _check_address(path: str, query: bytes) -> None:
        if "\0" in path or b"%00" in query:
            raise Refusal(HTTPStatus.BAD_REQUEST, "an address cannot contain a NUL (%00).")
        if len(query) > LONGEST_QUERY or query.count(b"&") >= MOST_PARAMETERS:
            raise Refusal(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                f"this address has more than {MOST_PARAMETERS} parameters, or {LONGEST_QUERY:,} bytes of them.",
            )

    def _check_reader(self, headers: Headers, scope: Scope) -> None:
        """Refuse what another site's page loads by itself. It could not read the answer, but we would compute it."""
        site = headers.get("sec-fetch-site")
        if site is None:
            origin = headers.get("origin")
            foreign = origin is not None and origin != f"{(own := URL(scope=scope)).scheme}://{own.netloc}"
        else:
            is_visit = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            is_early = "prefetch" in headers.get("sec-purpose", headers.get("purpose", ""))
            foreign = site not in ("same-origin", "none") and (is_early or not is_visit)
        if foreign:
            raise Refusal(HTTPStatus.FORBIDDEN, "another site's page may link to this address, but not load it.")

    def _check_origin(self, headers: Headers, scope: Scope) -> None:
        site = headers.get("sec-fetch-site")
        if site is not None:
            if site in ("same-origin", "none"):
                return
            raise self._cross_origin(f"it came from another site (Sec-Fetch-Site: {site})")
        origin = headers.get("origin")
        if origin is not None:
            if origin == f"{(url := URL(scope=scope)).scheme}://{url.netloc}":
                return
            raise self._cross_origin(
                f"its Origin is {origin}, ours is {url.scheme}://{url.netloc}. Behind a proxy, make it pass on the "
                "Host header and set X-Forwarded-Proto (RECUR_TRUSTED_PROXIES names the proxy)"
            )
        # An old browser sends neither header, even for another site's form, and even without a cookie or a password it
        # reaches what its own machine reaches. A script sends what its owner gave it.
        if "cookie" in headers or "mozilla" in headers.get("user-agent", "").lower():
            raise self._cross_origin("it has neither Sec-Fetch-Site nor Origin, and may come from a browser")

    @staticmethod
    def _cross_origin(why: str) -> Refusal:
        return Refusal(HTTPStatus.FORBIDDEN, f"changes are accepted only from Recur's own pages; {why}.")

    def _too_large(self, large: bool = False) -> str:
        if large:
            return (
                f"an imported history may have {self.max_import:,} bytes (RECUR_MAX_IMPORT_BYTES). "
                "`recur import history.jsonl` in a terminal has no limit."
            )
        return f"what is sent at once may have {self.max_body:,} bytes (RECUR_MAX_BODY_BYTES). Nothing was saved."

    def _counted(self, receive: Receive) -> Receive:
        """`receive`, but raising 413 as soon as more bytes have arrived than an import may have."""
        size, until = 0, time.monotonic() + LONGEST_UPLOAD

        async def receive_counted() -> Message:
            nonlocal size
            if time.monotonic() > until:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, f"The file did not arrive within {LONGEST_UPLOAD} s.")
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.max_import:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._too_large(large=True))
            return message

        return receive_counted

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body, counted as it arrives, since a chunked body declares no length; None if it does not arrive.

        Joined at once: kept as it came, a body of single bytes would take hundreds of times its size.
        """
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > self.max_body:
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._too_large())
            if not message.get("more_body", False):
                return bytes(body)
