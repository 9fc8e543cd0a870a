"""A database that is busy: the page stays as it is, with what was typed, and says that nothing was saved."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from sqlmodel import select
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.models import Review
from app.tables import LEARNER
from app.web.frame.entry import SIGN_IN_FIRST
from app.web.frame.security import Guard
from tests.browser.conftest import Server, watched
from tests.browser.test_quiz import WELL, reveal

TYPED = "a product of Jacobians\nshrinks"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setattr("app.database.LONGEST_WAIT", 0.2)
    with server.database.write() as session:
        session.connection().execute(update(LEARNER).values(types_answers=True))


@contextmanager
def forgiving(chromium: Browser, server: Server, **context: Any) -> Iterator[Page]:
    """A page on which an answer of 503 or 403 is expected, which Chromium reports as an error."""
    with chromium.new_context(base_url=server.url, **context) as made:
        page, troubles = watched(made, server)
        yield page
        assert [one for one in troubles if "503" not in one and "403" not in one] == []


@pytest.fixture(params=[390, 1280])
def page(request: pytest.FixtureRequest, chromium: Browser, server: Server) -> Iterator[Page]:
    with forgiving(chromium, server, viewport={"width": request.param, "height": 900}) as made:
        yield made


@pytest.fixture
def plain_page(chromium: Browser, server: Server) -> Iterator[Page]:
    with forgiving(chromium, server, java_script_enabled=False) as made:
        yield made


def ratings(server: Server) -> list[tuple[int | None, str | None]]:
    with server.database.read() as session:
        return [(row.rating, row.typed) for row in session.exec(select(Review))]


def test_the_answer_stays_until_it_is_saved(page: Page, server: Server) -> None:
    page.goto("/review?deck=rnn")
    page.get_by_label("Your answer").fill(TYPED)
    reveal(page)
    question = page.locator("h1").inner_text()
    with server.database._one_writer:
        page.get_by_role("button", name=WELL).click()
        expect(page.locator("#trouble")).to_have_text(
            "The database is busy. Your answer was not saved. Press again: it won’t be counted twice."
        )
        expect(page.locator(".typed p").first).to_have_text(TYPED, use_inner_text=True)
        assert page.locator("h1").inner_text() == question
        shown = page.locator("#trouble").bounding_box()
        assert shown is not None
        assert shown["x"] >= 0
        assert shown["x"] + shown["width"] <= page.viewport_size["width"]  # type: ignore[index]
    assert ratings(server) == []
    page.get_by_role("button", name=WELL).click()
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    expect(page.locator("#trouble")).to_be_hidden()
    assert ratings(server) == [(4, TYPED)]


async def shut(_guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
    """What the front door answers whose session ended meanwhile."""
    await PlainTextResponse(SIGN_IN_FIRST, 403)(scope, receive, send)


def test_what_is_refused_in_a_line_stays_on_the_page(
    page: Page, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto("/review?deck=rnn")
    expect(page.locator("#announcer")).to_have_text(re.compile(r"^Card \d+ of \d+$"))  # its keys work now
    page.get_by_label("Your answer").fill(TYPED)
    question = page.locator("h1").inner_text()
    with monkeypatch.context() as out:
        out.setattr(Guard, "__call__", shut)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#trouble")).to_have_text(SIGN_IN_FIRST)
    expect(page.get_by_label("Your answer")).to_have_value(TYPED)
    assert page.locator("h1").inner_text() == question
    reveal(page)
    expect(page.locator(".typed p").first).to_have_text(TYPED, use_inner_text=True)
    page.get_by_role("button", name=WELL).click()
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    assert ratings(server) == [(4, TYPED)]


def test_without_javascript_the_form_is_sent_again_with_one_press(plain_page: Page, server: Server) -> None:
    plain_page.goto("/review?deck=rnn")
    plain_page.get_by_label("Your answer").fill(TYPED)
    reveal(plain_page)
    with server.database._one_writer:
        plain_page.get_by_role("button", name=WELL).click()
        expect(plain_page.locator("main")).to_contain_text("Your answer was not saved.")
    plain_page.get_by_role("button", name="Press again").click()
    expect(plain_page.locator(".rated")).to_contain_text("4 · Well")
    assert [(rating, (typed or "").splitlines()) for rating, typed in ratings(server)] == [(4, TYPED.splitlines())]
