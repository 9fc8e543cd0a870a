"""Around every request: its id, the policy headers, one event in the log, its figures, and the answer to a failure."""

import asyncio
import logging
import os
import re
from time import perf_counter
from typing import TYPE_CHECKING, Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observe.failure import cause
from app.observe.log import REQUEST_ID, REQUESTS
from app.web.frame.errors import refused, unexpected
from app.web.frame.here import learner_id
from app.web.frame.security import BY_TLS, POLICY

if TYPE_CHECKING:
    from app.observe.metrics import Metrics

ID_HEADER = b"x-request-id"
_PLAIN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
THE_CLIENT_LEFT = 499
"""The status in the log of a request whose client left before its answer began, as nginx writes it."""
STOPPING = "the server is stopping. If you sent something, send it again later."

log = logging.getLogger(REQUESTS)


class Outermost:
    """The layer that every request passes first, and every answer last. No exception leaves it."""

    def __init__(self, app: ASGIApp, logs_all: bool, metrics: "Metrics | None") -> None:
        self.app = app
        self.logs_all = logs_all
        self.metrics = metrics
        self.headers = {"http": _encoded(POLICY), "https": _encoded(POLICY | BY_TLS)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI app."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        request_id = _id(scope)
        scope["request_id"] = request_id.decode()
        REQUEST_ID.set(scope["request_id"])
        status, is_told = 0, False
        error: Exception | None = None

        def tell() -> None:
            """Count and log the request, once."""
            nonlocal is_told
            if not is_told:
                is_told = True
                self._tell(scope, status, error, perf_counter() - began)

        async def signed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _value in message["headers"]}
                if status == 503 and self.metrics and any(name == b"retry-after" for name, _ in message["headers"]):
                    self.metrics.busy.labels(route_of(scope) or "none").inc()
                own = [one for one in self.headers[scope["scheme"]] if one[0] not in given]
                if sources := " ".join(scope.get("styles", ())):  # of the style sheets within this very page
                    own = [(name, value.replace(b"style-src", f"style-src {sources}".encode())) for name, value in own]
                message["headers"] = [*message["headers"], *own, (ID_HEADER, request_id)]
            elif not message.get("more_body", False):
                tell()  # before its client can know that it is over
            await send(message)

        try:
            await self.app(scope, receive, signed)
        except ClientDisconnect:
            pass
        except asyncio.CancelledError:  # the server stops, and says what it cuts
            if not status:
                later = {"Connection": "close", "Retry-After": "5"}
                await refused(Request(scope), 503, STOPPING, later)(scope, receive, signed)
        except Exception as raised:
            error = raised
            if is_told:  # what failed came after the answer
                _write(logging.ERROR, scope, status, perf_counter() - began, error)
            if not status:
                await (await run_in_threadpool(_failed, Request(scope)))(scope, receive, signed)
        tell()

    def _tell(self, scope: Scope, status: int, error: Exception | None, seconds: float) -> None:
        if self.metrics is not None:
            counted = 500 if error else status or THE_CLIENT_LEFT
            self.metrics.answered(scope["method"], route_of(scope), counted, seconds)
        level = _level(scope, status, error)
        if self.logs_all or level > logging.INFO:
            _write(level, scope, status or THE_CLIENT_LEFT, seconds, error)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _id(scope: Scope) -> bytes:
    """The id that a proxy gave the request, if it is short and plain; otherwise a new one."""
    for name, value in scope["headers"]:
        if name == ID_HEADER and _PLAIN.fullmatch(value):
            return bytes(value)
    return os.urandom(8).hex().encode()


def _failed(request: Request) -> Response:
    try:
        return unexpected(request)
    except Exception:  # the page of the failure fails too, most often for the same reason
        return refused(request, 500, f"the log lists it as {request.scope['request_id']}.")


def _level(scope: Scope, status: int, error: Exception | None) -> int:
    if error is not None:
        return logging.ERROR
    # A browser asks once without a password: only a wrong one is worth a line, and 429 was told by guesses.py.
    refused = status in (403, 421) or (status == 401 and any(n == b"authorization" for n, _ in scope["headers"]))
    return logging.WARNING if status >= 500 or refused else logging.INFO


def _write(level: int, scope: Scope, status: int, seconds: float, error: Exception | None) -> None:
    route = route_of(scope)
    fields: dict[str, Any] = {
        "method": scope["method"],
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "learner": learner_id(Request(scope)),
        "client": scope["client"][0] if scope.get("client") else None,
    }
    if "failure" in scope:  # answered by its own page, and told without a traceback
        why = scope["failure"]
        fields["cause"] = why if isinstance(why, str) else cause(why)
    text = f"{scope['method']} {route or 'no such address'}: {status}"
    log.log(level, text, extra={"fields": fields}, exc_info=error)


def route_of(scope: Scope) -> str | None:
    """The template of the request's address, such as /quiz/{name}; None if there is no such address.

    For a file of /static/VERSION it is /static.
    """
    route, found = scope.get("route"), scope.get("endpoint")
    if route is None and found is not None:  # plain routes and what is mounted say only what answers
        route = next((one for one in scope["app"].routes if found in (one.app, getattr(one, "endpoint", None))), None)
    elif route is None:  # refused before it was looked up
        route = next((one for one in scope["app"].routes if one.matches(scope)[0] is not Match.NONE), None)
    return f"/{route.name}" if isinstance(route, Mount) else getattr(route, "path", None)
