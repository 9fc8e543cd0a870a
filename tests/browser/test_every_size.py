"""Every page but sittings and demos, at the sizes of phones, tablets and desks: fingers find what can be pressed."""

import random
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from app.demos.registry import all_demos
from app.settings import ROOT
from tests.browser.conftest import Server, study_for_weeks, watched
from tests.browser.demo_pages import visit
from tests.browser.flaky import net_to
from tests.browser.test_every_page import PAGES, STUDIED, servers, sideways, violations
from tests.examples import share_of

SIZES = ((375, 553), (390, 844), (768, 1024), (1280, 900), (1920, 1080))
OURS = [name for name, path in PAGES.items() if not path.startswith(("/demos/", "/review"))]
EVERY = [(name, size) for name in OURS for size in SIZES]
random.Random(13).shuffle(EVERY)
LEAST = 44
"""The least side in CSS pixels of what is pressed."""
MOST_SHIFT = 0.02

SHIFTS = """new PerformanceObserver((list) => {
  const moved = list.getEntries().filter((entry) => !entry.hadRecentInput);
  window.shifted = moved.reduce((sum, entry) => sum + entry.value, window.shifted ?? 0);
}).observe({ type: "layout-shift", buffered: true })"""
TOO_SMALL = """(least) => {
  const shown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isInline = (one) => one.matches("a") && getComputedStyle(one).display === "inline";
  const inProse = (one) => isInline(one) && one.closest("p, .prose, small");
  const pressed = (one) => (one.matches("input") && one.closest("label")) || one; // a box is pressed by its label
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((one) => shown(one) && !inProse(one) && !one.closest(".unseen, .skip"))
    .map((one) => [one, pressed(one).getBoundingClientRect()])
    .filter(([, box]) => box.width && Math.min(box.width, box.height) < least - 0.1)
    .map(([one, box]) => `${one.outerHTML.slice(0, 80)}: ${Math.round(box.width)} by ${Math.round(box.height)}`);
}"""
__all__ = ["servers"]


def too_small(page: Page) -> list[str]:
    """What can be pressed and is smaller than a finger, except links within a text."""
    found: list[str] = page.evaluate(TOO_SMALL, LEAST)
    return found


def open_with_late_letters(page: Page, path: str) -> None:
    """Open a page whose fonts come after it was painted, and wait for all of it."""
    held: list[Route] = []
    page.route("**/*.woff2", lambda route: held.append(route))
    page.goto(path, wait_until="domcontentloaded")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    page.route("**/*.woff2", lambda route: route.continue_())
    for route in held:
        route.continue_()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("name", "size"), EVERY[: share_of(14)], ids=lambda one: str(one).replace(", ", "x"))
def test_fingers_find_everything_and_nothing_moves_or_scrolls_sideways(
    chromium: Browser, servers: Any, name: str, size: tuple[int, int]
) -> None:
    width, height = size
    server: Server = servers[name in STUDIED]
    with (
        net_to(server.url) as net,
        chromium.new_context(
            base_url=net.url,
            bypass_csp=True,
            viewport={"width": width, "height": height},
            has_touch=width < 1000,
            is_mobile=width < 700,
            color_scheme="dark" if width in (390, 1920) else "light",
        ) as context,
    ):
        context.add_init_script(SHIFTS)
        page, _ = watched(context, server)
        page.goto("/cards/rnn/attention", wait_until="networkidle")  # brings the letters and signs
        net.fate = lambda: "torn"
        page.goto(PAGES[name], wait_until="networkidle")
        assert sideways(page) == 0
        assert too_small(page) == []
        assert page.evaluate("window.shifted ?? 0") <= MOST_SHIFT
        page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        assert too_small(page) == []
        assert sideways(page) == 0
        assert violations(page) == []


def test_the_page_stays_while_a_plan_is_worked_out(chromium: Browser, server: Server) -> None:
    study_for_weeks(server.database, server.clock())
    day = server.clock().date() + timedelta(days=20)
    with chromium.new_context(base_url=server.url, viewport={"width": 390, "height": 844}) as context:
        context.add_init_script(SHIFTS)
        page, _ = watched(context, server)
        page.goto("/settings")
        plan: dict[str, Any] = {"interview_on": str(day), "minutes": "20", "then": "today"}
        assert page.request.post("/plans", form=plan, headers={"Origin": server.url}).ok
        page.goto("/")
        page.wait_for_selector(".forecast .course")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.shifted ?? 0") <= MOST_SHIFT


DEMOS = sorted(all_demos())
random.Random(13).shuffle(DEMOS)


@pytest.mark.parametrize("name", DEMOS[: share_of(4)])
def test_fingers_find_everything_on_a_demo_and_nothing_moves(chromium: Browser, servers: Any, name: str) -> None:
    phone: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with net_to(servers[0].url) as net, chromium.new_context(base_url=net.url, bypass_csp=True, **phone) as context:
        context.add_init_script(SHIFTS)
        page, _ = watched(context, servers[0])
        net.fate = lambda: "torn"
        visit(page, f"/demos/{name}")
        assert page.evaluate("window.shifted ?? 0") <= MOST_SHIFT
        assert too_small(page) == []
        page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        assert too_small(page) == []


def test_a_phone_shows_readmes_three_lines_few_columns_and_large_pictures(chromium: Browser, servers: Any) -> None:
    with chromium.new_context(base_url=servers[0].url, viewport={"width": 390, "height": 844}) as context:
        page, _ = watched(context, servers[0])
        page.goto("/")
        how = page.locator(".how li").all_inner_texts()
        assert [f"{n}. {line}" for n, line in enumerate(how, 1)] == (ROOT / "README.md").read_text().splitlines()[2:5]
        page.evaluate("document.querySelector('.columns').remove()")  # as on the way, where the table is read first
        assert page.locator(".topics .opt:visible").count() == 0
        page.goto("/topics")
        assert page.evaluate("document.querySelector('.path circle').getBoundingClientRect().width") >= 20


LONG = """for (const one of document.querySelectorAll("main :is(h1, h2, li, th) :is(a, code), main summary"))
  one.textContent = "x".repeat(90)"""


def test_a_word_without_an_end_is_broken(chromium: Browser, servers: Any) -> None:
    with chromium.new_context(base_url=servers[0].url, viewport={"width": 390, "height": 844}) as context:
        page, _ = watched(context, servers[0])
        for path in ("/", "/browse", "/topics", "/topics/rnn/lstm-and-gru", "/content", "/sources"):
            page.goto(path)
            page.evaluate(LONG)
            assert sideways(page) == 0, path
            boxes = page.locator(".topic-table").evaluate_all(
                "all => all.map(one => one.scrollWidth - one.clientWidth)"
            )
            assert boxes in ([], [0]), path


def test_a_small_target_is_found(chromium: Browser, servers: Any) -> None:
    with chromium.new_context(base_url=servers[0].url, bypass_csp=True) as context:
        page, _ = watched(context, servers[0])
        page.goto("/topics")
        page.add_style_tag(content=".path h2 a { min-height: 0; padding: 0 }")
        assert any("LSTM and GRU" in one for one in too_small(page))
