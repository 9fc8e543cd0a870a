"""How a server takes connections: heads are bounded, no client may dawdle, and there are only so many connections.

uvicorn's quick parser of HTTP reads a head of any length, and waits for the rest of a request for ever.
"""

import asyncio
import logging
import os
import resource
from http import HTTPStatus
from time import monotonic
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.frame.errors import refused_page
from app.web.frame.pages import environment
from app.web.frame.security import BY_TLS, POLICY

log = logging.getLogger(__name__)

LARGEST_HEAD = 65_536
"""Bytes of a request's first line and its headers together."""
LONGEST_ADDRESS = 32_768
MOST_HEADERS = 100
PATIENCE = 15
"""Seconds that a client may take for a head, and without a pause for a body or an answer."""
SLOWEST = 1_000
"""Bytes a second that a client must send of a body, or read of an answer, once its PATIENCE is used up."""
LOOK_EVERY = 5
"""Seconds between two looks at a connection: what takes too long ends at the next."""
OTHER_FILES = 128
"""Open files that are kept free for the database, the content and the pages."""
FEWEST_CONNECTIONS = 16
LOG_EVERY = 60
"""Seconds between two events in the log of refusals of one kind."""

_HEAD_IS_BOUNDED = f"the request has more than {MOST_HEADERS} headers, or more than {LARGEST_HEAD:,} bytes of them."


def room_for_connections(most: int) -> int:
    """How many connections this process can hold: `most`, or fewer if it may not open enough files.

    As many again can arrive at one moment, before the first are let go, so connections get half of the files.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return most
    return max(FEWEST_CONNECTIONS, min(most, (files - OTHER_FILES) // 2))


class _UnacceptableError(Exception):
    """A head that is refused, with the status that says why."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol of one connection, within the bounds of this file.

    uvicorn's `limit_concurrency` says how many connections there may be. One more takes the place of the one that has
    kept the server waiting for the longest time; if the server is at work for all of them, it is answered with 503.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._waits_since: float | None = self.loop.time()  # for the client; None while the server is at work
        self._is_whole = True  # the last request has arrived to its end
        self._in_head = False
        self._body = 0
        self._barren = 0  # bytes since the last byte of a body, or since the last end of a request
        self._refusal: _UnacceptableError | None = None
        self._unsent = 0  # bytes of an answer that were not sent at the last look
        self._stalls = 0
        self._next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, and let go of another if there are too many."""
        super().connection_made(transport)
        if self._most is not None and len(self.connections) > self._most and not self._make_room():
            self._end(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections are open. Try again in a few seconds.")
            return
        self._next_look = self.loop.call_later(LOOK_EVERY, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whichever side."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on. What is neither a body nor the end of a request may be as long as a head, and no longer."""
        self._unset_keepalive_if_required()
        self._barren += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # no other protocol is spoken here: it is answered as if it had not asked
        except httptools.HttpParserError:
            refusal = self._refusal or _UnacceptableError(HTTPStatus.BAD_REQUEST, "this is not a valid HTTP request.")
            self._end(refusal.status, str(refusal))
        else:
            if self._barren > LARGEST_HEAD:
                self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _HEAD_IS_BOUNDED)

    # --- what the parser finds ---

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._waits_since = self.loop.time()
        self._is_whole, self._in_head = False, True
        self._body = 0

    def on_headers_complete(self) -> None:
        """The head is whole: the app takes over, if it is within bounds."""
        if len(self.url) > LONGEST_ADDRESS:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, f"this address has more than {LONGEST_ADDRESS:,} bytes.")
        if len(self.headers) > MOST_HEADERS or (self._barren > LARGEST_HEAD and self._size_of_head() > LARGEST_HEAD):
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _HEAD_IS_BOUNDED)
        self._in_head = False
        super().on_headers_complete()
        self.headers = []  # what follows a chunked body is not part of the head

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._barren = 0
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has arrived to its end."""
        self._barren = 0
        self._is_whole = True
        self._waits_since = self.loop.time() if self.cycle.response_complete else None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is written: it is the client's turn."""
        if self._is_whole and not self.pipeline:
            self._waits_since = self.loop.time()
        super().on_response_complete()

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self._refusal = _UnacceptableError(status, sentence)
        raise self._refusal

    # --- what takes too long ---

    def resume_writing(self) -> None:
        """The client reads on."""
        self._stalls = 0
        super().resume_writing()

    def _look(self) -> None:
        """End the connection if the client has kept the server waiting too long."""
        self._next_look = self.loop.call_later(LOOK_EVERY, self._look)
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        is_stalled = self._unsent > 0 and before - self._unsent < SLOWEST * LOOK_EVERY
        self._stalls = self._stalls + 1 if is_stalled else 0
        if self._stalls * LOOK_EVERY > PATIENCE:
            self.transport.abort()
        elif self.transport.is_closing() or not self._is_late():
            return
        elif self._is_whole:
            self.transport.close()  # the client has not asked for anything
        else:
            self._end(HTTPStatus.REQUEST_TIMEOUT, "the request did not arrive in time.")

    def _is_late(self) -> bool:
        if self._waits_since is None or self.flow.read_paused:
            return False  # the server is at work, or does not read
        is_answered = self.cycle is not None and self.cycle.response_complete
        more = 0 if is_answered else self._body / SLOWEST
        return self.loop.time() - self._waits_since > PATIENCE + more

    def _make_room(self) -> bool:
        """Let go of the connection that has kept the server waiting for the longest time; False if there is none."""
        waits = [
            (one._waits_since, id(one), one)
            for one in self.connections
            if isinstance(one, BoundedHttp) and one is not self and one._waits_since is not None
        ]
        if not waits:
            return False
        _, _, longest = min(waits)
        self.connections.discard(longest)
        longest.transport.abort()
        return True

    def shutdown(self) -> None:
        """The server stops: what has not arrived to its end is not waited for."""
        if self._is_whole:
            super().shutdown()
        else:
            self.transport.close()

    def _end(self, status: HTTPStatus, sentence: str) -> None:
        """Close the connection, after an answer if the request may still have one."""
        scope: dict[str, Any] = {} if self.cycle is None or self._in_head else vars(self.cycle)["scope"]
        request_id = scope.get("request_id") or os.urandom(8).hex()
        if self._may_answer():
            body, kind, headers = f"{status.value} {status.phrase}: {sentence}\n", "plain", POLICY
            asked = dict(self.headers or ())
            is_busy = status == HTTPStatus.SERVICE_UNAVAILABLE  # before anything is asked
            if is_busy or (b"text/html" in asked.get(b"accept", b"") and b"hx-request" not in asked):
                body, its_own = refused_page(environment(""), status, sentence)
                kind, headers = "html", headers | its_own
            headers = headers | (BY_TLS if self.scheme == "https" else {}) | ({"retry-after": "5"} if is_busy else {})
            headers |= {"content-type": f"text/{kind}; charset=utf-8", "content-length": str(len(body.encode()))}
            headers |= {"x-request-id": request_id, "connection": "close"}
            head = "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items())
            self.transport.write(STATUS_LINE[status] + f"{head}\r\n{body}".encode())
        if "request_id" not in scope:  # otherwise the app knows it, and logs it
            _log_refusal(status, sentence, request_id, self.client)
        self.transport.close()

    def _may_answer(self) -> bool:
        if self.cycle is None:
            return True
        is_in_body = not self._is_whole and not self._in_head
        return not self.cycle.response_started if is_in_body else self.cycle.response_complete


_logged: dict[HTTPStatus, tuple[float, int]] = {}
"""When a refusal of this kind was logged last, and how many there were since."""


def _log_refusal(status: HTTPStatus, sentence: str, request_id: str, client: tuple[str, int] | None) -> None:
    """Log the refusal of a request that the app does not get, one of a kind a minute: there may be thousands."""
    now = monotonic()
    last, since = _logged.get(status, (now - LOG_EVERY, 0))
    if now - last < LOG_EVERY:
        _logged[status] = last, since + 1
        return
    _logged[status] = now, 0
    fields = {"request_id": request_id, "status": status.value, "client": client and client[0], "not_logged": since}
    log.warning("A request was refused before it arrived: %s", sentence, extra={"fields": fields})
