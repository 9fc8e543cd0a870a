"""The bounds of a connection: what it may send, how long it may take, and how many there may be."""

import asyncio
import contextlib
import re
import resource
import shlex
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from app.web.frame import connections
from app.web.frame.connections import (
    LARGEST_HEAD,
    LOG_EVERY,
    LONGEST_ADDRESS,
    LOOK_EVERY,
    MOST_HEADERS,
    PATIENCE,
    BoundedHttp,
    room_for_connections,
)
from app.web.frame.security import POLICY
from bench.cards import loaded
from bench.serving import RECUR, ServerProcess, recur_env

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
WHOLE = b"200"


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of headers and the body."""
    request = Request(scope, receive)
    body = await request.body()
    await PlainTextResponse(f"{len(request.headers)} {body.decode()}")(scope, receive, send)


async def _refuse_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers without reading the body, as the guard does where the password is wrong."""
    await PlainTextResponse("no", 401)(scope, receive, send)


async def _answer_much(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("x" * 100_000)(scope, receive, send)


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time moves by hand."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let the time pass, a second at once, and do what is due."""
        for _ in range(round(seconds)):
            self.now += 1
            self.settle()

    def settle(self) -> None:
        for _ in range(10):
            self.run_until_complete(asyncio.sleep(0))


class Wire(asyncio.Transport):
    """What the client sees. `unread` bytes of the answer wait for it to read on."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = b""
        self.unread = 0
        self.closed = self.aborted = False

    def write(self, data: Any) -> None:
        self.answer += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unread


@pytest.fixture
def loop() -> Iterator[Clock]:
    made = Clock()
    asyncio.set_event_loop(made)
    yield made
    for task in asyncio.all_tasks(made):
        task.cancel()
    made.settle()
    asyncio.set_event_loop(None)
    made.close()


Connect = Callable[..., tuple[BoundedHttp, Wire]]


@pytest.fixture
def connect(loop: Clock) -> Connect:
    """Makes connections of one server to `app`, of which there may be `most`."""
    state = ServerState()

    def made(app: Any = _echo, most: int | None = None) -> tuple[BoundedHttp, Wire]:
        config = Config(app, http=BoundedHttp, ws="none", limit_concurrency=most, log_level="warning")
        config.load()
        connection, wire = BoundedHttp(config=config, server_state=state, app_state={}, _loop=loop), Wire()
        connection.connection_made(wire)
        return connection, wire

    return made


def send(loop: Clock, connection: BoundedHttp, data: bytes, by: int = 200_000) -> None:
    """Send the data, as far as the connection takes it."""
    for at in range(0, len(data), by):
        if not connection.transport.is_closing():
            connection.data_received(data[at : at + by])
        loop.settle()


@pytest.mark.parametrize("by", [900, 10_000_000])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"X: a\r\n" * (MOST_HEADERS - 1), WHOLE),
        (GET + b"X: a\r\n" * MOST_HEADERS, b"431"),
        (GET + b"X: " + b"a" * (LARGEST_HEAD - 100) + b"\r\n", WHOLE),
        (GET + b"X: " + b"a" * LARGEST_HEAD + b"\r\n", b"431"),
        (GET + b"X" * LARGEST_HEAD + b": a\r\n", b"431"),
        (b"GET /" + b"a" * (LONGEST_ADDRESS - 1) + b" HTTP/1.1\r\nHost: x\r\n", WHOLE),
        (b"GET /" + b"a" * LONGEST_ADDRESS + b" HTTP/1.1\r\nHost: x\r\n", b"414"),
        (b"what is this\r\n", b"400"),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n", b"400"),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n", b"400"),
    ],
)
def test_a_head_is_bounded(loop: Clock, connect: Connect, head: bytes, status: bytes, by: int) -> None:
    connection, wire = connect()
    send(loop, connection, head + b"\r\n", by)
    assert wire.answer.startswith(b"HTTP/1.1 " + status)
    assert wire.closed == (status != WHOLE)
    if status != WHOLE:
        assert all(f"{name.lower()}: {value}\r\n".encode() in wire.answer for name, value in POLICY.items())


@pytest.mark.parametrize("start", [GET + b"X: ", b"GET /", GET + b"X"])
def test_a_head_without_end_is_cut(loop: Clock, connect: Connect, start: bytes) -> None:
    connection, wire = connect()
    send(loop, connection, start)
    sent = 0
    while not wire.closed:
        send(loop, connection, b"a" * 1000)
        sent += 1000
        assert sent <= LARGEST_HEAD + 1000
    assert wire.answer.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("start", [b"1;", b"0\r\nX: "])
def test_what_surrounds_a_chunked_body_is_bounded_too(loop: Clock, connect: Connect, start: bytes) -> None:
    connection, wire = connect()
    send(loop, connection, POST + b"Transfer-Encoding: chunked\r\n\r\n" + start)
    send(loop, connection, b"a" * 2 * LARGEST_HEAD, by=1000)
    assert wire.closed


def test_lines_after_a_chunked_body_are_no_headers(loop: Clock, connect: Connect) -> None:
    connection, wire = connect()
    send(loop, connection, POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    send(loop, connection, b"0\r\nCookie: recur-learner=2\r\n\r\n")
    assert wire.answer.endswith(b"2 a")


def test_a_body_may_be_long_and_the_next_head_follows(loop: Clock, connect: Connect) -> None:
    connection, wire = connect()
    body = b"a" * 1_000_000
    head = POST + b"Content-Length: %d\r\n\r\n" % len(body)
    for _ in range(3):
        wire.answer = b""
        send(loop, connection, head + body)
        assert wire.answer.endswith(body)
    send(loop, connection, (GET + b"\r\n") * 50 + GET)
    loop.wait(3)
    assert wire.answer.count(b"200 OK") == 51
    assert not wire.closed


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (GET, b"HTTP/1.1 408 "),
        (POST + b"Content-Length: 1000\r\n\r\n", b"HTTP/1.1 408 "),
        (POST + b"Content-Length: 1000\r\n\r\nx", b"HTTP/1.1 408 "),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", b"HTTP/1.1 408 "),
    ],
)
def test_what_is_half_sent_is_dropped(loop: Clock, connect: Connect, sent: bytes, answer: bytes) -> None:
    connection, wire = connect()
    send(loop, connection, sent)
    loop.wait(PATIENCE - 1)
    assert not wire.closed
    loop.wait(1 + LOOK_EVERY)
    assert wire.closed
    assert wire.answer[: len(answer)] == answer
    assert bool(wire.answer) == bool(answer)


@pytest.mark.parametrize("app", [_echo, _refuse_at_once])
@pytest.mark.parametrize("head", [GET + b"X-Fill: ", POST + b"Content-Length: 1000\r\n\r\n"])
def test_a_byte_a_second_keeps_no_connection_open(loop: Clock, connect: Connect, head: bytes, app: Any) -> None:
    connection, wire = connect(app)
    send(loop, connection, head)
    seconds = 0
    while not wire.closed:
        send(loop, connection, b"a")
        loop.wait(1)
        seconds += 1
        assert seconds <= PATIENCE + LOOK_EVERY
    assert wire.answer.count(b"HTTP/1.1 ") == 1


def test_a_slow_body_that_moves_on_is_waited_for(loop: Clock, connect: Connect) -> None:
    connection, wire = connect()
    send(loop, connection, POST + b"Content-Length: 150000\r\n\r\n")
    for _ in range(75):
        send(loop, connection, b"a" * 2000)
        loop.wait(1)
    assert wire.answer.startswith(b"HTTP/1.1 200")


def test_a_refused_body_is_not_read_for_ever(loop: Clock, connect: Connect) -> None:
    connection, wire = connect(_refuse_at_once)
    send(loop, connection, POST + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(PATIENCE + LOOK_EVERY):
        send(loop, connection, b"7d0\r\n" + b"a" * 2000 + b"\r\n")
        loop.wait(1)
    assert wire.closed
    assert wire.answer.count(b"HTTP/1.1 ") == 1


def test_a_server_at_work_is_waited_for(loop: Clock, connect: Connect) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(100)
        await PlainTextResponse("done")(scope, receive, send)

    connection, wire = connect(slow)
    send(loop, connection, GET + b"\r\n")
    loop.wait(102)
    assert wire.answer.endswith(b"done")


def test_an_answer_that_is_not_read_is_given_up(loop: Clock, connect: Connect) -> None:
    connection, wire = connect(_answer_much)
    send(loop, connection, GET + b"Connection: close\r\n\r\n")
    assert wire.closed
    assert not wire.aborted
    wire.unread = 90_000
    loop.wait(PATIENCE)
    assert not wire.aborted
    loop.wait(2 * LOOK_EVERY)
    assert wire.aborted


def test_an_answer_that_is_read_slowly_is_not_given_up(loop: Clock, connect: Connect) -> None:
    connection, wire = connect(_answer_much)
    send(loop, connection, GET + b"\r\n")
    for wire.unread in range(100_000, 0, -2000):
        loop.wait(1)
    assert not wire.aborted


def test_one_connection_too_many_takes_the_place_of_the_one_that_waited_longest(loop: Clock, connect: Connect) -> None:
    async def busy(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        await receive()

    working, at_work = connect(busy, most=3)
    send(loop, working, GET + b"\r\n")
    half, half_sent = connect(most=3)
    send(loop, half, GET)
    loop.wait(1)
    _idle, idle = connect(most=3)
    loop.wait(1)
    new, newest = connect(most=3)
    assert (at_work.aborted, half_sent.aborted, idle.aborted) == (False, True, False)
    send(loop, new, GET + b"\r\n")
    assert newest.answer.startswith(b"HTTP/1.1 200")


def test_with_all_connections_at_work_one_more_is_told_to_come_back(loop: Clock, connect: Connect) -> None:
    async def busy(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        await receive()

    for _ in range(2):
        connection, wire = connect(busy, most=2)
        send(loop, connection, GET + b"\r\n")
        assert not wire.closed
    _, wire = connect(most=2)
    assert wire.closed
    assert wire.answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 5\r\n" in wire.answer
    assert b"<h1>Recur cannot answer now</h1>" in wire.answer  # whoever asks: its head has not come
    assert b"style-src 'sha256-" in wire.answer


@pytest.mark.parametrize(("more", "begins"), [(b"", b"<!doctype html>"), (b"Hx-Request: true\r\n", b"414 ")])
def test_a_browser_reads_a_page_where_a_head_is_refused(
    loop: Clock, connect: Connect, more: bytes, begins: bytes
) -> None:
    connection, wire = connect()
    address = b"/" + b"a" * LONGEST_ADDRESS
    send(loop, connection, b"GET " + address + b" HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n" + more + b"\r\n")
    assert wire.answer.partition(b"\r\n\r\n")[2].startswith(begins)


def test_refusals_are_logged_once_a_minute_for_each_kind(
    loop: Clock, connect: Connect, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_logged", {})
    ids = []
    for then in (0, 1, 2, LOG_EVERY):
        monkeypatch.setattr("app.web.frame.connections.monotonic", lambda then=then: 1000.0 + then)
        connection, wire = connect()
        send(loop, connection, b"what is this\r\n\r\n")
        ids.append(re.findall(rb"x-request-id: (\w+)\r\n", wire.answer)[0].decode())
    assert len(set(ids)) == 4
    fields = [vars(one)["fields"] for one in caplog.records]
    assert [(one["status"], one["request_id"], one["not_logged"]) for one in fields] == [
        (400, ids[0], 0),
        (400, ids[3], 2),
    ]


def test_a_server_that_stops_does_not_wait_for_the_rest_of_a_request(loop: Clock, connect: Connect) -> None:
    for sent in (GET, POST + b"Content-Length: 9\r\n\r\nx"):
        connection, wire = connect()
        send(loop, connection, sent)
        connection.shutdown()
        assert wire.closed


@pytest.mark.parametrize(("files", "room"), [(256, 64), (1024, 448), (100_000, 1000), (100, 16)])
def test_connections_leave_files_for_the_rest(monkeypatch: pytest.MonkeyPatch, files: int, room: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert room_for_connections(1000) == room


# --- the same against a real server ---


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that may open 256 files."""
    loaded(tmp_path, 10)
    made = ServerProcess(["bash", "-c", f"ulimit -n 256; exec {shlex.join(RECUR)}"], recur_env(tmp_path))
    try:
        made.wait_until_it_answers()
        yield made
    finally:
        made.stop()


@pytest.mark.server
def test_neither_half_sent_heads_nor_an_endless_one_keep_a_server_from_answering(server: ServerProcess) -> None:
    half_sent = []
    for _ in range(300):
        one = socket.create_connection(("127.0.0.1", server.port))
        half_sent.append(one)
        with contextlib.suppress(OSError):
            one.sendall(GET)
    assert server.get("/healthz")[0] == 200
    assert server.get("/review?deck=bench")[0] == 200
    with socket.create_connection(("127.0.0.1", server.port)) as endless:
        endless.sendall(GET + b"X-Fill: ")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 100_000_000:
                sent += endless.send(b"a" * 100_000)
    assert sent < 20_000_000
    assert server.get("/healthz")[0] == 200
    for one in half_sent:
        one.close()


@pytest.mark.server
def test_a_head_without_host_is_refused_and_no_answer_names_the_program(server: ServerProcess) -> None:
    for head, status in ((b"GET /healthz HTTP/1.1\r\n\r\n", b"400"), (b"GET /healthz HTTP/1.0\r\n\r\n", b"200")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(head)
            answer = client.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"uvicorn" not in answer
