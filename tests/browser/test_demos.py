"""The demos in a real browser: sliders answer, keys step through time, addresses hold the state."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from app.demos.registry import all_demos
from tests.browser.conftest import Server, server_to_look_at, watched
from tests.browser.demo_pages import open_beneath_a_card, stop_clock, visit
from tests.browser.test_every_size import MOST_SHIFT, SHIFTS
from tests.examples import some

server = server_to_look_at

DEFAULT = "units=1&x=1,2,3,0,-1,2&W_x=0.5&W_h=0.8&b=0&W_o=1&phi=tanh&step=3"


@pytest.fixture
def forgiving(chromium: Browser, server: Server) -> Iterator[Page]:
    """A page on which an answer of 422 is expected, which Chromium reports as an error."""
    with chromium.new_context(base_url=server.url) as context:
        page, troubles = watched(context, server)
        yield page
        assert [trouble for trouble in troubles if "422" not in trouble] == []


def address(page: Page) -> str:
    return page.url.partition("?")[2]


def test_a_slider_changes_the_numbers_and_the_address(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    before = page.evaluate("history.length")
    slider = page.get_by_role("slider", name="Recurrent weights W h", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#p-W_h")).to_have_value("0.85")
    expect(page.locator("figcaption").first).to_contain_text("0.9781")
    page.wait_for_url(re.compile(r"W_h=0\.85"))
    assert address(page) == DEFAULT.replace("W_h=0.8", "W_h=0.85")
    expect(page.locator(".links a").first).to_have_attribute("href", f"/demos/unrolled-rnn?{address(page)}")
    assert page.evaluate("history.length") == before
    page.reload()
    expect(page.locator("figcaption").first).to_contain_text("0.9781")


def test_a_slider_dragged_fast_ends_at_its_last_value(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    page.get_by_role("slider", name="Recurrent weights W h", exact=True).focus()
    for _ in range(24):
        page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"W_h=-0\.4&"))
    expect(page.locator('button[value="wh11,2"]')).to_have_text("−0.1848")


def test_a_number_can_be_typed_and_the_slider_follows(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    page.fill("#p-W_h", "-1.5")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"W_h=-1\.5"))
    assert page.get_by_role("slider", name="Recurrent weights W h", exact=True).input_value() == "-1.5"
    page.fill("#p-x", "1, 0, 0")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile("x=1,0,0&"))
    expect(page.locator(".trace thead th")).to_have_count(3)


def test_cells_are_chosen_by_mouse_and_by_keyboard(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    page.click('button[value="z1,2"]')
    expect(page.locator(".sum")).to_contain_text("1.3697")
    expect(page.locator("#p-step")).to_have_value("2")
    page.keyboard.press("ArrowRight")
    expect(page.locator('button[value="z1,3"]')).to_be_focused()
    expect(page.locator(".sum")).to_contain_text("2.2029")
    page.keyboard.press("ArrowDown")
    expect(page.locator('button[value="h1,3"]')).to_be_focused()
    expect(page.locator('button[aria-current="true"]')).to_have_attribute("value", "h1,3")
    expect(page.locator(".sum")).to_contain_text("0.9759")
    page.keyboard.press("End")
    expect(page.locator('button[value="h1,6"]')).to_be_focused()
    page.wait_for_url(re.compile("step=6$"))
    # One cell of the table is a stop for Tab, not all thirty-six.
    assert page.locator('.trace button[tabindex="0"]').count() == 1


def test_arrows_step_through_time_from_anywhere(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("step=5$"))
    expect(page.locator("svg g.lit circle:not(.grip)")).to_have_count(1)
    expect(page.locator("svg g.lit circle:not(.grip) + text")).to_have_text("0.02")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile("step=4$"))


def test_a_choice_stays_while_sliders_move(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    page.click('button[value="z1,2"]')
    page.wait_for_url(re.compile("at=z1"))
    page.get_by_role("slider", name="Bias b").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"b=0\.05&.*step=2&at=z1"))
    expect(page.locator('button[aria-current="true"]')).to_have_attribute("value", "z1,2")


def test_a_circle_of_the_diagram_chooses_its_number(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    page.locator('svg g[data-at="h1,5"] text').click()
    page.wait_for_url(re.compile("step=5$"))
    expect(page.locator(".sum")).to_contain_text("0.0225")


def test_the_label_of_a_row_covers_no_cell_that_has_the_focus(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, "/demos/sequence-shapes")
    page.locator('button[value="h,6"]').click()
    for _step in range(5):
        page.keyboard.press("ArrowLeft")
        assert page.evaluate(
            """() => {
              const { left, top, width, height } = document.activeElement.getBoundingClientRect();
              const [x, y] = [left + 4, top + height / 2];
              return document.activeElement.contains(document.elementFromPoint(x, y));
            }"""
        )


def test_back_leads_to_the_page_before_and_forward_to_the_state(page: Page) -> None:
    page.goto("/demos")
    page.locator(".shelf").get_by_role("link", name="An RNN, unrolled").click()
    page.wait_for_selector("html.live #knobs[data-htmx-powered]")
    page.get_by_role("slider", name="Recurrent weights W h", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"W_h=0\.85"))
    page.go_back()
    expect(page.get_by_role("heading", name="Demos", exact=True)).to_be_visible()
    page.go_forward()
    expect(page.locator("#p-W_h")).to_have_value("0.85")
    expect(page.locator("figcaption").first).to_contain_text("0.9781")
    expect(page.locator("header.site")).to_be_visible()


def test_a_screen_reader_hears_each_figure_named_once_and_each_slider_by_a_name_of_its_own(page: Page) -> None:
    for name in some(list(all_demos()), 8):
        visit(page, f"/demos/{name}")
        sliders = re.findall(r'slider "(.+?)"', page.locator("#knobs").aria_snapshot())
        for figure in page.locator("#results figure").all():
            title, caption = figure.get_attribute("aria-label") or "", figure.locator("figcaption").inner_text()
            tree = figure.aria_snapshot()
            named = re.findall(r'^ *- \W?(?:figure|group|img|slider|table) "(.+)"', tree, re.MULTILINE)
            assert [title] == [one for one in named if title in one], name
            assert not [one for one in named if caption in one], name
            assert not re.search(r"- slider(?! )|- group$", tree, re.MULTILINE), (name, tree)
            assert not re.search(r'- \W?group "(?!Table|Drawing).+\n(?! *- \W?slider)', tree), (
                f"{name}: part of a picture"
            )
            sliders += re.findall(r'slider "(.+?)"', tree)
            assert len(sliders) == len(set(sliders)), (name, sliders)
            sliders = [one for one in sliders if "in the figure" not in one and "number by number" not in one]


def test_a_curve_is_drawn_and_follows_its_table(page: Page) -> None:
    visit(page, "/demos/gradient-flow")
    chart = page.locator("svg.chart")
    expect(chart).to_be_visible()
    first = chart.locator(".line").first.get_attribute("d")
    page.locator("label", has_text="lstm").click()
    page.wait_for_url(re.compile("cell=lstm"))
    expect(chart.locator(".line")).to_have_count(3)
    assert chart.locator(".line").first.get_attribute("d") != first
    assert (chart.get_attribute("aria-label") or "").startswith("Three lines over step t from 0 to 50, on a log scale")


def reading(page: Page) -> list[str]:
    """What stands beside the place that is read on the first curve: the place, then a number a line."""
    return page.locator(".reading").first.inner_text().split("\n")


def row(page: Page, number: int) -> list[str]:
    """The texts of a row of the first curve's table."""
    return page.locator(".points").first.locator("tbody tr").nth(number).locator("th, td").all_text_contents()


def test_the_pointer_reads_a_curve_as_its_table_has_it(page: Page) -> None:
    visit(page, "/demos/gradient-flow?cell=lstm")
    box = page.locator(".chart").bounding_box()
    assert box
    expect(page.locator(".reading")).to_be_hidden()
    for share, at in ((0.0, 0), (0.6, 30), (0.613, 31), (1.0, 50)):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 30)
        assert reading(page) == [f"step t {at}", *row(page, at)[1:]]
        mark = page.locator(".mark line").bounding_box()
        assert mark
        assert mark["x"] == pytest.approx(box["x"] + at / 50 * box["width"], abs=1)
    expect(page.locator(".mark circle")).to_have_count(3)
    seen = page.locator(".reading").bounding_box()
    assert seen
    assert seen["x"] >= box["x"]
    page.mouse.move(5, 5)
    expect(page.locator(".reading")).to_be_hidden()
    expect(page.locator(".mark circle")).to_have_count(0)


def test_the_arrow_keys_read_a_curve_and_say_its_numbers(page: Page) -> None:
    visit(page, "/demos/gradient-flow?cell=lstm")
    reader = page.get_by_role("slider", name="step t, number by number")
    reader.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    at, *numbers = row(page, 3)
    assert reading(page) == [f"step t {at}", *numbers]
    names = ("gradient left", "bound", "direct path through the gates")
    said = ", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True))
    expect(reader).to_have_attribute("aria-valuetext", f"step t {at}, {said}")
    assert "step" not in address(page), "the arrows read, and choose no other step of the table"
    page.keyboard.press("End")
    assert reading(page)[0] == "step t 50"
    page.keyboard.press("Escape")
    expect(page.locator(".reading")).to_be_hidden()


def test_a_gap_is_read_as_what_stands_in_the_table(page: Page) -> None:
    visit(page, "/demos/drift-monitor")
    page.locator(".plot input").first.focus()
    assert reading(page) == ["day in use 1", *row(page, 0)[1:]]
    assert reading(page)[-1] == "NaN"
    expect(page.locator(".plot").first.locator(".mark circle")).to_have_count(2)


def test_what_is_read_follows_an_answer(page: Page) -> None:
    visit(page, "/demos/gradient-flow")
    box = page.locator(".chart").bounding_box()
    assert box
    page.mouse.move(box["x"] + 1, box["y"] + 30)
    assert reading(page)[1] == "0.00515"
    page.keyboard.press("ArrowRight")  # the next step of the trace
    page.wait_for_url(re.compile("at="))
    assert reading(page)[1] == "0.00515"
    page.fill("#p-gain", "1.1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"gain=1\.1"))
    expect(page.locator(".reading")).to_contain_text("117.39")


@pytest.mark.parametrize(("width", "text"), [(1280, 100), (360, 100), (360, 200)])
@pytest.mark.parametrize("state", ["self-attention?length=16", "drift-monitor", "activations?depth=50", "lstm-gates"])
def test_the_numbers_of_an_axis_keep_their_size_and_do_not_touch(page: Page, state: str, width: int, text: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, f"/demos/{state}")
    page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")
    for axis, near, far in (("x", "left", "right"), ("y", "bottom", "top")):
        boxes = (
            page.locator(".chart")
            .first.locator(f".{axis} text")
            .evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON()).filter((box) => box.width)")
        )
        assert len(boxes) >= 2
        assert all(box["height"] >= 0.62 * 16 * text / 100 for box in boxes)
        apart = [(b[near] - a[far]) * (1 if axis == "x" else -1) for a, b in pairwise(boxes)]
        assert min(apart) > 0
        assert all(box["left"] >= 0 and box["right"] <= width for box in boxes)


def test_a_bad_value_is_told_and_the_next_good_one_computed(forgiving: Page) -> None:
    forgiving.goto("/demos/gradient-flow")
    forgiving.fill("#p-gain", "99")
    forgiving.keyboard.press("Enter")
    expect(forgiving.get_by_role("alert").first).to_contain_text("from 0 to 50")
    expect(forgiving.locator("#p-gain")).to_have_value("99")
    forgiving.fill("#p-gain", "1.1")
    forgiving.keyboard.press("Enter")
    expect(forgiving.locator("figure")).to_have_count(2)
    expect(forgiving.locator(".bad")).to_have_count(0)


def test_it_all_works_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/demos/unrolled-rnn")
    expect(plain_page.locator(".hint p")).to_contain_text("click any number")
    assert "move on with" not in plain_page.locator(".hint").inner_text()
    assert "drag" not in plain_page.locator(".hint").inner_text()
    plain_page.fill("#p-W_h", "0")
    plain_page.get_by_role("button", name="Compute").click()
    expect(plain_page.locator("figcaption").first).to_contain_text("keeps nothing of the past")
    plain_page.click('button[value="z1,5"]')
    assert "at=z1%2C5" in plain_page.url or "at=z1,5" in plain_page.url
    expect(plain_page.locator(".sum")).to_contain_text("−0.5")
    expect(plain_page.locator("#p-step")).to_have_value("5")
    expect(plain_page.locator("#p-W_h")).to_have_value("0")
    plain_page.goto("/demos/gradient-flow")
    expect(plain_page.locator("svg.chart")).to_be_visible()
    assert plain_page.locator(".chart .y text").all_text_contents() == ["0.01", "0.1", "1", "10", "100"]
    expect(plain_page.locator(".plot input")).to_be_hidden()
    plain_page.click("text=The numbers as a table")
    expect(plain_page.locator(".points tbody tr").first).to_contain_text("0.00515")
    plain_page.goto("/demos/layer-shapes/predict?seed=1")
    plain_page.fill("#guess", "1")
    plain_page.get_by_role("button", name="Check").click()
    expect(plain_page.get_by_role("heading", name=re.compile("Not quite"))).to_be_visible()


def test_on_a_phone_the_knobs_wait_at_the_lower_edge(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    visit(page, "/demos/unrolled-rnn")
    expect(page.locator("figure svg").first).to_be_in_viewport()
    page.locator("#knobs summary").click()
    page.get_by_role("slider", name="Units").press("ArrowRight")
    page.wait_for_url(re.compile("units=2"))
    expect(page.locator("#knobs")).to_be_in_viewport()


def test_steps_can_be_played_and_paused(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    stop_clock(page)
    page.get_by_role("button", name="Play the steps").click()
    expect(page.locator("#announcer")).to_have_text("Playing one step per second.")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    for step in (4, 5):
        page.clock.run_for(1000)
        page.wait_for_url(re.compile(f"step={step}$"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#announcer")).to_have_text("Paused at t = 5.")
    page.clock.run_for(5000)
    expect(page.locator(".trace thead th.now")).to_have_text("t = 5")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def test_a_second_state_stays_while_the_first_moves(page: Page) -> None:
    visit(page, "/demos/gradient-flow?gain=0.9")
    page.get_by_role("link", name="Compare with this").click()
    page.wait_for_selector("html.live #knobs[data-htmx-powered]")
    page.fill("#p-gain", "1.1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"gain=1\.1&.*&compare=.*gain%3D0\.9"))
    expect(page.locator(".pair figcaption").first).to_contain_text("117.39")
    expect(page.locator(".pair section").last.locator("figcaption").first).to_contain_text("0.00515")
    expect(page.locator(".differing td")).to_have_text(["1.1", "0.9"])
    page.reload()
    expect(page.locator(".differing td")).to_have_text(["1.1", "0.9"])


def test_the_table_of_a_curve_stays_open_while_a_slider_moves(page: Page) -> None:
    visit(page, "/demos/gradient-flow")
    page.locator("recur-slider[for=p-gain] input").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"gain=0\.95"))
    page.click("text=The numbers as a table")
    expect(page.locator(".points tbody tr").first).to_contain_text("0.0769")
    page.locator("recur-slider[for=p-gain] input").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".points tbody tr").first).to_contain_text("1")
    expect(page.locator(".points tbody tr")).to_have_count(51)


def test_on_a_phone_the_chosen_part_of_a_wide_figure_is_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    visit(page, "/demos/sequence-shapes?output=3")
    in_its_box = """(part) => {
      const [box, its] = [part.closest('.scroll').getBoundingClientRect(), part.getBoundingClientRect()];
      return its.left >= box.left && its.right <= box.right;
    }"""
    assert page.locator("svg g.lit").last.evaluate(in_its_box)
    cell = page.locator(".trace [aria-current]")
    assert cell.evaluate(in_its_box)
    page.evaluate("document.querySelector('table.trace').closest('.scroll').scrollLeft = 0")
    page.locator("#knobs summary").click()
    page.get_by_role("slider", name="Input weight").press("ArrowRight")
    page.wait_for_url(re.compile(r"W_x=0\.55"))
    assert not cell.evaluate(in_its_box), "what was scrolled away by hand must not jump back"
    page.locator("#knobs summary").click()
    page.locator("body").press("ArrowLeft")
    page.wait_for_url(re.compile("output=2|at="))
    assert cell.evaluate(in_its_box)


@pytest.mark.parametrize(
    ("state", "axis"),
    [
        ("gradient-flow?cell=rnn&steps=200&gain=2&phi=linear", "1 10²⁰ 10⁴⁰ 10⁶⁰"),
        ("gradient-flow?cell=rnn&steps=3&gain=0.95&beside=0", "0.9 0.95 1"),
        ("gradient-flow?cell=rnn&steps=10&gain=0.8&beside=0", "0.2 0.5 1"),
        ("gradient-flow?cell=rnn&steps=9&gain=1&beside=0", "0.1 1 10"),
    ],
)
def test_every_tick_of_a_log_axis_has_its_number(page: Page, state: str, axis: str) -> None:
    visit(page, f"/demos/{state}")
    assert page.locator(".chart .y text").all_text_contents() == axis.split()


def test_enter_in_a_field_beneath_a_card_computes_and_chooses_no_number(page: Page) -> None:
    open_beneath_a_card(page)
    page.locator("#demo-slot .knobs summary").click()
    chosen = page.locator("#demo-slot .trace [aria-current]").get_attribute("value")
    page.fill("#p-gain", "1.1")
    page.press("#p-gain", "Enter")
    expect(page.locator("#demo-slot figcaption").first).to_contain_text("117.39")
    page.press("#p-gain", "Enter")
    page.wait_for_load_state("networkidle")
    assert page.locator("#demo-slot .trace [aria-current]").get_attribute("value") == chosen


def test_the_heads_of_a_wide_table_stay_with_its_rows(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    visit(page, "/demos/bptt?step=6")
    box = page.locator("table.trace").locator("..").bounding_box()
    assert box
    assert page.locator("table.trace").evaluate("(table) => table.parentElement.scrollLeft") > 0
    for head in (page.locator(".trace .group span").first, page.locator(".trace tbody th[scope=row]").first):
        where = head.bounding_box()
        assert where
        assert where["x"] >= box["x"]
    corner = page.locator(".trace thead td").bounding_box()
    assert corner
    assert corner["x"] == box["x"], "a column's head must not stand above the names of the rows"


def test_a_diagram_grows_with_the_text(page: Page) -> None:
    visit(page, "/demos/lstm-gates")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    picture = page.locator("figure.diagram svg")
    label = picture.evaluate("(svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * 13")
    assert label >= 20, "twice as large as the least that can be read"


def test_a_tour_goes_by_space_alone_and_back_by_the_browser(page: Page) -> None:
    visit(page, "/demos/lstm-gates")
    page.get_by_role("button", name="Take the tour").press("Space")
    for step in range(1, 6):
        expect(page.locator(".tour")).to_contain_text(f"Tour, step {step} of 5")
        assert address(page) == f"tour={step}"
        page.wait_for_load_state()  # its numbers may come after its words
        says = page.locator("#tour-says").inner_text()
        numbers = set(re.findall(r"0\.\d{4}", says))
        assert numbers <= set(re.findall(r"0\.\d{4}", page.locator("#results").inner_text()))
        # The browser gives the focus when it draws, which may be after the words are there.
        expect(page.get_by_role("button", name="Next" if step < 5 else "Finish", exact=True)).to_be_focused()
        page.keyboard.press("Space")
    expect(page.locator(".tour")).to_have_count(0)
    page.go_back()
    expect(page.locator(".tour")).to_contain_text("Tour, step 5 of 5")


def test_a_state_moved_within_a_tour_is_still_in_the_tour(page: Page) -> None:
    visit(page, "/demos/lstm-gates?tour=2")
    page.locator("recur-slider[for=p-forget_bias] input").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"forget_bias=3\.25.*&tour=2"))
    page.reload()
    expect(page.locator(".tour")).to_contain_text("Tour, step 2 of 5")
    expect(page.locator("#p-forget_bias")).to_have_value("3.25")


@pytest.mark.parametrize("name", ["gru-gates", "mlp-cnn-rnn", "layer-shapes"])
def test_a_reload_and_back_lead_to_where_one_was(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, f"/demos/{name}")
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, document.body.scrollHeight - innerHeight - 60)")
    there = page.evaluate("scrollY")
    page.reload(wait_until="networkidle")
    page.wait_for_function("there => Math.abs(scrollY - there) < 2", arg=there)
    page.goto("/topics")
    expect(page.locator("html")).to_have_css("overflow-anchor", "auto")
    page.go_back(wait_until="networkidle")
    expect(page.locator("html")).to_have_css("overflow-anchor", "auto")
    page.wait_for_function("there => Math.abs(scrollY - there) < 2", arg=there)


HEAT = """() => {
  const drawn = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    drawn.fillStyle = colour;
    drawn.fillRect(0, 0, 1, 1);
    const parts = [...drawn.getImageData(0, 0, 1, 1).data].slice(0, 3).map((byte) => byte / 255);
    const [red, green, blue] = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const cell = document.querySelector(".trace td[data-heat]");
  return [...Array(19).keys()].map((place) => {
    cell.dataset.heat = place - 9;
    const { backgroundColor, color } = getComputedStyle(cell.firstElementChild);
    return [light(backgroundColor), light(color)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_heat_can_be_seen_and_numbers_read_on_it(page: Page, scheme: Literal["light", "dark"]) -> None:
    """By WCAG's contrast: 4.5 for text, and for the strongest colours as much in the dark as in the light."""

    def contrast(one: float, other: float) -> float:
        return (max(one, other) + 0.05) / (min(one, other) + 0.05)

    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/demos/unrolled-rnn")
    shades = page.evaluate(HEAT)
    assert min(contrast(*shade) for shade in shades) >= 4.5
    cells = [shade[0] for shade in shades]
    assert min(contrast(cells[0], cells[9]), contrast(cells[-1], cells[9])) >= 2.5
    assert min(map(contrast, cells, cells[1:])) >= 1.08


def test_the_heaviest_curve_weighs_at_most_150_kilobytes_and_does_not_jump(chromium: Browser, server: Server) -> None:
    """On a phone, with an empty cache: what the network carried, by Chromium's own count."""
    with chromium.new_context(base_url=server.url, viewport={"width": 390, "height": 844}) as context:
        page, _ = watched(context, server)
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        carried: list[int] = []
        network.on("Network.loadingFinished", lambda told: carried.append(told["encodedDataLength"]))
        page.goto("/demos/gradient-flow", wait_until="networkidle")
        page.evaluate(SHIFTS)
        page.wait_for_timeout(100)
        assert sum(carried) <= 150_000
        assert page.evaluate("window.shifted ?? 0") <= MOST_SHIFT
