"""Accounts by https: Recur's own TLS, in one process and in several, and behind Caddy and nginx."""

import asyncio
import contextlib
import http.client
import re
import shlex
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.server import Handshake
from app.web.frame import connections
from bench.cards import content_folder
from bench.serving import RECUR, ServerProcess, recur_env
from tests.certificates import made
from tests.eventually import eventually
from tests.proxies import PASSWORD, Caddy, Connect, Nginx, Proxy, add_ada, ask

pytestmark = pytest.mark.server

COOKIE = r"__Host-recur-(session|device)=[\w-]{43}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax; Secure"
HSTS = ["max-age=31536000"]


def environment(folder: Path) -> dict[str, str]:
    """A server with accounts, over a database with one in it."""
    env = recur_env(folder) | {"RECUR_ACCESS": "accounts"}
    content_folder(folder / "content", files=1, cards_a_file=2)
    add_ada(env["RECUR_DATABASE_URL"])
    return env


def check_a_visit(connect: Connect, banner: str | None = None) -> str:
    """Sign in and look around as a browser does; returns the session's cookie."""
    status, headers, _ = ask(connect, "GET", "/")
    assert (status, headers["location"]) == (303, "/sign-in")
    status, headers, _ = ask(connect, "POST", "/sign-in", {"name": "ada", "password": PASSWORD})
    assert (status, headers["location"]) == (303, "/")
    cookies = headers.get_all("set-cookie") or []
    assert [re.fullmatch(COOKIE, one) is not None for one in cookies] == [True, True]
    cookie = cookies[0].partition(";")[0]
    for path, expected in (("/settings", 200), ("/nowhere", 404), ("/healthz", 200), ("/api/v1/demos", 200)):
        status, headers, _ = ask(connect, "GET", path, Cookie=cookie)
        assert (status, headers.get_all("strict-transport-security"), headers["server"]) == (expected, HSTS, banner)
    # Without the prefix it is another cookie, which another host of the site could have set.
    assert ask(connect, "GET", "/settings", Cookie=cookie.removeprefix("__Host-"))[0] == 303
    return cookie


@pytest.mark.parametrize("workers", ["1", "2"])
def test_recur_itself_speaks_tls(tmp_path: Path, workers: str) -> None:
    pair = made(tmp_path)
    env = environment(tmp_path) | {"RECUR_HOST": "0.0.0.0", "RECUR_WORKERS": workers}
    command = shlex.join([*RECUR, "--tls-cert", str(pair.cert), "--tls-key", str(pair.key)])
    server = ServerProcess(["bash", "-c", f"ulimit -n 256; exec {command}"], env)
    tls = ssl.create_default_context(cafile=str(pair.cert))

    def connect() -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", server.port, context=tls, timeout=30)

    try:
        eventually(lambda: answers(connect) or server.process.poll() is not None)
        cookie = check_a_visit(connect)
        for _ in range(10):  # whichever process answers
            assert ask(connect, "GET", "/settings", Cookie=cookie)[0] == 200
        assert ask(connect, "POST", "/sign-out", {}, Cookie=cookie)[0] == 303
        assert ask(connect, "GET", "/settings", Cookie=cookie)[0] == 303
        # What is refused before it reaches a page says so too.
        assert ask(connect, "GET", "/" + "x" * 40_000)[1].get_all("strict-transport-security") == HSTS
        plain = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        plain.request("GET", "/sign-in")
        with pytest.raises((OSError, http.client.HTTPException)):
            plain.getresponse()
        plain.close()
        silent = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(300 * int(workers))]
        assert ask(connect, "GET", "/sign-in")[0] == 200, "whoever shakes no hands takes nobody's place"
        for one in silent:
            one.close()
        assert version(server.port, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        assert version(server.port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        with pytest.raises(ssl.SSLError):
            version(server.port, ssl.TLSVersion.TLSv1_1)
    finally:
        server.stop()


async def dropped(heard: asyncio.StreamReader) -> None:
    """Wait until the server has closed the connection, without a word."""
    with contextlib.suppress(ConnectionError):
        assert await heard.read() == b""


@pytest.mark.parametrize(("patience", "most"), [(0.1, 10), (60, 2)])
def test_who_does_not_shake_hands_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float, most: int
) -> None:
    """When its time is over, or at once if there are more of its kind than there may be."""
    monkeypatch.setattr(connections, "PATIENCE", patience)
    pair = made(tmp_path)
    shaking: dict[Handshake, Any] = {}
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*pair)

    async def look() -> None:
        loop = asyncio.get_running_loop()
        begun: list[Any] = []

        def begin() -> Handshake:
            begun.append(Handshake(asyncio.Protocol(), tls, shaking, most))
            return begun[-1]  # type: ignore[no-any-return]

        server = await loop.create_server(begin, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        clients[0][1].write(b"\x16\x03\x01")  # half a greeting
        async with asyncio.timeout(30):
            await dropped(clients[0][0])
        assert len(shaking) <= most
        if patience > 1:  # a client that shakes hands takes the place of the first of those that do not
            trusted = ssl.create_default_context(cafile=str(pair.cert))
            clients.append(await asyncio.open_connection("localhost", port, ssl=trusted))
            await dropped(clients[1][0])
            while len(shaking) > 1:  # a client has shaken hands a moment before the server
                await asyncio.sleep(0.01)
        for _, writer in clients:
            writer.transport.abort()
        server.close()
        while any(one._transport for one in begun):  # which are closed before the loop is
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(look(), 60))


def answers(connect: Connect) -> bool:
    try:
        return ask(connect, "GET", "/readyz")[0] == 200
    except OSError:
        return False


def version(port: int, most: ssl.TLSVersion) -> str | None:
    """The version of TLS that the server agrees to with a client that knows none after `most`."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = most
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", port), 10) as raw, context.wrap_socket(raw) as connection:
        return connection.version()


Start = Callable[..., tuple[Proxy, ServerProcess]]


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Start]:
    """Starts a server with accounts behind a proxy."""
    running: list[Proxy | ServerProcess] = []

    def start(kind: type[Caddy] | type[Nginx], **more: str) -> tuple[Proxy, ServerProcess]:
        server = ServerProcess(RECUR, environment(tmp_path) | more, tmp_path / "log")
        running.append(server)
        server.wait_until_it_answers("/readyz")
        proxy = kind(tmp_path, [server.port])
        running.append(proxy)
        proxy.wait(lambda: ask(proxy.connect, "GET", "/readyz")[0] == 200)
        return proxy, server

    yield start
    for one in running:
        one.stop()


@pytest.mark.parametrize("kind", [Caddy, Nginx])
def test_behind_a_proxy(behind: Start, kind: type[Caddy] | type[Nginx], tmp_path: Path) -> None:
    proxy, server = behind(kind)
    cookie = check_a_visit(proxy.connect, proxy.banner)
    # A client cannot say that it is another, or that it came by https where it did not.
    wrong = {"name": "ada", "password": "three grey goose"}
    assert ask(proxy.connect, "POST", "/sign-in", wrong, X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6")[0] == 403
    eventually(lambda: "A sign-in was refused" in (tmp_path / "log").read_text())
    log = (tmp_path / "log").read_text()
    assert "127.0.0.1" in log
    assert "6.6.6.6" not in log
    plain = http.client.HTTPConnection("localhost", proxy.http_port, timeout=20)
    plain.request("GET", "/sign-in", headers={"X-Forwarded-Proto": "https"})
    answer = plain.getresponse()
    assert (answer.status, answer.headers["location"]) == (308, "https://localhost/sign-in")
    plain.close()
    proxy.check_that_events_are_passed_on_at_once(cookie)
    # A history, and the address of a demo, may be as large as Recur takes them.
    assert ask(proxy.connect, "GET", f"/demos?text={'x' * 15_000}", Cookie=cookie)[0] == 200
    head = '--limit\r\nContent-Disposition: form-data; name="file"; filename="history.jsonl"\r\n\r\n'
    history, kind_of = f"{head}{'x' * 9_900_000}\r\n--limit--\r\n", "multipart/form-data; boundary=limit"
    status, _, page = ask(proxy.connect, "POST", "/settings/history", history, Cookie=cookie, Content_Type=kind_of)
    assert (status, "history.jsonl" in page) == (422, True)
    server.stop()  # the proxy's own answer
    status, headers, page = ask(proxy.connect, "GET", "/")
    assert status in (502, 503), "503 once Caddy has noticed"
    assert headers.get_all("strict-transport-security") == HSTS
    assert "it will count once" in page


def test_a_proxy_that_nobody_named_is_not_believed(behind: Start) -> None:
    """It says https, but may be anybody: for Recur the request came by plain http."""
    proxy, _ = behind(Caddy, RECUR_TRUSTED_PROXIES="192.0.2.7")
    status, headers, page = ask(proxy.connect, "GET", "/sign-in")
    assert (status, "by https alone" in page) == (403, True)
    assert headers["set-cookie"] is None
    assert ask(proxy.connect, "POST", "/sign-in", {"name": "ada", "password": PASSWORD})[0] == 403
