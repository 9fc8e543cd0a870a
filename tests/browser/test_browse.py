"""Finding cards and doing something to many: as one types, by keyboard, and without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import func, select

from app.models import Card, CardMark
from tests.browser.conftest import Server, watched
from tests.browser.test_every_page import sideways, violations

ROWS = "tbody tr"
WHY = "Why do gradients vanish in a plain RNN?"


def suspended(server: Server) -> int:
    with server.database.read() as session:
        return len(session.exec(select(CardMark).where(CardMark.is_suspended)).all())


def count(page: Page) -> str:
    return page.locator(".count").inner_text()


def test_the_list_narrows_as_one_types_and_the_back_button_shows_the_state(page: Page, server: Server) -> None:
    page.goto("/topics")
    page.keyboard.press("/")
    page.wait_for_url("**/browse")
    expect(page.locator(ROWS)).to_have_count(50)
    page.keyboard.press("/")
    box = page.get_by_label("Find cards")
    expect(box).to_be_focused()
    page.keyboard.type("vanish grad")
    expect(page.locator(".count")).to_contain_text("for “vanish grad”")
    expect(page.locator(ROWS).first).to_contain_text("anish")
    assert len(page.locator(ROWS).all()) < 50
    expect(page).to_have_url(re.compile(r"/browse\?q=vanish\+grad$"))
    expect(box).to_be_focused()
    expect(page.locator("#announcer")).to_have_text(re.compile(r"^\d+ cards? found$"))

    page.get_by_text("Filter and sort").click()
    page.get_by_label("Level").select_option("medium")
    expect(page).to_have_url(re.compile(r"q=vanish\+grad&level=medium$"))
    fewer = count(page)
    page.get_by_role("link", name=WHY).click()
    page.wait_for_url("**/cards/rnn/vanishing-why")
    page.go_back()
    expect(page.get_by_label("Find cards")).to_have_value("vanish grad")
    expect(page.get_by_label("Level")).to_have_value("medium")
    assert count(page) == fewer
    page.go_back()
    expect(page).to_have_url(re.compile(r"/browse\?q=vanish\+grad$"))
    expect(page.get_by_label("Level")).to_have_value("")
    page.go_back()
    page.wait_for_url("**/topics")


def test_what_is_typed_before_the_scripts_are_ready_is_searched_for(page: Page) -> None:
    page.add_init_script("""document.addEventListener("DOMContentLoaded", () => {
      const box = document.getElementById("q");
      box.value = "elephant";
      box.dispatchEvent(new Event("input", { bubbles: true }));
    })""")
    page.goto("/browse")
    expect(page.locator(".count")).to_contain_text("0 cards for “elephant”")


def test_two_are_selected_and_suspended_and_one_is_told(page: Page, server: Server) -> None:
    page.goto("/browse?q=vanish+grad")
    boxes = page.locator("tbody input[name=card]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    expect(page.locator(".bar summary")).to_have_text("With the selected cards (2 on this page)")
    page.get_by_role("button", name="Suspend").click()
    notice = page.locator(".notice")
    expect(notice).to_have_text("Suspended 2 cards: not asked until resumed.")
    expect(notice).to_be_focused()
    expect(page).to_have_url(re.compile(r"/browse\?q=vanish\+grad$"))
    expect(page.locator("tbody tr.aside")).to_have_count(2)
    assert suspended(server) == 2


def number_of_cards(server: Server) -> int:
    with server.database.read() as session:
        return session.exec(select(func.count()).select_from(Card)).one()


def test_a_page_and_all_that_match_are_selected_at_once(page: Page, server: Server) -> None:
    page.goto("/browse")
    whole = page.get_by_label("Select all on this page")
    whole.check()
    expect(page.locator("tbody input:checked")).to_have_count(50)
    page.locator("tbody input[name=card]").first.uncheck()
    assert whole.evaluate("box => box.indeterminate")
    every = number_of_cards(server)
    page.get_by_label(f"all {every} cards that match").check()
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".notice")).to_contain_text(f"Suspended {every} cards")
    assert suspended(server) == every


def test_by_keyboard_alone(page: Page, server: Server) -> None:
    page.goto("/browse")
    page.keyboard.press("/")
    page.keyboard.type("W_hh")
    expect(page.locator(".count")).to_contain_text("for “W_hh”")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "card":
            break
    page.keyboard.press("Space")
    expect(page.locator(".bar")).to_have_attribute("open", "")
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "flag":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_have_text("Flagged 1 card.")
    expect(page.locator(".notice")).to_be_focused()


def test_what_has_the_focus_is_not_beneath_the_bar(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/browse")
    expect(page.locator(".bar")).to_be_hidden()
    page.locator("tbody input[name=card]").first.check()
    page.get_by_text("With the selected cards").click()
    page.locator("tbody input[name=card]").first.focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        below = page.evaluate(
            "document.activeElement.getBoundingClientRect().bottom"
            " - document.querySelector('.bar').getBoundingClientRect().top"
        )
        assert below <= 0


def test_a_reset_asks_and_does_what_it_says(page: Page) -> None:
    page.goto("/review")
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name="4 Well").click()
    expect(page.locator(".rated")).to_be_visible()
    page.goto("/browse?state=learning")
    page.locator("tbody input[name=card]").check()
    page.get_by_role("button", name="Reset …").click()
    ask = page.get_by_role("heading", name="Undo 1 rating of 1 card?")
    expect(ask).to_be_focused()
    page.get_by_role("link", name="Keep them").click()
    page.locator("tbody input[name=card]").check()
    page.get_by_role("button", name="Reset …").click()
    page.get_by_role("button", name="Undo 1 rating").click()
    expect(page.locator(".notice")).to_have_text("Reset 1 card to new.")
    expect(page.locator(".count")).to_contain_text("0 cards")


def test_without_a_script_everything_goes_by_buttons(plain_page: Page, server: Server) -> None:
    page = plain_page
    page.goto("/browse")
    page.get_by_label("Find cards").fill("vanish grad")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".count")).to_contain_text("for “vanish grad”")
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Sort by").select_option("question")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile("sort=question"))
    page.locator("tbody input[name=card]").nth(0).check()
    page.get_by_text("With the selected cards").click()
    page.get_by_label("Your tag").fill("Look up")
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator(".notice")).to_have_text("Tagged 1 card.")
    expect(page).to_have_url(re.compile("q=vanish"))
    expect(page.locator("tbody .own")).to_have_text("look up")
    page.locator("tbody input[name=card]").nth(0).check()
    page.get_by_text("With the selected cards").click()
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".notice")).to_contain_text("Suspended 1 card")
    assert suspended(server) == 1


@pytest.mark.parametrize("width", [1280, 360])
def test_the_list_is_accessible_with_cards_selected_and_when_it_asks(
    chromium: Browser, server: Server, width: int
) -> None:
    with chromium.new_context(
        base_url=server.url, bypass_csp=True, viewport={"width": width, "height": 740}
    ) as context:
        page, troubles = watched(context, server)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.goto("/browse?state=new")
            page.locator("tbody input[name=card]").first.check()
            if width == 360:
                page.get_by_text("With the selected cards").click()
            assert violations(page) == [], scheme
            assert sideways(page) == 0
            page.get_by_role("button", name="Suspend").click()
            expect(page.locator(".notice")).to_be_visible()
            assert violations(page) == [], scheme
            page.locator("tbody input[name=card]").first.check()
            if width == 360:
                page.get_by_text("With the selected cards").click()
            page.get_by_role("button", name="Reset …").click()
            expect(page.get_by_role("heading", level=2)).to_be_visible()
            assert violations(page) == [], scheme
        assert troubles == []


def test_what_is_shown_is_studied_and_asked_in_a_quiz(page: Page, server: Server) -> None:
    page.goto("/browse")
    page.get_by_label("Find cards").fill("vanish grad")
    expect(page.locator(".count")).to_contain_text("19 cards for “vanish grad”")
    page.locator("tbody input[name=card]").nth(0).check()
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".study")).to_contain_text("Suspended and buried cards are not asked.")
    page.get_by_role("link", name="Study these").click()
    page.wait_for_url(re.compile(r"/review\?.*q=vanish\+grad&mode=cram&since="))
    expect(page.locator(".of")).to_contain_text("found by “vanish grad” · all, due or not")
    expect(page.locator(".sitting")).to_contain_text(re.compile(r"0 / 1\d"))
    page.keyboard.press("Space")
    expect(page.locator("form.rating")).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator(".sitting")).to_contain_text(re.compile(r"1 / 1\d"))
    page.goto("/")
    expect(page.locator("main")).to_contain_text("Unfinished: found by “vanish grad” · all, due or not.")

    page.goto("/browse?q=vanish+grad&level=medium")
    page.get_by_role("link", name="Quiz on these").click()
    expect(page.get_by_label("Words on the card")).to_have_value("vanish grad")
    expect(page.get_by_label("Level")).to_have_value("medium")
    page.get_by_role("spinbutton", name="Questions").fill("5")
    page.get_by_role("button", name="Start this quiz").click()
    page.wait_for_url("**/quiz/*")
    expect(page).to_have_title(re.compile("5 questions, found by “vanish grad”, medium: all topics"))
    expect(page.locator(".sitting")).to_contain_text("0 of 5")
