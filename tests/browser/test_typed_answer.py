"""A typed answer survives a visit to a demo's own page, in a sitting and in a quiz, and is in no address."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlmodel import select

from app.models import Review
from app.tables import LEARNER
from tests.browser.conftest import Server
from tests.browser.test_quiz import WELL, interview, reveal

TYPED = "a product of Jacobians\nshrinks"


@pytest.fixture(params=["sitting", "quiz"])
def start(request: pytest.FixtureRequest, server: Server) -> Callable[[Page], None]:
    """Opens the question of a card with a demo, for a learner who types answers."""
    with server.database.write() as session:
        session.connection().execute(update(LEARNER).values(types_answers=True))
    quiz = interview(server, "vanishing-why", "clipping") if request.param == "quiz" else ""

    def open_question(page: Page) -> None:
        if quiz:
            page.goto(f"/quiz/{quiz}")
        else:
            page.goto("/cards/rnn/vanishing-why")
            page.get_by_role("link", name="Study this card now").click()
            page.wait_for_url("**/review?*")  # with its scripts, which know the keys

    return open_question


def kept(page: Page) -> str | None:
    found: str | None = page.evaluate("sessionStorage.getItem('recur-typed')")
    return found


def typed_in_log(server: Server) -> list[str | None]:
    with server.database.read() as session:
        return list(session.exec(select(Review.typed)).all())


def test_by_its_link_and_back_to_the_card(page: Page, server: Server, start: Callable[[Page], None]) -> None:
    start(page)
    page.get_by_label("Your answer").fill(TYPED)
    reveal(page)
    page.keyboard.press("d")
    page.get_by_role("link", name="The whole page").click()
    expect(page.locator("#results figure").first).to_be_visible()
    assert "Jacobians" not in page.url
    page.get_by_role("link", name="Back to the card").click()
    expect(page.locator(".typed p").first).to_have_text(TYPED, use_inner_text=True)
    assert "Jacobians" not in page.url
    page.get_by_role("button", name=WELL).click()
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    assert typed_in_log(server) == [TYPED]
    assert kept(page) is None, "rated: nothing is kept"


def test_by_the_back_button_also_before_the_reveal(page: Page, server: Server, start: Callable[[Page], None]) -> None:
    start(page)
    page.get_by_label("Your answer").fill(TYPED)
    page.goto("/demos/gradient-flow")
    page.go_back()
    expect(page.get_by_label("Your answer")).to_have_value(TYPED)
    reveal(page)
    page.locator(".answer .demo-link").first.evaluate("link => location.assign(link.href)")
    page.wait_for_url("**/demos/**")
    page.go_back()
    expect(page.locator(".typed p").first).to_have_text(TYPED, use_inner_text=True)
    assert "Jacobians" not in page.url
    page.get_by_role("button", name=WELL).click()
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    assert typed_in_log(server) == [TYPED]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".told")).to_contain_text("Undone")
    expect(page.get_by_label("Your answer")).to_have_value("")


def test_without_javascript_by_the_back_button(plain_page: Page, server: Server, start: Callable[[Page], None]) -> None:
    page = plain_page
    start(page)
    page.get_by_label("Your answer").fill(TYPED)
    reveal(page)
    page.locator(".answer .demo-link").first.click()
    expect(page.locator("figcaption").first).to_be_visible()
    page.go_back()
    expect(page.locator(".typed p").first).to_have_text(TYPED, use_inner_text=True)
    page.get_by_role("button", name=re.compile("^4")).click()
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    assert typed_in_log(server) == [TYPED]
