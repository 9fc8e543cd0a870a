"""The style sheets within a page: which ones, for whom, and what the policy says of them."""

import base64
import hashlib
import re

import pytest
from fastapi.testclient import TestClient

from app.web.frame.assets import STATIC, STYLES_COOKIE, version, with_styles

VISIT = {"Accept": "text/html"}
SHEET = re.compile(r"<style>(.*?)</style>", re.DOTALL)
LINK = re.compile(r'<link rel="stylesheet" href="/static/\w+/(\w+)\.css">')


def test_a_page_brings_the_sheets_that_a_browser_lacks_once(client: TestClient) -> None:
    linked = LINK.findall(client.get("/").text)
    assert STYLES_COOKIE not in client.cookies
    first, again = client.get("/", headers=VISIT), client.get("/", headers=VISIT)
    assert len(SHEET.findall(first.text)) == len(linked) > 2
    assert (LINK.findall(first.text), LINK.findall(again.text), SHEET.findall(again.text)) == ([], linked, [])
    assert "set-cookie" not in again.headers
    other = client.get("/stats", headers=VISIT)
    assert (LINK.findall(other.text), len(SHEET.findall(other.text))) == (["maths", "recur"], 1)
    assert client.cookies[STYLES_COOKIE] == ".".join([version(), *linked, "stats", ""])
    assert not SHEET.findall(client.get("/topics", headers=VISIT | {"HX-Request": "true"}).text)


def test_the_policy_allows_the_sheets_of_this_page_and_no_others(client: TestClient) -> None:
    answer = client.get("/nowhere", headers=VISIT)
    policy = answer.headers["content-security-policy"]
    digests = (hashlib.sha256(text.encode()).digest() for text in SHEET.findall(answer.text))
    sources = " ".join(f"'sha256-{base64.b64encode(digest).decode()}' " for digest in digests).replace("  ", " ")
    assert sources.count("sha256") == 2
    assert policy.replace(sources, "") == client.get("/nowhere").headers["content-security-policy"]


@pytest.mark.parametrize("had", ["", "0123456789ab.recur.maths", "....", "ü;<style>"])
def test_a_cookie_of_another_version_or_of_nonsense_counts_as_none(had: str) -> None:
    body, has, sources = with_styles('<link rel="stylesheet" href="/static/new/recur.css">', had)
    assert (LINK.findall(body), has, len(sources)) == ([], "new.recur.", 1)


def test_a_sheet_means_the_same_within_a_page() -> None:
    for path in STATIC.glob("*.css"):
        (text,) = SHEET.findall(with_styles(f'<link rel="stylesheet" href="/static/new/{path.name}">', "")[0])
        assert all(one.startswith(("/static/new/lib/", "#")) for one in re.findall(r'url\("?([^")]*)', text))
        assert text.replace("/static/new/", "") == path.read_text("utf-8")
