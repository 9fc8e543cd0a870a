"""A real server that fails and stops: one event a failure, and an end that says what it cut."""

import json
import os
import re
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bench.cards import loaded
from bench.serving import RECUR, ServerProcess, recur_env
from tests.postgres import FAST, Cluster

pytestmark = pytest.mark.server
FORM = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true", "HX-Request-Type": "partial"}
JSON = {"RECUR_LOG_FORMAT": "json"}
Start = Callable[..., ServerProcess]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    loaded(tmp_path, 20)
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts a server over the folder, whose log is the file `log` there."""
    started = []

    def made(command: list[str] = RECUR, **variables: str) -> ServerProcess:
        server = ServerProcess(command, recur_env(folder) | JSON | variables, folder / "log")
        started.append(server)
        server.wait_until_it_answers()
        return server

    yield made
    for server in started:
        server.stop()


def events(folder: Path, level: str = "", logger: str = "") -> list[dict[str, Any]]:
    """The log so far. Every line is one JSON object."""
    told = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    return [one for one in told if one["level"].startswith(level) and one["logger"].startswith(logger)]


def rating(card: int, rating: int = 4) -> str:
    now = "2026-01-01T08:00:00+00:00"
    fields = {"card": card, "rating": rating, "token": f"t{card}", "after": 0, "deck": "bench", "typed": "MY ANSWER"}
    return urlencode(fields | {"shown_at": now, "revealed_after": "1e11"})


def ended(server: ServerProcess, sig: signal.Signals = signal.SIGTERM) -> int:
    server.process.send_signal(sig)
    return server.process.wait(20)


def test_a_failure_is_one_event_and_the_connection_lives_on(start: Start, folder: Path) -> None:
    server = start()
    with closing(sqlite3.connect(folder / "recur.sqlite")) as database:
        database.execute("CREATE TRIGGER fails BEFORE INSERT ON review BEGIN SELECT RAISE(ABORT, 'boom'); END")
    connection = server.connect()
    ids = []
    for card in (1, 2, 3):
        connection.request("POST", "/review?secret=MY+QUERY", rating(card), FORM)
        sock = connection.sock
        answer = connection.getresponse()
        ids.append(answer.headers["X-Request-ID"])
        assert answer.status == 500
        assert ids[-1] in answer.read().decode()
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    assert connection.sock is sock, "the connection was closed in between"
    connection.close()
    assert ended(server) == 0
    failed = events(folder, level="error")
    assert [one["request_id"] for one in failed] == ids
    for one in failed:
        assert one["cause"] == "sqlite3.IntegrityError: boom"
        assert (one["method"], one["route"], one["status"], one["learner"]) == ("POST", "/review", 500, 1)
    assert [("traceback" in one) for one in failed] == [True, False, False]
    told = (folder / "log").read_text()
    assert told.count("Traceback") == 1
    assert "MY" not in told


def test_an_access_log_has_each_request_once(start: Start, folder: Path) -> None:
    server = start()
    paths = ["/", "/cards/bench/q1?q=MY+QUERY", "/nowhere", "/review"]
    statuses = [server.get(path)[0] for path in paths]
    ended(server)
    told = [(one["route"], one["status"]) for one in events(folder, logger="app.requests")]
    assert told[1:] == list(zip(["/", "/cards/{deck}/{name}", None, "/review"], statuses, strict=True))
    assert "MY" not in (folder / "log").read_text()


def test_text_is_quiet_without_an_access_log(start: Start, folder: Path) -> None:
    server = start(RECUR_LOG_FORMAT="text")
    server.get("/")
    ended(server)
    lines = (folder / "log").read_text().splitlines()
    assert "INFO    Started. version=" in lines[0]
    assert [re.sub("^[^ ]+Z ", "", line) for line in lines[1:]] == [
        "INFO    Stopping. running={}",
        "INFO    Stopped. Everything running had finished.",
    ]


def test_an_outage_of_postgresql_is_one_line_a_request(start: Start, folder: Path) -> None:
    cluster = Cluster(**FAST)
    server = start(RECUR_DATABASE_URL=cluster.url(cluster.create()))
    paths = ["/", "/review", "/cards/bench/q1", "/demos", "/readyz", "/browse?q=MY+QUERY", "/stats"] * 2
    statuses = []
    for _ in range(2):
        cluster.kill()
        statuses += [server.get(path)[0] for path in paths]
        cluster.start()
        assert server.get("/settings")[0] == 200
    cluster.stop()
    assert ended(server) == 0
    told = [one for one in events(folder, logger="app.requests") if one["status"] == 503]
    assert len(told) == statuses.count(503) >= 20
    assert {one["level"] for one in told} == {"warning"}
    assert all("cause" in one for one in told if one["route"] != "/readyz")
    assert len({one["request_id"] for one in told}) == len(told)
    assert events(folder, level="error") == []
    log = (folder / "log").read_text()
    assert "Traceback" not in log
    assert "MY" not in log


def half_sent(server: ServerProcess) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port))
    made.sendall(b"POST /review HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nrating=4")
    return made


def test_half_sent_requests_do_not_hold_up_the_end(start: Start, folder: Path) -> None:
    server = start()
    clients = [half_sent(server) for _ in range(30)]
    server.get("/")
    assert ended(server) == 0
    (cut,) = events(folder, level="warning")
    assert cut["message"] == "Stopped, and cut 30 half-sent requests."
    assert cut["cut"] == {"POST /review": 30}
    assert "Traceback" not in (folder / "log").read_text()
    for client in clients:
        client.close()


class Held:
    """Holds the database's write lock, so that a rating waits."""

    def __init__(self, folder: Path) -> None:
        self.database = sqlite3.connect(folder / "recur.sqlite", isolation_level=None, check_same_thread=False)
        self.database.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self.database.execute("ROLLBACK")
        self.database.close()


def rate_in_a_thread(server: ServerProcess, card: int) -> tuple[threading.Thread, list[int]]:
    """Sends a rating, and notes its status. Returns when the server has it."""
    statuses = []
    connection = server.connect()
    connection.request("POST", "/review", rating(card), FORM)

    def answered() -> None:
        with suppress(ConnectionError):
            statuses.append(connection.getresponse().status)
        connection.close()

    thread = threading.Thread(target=answered)
    thread.start()
    return thread, statuses


def test_what_runs_is_finished(start: Start, folder: Path) -> None:
    server = start()
    held = Held(folder)
    thread, statuses = rate_in_a_thread(server, 1)
    server.get("/")
    threading.Timer(1, held.release).start()
    assert ended(server) == 0
    thread.join()
    assert statuses == [200]
    assert [one["message"] for one in events(folder, logger="app.server")] == [
        "Stopping.",
        "Stopped. Everything running had finished.",
    ]
    assert events(folder, logger="app.server")[0]["running"] == {"POST /review": 1}
    with closing(sqlite3.connect(folder / "recur.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM review").fetchone() == (1,)


STUCK = """
import socket, threading, time
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
import app.main as app_main
from app.observe import log
from app.server import Server
from app.settings import Settings

def stuck(request):
    time.sleep(60)

def events():
    yield b"one"
    time.sleep(60)

settings = Settings()
log.start("json", "info")
app = app_main.create_app(settings)
for path in ("/stream", "/demos/{name}/train"):
    app.router.routes.insert(0, Route(path, lambda _: StreamingResponse(events())))
app.router.routes.insert(0, Route("/large", lambda _: Response(b"x" * 30_000_000)))
app.router.routes.insert(0, Route("/stuck", stuck, methods=["GET", "POST"]))
app_main.ContentWatch.stop = lambda watch: stuck(None)
server = Server(app)
server.run([socket.create_server(("127.0.0.1", settings.port))])
server.leave()
"""
"""A server with answers that do not come to their end."""


def test_what_does_not_finish_is_cut_and_told(start: Start, folder: Path) -> None:
    (folder / "stuck.py").write_text(STUCK)
    server = start([sys.executable, str(folder / "stuck.py")])
    paths = ("/stuck", "/stuck", "/stream", "/demos/x/train", "/demos/y/train", "/large")
    clients = [server.connect() for _ in paths]
    for client, path in zip(clients, paths, strict=True):
        client.request("POST" if client is clients[1] else "GET", path)
    server.get("/healthz")
    assert ended(server) == 0
    assert [client.getresponse().status for client in clients] == [503, 503, 200, 200, 200, 200]
    for client in clients:
        client.close()
    (cut,) = events(folder, level="warning", logger="app.server")
    assert cut["message"] == "Stopped, and cut 2 requests, 1 stream, 2 trainings, 1 unread answer."
    assert cut["cut"] == {
        "GET /stuck": 1,
        "POST /stuck": 1,
        "GET /stream": 1,
        "GET /demos/{name}/train": 2,
        "GET /large": 1,
    }
    assert "Traceback" not in (folder / "log").read_text()


def test_a_load_that_does_not_finish_is_cut_and_told(start: Start, folder: Path) -> None:
    (folder / "stuck.py").write_text(STUCK)
    server = start([sys.executable, str(folder / "stuck.py")], RECUR_WATCH="true")
    while not any("content files read" in one["message"] for one in events(folder)):
        (folder / "content" / "bench" / "other.md").write_text("## A question?\n\nAn answer.\n")
    assert ended(server) == 0
    (cut,) = events(folder, level="warning", logger="app.server")
    assert cut["message"].startswith("Stopped while the content was being loaded")


def test_a_second_interrupt_ends_at_once(start: Start, folder: Path) -> None:
    server = start()
    held = Held(folder)
    thread, statuses = rate_in_a_thread(server, 1)
    server.get("/")
    server.process.send_signal(signal.SIGINT)
    while not events(folder, logger="app.server"):
        pass
    assert ended(server, signal.SIGINT) == 130
    held.release()
    thread.join()
    assert statuses == []
    last = events(folder)[-1]
    assert (last["message"], last["cut"]) == ("Stopped at once.", {"POST /review": 1})


def figures(server: ServerProcess) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in server.get("/metrics")[1].decode().splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in lines}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_metrics_are_what_was_done(start: Start, folder: Path, workers: str) -> None:
    server = start(RECUR_METRICS="true", RECUR_WORKERS=workers, RECUR_WATCH="true")
    for card, given in ((1, 4), (2, 4), (3, 5), (3, 5)):  # the last one is sent twice
        connection = server.connect()
        connection.request("POST", "/review", rating(card, given), FORM)
        assert connection.getresponse().status == 200
        connection.close()
    for _ in range(3):
        server.get("/nowhere?q=1")
    (folder / "content" / "bench" / "wrong.md").write_text("## No answer?\n")
    told = figures(server)
    while not told.get("recur_content_mistakes"):  # the watcher has not seen it yet
        told = figures(server)
    assert told['recur_requests_total{method="GET",route="none",status="404"}'] == 3
    assert told['recur_requests_total{method="POST",route="/review",status="200"}'] == 4
    assert told['recur_request_seconds_count{route="/review"}'] == 4
    assert [told[f'recur_ratings_total{{rating="{n}"}}'] for n in range(1, 6)] == [0, 0, 0, 2, 1]
    assert told['recur_database_wait_seconds_count{kind="queue"}'] == 4
    assert told['recur_database_wait_seconds_count{kind="write"}'] >= 4
    assert told['recur_database_wait_seconds_count{kind="read"}'] >= 4
    assert told['recur_content_loads_total{result="ok"}'] >= 1
    assert told["recur_trainings_running"] == 0
    assert sum(value for name, value in told.items() if name.startswith("recur_build{")) == 1
    if workers == "2":  # what a process has counted is not lost with it
        os.kill(
            next(one["pid"] for one in events(folder, logger="app.requests") if one["status"] == 200), signal.SIGKILL
        )
        while len([one for one in events(folder) if one["message"] == "Started."]) < 3:
            time.sleep(0.1)
        after = figures(server)
        assert {name: after[name] for name in told if "ratings" in name} == {
            name: value for name, value in told.items() if "ratings" in name
        }
    assert ended(server) == 0
