"""One server process: uvicorn, which at the end finishes what runs, and says what it cut."""

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
from asyncio.sslproto import SSLProtocol
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from app.web.frame import connections
from app.web.frame.outermost import route_of

FINISH_SECONDS = 5.0
"""What runs when the server is told to stop has this long to finish."""
LAST_SECONDS = 0.5
"""What is cut has this long to say so to its client."""

log = logging.getLogger(__name__)

KINDS = REQUEST, HALF_SENT, STREAM, TRAINING, UNREAD = (
    "request", "half-sent request", "stream", "training", "unread answer",
)  # fmt: skip


class Running:
    """A request that is not over: what it is (`kind`), and its method and route (`name`)."""

    def __init__(self, cycle: Any, app: Any) -> None:
        cycle.scope.setdefault("app", app)  # which has not begun with the request yet
        route = route_of(cycle.scope)
        self.name = f"{cycle.scope['method']} {route or 'no such address'}"
        if cycle.response_complete:
            self.kind = UNREAD
        elif cycle.more_body:
            self.kind = HALF_SENT
        elif cycle.response_started:
            self.kind = TRAINING if route and route.endswith("/train") else STREAM
        else:
            self.kind = REQUEST


class Server(uvicorn.Server):
    """uvicorn's server with an end of our own.

    SIGTERM or Ctrl+C: no new connection is taken, and what runs is finished within FINISH_SECONDS. A second Ctrl+C
    ends the process at once.
    """

    def __init__(self, app: FastAPI) -> None:
        settings = app.state.settings
        most = connections.room_for_connections(settings.max_connections)
        super().__init__(
            uvicorn.Config(
                app,
                http=connections.BoundedHttp,
                ws="none",
                server_header=False,
                limit_concurrency=most,
                backlog=most,
                forwarded_allow_ips=list(settings.trusted_proxies),
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
                log_config=None,  # the log is ours
                access_log=False,  # and so is what it says of a request
            )
        )
        self.signal: int | None = None
        self.has_cut = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal that ends the process."""
        if self.signal is not None and sig == signal.SIGINT:
            try:
                log.warning("Stopped at once.", extra={"fields": {"cut": _by_route(self._running())}})
            finally:
                os._exit(128 + sig)
        self.signal = self.signal or sig
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals, and not raise them again at the end as uvicorn does: the process has ended in order."""
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, with our own protocols: it lets any number of clients never shake hands for a minute."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        backlog, loop, made = self.config.backlog, asyncio.get_running_loop(), self._protocols()
        self.servers = [await loop.create_server(made, sock=one, backlog=backlog) for one in sockets or []]
        self.started = True

    def _protocols(self) -> Callable[[], asyncio.BaseProtocol]:
        """What makes the protocol of each connection."""
        config, tls = self.config, self.config.ssl
        shaking: dict[Handshake, Any] = {}
        made: Callable[..., asyncio.Protocol] = connections.BoundedHttp
        http = partial(made, config=config, server_state=self.server_state, app_state=self.lifespan.state)
        if tls is None:
            return http
        most = (config.limit_concurrency or connections.FEWEST_CONNECTIONS) // 2
        return lambda: Handshake(http(), tls, shaking, most)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, finish what runs, cut what does not finish, and say so."""
        state, loop = self.server_state, asyncio.get_running_loop()
        end = loop.time() + FINISH_SECONDS
        log.info("Stopping.", extra={"fields": {"running": _by_route(self._running())}})
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        # What has not arrived to its end is not waited for: its connection closes itself.
        cut = [one for one in self._running() if one.kind == HALF_SENT]
        for connection in list(state.connections):
            connection.shutdown()
        if not await _until(lambda: not self._busy(), FINISH_SECONDS):
            cut += self._running(or_unread=True)
            for task in list(state.tasks):
                task.cancel()
            await _until(lambda: not self._busy(), LAST_SECONDS)
            for connection in list(state.connections):
                connection.transport.abort()
        self.has_cut = bool(cut)
        try:
            async with asyncio.timeout(max(LAST_SECONDS, end - loop.time())):
                await self.lifespan.shutdown()
        except TimeoutError:
            self.has_cut = True
            log.warning("Stopped while the content was being loaded or a copy made. The next start does it again.")
        if cut:
            log.warning("Stopped, and cut %s.", _counted(cut), extra={"fields": {"cut": _by_route(cut)}})
        elif not self.has_cut:
            log.info("Stopped. Everything running had finished.")

    def leave(self) -> NoReturn:
        """End the process, after `run`: with 0, or with 130 after Ctrl+C, as a shell expects."""
        code = 128 + self.signal if self.signal == signal.SIGINT else 0
        if self.has_cut:
            # Python would wait for the threads of what was cut. A transaction of theirs is whole, or not at all.
            logging.shutdown()
            sys.stdout.flush()
            os._exit(code)
        sys.exit(code)

    def _busy(self) -> bool:
        return bool(self.server_state.connections or self.server_state.tasks)

    def _running(self, or_unread: bool = False) -> list[Running]:
        """What is being answered now, and with `or_unread` the answers that their clients have not read either."""
        connections: list[Any] = list(self.server_state.connections)
        cycles = [one.cycle for one in connections if one.cycle]
        return [Running(one, self.config.app) for one in cycles if or_unread or not one.response_complete]


class Handshake(SSLProtocol):
    """A connection by TLS, whose client shakes hands within the patience that all have, and then speaks with `http`.

    `shaking` holds those that have not shaken hands. There may be `most`: one more takes the place of the first.
    """

    def __init__(self, http: asyncio.Protocol, tls: ssl.SSLContext, shaking: "dict[Handshake, Any]", most: int) -> None:
        loop = asyncio.get_running_loop()
        self._shaking, self._most = shaking, most
        is_over = loop.create_future()
        is_over.add_done_callback(self._end)
        super().__init__(loop, http, tls, is_over, server_side=True, ssl_handshake_timeout=connections.PATIENCE)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        if len(self._shaking) >= self._most:
            self._shaking.pop(next(iter(self._shaking))).abort()
        self._shaking[self] = transport
        super().connection_made(transport)

    def _end(self, is_over: asyncio.Future[None]) -> None:
        self._shaking.pop(self, None)
        is_over.exception()  # its client is gone, too slow or no client of TLS: there is nobody to tell


def _counted(running: list[Running]) -> str:
    """«2 requests, 1 training»."""
    counts = Counter(one.kind for one in running)
    return ", ".join(f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}" for kind in KINDS if counts[kind])


def _by_route(running: list[Running]) -> dict[str, int]:
    return dict(Counter(one.name for one in running))


async def _until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so. False if it is not, after `seconds`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not is_so():
        if loop.time() >= end:
            return False
        await asyncio.sleep(0.02)
    return True
