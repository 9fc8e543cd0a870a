"""Around every request: an id, one event, and a page for every failure."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from app.database import Database
from app.main import create_app
from app.settings import Settings
from app.web.frame.security import POLICY
from tests.web.conftest import NOW

Served = Callable[..., TestClient]


@pytest.fixture
def served(client: TestClient, settings: Settings, database: Database) -> Served:
    """Makes a client of the app with other settings, over the same loaded database."""

    def made(**changes: object) -> TestClient:
        app = create_app(settings.model_copy(update=changes), database, lambda: NOW)
        return TestClient(app, base_url="http://127.0.0.1:8000")

    return made


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(one)["fields"] | {"level": one.levelname} for one in caplog.records if one.name == "app.requests"]


SQLITE = ("CREATE TRIGGER fails BEFORE INSERT ON review BEGIN SELECT RAISE(ABORT, 'boom'); END",)
POSTGRESQL = (
    "CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'boom'; END $$",
    "CREATE TRIGGER fails BEFORE INSERT ON review FOR EACH ROW EXECUTE FUNCTION boom()",
)


def fail(database: Database) -> None:
    """Let every insert into the review log fail."""
    with database.write() as session:
        for statement in SQLITE if database.is_sqlite else POSTGRESQL:
            session.connection().exec_driver_sql(statement)


def rating_form(client: TestClient) -> dict[str, str]:
    question = client.get("/review").text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', question.split('class="reveal"')[0]))
    page = client.get("/review", params=hidden).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page[page.index('class="rating"') :]))
    return fields | {"rating": "4", "typed": "MY PRIVATE ANSWER"}


def test_every_answer_has_an_id_of_its_own(client: TestClient) -> None:
    ids = [client.get(path).headers["x-request-id"] for path in ("/", "/nowhere", "/healthz", "/browse")]
    assert len(set(ids)) == 4
    refused = client.get("/", headers={"host": "evil.example"})
    assert refused.status_code == 421
    assert re.fullmatch("[0-9a-f]{16}", refused.headers["x-request-id"])


@pytest.mark.parametrize("given", ["a", "req-1.2_3", "0" * 64])
def test_a_plain_id_of_a_proxy_is_kept(client: TestClient, given: str) -> None:
    assert client.get("/", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "0" * 65, "a b", "a;b", "<b>", "a\tb", "a" * 5000])
def test_another_id_is_replaced(client: TestClient, given: str) -> None:
    assert re.fullmatch("[0-9a-f]{16}", client.get("/", headers={"x-request-id": given}).headers["x-request-id"])


def test_a_failure_is_one_event_with_its_cause(
    client: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    form = rating_form(client)
    fail(database)
    answer = client.post("/review?secret=word", data=form)
    assert answer.status_code == 500
    (event,) = events(caplog)
    assert event | {"ms": 0} == {
        "level": "ERROR", "method": "POST", "route": "/review", "status": 500, "ms": 0, "learner": 1,
        "client": "127.0.0.1",
    }  # fmt: skip
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert record.exc_info is not None
    assert f"<code>{answer.headers['x-request-id']}</code>" in answer.text
    assert answer.headers.items() >= {name.lower(): value for name, value in POLICY.items()}.items()


def test_a_program_gets_the_id_as_json(client: TestClient) -> None:
    def fails(_request):
        raise RuntimeError

    client.app.router.routes.insert(0, Route("/api/v1/fails", fails))  # type: ignore[attr-defined]
    answer = client.get("/api/v1/fails")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_if_the_page_of_a_failure_fails_too_the_id_is_told_all_the_same(
    client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_):
        raise RuntimeError("again")

    monkeypatch.setattr("app.web.frame.outermost.unexpected", fails)
    client.app.router.routes.insert(0, Route("/fails", fails))  # type: ignore[attr-defined]
    answer = client.get("/fails")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert len(events(caplog)) == 1


def test_an_answer_that_fails_half_way_is_one_event(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    async def some() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the other half")

    client.app.router.routes.insert(0, Route("/half", lambda _: StreamingResponse(some())))  # type: ignore[attr-defined]
    client.get("/half")
    (event,) = events(caplog)
    assert (event["level"], event["status"], event["route"]) == ("ERROR", 200, "/half")


def test_what_fails_after_the_answer_is_told(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("too late")

    answer = PlainTextResponse("done", background=BackgroundTask(fails))
    client.app.router.routes.insert(0, Route("/done", lambda _: answer))  # type: ignore[attr-defined]
    assert client.get("/done").text == "done"
    (event,) = events(caplog)
    assert (event["level"], event["status"]) == ("ERROR", 200)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"host": "evil.example"}, 421),
        ("/review", {"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_what_is_refused_is_told_with_its_route(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str, headers: dict[str, str], status: int
) -> None:
    client.post(path, headers=headers)
    (event,) = events(caplog)
    assert (event["level"], event["status"], event["route"]) == ("WARNING", status, path)


def test_a_wrong_password_is_told_and_a_missing_one_is_not(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    locked = served(password=SecretStr("long enough"))
    assert locked.get("/").status_code == 401
    assert events(caplog) == []
    assert locked.get("/", auth=("", "a wrong guess")).status_code == 401
    (event,) = events(caplog)
    assert event["level"] == "WARNING"
    assert "guess" not in json.dumps(event)


def test_an_access_log_has_one_event_a_request(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app")
    served(access_log=False).get("/")
    assert events(caplog) == []
    client = served(access_log=True)
    client.get("/topics/small/first?q=MY+QUERY", headers={"cookie": "recur-learner=7"})
    client.get("/topics/small/first?q=MY+QUERY")
    client.get("/nowhere/MY+QUERY")
    client.get(client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0])
    told = events(caplog)
    assert [(one["route"], one["status"], one["learner"]) for one in told] == [
        ("/topics/{deck}/{name}", 404, 7),
        ("/topics/{deck}/{name}", 200, 1),
        (None, 404, 1),
        ("/", 200, 1),
        ("/static", 200, 1),
    ]
    assert "MY" not in caplog.text
    served(log_format="json").get("/")
    assert len(events(caplog)) == 6


def test_the_log_knows_the_request_in_every_thread(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    from app.observe.log import REQUEST_ID

    seen = []

    def told(_request):
        seen.append(REQUEST_ID.get())
        raise RuntimeError

    client.app.router.routes.insert(0, Route("/told", told))  # type: ignore[attr-defined]
    assert client.get("/told").headers["x-request-id"] == seen[0]


def test_a_server_that_stops_says_so_to_whom_it_cuts(content: Path, client: TestClient) -> None:
    sent = []

    async def cut() -> None:
        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        headers = [(b"host", b"127.0.0.1:8000"), (b"sec-fetch-site", b"same-origin")]
        scope = {"type": "http", "method": "POST", "path": "/review", "headers": headers, "query_string": b"",
                 "server": ("127.0.0.1", 8000), "scheme": "http", "http_version": "1.1", "root_path": ""}  # fmt: skip
        task = asyncio.ensure_future(client.app(scope, receive, send))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    asyncio.run(cut())
    assert sent[0]["status"] == 503
    assert b"send it again" in sent[1]["body"]
