"""A demo opens beneath a card's answer, and the review goes on as if nothing had happened."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser import demo_pages
from tests.browser.conftest import Server, watched
from tests.browser.test_every_page import sideways, violations


def answer(page: Page) -> str:
    """Show the answer of a card with a demo; its form's token."""
    demo_pages.answer(page)
    return page.locator("form.rating input[name=token]").input_value()


def test_d_opens_it_at_the_cards_state_and_escape_closes_it(page: Page) -> None:
    token = answer(page)
    address = page.url
    page.keyboard.press("d")
    expect(page.locator("#demo-slot figcaption").first).to_contain_text("0.00515")
    expect(page.get_by_role("heading", name="Vanishing and exploding gradients")).to_be_focused()
    page.locator("#demo-slot .knobs summary").click()
    page.get_by_role("slider", name="Gain σ 1(W h)", exact=True).press("ArrowRight")
    expect(page.locator("#demo-slot figcaption").first).to_contain_text("0.0769")
    assert page.url == address
    page.keyboard.press("Escape")
    expect(page.locator("#demo-slot")).to_be_hidden()
    expect(page.locator(".answer .demo-link").first).to_be_focused()
    assert page.locator("form.rating input[name=token]").input_value() == token
    page.locator("body").press("4")
    expect(page.locator(".rated")).to_contain_text("4 · Well")


def test_it_can_be_rated_while_a_demo_is_open_and_the_next_card_opens_its_own(page: Page) -> None:
    answer(page)
    page.keyboard.press("d")
    page.locator("#demo-slot figure").first.wait_for()
    page.get_by_role("button", name="3 With effort").click()
    expect(page.locator(".rated")).to_contain_text("3 · With effort")
    expect(page.locator("#demo-slot")).to_have_count(0)
    answer(page)
    page.keyboard.press("d")
    page.locator("#demo-slot figure").first.wait_for()
    page.keyboard.press("d")
    expect(page.locator("#demo-slot")).to_be_hidden()


def test_from_the_whole_page_one_goes_back_to_the_answer(page: Page) -> None:
    answer(page)
    page.keyboard.press("d")
    page.locator("#demo-slot").get_by_role("link", name="The whole page").click()
    page.get_by_role("link", name="Back to the card").click()
    expect(page.get_by_role("heading", name="Why do gradients vanish in a plain RNN?")).to_be_visible()
    expect(page.get_by_role("button", name="4 Well")).to_be_visible()


def test_without_a_script_it_is_a_link_that_leads_there_and_back(plain_page: Page) -> None:
    answer(plain_page)
    plain_page.locator(".answer .demo-link").first.click()
    expect(plain_page.locator("figcaption").first).to_contain_text("0.00515")
    plain_page.get_by_role("link", name="Back to the card").click()
    expect(plain_page.get_by_role("button", name="4 Well")).to_be_visible()


def test_an_open_demo_is_accessible_and_fits_a_phone(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, bypass_csp=True) as context:
        page, troubles = watched(context, server)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            answer(page)
            page.keyboard.press("d")
            page.locator("#demo-slot figure").first.wait_for()
            page.wait_for_load_state("networkidle")
            assert violations(page) == [], scheme
            page.set_viewport_size({"width": 360, "height": 740})
            assert sideways(page) == 0
            page.set_viewport_size({"width": 1280, "height": 900})
        assert [one for one in troubles if not re.search("422", one)] == []
