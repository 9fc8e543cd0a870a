"""No request ever holds two connections of the pool: requests that wait for a second one would wait for each other."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from starlette.routing import Route

from app.database import Database
from app.web.routes import ROUTES
from tests.cards.file.test_pictures import png
from tests.web.quiz.test_take import make
from tests.web.quiz.test_take import rating_form as quiz_form
from tests.web.sitting.test_review import PART, rating_form
from tests.web.sitting.test_sync import event as made_offline
from tests.web.test_walks import APART

WITH_ACCOUNTS = ("/sign-", "/join/", "/account", "/class")
"""Pages that are there where everybody signs in: tests/web/people/test_roles.py counts their connections."""
ALL = [
    (route, method)
    for route in ROUTES
    if isinstance(route, Route) and not route.path.startswith(WITH_ACCOUNTS)
    for method in sorted(route.methods or ())
]
NAMES = {
    "/quiz/{name}": "q1",
    "/demos/{name}": "activations",
    "/demos/{name}/draws": "gradient-flow",
    "/demos/{name}.{framework}": "gradient-flow",
    "/cards/{name}": "q1",
    "/cards/{deck}/{name}": "q1",
    "/topics/{deck}/{name}": "first",
    "/content/{deck}/{name}": "first",
    "/api/v1/demos/{name}": "activations",
}
"""What stands for {name}, by how the path begins: the longest that fits."""
NAMES_NOBODY = {"/offline"}
"""Pages that are kept for whoever uses the browser."""
QUERIES = {
    "/browse": "q=answer",
    "/practice": "ask=bptt",
    "/quiz/{name}/compare": "with=q2",
    "/demos/{name}/train": "updates=2",
    "/demos/{name}/draws": "steps=3&seed=0..3",
}


def address(route: Route) -> str:
    begins = max((path for path in NAMES if route.path.startswith(path)), key=len, default="")
    name = "training-symptoms" if route.path.endswith("/train") else NAMES.get(begins, "")
    filled = route.path.replace("{name:path}", "none.png").format(
        name=name, deck="small", chosen="1", digest="0" * 32, framework="keras"
    )
    return f"{filled}?{QUERIES[route.path]}" if route.path in QUERIES else filled


def seen(client: TestClient) -> str:
    """The version of the file that its form was made from."""
    version: str = re.findall(r'name="seen" value="(\w+)"', client.get("/content/small/first/edit").text)[0]
    return version


PLAN = {"interview_on": "2026-04-01", "minutes": "20"}


def planned(client: TestClient) -> str:
    """The name of a plan that is made for it."""
    client.post("/plans", data=PLAN, headers={"sec-fetch-site": "same-origin"})
    return str(re.findall(r'name="plan" value="(\w+)"', client.get("/settings").text)[0])


def form(client: TestClient, path: str) -> dict[str, Any]:
    """A form that changes something, by the path that takes it. A new path must be told here what it takes."""
    q1 = "/quiz/q1"
    forms: dict[str, Any] = {
        "/review": lambda: rating_form(client),
        "/review/answer": lambda: {"card": 1, "shown_at": "2026-03-02T08:59:00+00:00", "typed": "An answer."},
        "/review/undo": lambda: {"token": "undo"},
        "/review/mark": lambda: {"card": 1, "act": "flag"},
        "/quiz/{name}": lambda: quiz_form(client, q1),
        "/quiz/{name}/reveal": lambda: {"card": 1, "shown_at": "2026-03-02T08:59:00+00:00"},
        "/quiz/{name}/undo": lambda: {"token": "undo-2"},
        "/quiz/{name}/mark": lambda: {"card": 1, "act": "flag"},
        "/quiz/{name}/end": dict,
        "/quiz": lambda: {"kind": "chosen", "name": "new", "deck": "small", "topic": "first", "number": "5"},
        "/quiz/{name}/again": lambda: {"name": "again"},
        "/browse/act": lambda: {"card": [1], "do": "flag"},
        "/settings": lambda: {"name": "Ada"},
        "/settings/hints": dict,
        "/plans": lambda: PLAN,
        "/plans/delete": lambda: {"plan": planned(client)},
        "/plans/over": lambda: {"plan": planned(client)},
        "/plans/noted": lambda: {"class_id": 1, "deck": 1},
        "/content/{deck}/{name}/edit": lambda: {"text": "---\ntitle: T\n---\n", "seen": seen(client)},
        "/content/{deck}/{name}/preview": lambda: {"text": "---\ntitle: T\n---\n"},
        "/learners": lambda: {"name": "Eve"},
        "/learners/choose": lambda: {"chosen": 1},
        "/learners/rename": lambda: {"chosen": 1, "name": "Ada"},
        "/learners/{chosen}/delete": lambda: {"name": "nobody"},
    }
    filled: dict[str, Any] = forms[path]()
    return filled


@contextmanager
def counted(database: Database) -> Iterator[list[int]]:
    """The numbers of connections that were out after each was taken."""
    out, counts = 0, []

    def taken(*_: Any) -> None:
        nonlocal out
        if threading.current_thread().name not in APART:
            out += 1
            counts.append(out)

    def given_back(*_: Any) -> None:
        nonlocal out
        out -= threading.current_thread().name not in APART

    event.listen(database.engine, "checkout", taken)
    event.listen(database.engine, "checkin", given_back)
    try:
        yield counts
    finally:
        event.remove(database.engine, "checkout", taken)
        event.remove(database.engine, "checkin", given_back)


@pytest.mark.parametrize(("route", "method"), ALL, ids=lambda one: getattr(one, "path", one))
@pytest.mark.parametrize("as_part", [False, True], ids=["page", "part"])
def test_a_request_holds_one_connection(
    client: TestClient, database: Database, content: Path, route: Route, method: str, as_part: bool
) -> None:
    (content / "small" / "none.png").write_bytes(png(1, 1))
    for name in ("q1", "q2"):
        make(client, name=name)
    headers = {"sec-fetch-site": "same-origin"} | (PART if as_part else {})
    files = {"file": ("history.jsonl", client.get("/settings/history.jsonl").content)}
    sent: dict[str, Any] = {"headers": headers, "follow_redirects": False}
    if route.path == "/settings/history":
        sent |= {"files": files}
    elif route.path == "/sync":
        sent |= {"json": {"learner": 1, "events": [made_offline()]}}
    elif method == "POST":
        sent |= {"data": form(client, route.path)}
    with counted(database) as counts:
        answer = client.request(method, address(route), **sent)
    assert answer.status_code in (200, 303, 307) or route.path.endswith(("/delete", "/metrics")), answer.text
    assert set(counts) <= {1}, "a second connection was taken while the first was held"
    if method == "GET" and not as_part and re.search(r"<html", answer.text) and route.path not in NAMES_NOBODY:
        assert counts, "the page reads the learner's look"


@pytest.mark.parametrize("path", ["/nothing", "/cards/small/nothing", "/review?deck=nothing", "/stats?period=never"])
def test_an_error_page_holds_one_too(client: TestClient, database: Database, path: str) -> None:
    with counted(database) as counts:
        assert client.get(path).status_code in (404, 422)
    assert set(counts) == {1}
