"""Every formula of the corpus as Chromium draws it with the project's own font: boxes and pixels, not characters."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page

from app.cards.render.maths import mathml
from app.settings import ROOT
from app.web.frame.assets import LIBRARIES
from tests.cards.render.formulas import DRAWN, MACROS

# A character above U+FFFF in the style of a formula is drawn for each letter of <mi>; these are its plain forms.
_ITALIC = {
    **{chr(0x1D434 + at): chr(65 + at) for at in range(26)},
    **{chr(0x1D44E + at): chr(97 + at) for at in range(26)},
    **{chr(0x1D6FC + at): chr(0x3B1 + at) for at in range(25)},
    **dict(zip("ℎ𝜕𝜖𝜗𝜘𝜙𝜚𝜛", "h∂ϵϑϰϕϱϖ", strict=True)),
}
_PLAIN = str.maketrans(_ITALIC)
_BOXES = """
math => {
  const tree = element => {
    const box = element.getBoundingClientRect(), style = getComputedStyle(element)
    return {tag: element.localName, text: element.children.length ? "" : element.textContent, x: box.x, y: box.y,
            width: box.width, height: box.height, stretchy: element.getAttribute("stretchy"),
            rules: ["Top", "Left", "Right"].filter(side => parseFloat(style[`border${side}Width`]) > 0).length,
            paints: style.backgroundImage !== "none", frame: parseFloat(style.borderBottomWidth) > 0,
            inner: [...element.children].filter(child => child.localName !== "annotation").map(tree)}
  }
  return tree(math)
}
"""


@dataclass
class Box:
    """An element of a drawn formula, in pixels."""

    tag: str
    text: str
    x: float
    y: float
    width: float
    height: float
    stretchy: str | None
    rules: int
    paints: bool
    frame: bool
    inner: list["Box"] = field(default_factory=list)

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def every(self, *tags: str) -> Iterator["Box"]:
        """The elements with one of these tags, this one included."""
        if self.tag in tags or not tags:
            yield self
        for box in self.inner:
            yield from box.every(*tags)

    def seen(self) -> str:
        """The characters that a reader sees."""
        if self.tag == "mphantom":
            return ""
        return re.sub("[\u2061-\u2063]", "", self.text) + "".join(box.seen() for box in self.inner)


def box_of(given: dict[str, object]) -> Box:
    inner = [box_of(one) for one in given.pop("inner")]  # type: ignore[attr-defined]
    return Box(**given, inner=inner)  # type: ignore[arg-type]


def marks(drawn: Box, tag: str) -> Iterator[tuple[Box, Box]]:
    """Each base with a mark of one sign above or below it."""
    for box in drawn.every(tag, "munderover"):
        base, *others = box.inner
        for mark in others:
            if mark.tag == "mo" and len(mark.text) == 1:
                yield base, mark


def covers(drawn: Box, tag: str) -> None:
    pairs = list(marks(drawn, tag))
    assert pairs
    for base, mark in pairs:
        assert abs((base.x + base.right) - (mark.x + mark.right)) / 2 < 5, mark


def over(drawn: Box) -> None:
    covers(drawn, "mover")


def under(drawn: Box) -> None:
    covers(drawn, "munder")


def limits(drawn: Box) -> None:
    found = list(drawn.every("munder", "mover", "munderover"))
    assert found
    for box in found:
        base, *others = box.inner
        for at, other in enumerate(others):
            is_below = box.tag != "mover" and at == 0
            assert other.y >= base.y + base.height / 2 if is_below else other.bottom <= base.bottom - base.height / 3
            assert abs((base.x + base.right) - (other.x + other.right)) / 2 < 6, (base, other)


def side(drawn: Box) -> None:
    for box in drawn.every("msub", "msup", "msubsup"):
        base, *others = box.inner
        assert all(other.x >= base.right - base.width / 2 - 1 for other in others)
    for box in drawn.every("munder", "munderover"):  # a sum in a line moves its limits to the side
        assert box.inner[1].x >= box.inner[0].right - 1


_PAIRS = dict(zip("([{⟨⌊⌈|‖", ")]}⟩⌋⌉|‖", strict=True))


def fences(drawn: Box) -> None:
    checked = 0
    for row in drawn.every("mrow"):
        opened: list[Box] = []
        for box in row.every("mo"):
            if box.text in _PAIRS and not (opened and box.text == _PAIRS[opened[-1].text]):
                opened.append(box)
            elif box.text in _PAIRS.values() and opened:
                start = opened.pop()
                if box.text == _PAIRS[start.text] or (box.text in ")]" and start.text in "(["):
                    assert abs(start.height - box.height) < 1, (start, box)
                    checked += 1
    for row in drawn.every("mrow"):
        tallest = max((box.height for box in row.inner if box.tag in ("mfrac", "mtable")), default=0)
        fenced = [box for box in row.inner if box.tag == "mo" and box.text in {*_PAIRS, *_PAIRS.values()}]
        if tallest and fenced and fenced[0].stretchy is None:
            assert fenced[0].height >= 0.85 * tallest
            checked += 1
    assert checked


def rows(drawn: Box, count: str) -> None:
    found = list(drawn.every("mtr"))
    assert len(found) == int(count)
    for table in drawn.every("mtable"):
        for above, below in zip(table.inner, table.inner[1:], strict=False):
            assert below.y >= above.bottom - 1


def aligned(drawn: Box) -> None:
    for table in drawn.every("mtable"):
        relations = [[box.x for box in row.every("mo") if box.text == "="] for row in table.inner]
        columns = list(zip(*relations, strict=False))
        for column in columns[:1] if len(table.inner) > 1 else ():
            assert max(column) - min(column) < 1
    assert list(drawn.every("mtable"))


def rules(drawn: Box, count: str) -> None:
    assert sum(bool(cell.rules) for cell in drawn.every("mtd")) == int(count)


def gaps(drawn: Box) -> list[float]:
    """What lies between each function's name and its argument, in ems of the formula."""
    leaves = [box for box in drawn.every("mi", "mo", "mn", "mtext") if not box.inner]
    found = []
    for name, sign, argument in zip(leaves, leaves[1:], leaves[2:], strict=False):
        if sign.text == "\u2061":
            found.append((argument.x - name.right) / 17)
    assert found
    return found


def tight(drawn: Box) -> None:
    assert max(gaps(drawn)) < 0.12


def spaced(drawn: Box) -> None:
    assert all(0.12 < gap < 0.4 for gap in gaps(drawn) if gap >= 0)


def tall(drawn: Box) -> None:
    assert next(drawn.every("mo")).height > 32


def box(drawn: Box) -> None:
    assert any(one.frame and one.rules == 3 for one in drawn.every("mrow"))


def struck(drawn: Box) -> None:
    assert sum(one.paints for one in drawn.every("mrow")) == 3


def ruled(drawn: Box, count: str) -> None:
    found = [one for one in drawn.every("mrow") if one.frame + one.rules == 1]
    assert len(found) == int(count)
    assert all(one.width <= sum(inner.width for inner in one.inner) + 1 for one in found)


def flat(drawn: Box) -> None:
    """The row that has nothing but the last rule is no taller than the rule."""
    table = next(drawn.every("mtable"))
    assert table.inner[-1].height < 3
    assert abs(table.inner[-1].width - table.inner[0].width) < 1


CHECKS: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (over, under, limits, side, fences, rows, aligned, rules, tight, spaced, tall, box, struck, ruled, flat)
}


@pytest.fixture(scope="module")
def sheet(chromium: Browser) -> Iterator[Page]:
    """All formulas one below another, served with the project's own style sheet and fonts."""
    drawn = "".join(f"<p>{mathml(latex, display=True, macros=MACROS)}</p>" for latex, *_checks in DRAWN)
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.route("http://recur.test/**", lambda route: route.fulfill(**_answer(route.request.url, drawn)))
    page.goto("http://recur.test/static/")
    page.evaluate("document.fonts.ready")
    yield page
    page.close()


def _answer(url: str, drawn: str) -> dict[str, object]:
    name = url.removeprefix("http://recur.test/static/")
    if name in LIBRARIES:
        return {"body": LIBRARIES[name].read_bytes(), "content_type": "font/woff2"}
    if name in ("recur.css", "maths.css"):
        waiting = (ROOT / "static" / name).read_text().replace("font-display: optional", "font-display: block")
        return {"body": waiting, "content_type": "text/css"}
    head = "".join(f'<link rel="stylesheet" href="{one}.css">' for one in ("maths", "recur"))
    return {"body": f'<!doctype html><meta charset="utf-8">{head}{drawn}', "content_type": "text/html"}


def test_every_formula_is_drawn_as_its_author_meant(sheet: Page) -> None:
    wrong = []
    for index, (latex, *checks) in enumerate(DRAWN):
        drawn = box_of(sheet.locator("math").nth(index).evaluate(_BOXES))
        try:
            assert drawn.width > 0
            for check in checks:
                name, *given = check.split(" ")
                if name in CHECKS and check not in _PLAIN_WORDS:
                    CHECKS[name](drawn, *given)
                elif name != "heavy":
                    seen = drawn.seen().replace("\xa0", " ").translate(_PLAIN)
                    assert check.translate(_PLAIN) in seen, seen
        except (AssertionError, TypeError, ValueError) as error:
            wrong.append(f"{latex}: {check}: {str(error)[:300]}")
    assert not wrong, "\n".join(wrong)


_PLAIN_WORDS = ("if ",)


_PIXELS = """
async image => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${image}`)).blob())
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d")
  canvas.drawImage(bitmap, 0, 0)
  const data = canvas.getImageData(0, 0, bitmap.width, bitmap.height).data, rows = []
  for (let at = 0; at < data.length; at += 4 * bitmap.width)
    rows.push([...Array(bitmap.width).keys()].map(x => 255 - data[at + 4 * x]))
  return rows
}
"""


def ink(sheet: Page, latex: str, style: str = "") -> list[list[int]]:
    """How dark each pixel of a formula is, by rows: 0 is white."""
    written = f'<p id="ink">{mathml(latex)}</p><style>#ink {{ background: white }} {style}</style>'
    sheet.evaluate("html => document.body.insertAdjacentHTML('afterbegin', html)", written)
    sheet.evaluate("document.fonts.ready")
    image = sheet.locator("#ink math").screenshot()
    sheet.evaluate("document.querySelectorAll('#ink, #ink + style').forEach(one => one.remove())")
    return sheet.evaluate(_PIXELS, b64encode(image).decode())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("bold", "plain"),
    [
        (r"\mathbf{x}", r"\mathrm{x}"),
        (r"\mathbf WWW", r"\mathrm WWW"),
        (r"\boldsymbol{\theta}", r"\theta"),
        (r"\bm{h}", "h"),
        (r"\textbf{bold}", r"\text{bold}"),
        (r"\mathbf{1}", "1"),
        (r"\boldsymbol{\Sigma}", r"\Sigma"),
    ],
)
def test_bold_letters_are_bold(sheet: Page, bold: str, plain: str) -> None:
    heavy, light = (sum(map(sum, ink(sheet, latex))) for latex in (bold, plain))
    assert heavy > 1.12 * light


_WIDE = (
    *("overline", "underline", "widehat", "widetilde", "overrightarrow", "overleftarrow", "overleftrightarrow"),
    *("overbrace", "underbrace", "overbracket", "underbracket", "xrightarrow", "xleftarrow"),
)


@pytest.mark.parametrize(
    ("command", "letters"), [*((one, "ABCD") for one in _WIDE), ("overline", "a"), ("underline", "a")]
)
def test_a_mark_is_as_wide_as_what_it_covers(sheet: Page, command: str, letters: str) -> None:
    """By pixels: the columns that the mark alone darkens, against those of the letters."""
    latex = rf"\{command}{{{letters}}}"
    mark = ink(sheet, latex, "#ink mi { visibility: hidden }")
    covered = ink(sheet, latex, "#ink mo { visibility: hidden } #ink mrow { border-color: transparent }")
    extents = []
    for rows in (mark, covered):
        dark = [x for x, column in enumerate(zip(*rows, strict=True)) if max(column) > 60]
        extents.append(dark[-1] - dark[0])
    assert 0.85 < extents[0] / extents[1] < (1.6 if command.startswith("x") else 1.2), extents
