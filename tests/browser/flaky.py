"""A network between a browser and the server that fails as a test says."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SLOW = 0.3
"""Seconds that a slow request or a late answer takes more."""
PIECE = 700
"""Bytes of a torn answer that arrive at once."""
PAUSE = 0.03
"""Seconds between them: two frames."""


@dataclass
class Net:
    """Its address instead of the server's. `fate` says for each request: ok, off, away, slow, late, cut or torn.

    A slow request arrives at the server late. A late one is answered at once, and its answer arrives late. A cut
    request arrives at the server, and its answer does not arrive at the browser. With the server away, a proxy answers.
    A torn answer arrives piece by piece, with a pause after each.
    """

    url: str
    fate: Callable[[], str] = field(default=lambda: "ok")


@contextmanager
def net_to(server_url: str) -> Iterator[Net]:
    """A network to the server. Each request has a connection of its own."""
    host, port = urlsplit(server_url).hostname or "127.0.0.1", urlsplit(server_url).port or 80
    listening = socket.create_server(("127.0.0.1", 0))
    net = Net(f"http://127.0.0.1:{listening.getsockname()[1]}")

    def serve() -> None:
        while True:
            try:
                browser, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=relay, args=(browser,), daemon=True).start()

    def relay(browser: socket.socket) -> None:
        with suppress(OSError), browser:
            request = _request(browser)
            fate = net.fate() if request else "off"
            if fate == "away":
                browser.sendall(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            if fate in ("off", "away"):
                return
            if fate == "slow":
                time.sleep(SLOW)
            with socket.create_connection((host, port)) as server:
                server.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
                while some := server.recv(65_536):
                    if fate == "late":
                        time.sleep(SLOW)
                        fate = "ok"
                    if fate == "torn":
                        for at in range(0, len(some), PIECE):
                            browser.sendall(some[at : at + PIECE])
                            time.sleep(PAUSE)
                    elif fate != "cut":
                        browser.sendall(some)

    threading.Thread(target=serve, daemon=True).start()
    yield net
    listening.close()


def _request(browser: socket.socket) -> bytes:
    """One whole request."""
    read = b""
    while b"\r\n\r\n" not in read:
        if not (some := browser.recv(65_536)):
            return b""
        read += some
    head, _, body = read.partition(b"\r\n\r\n")
    sizes = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    size = int(sizes[0].split(b":")[1]) if sizes else 0
    while len(body) < size:
        body += browser.recv(65_536)
    return head + b"\r\n\r\n" + body
