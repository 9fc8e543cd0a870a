"""How sure one is, said with the reveal: with and without scripts, with a typed answer, and not at all."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlmodel import select

from app.models import Review
from app.tables import LEARNER
from tests.browser.conftest import Server


@pytest.fixture(autouse=True)
def learner_who_says_it(server: Server) -> None:
    with server.database.write() as session:
        session.connection().execute(update(LEARNER).values(says_sure=True))


def kept(server: Server) -> list[tuple[int | None, int | None]]:
    with server.database.read() as session:
        return [(one.rating, one.sure) for one in session.exec(select(Review).order_by(Review.id))]  # type: ignore[arg-type]


def test_a_press_or_a_key_says_it_and_reveals(page: Page, server: Server) -> None:
    page.goto("/review?deck=rnn")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="certain").click()
    expect(page.locator(".asked.revealed")).to_be_visible()
    assert [url for url in asked if "/review" in url] == []
    page.get_by_role("button", name="Hardly").click()
    expect(page.locator(".told.rated")).to_contain_text("Hardly")
    page.keyboard.press("1")
    expect(page.locator(".asked.revealed")).to_be_visible()
    page.keyboard.press("5")
    expect(page.locator(".told.rated")).to_contain_text("Perfectly")
    page.keyboard.press("Space")
    expect(page.locator(".asked.revealed")).to_be_visible()
    page.keyboard.press("3")
    expect(page.locator(".told.rated")).to_contain_text("With effort")
    assert kept(server) == [(2, 3), (5, 1), (3, None)]


def test_it_is_kept_when_the_open_answer_is_drawn_again(page: Page, server: Server) -> None:
    page.goto("/review?deck=rnn")
    page.get_by_role("button", name="fairly sure").click()
    page.get_by_role("button", name="Flag").click()
    expect(page.get_by_role("button", name="Unflag")).to_be_visible()
    page.get_by_role("button", name="Well").click()
    expect(page.locator(".told.rated")).to_be_visible()
    assert kept(server) == [(4, 2)]


def test_without_scripts(plain_page: Page, server: Server) -> None:
    plain_page.goto("/review?deck=rnn")
    plain_page.get_by_role("button", name="a guess").click()
    assert "sure=1" in plain_page.url
    plain_page.get_by_role("button", name="Well").click()
    assert kept(server) == [(4, 1)]


@pytest.mark.parametrize("scripts", [True, False])
def test_with_a_typed_answer(page: Page, plain_page: Page, server: Server, scripts: bool) -> None:
    with server.database.write() as session:
        session.connection().execute(update(LEARNER).values(types_answers=True))
    one = page if scripts else plain_page
    one.goto("/review?deck=rnn")
    one.get_by_label("Your answer").fill("a loop over time")
    one.get_by_role("button", name="certain").click()
    one.get_by_role("button", name="Well").click()
    expect(one.locator(".told.rated")).to_be_visible()
    assert kept(server) == [(4, 3)]
