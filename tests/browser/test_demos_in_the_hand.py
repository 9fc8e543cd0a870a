"""Demos by keyboard, on a small phone and without a net: the focus, the figure and the truth stay on the page."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect

from app.demos.registry import all_demos
from tests.browser.conftest import Server, server_to_look_at, watched
from tests.browser.demo_pages import answer, open_beneath_a_card, visit
from tests.examples import some

server = server_to_look_at

TOURS = [name for name, demo in all_demos().items() if demo.tour]
LONG = "/demos/training-symptoms?cell=lstm&gap=30&updates=0&seed=3"
SEEN = """() => {
  const picture = document.querySelector("#results :is(.diagram svg, .plot)").getBoundingClientRect();
  const at = document.elementFromPoint(picture.left + picture.width / 2, picture.bottom - 1);
  const words = document.getElementById("tour-says").getBoundingClientRect();
  return picture.top >= 0 && words.top >= 0 && Boolean(at?.closest(".diagram, .curve"));
}"""
LOST = re.compile("ERR_INTERNET_DISCONNECTED|Failed to fetch")


@pytest.fixture
def losing(chromium: Browser, server: Server) -> Iterator[Page]:
    """A page that may lose its net, which Chromium reports as errors."""
    with chromium.new_context(base_url=server.url, viewport={"width": 1280, "height": 900}) as context:
        page, troubles = watched(context, server)
        yield page
        assert [one for one in troubles if not LOST.search(one)] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_each_step_of_a_tour_shows_its_figure_and_its_end_says_where_to_go(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for name in some(TOURS, 2):
        last = len(all_demos()[name].tour)
        visit(page, f"/demos/{name}?tour=1")
        for step in range(1, last + 1):
            expect(page).to_have_url(re.compile(rf"tour={step}$"))
            page.wait_for_selector("html.live #knobs[data-htmx-powered]")
            assert page.evaluate(SEEN), (name, step)
            expect(page.get_by_role("button", name="Next" if step < last else "Finish")).to_be_focused()
            page.keyboard.press("Space")
        end = page.get_by_role("heading", name="Where next")
        expect(end).to_be_focused()
        expect(end).to_be_in_viewport()
        page.go_back()
        page.get_by_role("button", name="Back", exact=True).press("Space")
        expect(page).to_have_url(re.compile(rf"tour={last - 1}$"))


def test_the_focus_goes_from_train_to_stop_and_back(page: Page) -> None:
    visit(page, LONG)
    page.fill("#p-updates", "300")
    train, stop = (page.get_by_role("button", name=name, exact=True) for name in ("Train", "Stop"))
    for key in ("Enter", "Space"):
        train.focus()
        page.keyboard.press(key)
        expect(stop).to_be_focused()
        page.keyboard.press(key)
        expect(train).to_be_focused()
        expect(page.locator("#announcer")).to_have_text("Stopped.")
    train.focus()
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")  # it is held: that stops nothing
    expect(stop).to_be_focused()


def test_a_training_that_loses_the_net_says_so_and_can_be_started_again(losing: Page) -> None:
    visit(losing, "/demos/training-symptoms")
    train = losing.get_by_role("button", name="Train", exact=True)
    losing.context.set_offline(True)
    train.press("Enter")
    expect(losing.locator("#trouble")).to_contain_text("the training was interrupted")
    expect(train).to_be_focused()
    expect(losing.locator("#results")).not_to_have_attribute("aria-busy", "true")
    losing.context.set_offline(False)
    expect(losing.locator("#trouble")).to_be_hidden()
    train.press("Enter")
    losing.wait_for_url(re.compile("updates=200&"))
    expect(train).to_be_focused()


def test_a_figure_catches_up_with_its_knobs_when_the_net_is_back(losing: Page) -> None:
    visit(losing, "/demos/gradient-flow")
    losing.locator("recur-slider[for=p-gain] input").focus()
    losing.context.set_offline(True)
    for _ in range(4):
        losing.keyboard.press("ArrowRight")
    expect(losing.locator("#trouble")).to_contain_text("could not be reached")
    losing.context.set_offline(False)
    losing.wait_for_url(re.compile(r"gain=1\.1&"))
    expect(losing.locator("figcaption").first).to_contain_text("117.39")
    expect(losing.locator("#trouble")).to_be_hidden()
    visit(losing, "/demos/unrolled-rnn?step=1")
    losing.context.set_offline(True)
    losing.get_by_role("button", name="Play the steps").press("Enter")
    expect(losing.locator("#announcer")).to_have_text("Paused.")
    losing.context.set_offline(False)
    expect(losing.locator(".trace thead th.now")).to_have_text("t = 2")
    expect(losing.locator('.trace [aria-current="true"]')).to_have_attribute("value", "h1,2")


def test_a_demo_that_does_not_come_beneath_a_card_leaves_nothing_open(losing: Page) -> None:
    answer(losing)
    link = losing.locator(".answer .demo-link").first
    losing.context.set_offline(True)
    losing.keyboard.press("d")
    expect(losing.locator("#trouble")).to_contain_text("could not be reached")
    expect(losing.locator("#demo-slot")).to_be_hidden()
    expect(link).to_have_attribute("aria-expanded", "false")
    expect(link).to_be_focused()
    losing.context.set_offline(False)
    losing.keyboard.press("d")
    expect(losing.locator("#demo-slot figcaption").first).to_contain_text("0.00515")
    losing.keyboard.press("d")
    losing.keyboard.press("d")
    losing.keyboard.press("d")  # while it is on its way: it stays closed
    losing.wait_for_load_state("networkidle")
    expect(losing.locator("#demo-slot")).to_be_hidden()
    losing.keyboard.press("d")
    expect(losing.locator("#demo-slot figcaption").first).to_contain_text("0.00515")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (375, 553), (1280, 900)])
@pytest.mark.parametrize("card", ["rnn/vanishing-why", "rnn/tuning", "rnn/which-architecture"])
def test_beneath_a_card_a_curve_and_its_knobs_are_in_sight_together(
    page: Page, card: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_beneath_a_card(page, card)
    curve, top = page.locator("#demo-slot .plot").first, page.locator(".sitting")
    for slider in page.locator("#demo-slot .main recur-slider:not([idle]) input").all():
        slider.focus()
        page.keyboard.press("ArrowLeft")
        page.wait_for_load_state("networkidle")
        expect(curve).to_be_in_viewport(ratio=1)
        expect(slider).to_be_in_viewport(ratio=1)
        boxes = [one.bounding_box() for one in (top, curve, slider, page.locator(".bar"))]
        edges = [(box["y"], box["y"] + box["height"]) for box in boxes if box]
        assert all(above[1] <= below[0] for above, below in pairwise(edges)), edges
