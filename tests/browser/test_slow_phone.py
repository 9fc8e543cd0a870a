"""What a slow phone need not wait for: an answer, a knob's next caption, a slide's first answer, letters."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Server, watched
from tests.browser.demo_pages import visit
from tests.browser.test_every_size import MOST_SHIFT, SHIFTS, open_with_late_letters

FLOW = "/demos/gradient-flow"
SLIDE = """(one, value) => {
  one.value = value;
  one.dispatchEvent(new Event("input"));
  return new Promise((done) => setTimeout(done, 60)); // longer than the throttle of a slide
}"""
LAID_OUT = "(one) => one.laidOut = one.getBoundingClientRect().height"

DRAWN = """() => [...document.querySelectorAll("body *:not(math, math *)")].map((one) => {
  const style = getComputedStyle(one);
  return ["color", "background", "font", "display", "position", "padding", "border"].map((name) => style[name]).join();
})"""


@pytest.mark.parametrize("path", ["/demos/lstm-gates", "/review"])
def test_a_first_visit_is_drawn_like_the_next_and_asks_for_no_style_sheet(
    chromium: Browser, server: Server, path: str
) -> None:
    asked: list[str] = []
    with chromium.new_context(base_url=server.url, service_workers="block") as context:
        page, troubles = watched(context, server)
        page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        drawn = []
        for _ in range(2):
            page.goto(path, wait_until="networkidle")
            page.wait_for_selector("#knobs[data-htmx-powered], .lead-in.unshown", state="attached")
            drawn.append(page.evaluate(DRAWN))
            linked = [name for name in asked if name.endswith(".css")]
            assert bool(linked) == (len(drawn) == 2)
        assert drawn[0] == drawn[1]
        assert troubles == []


@pytest.mark.parametrize("path", [FLOW, "/demos/lstm-gates", "/review"])
def test_letters_that_come_late_move_nothing(chromium: Browser, server: Server, path: str) -> None:
    with chromium.new_context(
        base_url=server.url, bypass_csp=True, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        context.add_init_script(SHIFTS)
        page, _ = watched(context, server)
        open_with_late_letters(page, path)
        assert page.evaluate("window.shifted ?? 0") <= MOST_SHIFT


def test_an_answer_waits_in_its_place_unseen_and_out_of_reach(page: Page) -> None:
    page.goto("/review")
    page.wait_for_selector(".lead-in.unshown", state="attached")
    for one in (".answer .say", ".rate"):
        assert page.locator(one).evaluate(LAID_OUT) > 0
        expect(page.locator(one)).to_be_hidden()
    expect(page.locator(".unshown").last).to_have_css("opacity", "0")  # its lines, too
    said = page.locator(".answer .say").text_content() or ""
    assert said.strip()[:20] not in page.locator("main").aria_snapshot()
    for key in "de":  # its demo, its editor
        page.keyboard.press(key)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert not page.evaluate("Boolean(document.activeElement.closest('.unshown'))")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("button", name="Show the answer").click()
    for one in (".answer .say", ".rate"):
        expect(page.locator(one)).to_be_visible()
        assert page.locator(one).evaluate("one => one.laidOut")
    assert page.locator(".unshown").count() == 0
    assert requests == []


def test_a_mark_before_the_answer_sends_no_points(page: Page) -> None:
    page.goto("/review")
    page.wait_for_selector(".points", state="attached")
    with page.expect_request("**/mark") as sent:
        page.keyboard.press("f")
    assert "points" not in (sent.value.post_data or "")


def test_a_knob_says_the_next_value_without_a_request(page: Page) -> None:
    with page.expect_event("requestfinished", lambda request: "gain=0.95" in request.url):
        visit(page, FLOW)
        page.locator("recur-slider[for=p-gain] input").focus()
    page.route(f"**{FLOW}?*", lambda route: None)  # no answer from now on
    before = page.locator("figcaption").first.text_content()
    page.keyboard.press("ArrowRight")
    expect(page.locator("figcaption").first).not_to_have_text(before or "")
    page.wait_for_url(re.compile(r"gain=0\.95"))


def test_a_slide_over_a_slow_net_is_answered_while_it_goes_on(page: Page) -> None:
    visit(page, FLOW)
    waiting: list[Route] = []
    page.route(re.compile(r"gain=(1\.[2-9]|2)"), lambda route: waiting.append(route))
    slide = page.locator("recur-slider[for=p-gain] input")
    for value in ("1.2", "1.3", "1.4"):
        slide.evaluate(SLIDE, value)
    assert len(waiting) == 1
    with page.expect_request(re.compile(r"gain=1\.4")):
        waiting[0].continue_()
    expect(page.locator("figcaption").first).to_contain_text("1.2")
    expect(page.locator("#p-gain")).to_have_value("1.4")
    waiting[1].continue_()
    page.wait_for_url(re.compile(r"gain=1\.4"))
