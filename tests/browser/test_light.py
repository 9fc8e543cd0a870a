"""A number's operands light up together, and values travel along edges while the steps play."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, server_to_look_at
from tests.browser.demo_pages import open_beneath_a_card, visit

server = server_to_look_at

DOTS = """() => {
  window.dots = 0;
  new MutationObserver((all) => {
    for (const { addedNodes } of all) for (const one of addedNodes) if (one.classList?.contains("value")) dots += 1;
  }).observe(document.getElementById("results"), { childList: true, subtree: true });
}"""


def lit(page: Page, selector: str, name: str) -> list[str]:
    found = page.locator(f"#results {selector}.operand").evaluate_all(f"(all) => all.map((one) => one.{name})")
    return sorted(set(found))


def operands(page: Page) -> None:
    """Of the state at step 3: its input and the state before, in the table, the figure and the formula."""
    assert lit(page, ".trace button", "value") == ["h1,2", "x,3"]
    assert lit(page, "svg g[data-at]", "dataset.at") == ["h1,2", "x,3"]
    expect(page.locator(".knob.operand label").first).to_contain_text("W")
    assert page.locator(".knob.operand").count() == 3
    assert lit(page, ".sum mn", "dataset.from") == ["W_h", "W_x", "b", "h1,2", "x,3"]


def test_hovering_or_focusing_a_number_lights_what_it_comes_from(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn?step=3&at=z1")
    cell = page.locator('button[value="z1,3"]')
    cell.hover()
    operands(page)
    page.mouse.move(3, 3)
    expect(page.locator(".operand")).to_have_count(0)
    cell.focus()
    operands(page)
    page.locator('svg g[data-at="h1,3"]').hover()
    assert lit(page, ".trace button", "value") == ["h1,2", "x,3", "z1,3"]
    assert lit(page, "svg g[data-at]", "dataset.at") == ["h1,2", "x,3"]
    assert lit(page, "svg .edge", "dataset.ends") == ["h1,2 h1,3", "x,3 h1,3"]
    page.locator('.sum mn[data-from="h1,2"]').hover()
    expect(page.locator('button[value="h1,2"]')).to_have_class(re.compile("origin"))
    expect(page.locator('svg g[data-at="h1,2"]')).to_have_class(re.compile("origin"))


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
@pytest.mark.parametrize("name", ["unrolled-rnn", "lstm-gates"])
def test_values_travel_along_edges_unless_motion_is_reduced(page: Page, name: str, motion: str) -> None:
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    visit(page, f"/demos/{name}?step=2")
    page.evaluate(DOTS)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("step=3"))
    expect(page.locator(".trace thead th.now")).to_have_text("t = 3")
    assert (page.evaluate("dots") > 0) == (motion == "no-preference")
    expect(page.locator("svg .value")).to_have_count(0)


def test_a_slider_is_named_once(page: Page) -> None:
    visit(page, "/demos/unrolled-rnn")
    names = page.locator("recur-slider input").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
    assert "Recurrent weights W h" in names
    assert not [name for name in names if re.search(r"[\\\\{}]|(\\w+) \\1\\b", name)]


def test_a_knob_beneath_a_card_moves_a_curve_in_sight_and_never_covers_the_ratings(page: Page, server: Server) -> None:
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        open_beneath_a_card(page)
        slider = page.get_by_role("slider", name="Gain σ 1(W h)", exact=True)
        slider.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#demo-slot figcaption").first).to_contain_text("0.0769")
        expect(slider).to_be_in_viewport()
        expect(page.locator("#demo-slot .chart").first).to_be_in_viewport(ratio=0.9)
        for step in range(12):
            page.evaluate(f"scrollTo(0, {step * 160})")
            covered = page.locator("form.rating .rate button").evaluate_all(
                """(all) => all.filter((one) => {
                  const { left, top, width, height, bottom } = one.getBoundingClientRect();
                  if (top < 0 || bottom > innerHeight) return false;
                  return !one.contains(document.elementFromPoint(left + width / 2, top + height / 2));
                }).length"""
            )
            assert covered == 0


def test_on_a_phone_a_knob_moves_what_is_in_sight_and_covers_no_room(page: Page) -> None:
    for width, height in ((390, 844), (375, 667)):
        page.set_viewport_size({"width": width, "height": height})
        visit(page, "/demos/gradient-flow")
        page.evaluate("scrollTo(0, 900)")
        slider = page.get_by_role("slider", name="Gain σ 1(W h)", exact=True)
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url(re.compile(r"gain=0\.95"))
        expect(page.locator(".chart").first).to_be_in_viewport(ratio=0.99)
        expect(slider).to_be_in_viewport(ratio=1)
        assert page.evaluate(
            """() => {
              const curve = document.querySelector(".chart").getBoundingClientRect();
              const tab = document.querySelector(".tabs a").getBoundingClientRect();
              const at = (box) => document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
              const panel = document.getElementById("knobs").getBoundingClientRect();
              return curve.bottom <= panel.top && Boolean(at(tab).closest(".tabs"));
            }"""
        )


def test_a_row_of_weights_is_lit_with_its_scores_and_a_context_with_its_weights(page: Page) -> None:
    visit(page, "/demos/attention?output=2")
    page.locator('button[value="a2,1"]').hover()
    assert lit(page, ".trace button", "value") == ["e,1", "e,2", "e,3"]
    page.locator('svg g[data-at="c2,1"]').hover()
    assert lit(page, ".trace button", "value") == ["a2,1", "a2,2", "a2,3"]
    assert lit(page, "svg g[data-at]", "dataset.at") == ["a2,1", "a2,2", "a2,3"]
    expect(page.locator(".knob.operand #p-values")).to_have_count(1)
    page.locator('button[value="e,3"]').hover()
    expect(page.locator(".knob.operand :is(#p-queries, #p-keys)")).to_have_count(2)
