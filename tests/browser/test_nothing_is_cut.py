"""On every card, topic and demo, at four widths: what is wider than its box shows an edge that says so."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from app.demos.registry import all_demos
from app.settings import ROOT
from app.tables import CARD
from tests.browser.conftest import Server, server_to_look_at
from tests.examples import share_of

server = server_to_look_at

WIDTHS = (375, 390, 768, 1280)
TOPICS = sorted(path.stem for path in (ROOT / "content" / "rnn").glob("*.md"))
CUT = """
() => {
  const found = [], wide = document.documentElement.scrollWidth - innerWidth
  if (wide > 0) found.push(`the page is ${wide} px too wide`)
  const length = (style, name) => parseFloat(style.getPropertyValue(name)) || 0
  for (const box of document.querySelectorAll("main *")) {
    const style = getComputedStyle(box)
    if (box instanceof SVGElement || style.overflowX === "visible" || box.clientWidth < 2 || !box.offsetHeight) continue
    const inside = box.scrollWidth - box.clientWidth
    if (inside <= 1 || style.textOverflow === "ellipsis" || box.matches("input, textarea, select")) continue
    const at = Math.abs(box.scrollLeft), name = `${box.localName}.${box.className} (${inside} px)`
    const stays = box.querySelector("tbody th[scope=row]")
    if (style.maskImage === "none") found.push(`${name} has no edge`)
    else if (at < inside - 1 && length(style, "--after") <= 0) found.push(`${name} ends without a sign`)
    else if (at > inside * .05 && !stays && length(style, "--before") <= 0) found.push(`${name} begins without a sign`)
  }
  for (const svg of document.querySelectorAll(".diagram svg[viewBox], .miniature svg[viewBox]")) {
    const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal
    const scale = Math.min(box.width / view.width, box.height / view.height)
    const sizes = [...svg.querySelectorAll("text")].map((label) => scale * length(getComputedStyle(label), "font-size"))
    if (box.width && Math.min(...sizes) < 10) found.push(`a label is ${Math.min(...sizes).toFixed(1)} px high`)
    const outer = svg.parentElement.getBoundingClientRect()
    if (box.left < outer.left - 1 && !svg.parentElement.scrollLeft) found.push("a diagram begins left of its box")
  }
  return found
}
"""


def addresses(server: Server) -> list[str]:
    with server.database.read() as session:
        cards = sorted(session.execute(select(CARD.c.name)).scalars())
    demos = [f"/demos/{name}" for name in all_demos()]
    return ["/demos", *demos, *[f"/topics/rnn/{name}" for name in TOPICS], *[f"/cards/rnn/{name}" for name in cards]]


@pytest.mark.proof
@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_wider_than_its_box_shows_its_edge(chromium: Browser, server: Server, width: int) -> None:
    every = addresses(server)
    chosen = every[WIDTHS.index(width) :: max(1, len(every) // share_of(8))]
    with chromium.new_context(base_url=server.url, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        assert {address: cut for address in chosen if (cut := cut_on(page, address))} == {}


@pytest.mark.parametrize("address", ["/demos/lstm-gates", "/demos/unrolled-rnn", "/demos/attention", "/demos"])
@pytest.mark.parametrize("width", [375, 390])
def test_a_phone_shows_a_diagram_whole(chromium: Browser, server: Server, address: str, width: int) -> None:
    with chromium.new_context(base_url=server.url, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        assert cut_on(page, address) == []
        inside = page.locator(".diagram .scroll").evaluate_all(
            "all => all.map(one => one.scrollWidth - one.clientWidth)"
        )
        assert inside in ([], [0])


def test_the_labels_of_a_high_diagram_are_legible(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        for query in ("layer=dense&units=4096&features=4096&outputs=64", "framework=pytorch&bidirectional=1&outputs=7"):
            assert cut_on(page, f"/demos/layer-shapes?layers=6&return_sequences=0&{query}") == []


def test_a_phone_shows_numbers_of_five_characters_and_the_way_out_of_a_refusal(
    chromium: Browser, server: Server
) -> None:
    with chromium.new_context(base_url=server.url, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto("/demos/unrolled-rnn?W_h=-0.85&W_x=-0.05")
        fields = page.locator(".knobs .main input:not([type])")
        assert fields.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)") == [0, 0]
        page.goto("/demos/beam-search?next=-1,-1;-1,1")
        way_out = page.locator(".bad .button")
        assert way_out.evaluate("""(one) => { const { left, bottom } = one.getBoundingClientRect()
            return one.contains(document.elementFromPoint(left + 9, bottom - 4)) }""")


def test_the_presets_of_a_training_stand_in_one_row(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url) as context:
        page = context.new_page()
        for width in (1024, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto("/demos/training-symptoms")
            tops = page.locator(".presets a").evaluate_all("all => all.map(one => one.offsetTop)")
            assert len(tops) == 5
            assert len(set(tops)) == 1


def test_close_letters_are_legible_at_the_smallest_scale(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, viewport={"width": 375, "height": 844}) as context:
        page = context.new_page()
        assert cut_on(page, f"/demos/bptt?x={','.join(['-10'] * 12)}") == []
        assert page.locator(".diagram .tight").count()


def test_a_box_without_its_edge_is_found(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, viewport={"width": 375, "height": 844}) as context:
        page = context.new_page()
        page.goto("/demos/lstm-gates")
        page.evaluate("document.styleSheets[0].insertRule('.scroll { mask: none !important }')")
        assert any("has no edge" in one for one in page.evaluate(CUT))


def cut_on(page: Page, address: str) -> Any:
    response = page.goto(address)
    assert response
    assert response.ok, address
    for fold in page.locator("main details").all():
        fold.evaluate("one => one.open = true")
    found = page.evaluate(CUT)
    if found:  # an edge follows the scroll a frame later, on a busy machine more than one
        page.wait_for_timeout(400)
        found = page.evaluate(CUT)
    return found


PARTED = """
() => [...document.querySelectorAll('main math:not([display="block"])')].flatMap((math) => {
  const box = math.getBoundingClientRect(), words = document.createTreeWalker(document.querySelector("main"), 4)
  if (!box.width) return []
  words.currentNode = [...math.querySelectorAll("*")].at(-1)
  let next = words.nextNode()
  while (next && math.contains(next)) next = words.nextNode()
  if (!next || !/^[,.;:!?)\\]…’”]/.test(next.data) || !next.parentElement.checkVisibility()) return []
  const range = document.createRange()
  range.setStart(next, 0)
  range.setEnd(next, 1)
  const mark = range.getBoundingClientRect(), middle = (mark.top + mark.bottom) / 2
  return [middle > box.top - 4 && middle < box.bottom + 4 ? "" : math.textContent + next.data.slice(0, 9)]
})
"""


def test_no_line_begins_with_the_punctuation_after_a_formula(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/topics/rnn/lstm-and-gru")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        tried = 0
        for width in range(320, 720, 16):
            page.set_viewport_size({"width": width, "height": 900})
            parted = page.evaluate(PARTED)
            tried += len(parted)
            assert not any(parted), (width, parted)
        assert tried > 100
