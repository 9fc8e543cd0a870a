"""The guard around every page: each rule, with a request that would get through without it."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Scope

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.web.conftest import NOW

OWN = "http://127.0.0.1:8000"
OPEN = {"/healthz", "/readyz"}
"""All that answers without a password and to any host name."""
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; media-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
DEEPER = [
    ("GET", "/topics/small/first"),
    ("GET", "/cards/q1"),
    ("GET", "/cards/small/q1"),
    ("GET", "/content/small/first"),
    ("GET", "/learners/1/delete"),
    ("GET", "/demos/gradient-flow"),
    ("GET", "/demos/gradient-flow.csv"),
    ("GET", "/demos/gradient-flow.json"),
    ("GET", "/demos/gradient-flow/predict"),
    ("GET", "/api/v1/demos/gradient-flow"),
    ("PUT", "/review"),
]
PASSWORD = "correct: horse — ✓"
Make = Callable[..., TestClient]


@pytest.fixture
def client(database: Database, settings: Settings) -> Iterator[Make]:
    """Makes a client of an app with further settings."""
    made: list[TestClient] = []

    def make(**more: object) -> TestClient:
        app = create_app(settings.model_copy(update=more), database)
        made.append(TestClient(app, base_url=OWN, raise_server_exceptions=False))
        return made[-1]

    yield make
    for one in made:
        one.close()


UNDO = {"token": "t1", "deck": "rnn"}


def basic(word: str, scheme: str = "Basic") -> dict[str, str]:
    """What a browser sends once it was told the password."""
    return {"authorization": f"{scheme} {base64.b64encode(f'me:{word}'.encode()).decode()}"}


def every_address(client: TestClient) -> list[tuple[str, str]]:
    """Method and address of everything that the app answers, with `x1` in the place of each name in it."""
    found = [("GET", "/nowhere")]
    for route in client.app.routes:  # type: ignore[attr-defined]
        if isinstance(route, Mount):
            found += [("GET", f"{route.path}/recur.css"), ("GET", f"{route.path}/nothing.css")]
        else:
            assert isinstance(route, Route), f"{route} passes no guard"
            address = re.sub(r"{\w+}", "x1", route.path)
            found += [(method, address) for method in sorted(route.methods or ())]
    assert len(found) > 50
    return found


def carries_the_policy(answer: Response) -> bool:
    """True if each header is there once, to the letter."""
    return all(answer.headers.get_list(name) == [value] for name, value in HEADERS.items())


@pytest.mark.parametrize("path", ["/healthz", "/review", "/nowhere", "/demos"])
def test_every_answer_carries_the_policy(client: Make, path: str) -> None:
    headers = client().get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_every_address_answers_with_the_whole_policy(client: Make, database: Database, content: Path) -> None:
    """Pages, files, errors, and forms that are refused."""
    load(database, content, NOW)
    ours = client()
    addresses = [*every_address(ours), *DEEPER]
    answers = [ours.request(method, address, follow_redirects=False) for method, address in addresses]
    assert {answer.status_code for answer in answers} >= {200, 307, 404, 405, 422}
    assert sum(answer.status_code == 200 for answer in answers) > 20
    assert [str(answer.url) for answer in answers if not carries_the_policy(answer)] == []


def test_every_page_answers_head_as_get_without_the_body(client: Make, database: Database, content: Path) -> None:
    load(database, content, NOW)
    ours = client()
    addresses = {address for method, address in [*every_address(ours), *DEEPER] if method == "GET"}
    changing = {"x-request-id", "date"}
    for address in sorted(addresses):
        if address.endswith("/train"):
            continue  # it streams
        get, head = ours.get(address, follow_redirects=False), ours.head(address, follow_redirects=False)
        assert (head.status_code, head.content) == (get.status_code, b""), address
        assert head.headers.keys() - changing == get.headers.keys() - changing, address
        assert carries_the_policy(head)
    assert ours.head("/review/undo").status_code == 405
    assert ours.head("/demos/long-memory/train?updates=1").status_code == 200


def test_every_refusal_carries_the_whole_policy(client: Make) -> None:
    refused = {
        401: client(password=SecretStr(PASSWORD)).get("/review"),
        403: client().post("/review/undo", data=UNDO, headers={"sec-fetch-site": "cross-site"}),
        413: client(max_body_bytes=1000).post("/review/undo", content=b"x" * 1001),
        421: client().get("/review", headers={"host": "attacker.example"}),
    }
    assert {status: answer.status_code for status, answer in refused.items()} == {status: status for status in refused}
    assert [status for status, answer in refused.items() if not carries_the_policy(answer)] == []


def test_a_browser_is_refused_with_a_page_that_needs_nothing_else(client: Make) -> None:
    asks = {"accept": "text/html,*/*;q=0.8", "sec-fetch-site": "same-origin"}
    small = client(max_body_bytes=1000, password=SecretStr(PASSWORD))
    for answer, leads in (
        (small.get("/review", headers=asks), "Try again"),
        (client(max_body_bytes=1000).post("/review/undo", content=b"x" * 1001, headers=asks), "Go to Today"),
        (client().get(f"/browse?q={'a' * 16_383}", headers=asks), "Go to Today"),
        (client().get("/review", headers={**asks, "host": "<style>"}), None),
        (client().get("/review", headers={**asks, "host": "attacker.example"}), None),
    ):
        assert answer.headers["content-type"].startswith("text/html")
        assert '<meta name="viewport"' in answer.text
        assert (leads in answer.text) if leads else 'href="/"' not in answer.text
        [style] = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
        own = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{own}';" in answer.headers["content-security-policy"]
    part = client(max_body_bytes=1000).post("/review/undo", content=b"x" * 1001, headers={**asks, "hx-request": "true"})
    assert part.headers["content-type"].startswith("text/plain")
    assert part.text.endswith(
        ": what is sent at once may have 1,000 bytes (RECUR_MAX_BODY_BYTES). Nothing was saved.\n"
    )


def test_a_history_that_is_too_large_is_refused_with_the_whole_policy(client: Make) -> None:
    small = client(max_import_bytes=1000)
    for content in (b"x" * 1001, (b"x" * 100 for _ in range(11))):
        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = small.post("/settings/history", content=content, headers=headers)
        assert answer.status_code == 413
        assert carries_the_policy(answer)


def test_an_unexpected_error_is_a_page_with_the_policy_and_no_traceback(
    client: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.web.sitting.today.deck_named", broken)
    answer = client().get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert carries_the_policy(answer)
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 404),  # taken: the answer is that the deck is not there
        ({"sec-fetch-site": "none"}, 404),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": OWN}, 403),
        ({"origin": OWN}, 404),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"origin": "https://127.0.0.1:8000"}, 403),
        ({"origin": "null"}, 403),
        ({}, 404),  # a script
        ({"cookie": "a=b"}, 403),
        # A browser that sends neither header: it may have been led here by another site.
        ({"user-agent": "Mozilla/5.0 (X11)"}, 403),
        ({"user-agent": "Mozilla/5.0 (X11)", "cookie": "a=b"}, 403),
        ({"user-agent": "Mozilla/5.0 (X11)", "origin": OWN}, 404),
    ],
)
def test_writes_are_taken_from_our_own_pages_only(client: Make, headers: dict[str, str], status: int) -> None:
    answer = client().post("/review/undo", data=UNDO, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert "Recur's own pages" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"user-agent": "curl/8.5"}, 404),  # a script that was given the password
        ({"user-agent": "curl/8.5", "cookie": "a=b"}, 403),
        ({"user-agent": "Mozilla/5.0 (X11)"}, 403),
        ({"user-agent": "mozilla/5.0 (X11)"}, 403),
        ({"user-agent": "Mozilla/5.0 (X11)", "sec-fetch-site": "same-origin"}, 404),
        ({"user-agent": "Mozilla/5.0 (X11)", "origin": "https://elsewhere.example"}, 403),
    ],
)
def test_a_browser_s_password_is_no_proof_of_where_a_write_comes_from(
    client: Make, headers: dict[str, str], status: int
) -> None:
    locked = client(password=SecretStr(PASSWORD))
    assert locked.post("/review/undo", data=UNDO, headers=headers | basic(PASSWORD)).status_code == status
    assert locked.post("/review/undo", data=UNDO, headers=headers).status_code == 401


def test_a_refused_origin_names_the_setting(client: Make) -> None:
    answer = client().post("/review/undo", data=UNDO, headers={"origin": "https://recur.example"})
    assert "RECUR_TRUSTED_PROXIES" in answer.text


def test_reading_is_open_to_links_from_anywhere(client: Make) -> None:
    assert client().get("/healthz", headers={"sec-fetch-site": "cross-site"}).status_code == 200


VISIT = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a script, or a browser on plain HTTP
        ({"sec-fetch-site": "none"} | VISIT, 200),
        ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, 200),
        ({"sec-fetch-site": "same-origin", "sec-purpose": "prefetch"} | VISIT, 200),
        ({"sec-fetch-site": "cross-site"} | VISIT, 200),  # a link
        ({"sec-fetch-site": "same-site"} | VISIT, 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, 403),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-purpose": "prefetch;prerender"} | VISIT, 403),
        ({"sec-fetch-site": "cross-site", "purpose": "prefetch"} | VISIT, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": OWN}, 200),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_another_site_may_link_here_but_not_load(
    client: Make, method: str, headers: dict[str, str], status: int
) -> None:
    ours = client()
    for path in ("/demos/gradient-flow", "/api/v1/demos/gradient-flow", "/demos/long-memory/train?updates=x"):
        answer = ours.request(method, path, headers=headers)
        if answer.status_code != 405:
            assert answer.status_code == status
            assert carries_the_policy(answer)
    assert ours.get("/healthz", headers=headers).status_code == 200


def test_a_query_is_bounded_before_it_is_read(client: Make) -> None:
    ours = client()
    for path in ("/demos/gradient-flow", "/api/v1/demos/attention", "/browse", "/nowhere", "/healthz"):
        for query in ("&".join(f"a{n}=" for n in range(201)), "&" * 200, "q=" + "a" * 16_383):
            answer = ours.get(f"{path}?{query}")
            assert answer.status_code == 414
            assert "200 parameters" in answer.text
    assert ours.get("/browse?q=" + "a" * 16_000).status_code == 200
    assert ours.get("/browse?" + "tag=&" * 199).status_code == 200


def test_a_body_past_its_bound_is_refused_declared_or_not(client: Make) -> None:
    small = client(max_body_bytes=1000)
    declared = small.post("/review/undo", content=b"x" * 1001)
    chunked = small.post("/review/undo", content=(b"x" * 100 for _ in range(11)))
    assert declared.status_code == chunked.status_code == 413
    assert "1,000 bytes" in declared.text
    assert small.post("/review/undo", content=b"x" * 1000).status_code == 422
    for length in ("-1", "1001", "9" * 5000):
        assert small.post("/review/undo", headers={"content-length": length}, content=b"").status_code == 413


async def sent_by_the_guard(app: ASGIApp, scope: Scope, parts: list[Message]) -> list[Message]:
    """What the app answers to a request that arrives in these parts."""
    sent: list[Message] = []

    async def receive() -> Message:
        return parts.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    common: dict[str, Any] = {
        "type": "http",
        "query_string": b"",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 1),
    }
    await app({**common, "scheme": "http", "root_path": "", "http_version": "1.1", **scope}, receive, send)
    return sent


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [("1.1", 1, 200), ("1.1", 0, 400), ("1.1", 2, 400), ("1.0", 0, 200), ("1.0", 1, 200), ("1.0", 2, 400)],
)
def test_a_request_names_one_host(client: Make, version: str, hosts: int, status: int) -> None:
    asked = {"http_version": version, "method": "GET", "path": "/content", "headers": [(b"host", b"127.0.0.1")] * hosts}
    nothing: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    assert asyncio.run(sent_by_the_guard(client().app, asked, nothing))[0]["status"] == status


def test_half_a_form_is_not_acted_upon(client: Make, caplog: pytest.LogCaptureFixture) -> None:
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-www-form-urlencoded")]
    half: list[Message] = [
        {"type": "http.request", "body": b"name=Half", "more_body": True},
        {"type": "http.disconnect"},
    ]
    asked = {"method": "POST", "path": "/learners", "headers": headers}
    assert asyncio.run(sent_by_the_guard(client().app, asked, half)) == []
    assert caplog.records == []


def test_a_foreign_host_name_is_refused_unless_allowed(client: Make) -> None:
    assert client().get("/content", headers={"host": "127.0.0.1.attacker.example"}).status_code == 421
    rebound = {"host": "attacker.example"}
    answer = client().get("/readyz", headers=rebound)
    assert answer.status_code == 503  # health is open to any name
    answer = client().get("/content", headers=rebound)
    assert answer.status_code == 421
    assert "RECUR_ALLOWED_HOSTS=attacker.example" in answer.text
    assert client(allowed_hosts=("attacker.example",)).get("/content", headers=rebound).status_code == 200


def test_with_a_password_any_name_will_do_unless_some_are_listed(client: Make) -> None:
    named = basic(PASSWORD) | {"host": "attacker.example"}
    assert client(password=SecretStr(PASSWORD)).get("/content", headers=named).status_code == 200
    listed = client(password=SecretStr(PASSWORD), allowed_hosts=("recur.example",))
    answer = listed.get("/content", headers=named)
    assert answer.status_code == 421
    assert "start it with RECUR_ALLOWED_HOSTS=attacker.example." in answer.text
    assert listed.get("/content", headers=named | {"host": "recur.example"}).status_code == 200


FORWARDED = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"]


@pytest.mark.parametrize("header", FORWARDED)
def test_an_open_server_refuses_what_a_proxy_passes_on(client: Make, header: str) -> None:
    """Behind a proxy on this machine everybody comes from loopback."""
    for value in ("", "127.0.0.1"):
        for method, path in (("GET", "/"), ("POST", "/learners"), ("GET", "/api/v1/demos"), ("GET", "/nowhere")):
            answer = client().request(method, path, headers={header: value, "sec-fetch-site": "same-origin"})
            assert answer.status_code == 403
            assert f"{header} says" in answer.text
            assert "RECUR_PASSWORD" in answer.text
    assert client().get("/healthz", headers={header: "127.0.0.1"}).status_code == 200
    locked = client(password=SecretStr(PASSWORD))
    assert locked.get("/content", headers=basic(PASSWORD) | {header: "127.0.0.1"}).status_code == 200


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "a:b", "a/b", "user@host", "[v1.x]", "127.0.0.1:99999", "é"])
def test_what_names_no_host_is_refused(client: Make, host: str) -> None:
    """With a password any name will do, and forms compare their Origin with it."""
    locked: dict[str, object] = {"password": SecretStr(PASSWORD)}
    for more in ({}, locked):
        for method, path in (("GET", "/content"), ("POST", "/learners"), ("GET", "/healthz")):
            headers = [(b"host", host.encode()), (b"origin", b"http://[")]
            headers += [(name.encode(), value.encode()) for name, value in basic(PASSWORD).items()]
            answer = client(**more).request(method, path, headers=headers)
            assert answer.status_code == 400
            assert carries_the_policy(answer)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000"])
def test_every_name_of_this_machine_is_answered(client: Make, host: str) -> None:
    assert client().get("/content", headers={"host": host}).status_code == 200


def test_every_address_but_health_asks_for_a_host_name_of_ours(client: Make) -> None:
    ours = client()
    answered = {
        address
        for method, address in every_address(ours)
        if ours.request(method, address, headers={"host": "attacker.example"}).status_code != 421
    }
    assert answered == OPEN


def test_every_address_but_health_asks_for_the_password(client: Make) -> None:
    locked = client(password=SecretStr(PASSWORD))
    addresses = every_address(locked)
    assert {one for method, one in addresses if locked.request(method, one).status_code != 401} == OPEN
    assert {
        one for method, one in addresses if locked.request(method, one, headers=basic(PASSWORD)).status_code == 401
    } == set()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_another_method_is_no_way_around(client: Make, method: str) -> None:
    for path in ("/review", "/static/recur.css", "/demos/gradient-flow"):
        answer = client(password=SecretStr(PASSWORD)).request(method, path)
        assert answer.status_code == 401
        assert carries_the_policy(answer)
        assert client().request(method, path, headers={"host": "attacker.example"}).status_code == 421
        if method not in ("HEAD", "OPTIONS"):
            assert client().request(method, path, headers={"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("wrong"),
        basic("horse — ✓"),  # what follows the password's own colon
        basic(""),
        basic(PASSWORD + "!"),
        basic("correct: horse  "),  # without the letters that are not ASCII
        basic(PASSWORD, "Bearer"),
        basic(PASSWORD, "Digest"),
        basic(PASSWORD, ""),
        {"authorization": "Basic ???"},
        {"authorization": "Basic"},
        {"authorization": "Basic " + base64.b64encode(PASSWORD.encode()).decode()},  # no user name and no colon
        {"authorization": "Basic " + base64.b64encode(b"me").decode()},
    ],
)
def test_what_is_not_the_password(client: Make, headers: dict[str, str]) -> None:
    answer = client(password=SecretStr(PASSWORD)).get("/content", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="Recur", charset="UTF-8"'


@pytest.mark.parametrize("word", ["plain enough", "co:lon:s", ":::::::::", "pässwört ✓", PASSWORD])
def test_what_is_the_password(client: Make, word: str) -> None:
    locked = client(password=SecretStr(word))
    for scheme in ("Basic", "basic", "BASIC"):
        assert locked.get("/content", headers=basic(word, scheme)).status_code == 200
    nameless = {"authorization": "Basic " + base64.b64encode(f":{word}".encode()).decode()}
    assert locked.get("/content", headers=nameless).status_code == 200


def test_a_password_is_asked_for_everywhere_but_health(client: Make, settings: Settings) -> None:
    locked = client(password=Settings(password="correct horse").password)

    def auth(word: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(f"me:{word}".encode()).decode()}

    assert locked.get("/healthz").status_code == 200
    for headers in ({}, auth("wrong"), {"authorization": "Basic ???"}, {"authorization": "Bearer correct horse"}):
        answer = locked.get("/content", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert locked.get("/content", headers=auth("correct horse")).status_code == 200
    assert locked.get("/static/anything.css").status_code == 401
