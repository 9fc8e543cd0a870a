"""Whatever a client sends, the answer is one of ours: no 500, and the policy headers."""

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from starlette.routing import Route

from app.web.frame.security import POLICY
from app.web.routes import ROUTES
from tests.examples import examples

ROUTED = [(method, route.path) for route in ROUTES if isinstance(route, Route) for method in route.methods or ()]
NASTY = (
    "",
    "\0",
    "http://[",
    "http://[::1/x",
    "http://[v1.x]/",
    "//[",
    "\ud800",
    "%",
    "%ff%fe",
    "9" * 5_000,
    "-1",
    "2147483648",
    "99999999999999999999",
    "1e999",
    "nan",
    "٣",
    "²",
    "1_0",
    "x" * 5_000,
    "[" * 1_000,
    "<script>",
    "' OR 1=1 --",
    "\u202e",
    "é",
    "small",
    "first",
    "q1",
    "1",
    "gradient-flow",
)
HEADERS = re.findall(
    r"\S+",
    "Referer HX-Current-URL Cookie Accept Accept-Encoding Accept-Language Authorization Origin Host Content-Type "
    "Content-Length Range If-None-Match If-Modified-Since X-Request-Id X-Forwarded-For X-Forwarded-Proto Forwarded "
    "HX-Request HX-Request-Type HX-History-Restore-Request User-Agent Sec-Fetch-Site Sec-Fetch-Mode Sec-Purpose "
    "Transfer-Encoding Expect Upgrade Last-Event-ID",
)
FIELDS = re.findall(
    r"\S+",
    "deck q topic tag level source state flagged missed cards sort page at compare from seed guess card rating token "
    "after shown_at revealed_after typed note do back all own_tag ratings chosen name deleted saved did changed of "
    "kind count minutes period seen learner zone file",
)
TEXTS = st.sampled_from(NASTY) | st.text(max_size=20)
VALUES = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=20)
COOKIES = VALUES.map(lambda value: b"recur-learner=" + value) | VALUES.map(lambda value: b"recur-browser=" + value)


def sendable(value: bytes) -> bytes:
    """Without what an HTTP parser refuses in a header before the app sees it."""
    return re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", value).strip()


def is_ours(client: TestClient, method: str, address: str, **more: Any) -> None:
    answer = client.request(method, address, follow_redirects=False, **more)
    assert answer.status_code < 500, answer.text
    assert [name for name, value in POLICY.items() if answer.headers.get_list(name) != [value]] == []


@pytest.fixture
def unmoved(client: TestClient) -> TestClient:
    """A client that gets the 500 page, as a browser would."""
    return TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)


FIXED = examples(200, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FIXED
@given(
    st.sampled_from(ROUTED),
    st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=4),
    st.none() | COOKIES,
)
@example(("GET", "/"), {}, b"recur-learner=" + b"9" * 5_000)
@example(("GET", "/demos/{name}"), {"Referer": b"http://["}, None)
@example(("GET", "/demos/{name}/beneath"), {"Referer": b"http://["}, None)
@example(("GET", "/demos/{name}"), {"HX-Current-URL": b"http://[", "HX-Request-Type": b"partial"}, None)
@example(("GET", "/browse"), {"HX-Current-URL": b"http://[", "HX-Request-Type": b"partial"}, None)
@example(("POST", "/learners"), {"Host": b"[", "Origin": b"http://["}, None)
@example(("GET", "/settings"), {"Host": b"127.0.0.1:99999999"}, None)
def test_no_header_gets_a_500(
    unmoved: TestClient, routed: tuple[str, str], headers: dict[str, bytes], cookie: bytes | None
) -> None:
    method, path = routed
    address = path.replace("{name}", "gradient-flow").replace("{deck}", "small").replace("{chosen}", "1")
    sent = [(name.encode(), sendable(value)) for name, value in headers.items()]
    sent += [] if cookie is None else [(b"Cookie", sendable(cookie))]
    is_ours(unmoved, method, address, headers=sent)


@FIXED
@given(
    st.sampled_from(ROUTED),
    st.lists(VALUES, min_size=3, max_size=3),
    st.lists(st.tuples(st.sampled_from(FIELDS), TEXTS), max_size=6),
    st.booleans(),
)
def test_no_address_and_no_form_gets_a_500(
    unmoved: TestClient, routed: tuple[str, str], names: list[bytes], fields: list[tuple[str, str]], is_part: bool
) -> None:
    method, path = routed
    parts = iter(names)
    address = re.sub(r"{\w+}", lambda _: quote(next(parts), safe="") or "x", path)[:8_000]
    sent = urlencode([(name, text.encode("utf-8", "surrogatepass")) for name, text in fields])
    headers = {"hx-request": "true", "hx-request-type": "partial"} if is_part else {}
    if method == "POST":
        headers["content-type"] = "application/x-www-form-urlencoded"
        is_ours(unmoved, method, address, content=sent, headers=headers)
    else:
        is_ours(unmoved, method, f"{address}?{sent}", headers=headers)
