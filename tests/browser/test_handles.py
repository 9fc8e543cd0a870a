"""Figures that one can hold: what is dragged changes its parameter, by mouse, finger and keys, as the form would."""

import itertools
import math
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.demos.registry import all_demos
from tests.browser.conftest import Server, server_to_look_at, watched
from tests.browser.demo_pages import visit
from tests.examples import some

server = server_to_look_at

HELD = ":is([data-up], [data-down], [data-across])"
WITHOUT = {
    "order-matters": "it has choices alone, and a drawn order",
    "training-symptoms": "a parameter counts from the next training on",
    "long-memory": "a parameter counts from the next training on",
    "text-generation": "what is drawn is drawn at random",
    "mlp-cnn-rnn": "its series is drawn, and the networks fit it",
}
"""The demos without anything to hold, and why."""


def middle(handle: Locator) -> tuple[float, float]:
    """Where a handle is taken hold of: the middle of its grip, once it is in sight."""
    grip = handle.locator(".grip") if handle.locator(".grip").count() else handle
    grip.evaluate("(one) => one.scrollIntoView({ block: 'center', inline: 'nearest' })")
    box = grip.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, handle: Locator, right: float, up: float) -> None:
    """Drag a handle by so many pixels, in three moves."""
    x, y = middle(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.3, 0.7, 1):
        page.mouse.move(x + share * right, y - share * up)
    page.mouse.up()


def settled(page: Page, path: str) -> str:
    """The address once the form's parameters are in it, which a slide's last answer brings."""
    page.wait_for_function(
        """() => {
          const query = document.querySelector('.state')?.dataset.query;
          const form = new URLSearchParams(new FormData(document.getElementById('knobs')));
          const said = [...new URLSearchParams(query)].filter(([name]) => name !== 'at');
          const same = said.every(([name, value]) => form.get(name) === value);
          return query && same && (!location.search || location.search === `?${query}`);
        }"""
    )
    assert page.url.partition("?")[0].endswith(path)
    return page.url.partition("?")[2]


@pytest.mark.proof
@pytest.mark.parametrize("demos", [sorted(all_demos())[n::11] for n in range(11)], ids=lambda demos: demos[0])
def test_a_drag_gives_the_address_that_the_form_gives(page: Page, demos: list[str]) -> None:
    for name in some(demos, 1):
        drag_in(page, name)


def drag_in(page: Page, name: str) -> None:
    """Drag some of a demo's handles."""
    demo = all_demos()[name]
    visit(page, f"/demos/{name}")
    handles = page.locator(f"#results {HELD}")
    names = handles.evaluate_all(
        "(all) => all.map(({ dataset: { up, down, across } }) => [up, down, across].filter(Boolean).join(' '))"
    )
    assert bool(names) == (name not in WITHOUT), names
    for number, place in enumerate(some(sorted({names.index(one) for one in names})[:4], 1)):
        if number:
            visit(page, f"/demos/{name}")
        before = demo.texts(demo.parameters())
        if page.locator(f"#results {HELD}").nth(place).evaluate("(one) => !one.checkVisibility()"):
            continue
        for right, up in ((23, 31), (-41, -37)):
            drag(page, page.locator(f"#results {HELD}").nth(place), right, up)
            after = dict(parse_qsl(settled(page, f"/demos/{name}"), keep_blank_values=True))
        after.pop("at", None)
        changed = {one for one, text in before.items() if after[one] != text}
        assert changed <= {one.split(",")[0] for one in names[place].split()}
        # The form, filled by hand with what it holds now, leads to this very state.
        assert demo.texts(demo.parse(after)) == after
        for one in changed:
            expect(page.locator(f"#p-{one}")).to_have_value(after[one])


def test_an_input_follows_the_pointer_and_its_number_is_not_chosen(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    handle = page.locator('#results svg [data-up="x,5"]')
    x, y = middle(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 80)
    expect(page.locator(".bubble")).to_have_text("x 5 = 1")
    page.wait_for_url(re.compile("x=1,2,3,0,1,2&"))
    expect(handle.locator("text")).to_have_text("1")
    page.mouse.up()
    expect(page.locator(".bubble")).to_be_hidden()
    expect(page.locator("#p-x")).to_have_value("1,2,3,0,1,2")
    assert page.url.endswith("step=3"), "a drag is no click"
    handle.click()
    page.wait_for_url(re.compile("step=5&at=x$"))


def test_what_was_dragged_can_be_taken_back(page: Page) -> None:
    visit(page, "/demos/lstm-gates")
    drag(page, page.locator('#results svg [data-up="forget_bias"]'), 0, 60)
    page.wait_for_url(re.compile(r"forget_bias=6\.5&"))
    drag(page, page.locator('#results svg [data-up="output_bias"]'), 0, -40)
    page.wait_for_url(re.compile(r"output_bias=-2\.5&"))
    page.locator("#p-output_bias").focus()
    page.keyboard.press("Control+z")
    page.wait_for_url(re.compile("output_bias=0&"))
    page.keyboard.press("Control+z")
    page.wait_for_url(re.compile("forget_bias=3&"))
    x, y = middle(page.locator('#results svg [data-up="forget_bias"]'))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 50)
    page.wait_for_url(re.compile("forget_bias=6&"))
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile("forget_bias=3&"))
    page.mouse.up()
    expect(page.locator("#p-forget_bias")).to_have_value("3")


def test_arrow_keys_move_what_has_the_focus(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    first = page.get_by_role("slider", name="Inputs x 1 … x T, number 1", exact=True)
    first.focus()
    page.keyboard.press("ArrowRight")
    second = page.get_by_role("slider", name="Inputs x 1 … x T, number 2", exact=True)
    expect(second).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.wait_for_url(re.compile(r"x=1,2\.15,3,0,-1,2&"))
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-valuenow", "2.15")
    page.keyboard.press("PageDown")
    page.wait_for_url(re.compile(r"x=1,1\.65,3,0,-1,2&"))
    page.keyboard.press("Control+z")
    page.wait_for_url(re.compile(r"x=1,2\.15,3,0,-1,2&"))
    assert page.url.endswith("step=3"), "the arrows move the input, and choose no step"
    visit(page, "/demos/glimpse-sensor")
    page.locator("#results svg [data-across]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("row=12&column=4&"))
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("row=13&column=4&"))


def test_the_arrow_of_a_gradient_follows_the_pointer_in_both_ways(page: Page) -> None:
    visit(page, "/demos/gradient-clipping")
    tip = page.locator('#arrows svg [data-up="g,2"]')
    before = middle(tip)
    drag(page, tip, -50, 40)
    g = dict(parse_qsl(settled(page, "/demos/gradient-clipping")))["g"].split(",")
    assert float(g[0]) < 3
    assert float(g[1]) > 4
    expect(page.locator("#arrows figcaption strong")).to_have_text("1")
    after = middle(tip)
    assert abs(after[0] - before[0] + 50) <= 2
    for key in ("ArrowRight", "ArrowUp"):
        tip.press(key)
    page.wait_for_url(re.compile(f"g={float(g[0]) + 0.05:g},{float(g[1]) + 0.05:g}&"))


def test_a_list_is_one_stop_for_tab(page: Page) -> None:
    visit(page, "/demos/stacked-rnn")
    assert page.locator('#results svg [role=slider][tabindex="0"]').count() == 1
    assert page.locator("#results svg [role=slider]").count() == 6


def test_the_pinned_state_cannot_be_dragged(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    page.get_by_role("link", name="Compare with this").click()
    page.wait_for_selector("html.live #knobs[data-htmx-powered]")
    before = page.url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drag(page, page.locator('.pair section >> nth=1 >> svg [data-up="x,1"]'), 0, 60)
    expect(page.locator("#p-x")).to_have_value("1,2,3,0,-1,2")
    assert asked == [], "a pull that ends on a circle chooses no step"
    assert page.url == before
    drag(page, page.locator('.pair section >> nth=0 >> svg [data-up="x,1"]'), 0, 60)
    page.wait_for_url(re.compile(r"x=2\.5,2,3,0,-1,2&.*compare="))


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    """A phone's page, which is touched."""
    with chromium.new_context(
        base_url=server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page, troubles = watched(context, server)
        yield page
        assert troubles == []


def swipe(page: Page, x: float, y: float, to: tuple[float, float]) -> None:
    """One finger from a place to another, as the browser gets it from the screen."""
    finger = page.context.new_cdp_session(page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for share in (0.25, 0.5, 0.75, 1):
        point = {"x": x + share * (to[0] - x), "y": y + share * (to[1] - y)}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_drags_and_the_page_stays(phone: Page) -> None:
    visit(phone, "/demos/activations")
    x, y = middle(phone.locator("#results [data-across=z]"))
    scrolled = phone.evaluate("scrollY")
    swipe(phone, x, y, (x + 60, y + 90))
    address = settled(phone, "/demos/activations")
    assert float(dict(parse_qsl(address))["z"]) > 1
    assert phone.evaluate("scrollY") == scrolled


FINGERS = """() => [...document.querySelectorAll("#results .diagram svg :is([data-at], [data-up])")].flatMap((one) => {
  const target = one.querySelector(".grip");
  target.scrollIntoView({ block: "center" });
  const { left, top, width, height } = target.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const isHit = one.contains(document.elementFromPoint(x, y));
  return width >= 43.9 && isHit ? [] : [`${one.outerHTML.slice(0, 60)} ${width}`];
})"""


@pytest.mark.parametrize("path", ["stacked-rnn", "text-generation", "layer-shapes", "bigram-or-rnn?words=10"])
def test_a_finger_finds_each_circle_and_the_nearest_is_chosen(phone: Page, path: str) -> None:
    visit(phone, f"/demos/{path}")
    assert phone.evaluate(FINGERS) == []
    if path == "text-generation":
        phone.evaluate("scrollTo(0, 0)")
        circle = phone.locator('#results svg [data-at="p,3"] circle:not(.grip)')
        box = circle.bounding_box()
        assert box
        phone.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
        phone.wait_for_url(re.compile("step=3"))


def test_a_finger_beside_a_pixel_chooses_the_nearest_one(phone: Page) -> None:
    visit(phone, "/demos/glimpse-sensor")
    x, y = middle(phone.locator('#results svg [data-at="i2,9"] circle'))
    phone.touchscreen.tap(x + 6.6, y + 6.6)  # between four pixels
    phone.wait_for_url(re.compile("at=i2(,|%2C)9"))


def test_the_rings_of_days_that_are_close_lie_apart(phone: Page) -> None:
    visit(phone, "/demos/forgetting-curve")
    rings = phone.locator("#results .chart .place[data-across] circle:not(.grip)").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect()).map(({ x, y }) => [x, y])"
    )
    assert len(rings) == 4
    assert min(math.dist(one, other) for one, other in itertools.combinations(rings, 2)) > 40


def test_of_handles_over_each_other_the_nearest_is_dragged(phone: Page) -> None:
    visit(phone, "/demos/forgetting-curve?days=2,4,46,163")
    for place in (1, 2):
        x, y = middle(phone.locator(f'#results [data-across="days,{place}"]'))
        swipe(phone, x, y, (x + 9, y))
    days = dict(parse_qsl(settled(phone, "/demos/forgetting-curve")))["days"].split(",")
    assert float(days[0]) > 2
    assert float(days[1]) > 4
    assert days[2:] == ["46", "163"]


APART = """() => [...document.querySelectorAll(".chart .place circle:not(.grip)")].flatMap((dot) => {
  const a = dot.getBoundingClientRect();
  const meets = (b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return [...dot.closest(".chart").querySelectorAll(".x text, .y text")]
    .filter((text) => text.checkVisibility() && meets(text.getBoundingClientRect())).map((text) => text.textContent);
})"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path", ["activations?z=0", "activations?z=-5", "positional-invariance?position=1", "drift-monitor?since=1"]
)
def test_a_handle_at_an_axis_lies_over_none_of_its_numbers(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, f"/demos/{path}")
    assert page.locator(".chart .place").count()
    assert page.evaluate(APART) == []
    left = "(all) => all.map((one) => one.getBoundingClientRect().left)"
    assert min(page.locator(".chart .y text").evaluate_all(left)) >= 0
