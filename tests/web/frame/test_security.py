"""The guard around every page: each rule, with a request that would get through without it."""

import base64
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from app.database import Database
from app.main import create_app
from app.settings import Settings

OWN = "http://127.0.0.1:8000"
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


@pytest.mark.parametrize("path", ["/healthz", "/review", "/nowhere", "/demos"])
def test_every_answer_carries_the_policy(client: Make, path: str) -> None:
    headers = client().get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_an_unexpected_error_is_a_page_with_the_policy_and_no_traceback(
    client: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.web.sitting.today.deck_named", broken)
    answer = client().get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
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
        ({}, 404),
        ({"cookie": "a=b"}, 403),
    ],
)
def test_writes_are_taken_from_our_own_pages_only(client: Make, headers: dict[str, str], status: int) -> None:
    answer = client().post("/review/undo", data=UNDO, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert "Recur's own pages" in answer.text


def test_a_refused_origin_names_the_setting(client: Make) -> None:
    answer = client().post("/review/undo", data=UNDO, headers={"origin": "https://recur.example"})
    assert "FORWARDED_ALLOW_IPS" in answer.text


def test_reading_is_open_to_links_from_anywhere(client: Make) -> None:
    assert client().get("/healthz", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_body_past_its_bound_is_refused_declared_or_not(client: Make) -> None:
    small = client(max_body_bytes=1000)
    declared = small.post("/review/undo", content=b"x" * 1001)
    chunked = small.post("/review/undo", content=(b"x" * 100 for _ in range(11)))
    assert declared.status_code == chunked.status_code == 413
    assert "1000 bytes" in declared.text
    assert small.post("/review/undo", content=b"x" * 1000).status_code == 422
    assert small.post("/review/undo", headers={"content-length": "-1"}, content=b"").status_code == 413


def test_a_foreign_host_name_is_refused_unless_allowed(client: Make) -> None:
    for broken in ("[", "a b", "127.0.0.1.attacker.example"):
        assert client().get("/content", headers={"host": broken}).status_code == 421
    rebound = {"host": "attacker.example"}
    answer = client().get("/readyz", headers=rebound)
    assert answer.status_code == 503  # health is open to any name
    answer = client().get("/content", headers=rebound)
    assert answer.status_code == 421
    assert "RECUR_ALLOWED_HOSTS=attacker.example" in answer.text
    assert client(allowed_hosts=("attacker.example",)).get("/content", headers=rebound).status_code == 200


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
