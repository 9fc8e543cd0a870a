"""A computed card in a sitting, at 390 px: typed, judged in place, and rated, with JavaScript and without."""

import os
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlmodel import select

from app.ask.questions.registry import find
from app.models import Review
from tests.browser.conftest import Server

PICTURES = os.environ.get("PICTURES")


@pytest.fixture(params=["with JavaScript", "without"])
def phone(request: pytest.FixtureRequest, server: Server) -> Page:
    """A page of 390 px on the question of a computed card."""
    with server.database.write() as session:
        session.connection().execute(text("UPDATE card SET asks = 'lstm-from-sums' WHERE name = 'vanishing-why'"))
    page: Page = request.getfixturevalue("page" if request.param == "with JavaScript" else "plain_page")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/cards/rnn/vanishing-why")
    page.get_by_role("link", name="Study this card now").click()
    page.wait_for_url("**/review?*")  # with its scripts, which know the keys
    return page


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


def asked(page: Page) -> float:
    """The answer of the instance that the page names."""
    name, _, query = (page.locator("#asking [name=instance]").get_attribute("value") or "").partition("?")
    parameters = {key: values[0] for key, values in parse_qs(query).items()}
    return float(find(name.partition("@")[0]).made(parameters).task.answer)  # type: ignore[arg-type]


def fits(page: Page) -> bool:
    found: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found


def test_a_computed_card_is_answered_judged_and_rated(phone: Page, server: Server) -> None:
    answer = asked(phone)
    picture(phone, "asked")
    assert fits(phone)
    phone.get_by_label("Your answer").fill(repr(answer))
    phone.get_by_role("button", name="Check").click()
    expect(phone.locator("#judged")).to_contain_text("Right: it is")
    expect(phone.locator(".working li").first).to_be_visible()
    expect(phone.locator(".rate .proposed")).to_contain_text("4")
    assert fits(phone)
    picture(phone, "judged")
    phone.get_by_role("button", name="5 Perfectly").click()
    expect(phone.locator(".rated")).to_contain_text("5 · Perfectly")
    with server.database.read() as session:
        review = session.exec(select(Review)).one()
    assert (review.rating, review.verdict, review.typed) == (5, "right", repr(answer))
    phone.goto("/cards/rnn/vanishing-why")
    expect(phone.locator(".own-note").first).to_contain_text("right")
    picture(phone, "card")


def test_undo_asks_the_same_again(phone: Page) -> None:
    name = phone.locator("#asking [name=instance]").get_attribute("value")
    phone.get_by_role("button", name="Show the answer").click()
    expect(phone.locator("#judged")).to_contain_text("It is")
    phone.get_by_role("button", name="1 Not at all").click()
    expect(phone.locator(".rated")).to_contain_text("1 · Not at all")
    phone.get_by_role("button", name="Undo").click()
    expect(phone.locator("#asking [name=instance]")).to_have_value(name or "")


def test_enter_checks_and_space_takes_the_proposal(page: Page, server: Server) -> None:
    with server.database.write() as session:
        session.connection().execute(text("UPDATE card SET asks = 'lstm-from-sums' WHERE name = 'vanishing-why'"))
    page.goto("/cards/rnn/vanishing-why")
    page.get_by_role("link", name="Study this card now").click()
    page.wait_for_url("**/review?*")  # with its scripts, which know the keys
    expect(page.get_by_label("Your answer")).to_be_focused()
    page.keyboard.type("1234567")
    page.keyboard.press("Enter")
    expect(page.locator("#judged")).to_contain_text("Not quite")
    picture(page, "wrong")
    expect(page.locator(".rate .proposed")).to_contain_text("1")
    for _ in range(6):  # space scrolls first, while the end of the answer is below the fold
        if page.locator("#judged").is_visible():
            page.keyboard.press("Space")
            page.wait_for_timeout(400)
    expect(page.locator(".rated")).to_contain_text("1 · Not at all")


def test_a_computed_question_is_seen_from_its_beginning(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 600})
    page.goto("/review?deck=rnn&topic=shapes-and-parameters")
    scrolled = 0
    while not page.locator(".typing input").count():
        page.get_by_role("button", name="Show the answer").click()
        page.locator("form.rating").wait_for()
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        scrolled = page.evaluate("scrollY")
        asked = page.locator("h1").text_content()
        page.keyboard.press("4")
        page.wait_for_function("(asked) => document.querySelector('h1').textContent !== asked", arg=asked)
    assert scrolled > 0
    assert page.evaluate("scrollY") == 0
