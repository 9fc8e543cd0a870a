"""A training in a real browser: it is seen while it learns, stopped, and told at its end."""

import re

from playwright.sync_api import Page, expect


def visit(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("html.live #knobs[data-htmx-powered]")


def test_the_button_trains_and_the_end_is_told(page: Page) -> None:
    visit(page, "/demos/training-symptoms")
    page.fill("#p-gain", "1.2")
    page.fill("#p-gap", "10")
    expect(page.locator("figcaption").first).to_contain_text("Stalled")  # nothing moves before the button is pressed
    page.get_by_role("button", name="Train").click()
    page.wait_for_url(re.compile(r"gap=10&.*gain=1\.2&.*updates=200"))
    expect(page.locator("figcaption").first).to_contain_text("Learned")
    expect(page.locator("#announcer")).to_contain_text("Learned")
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    page.click('button[value="h1,2"]')
    expect(page.locator(".sum")).to_contain_text("g is the gradient")
    expect(page.locator("figcaption").first).to_contain_text("Learned")


def test_a_training_can_be_stopped_and_its_address_is_where_it_stopped(page: Page) -> None:
    visit(page, "/demos/training-symptoms?cell=lstm&gap=30&updates=0&seed=3")
    page.fill("#p-updates", "300")
    page.get_by_role("button", name="Train").click()
    page.wait_for_url(re.compile(r"updates=(15|30|45|60)\b"))
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#announcer")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    caption = page.locator("figcaption").first.inner_text()
    page.reload()
    expect(page.locator("figcaption").first).to_have_text(caption)


def test_without_a_script_the_button_trains_to_the_end(plain_page: Page) -> None:
    plain_page.goto("/demos/training-symptoms")
    plain_page.fill("#p-gain", "1.2")
    plain_page.fill("#p-gap", "10")
    plain_page.get_by_role("button", name="Train").click()
    expect(plain_page.locator("figcaption").first).to_contain_text("Learned")
