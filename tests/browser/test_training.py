"""A training in a real browser: it is seen while it learns, stopped or left, and told at its end."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.demos.machine.turns import AT_ONCE, TURNS
from app.web.demos import training
from tests.browser.conftest import server_to_look_at
from tests.browser.demo_pages import stop_clock, visit

server = server_to_look_at

LONG = "/demos/training-symptoms?cell=lstm&gap=30&updates=0&seed=3"


class Gate:
    """Lets a training's reports through one by one, so that it is under way for as long as a test needs it to be."""

    def __init__(self) -> None:
        self._let = threading.Semaphore(0)
        self.asked = 0

    def let(self, reports: int) -> None:
        self._let.release(reports)

    def wait(self) -> None:
        self.asked += 1
        assert self._let.acquire(timeout=60), "nobody let the training go on"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, report = Gate(), training._next

    def when_let(*given: Any) -> str | None:
        made.wait()
        return report(*given)

    monkeypatch.setattr(training, "_next", when_let)
    yield made
    made.let(1000)


def both_turns_are_free(within: float) -> bool:
    taken = [TURNS.acquire(timeout=within) for _ in range(AT_ONCE)]
    for one in taken:
        if one:
            TURNS.release()
    return all(taken)


def test_the_button_trains_and_the_end_is_told(page: Page) -> None:
    visit(page, "/demos/training-symptoms")
    page.fill("#p-gain", "1.2")
    page.fill("#p-gap", "10")
    expect(page.locator("figcaption").first).to_contain_text("Not trained yet")  # until the button is pressed
    page.get_by_role("button", name="Train").click()
    page.wait_for_url(re.compile(r"gap=10&.*gain=1\.2&.*updates=200"))
    expect(page.locator("figcaption").first).to_contain_text("Learned")
    expect(page.locator("#announcer")).to_contain_text("Learned")
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    page.click('button[value="h1,2"]')
    expect(page.locator(".sum")).to_contain_text("g is the gradient")
    expect(page.locator("figcaption").first).to_contain_text("Learned")


def test_what_is_to_be_tried_is_trained_at_once(page: Page) -> None:
    visit(page, "/demos/training-symptoms")
    page.locator(".presets").get_by_role("link", name="Cure it by clipping").click()
    expect(page.locator("#p-gain")).to_have_value("1.5")
    page.wait_for_url(re.compile(r"gain=1\.5&clip=1&updates=200"))
    expect(page.locator("[data-verdict=good] figcaption strong").first).to_have_text("Learned")


def test_a_training_can_be_stopped_and_its_address_is_where_it_stopped(page: Page, gate: Gate) -> None:
    visit(page, LONG)
    page.fill("#p-updates", "300")
    page.get_by_role("button", name="Train").click()
    gate.let(3)
    page.wait_for_url(re.compile(r"updates=45\b"))
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#announcer")).to_have_text("Stopped.")
    expect(page.get_by_role("button", name="Train")).to_be_visible()
    expect(page.locator("#p-updates")).to_have_value("45")
    caption = page.locator("figcaption").first.inner_text()
    gate.let(1)  # the report that was under way comes too late
    assert both_turns_are_free(within=30)
    expect(page.locator("figcaption").first).to_have_text(caption)
    assert "updates=45" in page.url
    page.reload()
    expect(page.locator("figcaption").first).to_have_text(caption)


def test_a_number_is_looked_at_where_the_training_is_and_trains_nothing(page: Page) -> None:
    visit(page, LONG)
    page.fill("#p-updates", "300")
    page.fill("#p-gap", "5")
    page.click('button[value="h1,2"]')
    page.wait_for_url(re.compile(r"gap=30&.*updates=0&.*at=h1,2"))
    expect(page.locator(".sum")).to_contain_text("Drawn from the seed")
    expect(page.locator("#p-updates")).to_have_value("300")
    expect(page.locator("#p-gap")).to_have_value("5")


def test_who_leaves_ends_the_training(page: Page, gate: Gate) -> None:
    visit(page, LONG)
    page.fill("#p-updates", "300")
    page.press("#p-updates", "Enter")
    gate.let(2)
    page.wait_for_url(re.compile(r"updates=30\b"))
    page.goto("/privacy")  # which is there at once, and /demos is not
    while gate.asked < 20 and not both_turns_are_free(within=1):
        gate.let(1)
    assert both_turns_are_free(within=30)
    assert gate.asked < 20, "it was trained to the end for nobody"


def test_who_must_wait_is_told_and_loses_nothing(page: Page) -> None:
    visit(page, LONG)
    page.fill("#p-updates", "10")
    for _ in range(AT_ONCE):
        assert TURNS.acquire(timeout=30)
    try:
        page.get_by_role("button", name="Train").click()
        expect(page.locator("#trouble")).to_contain_text("Other demos are being trained")
        expect(page.get_by_role("button", name="Train")).to_be_visible()
        expect(page.locator("#p-updates")).to_have_value("10")
    finally:
        for _ in range(AT_ONCE):
            TURNS.release()
    page.get_by_role("button", name="Train").click()
    page.wait_for_url(re.compile(r"updates=10\b"))
    expect(page.locator("#trouble")).to_be_hidden()


def test_without_a_script_the_button_trains_to_the_end(plain_page: Page) -> None:
    plain_page.goto("/demos/training-symptoms")
    plain_page.fill("#p-gain", "1.2")
    plain_page.fill("#p-gap", "10")
    plain_page.get_by_role("button", name="Train").click()
    expect(plain_page.locator("figcaption").first).to_contain_text("Learned")


def test_a_run_is_seen_for_two_seconds_beside_its_button(page: Page) -> None:
    visit(page, "/demos/training-symptoms")
    expect(page.locator("figcaption").first).to_contain_text("Not trained yet")
    button, curve = page.get_by_role("button", name="Train"), page.locator(".chart").first
    expect(button).to_be_in_viewport()
    expect(curve).to_be_in_viewport(ratio=1)
    line = curve.locator(".line").first
    stop_clock(page)
    for _press in range(2):  # the second is remembered, and seen as well
        button.click()
        frames, ticks = [line.get_attribute("d")], 0
        while not button.is_visible():
            page.clock.run_for(50)
            frames.append(line.get_attribute("d"))
            ticks += 1
            assert ticks < 2000, "it does not end"
        assert len(set(frames)) >= 20
        assert ticks * 50 >= 2000
        assert page.locator(".chart .x text").first.locator("xpath=../*[last()]").text_content() == "200"


def test_a_second_press_and_a_stop_end_a_run_where_it_is_seen(page: Page) -> None:
    visit(page, "/demos/training-symptoms")
    stop_clock(page)
    page.get_by_role("button", name="Train").click()
    page.wait_for_url(re.compile(r"updates=\d+&"))
    page.clock.run_for(500)
    page.get_by_role("button", name="Stop").click()
    here = page.url
    expect(page.locator("#p-updates")).to_have_value(re.search(r"updates=(\d+)", here)[1])  # type: ignore[index]
    page.clock.run_for(3000)
    assert page.url == here
    expect(page.get_by_role("button", name="Train")).to_be_visible()
