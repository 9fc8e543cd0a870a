"""Every page, in a real browser: accessible in light and dark, whole at 360 px, silent in the console."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from app.demos.registry import all_demos
from app.settings import ROOT
from tests.browser.conftest import Server, serving_copy, study_for_weeks, watched
from tests.examples import some

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
PAGES = {
    "today": "/",
    "question": "/review",
    "topics": "/topics",
    "quiz": "/quiz",
    "topic": "/topics/rnn/vanishing-and-exploding-gradients",
    "card": "/cards/rnn/vanishing-why",
    "card with long formulas": "/cards/rnn/attention",
    "card with a table of formulas": "/cards/rnn/one-neuron-by-hand",
    "card with a formula in its question": "/cards/rnn/recurrence-formula",
    "sitting ahead": "/review?deck=rnn&topic=lstm-and-gru&level=hard&mode=cram",
    "sitting without a card": "/review?deck=rnn&tag=none",
    "statistics": "/stats?period=year",
    "statistics of days": "/stats?period=30",
    "statistics, nothing yet": "/stats?period=all",
    "browse": "/browse",
    "browse, filtered": "/browse?q=vanish+grad&state=new&sort=recall",
    "browse, nothing found": "/browse?q=elephant",
    "demos": "/demos",
    "unrolled-rnn": "/demos/unrolled-rnn",
    "unrolled-rnn, four units": "/demos/unrolled-rnn?units=4&W_x=0.5,1,-1,0.2&W_h=0.1&b=0,0,0,0&W_o=1,1,1,1",
    "gradient-flow": "/demos/gradient-flow",
    "gradient-flow, lstm": "/demos/gradient-flow?cell=lstm&steps=200",
    "layer-shapes": "/demos/layer-shapes",
    "layer-shapes in PyTorch": "/demos/layer-shapes?framework=pytorch&layer=lstm&layers=3&bidirectional=1&outputs=1",
    "gru-gates, two units": "/demos/gru-gates?framework=pytorch&units=2&reset_after=1&W_o=0,0,1.5&reset_bias=-2,2",
    "attention": "/demos/attention",
    "beam-search": "/demos/beam-search?width=4&steps=4&first=0.4,0.5,0.1&next=0,1,0;0,0.4,0.6;0.5,0.4,0.1",
    "self-attention": "/demos/self-attention?length=16&causal=1",
    "encoder-decoder": "/demos/encoder-decoder",
    "bigram-or-rnn": "/demos/bigram-or-rnn?w=0.9&words=10",
    "text-generation": "/demos/text-generation?length=60",
    "simple-rnn-options": "/demos/simple-rnn-options?units=4&calls=3&return_sequences=1&go_backwards=1",
    "bidirectional": "/demos/bidirectional?x=1,2,3,4,5,6,7,8,9,8,7,6",
    "padding-and-masking": "/demos/padding-and-masking?batch=1,2,3;2,0,1,-1,1;1;1,1,1,1,1,1,1,1,1,1,1,1",
    "sequence-shapes": "/demos/sequence-shapes",
    "stacked-rnn": "/demos/stacked-rnn?layers=4&units=3",
    "stateful-or-stateless": "/demos/stateful-or-stateless?period=24",
    "order-matters": "/demos/order-matters?sentence=plot",
    "recursive-tree": "/demos/recursive-tree",
    "lstm-gates": "/demos/lstm-gates?x=1,0,0,0,0,2,0,0,-1,0,0,3&step=12",
    "gru-gates": "/demos/gru-gates?x=1,0,0,0,0,2,0,0,-1,0,0,3&convention=renews",
    "bptt": "/demos/bptt?x=1,1,1,1,1,1,1,1,1,1,1,1&loss=all&k=3",
    "gradient-clipping": "/demos/gradient-clipping?g=1,2,3,4,5,6,7,8,9,-9,-8,-7&by=value",
    "activations": "/demos/activations?phi=relu&z=-1&w=2&depth=50",
    "initialisation": "/demos/initialisation?scheme=he&phi=relu",
    "layer-norm-and-dropout": "/demos/layer-norm-and-dropout?sums=1,2,3,4,5,6,7,8,9,-9,-8,-7",
    "forgetting-curve": "/demos/forgetting-curve?ratings=4,3,1,4,5,4,2,4,4,4,4,4&days=30",
    "receptive-field": "/demos/receptive-field?layers=16&doubling=0",
    "positional-invariance": "/demos/positional-invariance?length=20&stride=3&position=14",
    "mlp-cnn-rnn": "/demos/mlp-cnn-rnn?series=walk",
    "glimpse-sensor": "/demos/glimpse-sensor?size=8&scales=4&looks=8",
    "drift-monitor": "/demos/drift-monitor?shift=inputs&late=20",
    "transfer-learning": "/demos/transfer-learning?examples=9",
    "two states": "/demos/gradient-flow?gain=0.9&compare=gain%3D1.1%26phi%3Dlinear",
    "training-symptoms": "/demos/training-symptoms",
    "long-memory": "/demos/long-memory?updates=40",
    "searched demos": "/demos?q=gates",
    "docs": "/docs",
    "predict": "/demos/unrolled-rnn/predict?seed=1",
    "predict, judged": "/demos/layer-shapes/predict?seed=3&guess=600",
    "drill": "/drill?topic=lstm-and-gru,decoding",
    "drill, typed": "/drill/run?seed=5&by=typed&log=rr0w&ends=4000000000",
    "drill, a shape": "/drill/run?ask=shape-of-an-output&seed=7&by=typed",
    "drill, of four": "/drill/run?seed=5&by=four&log=rr0",
    "drill, judged": "/drill/run?ask=lstm-from-sums&seed=5&by=typed&answer=0.3",
    "drill, over": "/drill/run?seed=5&by=typed&log=rr0w1s2&over=1",
    "practice": "/practice?ask=lstm-from-sums&seed=3",
    "practice, judged": "/practice?ask=lstm-from-sums&seed=3&guess=0.3",
    "content": "/content",
    "topic's preview": "/content/rnn/vanishing-and-exploding-gradients",
    "card's preview": "/content/rnn/vanishing-and-exploding-gradients?card=vanishing-why",
    "editor": "/content/rnn/vanishing-and-exploding-gradients/edit",
    "versions": "/cards/rnn/vanishing-why/versions",
    "sources": "/sources#theory-14",
    "settings": "/settings",
    "learners": "/learners",
    "privacy": "/privacy",
    "deleting a learner": "/learners/1/delete",
    "not here": "/cards/rnn/vanishing-wy",
    "bad parameter": "/demos/gradient-flow?steps=100000",
}


GROUPS: list[list[str]] = [list(PAGES)[n::20] for n in range(20)]
"""All pages, apart from each other in the list, of which `make test` draws one in each group and `make proof` all."""
STUDIED = ("statistics", "statistics of days")
"""The pages that are looked at after some weeks of study; all others as on the first day."""


@pytest.fixture(scope="module")
def servers(loaded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A server on its first day and one after some weeks of study, for all tests here that only look."""
    folders = [tmp_path_factory.mktemp(name) for name in ("fresh", "studied")]
    with serving_copy(loaded_database, folders[0]) as fresh, serving_copy(loaded_database, folders[1]) as studied:
        study_for_weeks(studied.database, studied.clock())
        yield fresh, studied


@pytest.fixture(scope="module")
def scripted(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser for all pages, which fetches what they share once."""
    with chromium.new_context(bypass_csp=True, service_workers="block") as context:
        yield context


@pytest.fixture(scope="module")
def unscripted(chromium: Browser) -> Iterator[Page]:
    """One page for all, without scripts of pages; the tests' own run."""
    with chromium.new_context() as context:
        context.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        yield context.new_page()


def violations(page: Page) -> list[str]:
    """What axe finds, a line each, with the elements it finds it on."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run({ resultTypes: ['violations'] }).then((found) => found.violations)"
    )
    told = {v["id"]: [node["html"] for node in v["nodes"]] for v in found}
    # axe takes a formula for no text, and so the head of a column that is one for empty; readers of MathML read it.
    told.pop("empty-table-header", None)
    targets = [node["target"][0] for v in found if v["id"] == "empty-table-header" for node in v["nodes"]]
    heads = [target for target in targets if "<math" not in page.locator(target).first.inner_html()]
    told |= {"empty-table-header": heads} if heads else {}
    return [f"{rule}: {[html[:120] for html in nodes[:3]]}" for rule, nodes in told.items()]


def sideways(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


TYPEWRITTEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    const isCode = parentElement.closest("code, pre, kbd, textarea, script, style, math, .said");
    if (/['"]|--/.test(data) && !isCode) found.push(data);
  }
  return found;
}"""

RAW_LATEX = r"""() => {
  const nodes = document.createTreeWalker(document, NodeFilter.SHOW_TEXT), texts = [];
  while (nodes.nextNode()) {
    const shown = nodes.currentNode.parentElement;
    if (!shown.closest("code, pre, textarea, script, style, annotation, .said")) texts.push(nodes.currentNode.data);
  }
  for (const one of document.querySelectorAll("[title], [aria-label], [content], [placeholder]"))
    texts.push(one.title, one.ariaLabel ?? "", one.content ?? "", one.placeholder ?? "");
  return texts.filter((text) => /\\\(|\$|\\[a-z]{2,}|[_^]\{/.test(text));
}"""
"""What a reader sees or hears of a formula as it is written. The versions of a card's text show it so on purpose."""


VIEWS = ((1280, "light", 100), (360, "dark", 100), (640, "light", 200))
"""Width in pixels, scheme, and text size in per cent."""


def look(page: Page, width: int, scheme: Any, text: int) -> None:
    """See the page that is open in another way."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")


def looks_good(page: Page, name: str) -> None:
    """It is accessible and nothing scrolls sideways, however one looks at it; `make test` draws one view for axe."""
    examined = some(VIEWS, 1)
    for view in VIEWS:
        look(page, *view)
        assert view not in examined or violations(page) == [], (name, view)
        assert sideways(page) == 0, (name, view)


@pytest.mark.proof
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_wide_and_narrow_light_and_dark_at_200_percent_axe_finds_nothing_and_nothing_scrolls_sideways(
    scripted: BrowserContext, servers: tuple[Server, Server], names: list[str]
) -> None:
    for name in some(names, 1):
        looked_at = servers[name in STUDIED]
        page, troubles = watched(scripted, looked_at)
        page.goto(looked_at.url + PAGES[name], wait_until="networkidle")
        assert page.evaluate(TYPEWRITTEN) == [], name
        assert page.evaluate(RAW_LATEX) == [], name
        looks_good(page, name)
        if name not in ("not here", "bad parameter"):
            assert troubles == [], name
        page.close()


@pytest.mark.proof
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_without_a_script_nothing_scrolls_sideways(
    unscripted: Page, servers: tuple[Server, Server], names: list[str]
) -> None:
    for name in some(names, 1):
        unscripted.goto(servers[name in STUDIED].url + PAGES[name])
        for view in VIEWS[1:]:
            look(unscripted, *view)
            assert sideways(unscripted) == 0, (name, view)


def test_every_demo_is_among_the_pages() -> None:
    shown = {path.split("?")[0].removeprefix("/demos/") for path in PAGES.values()}
    assert set(all_demos()) <= shown


def test_the_sitting_is_accessible_revealed_and_over(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, bypass_csp=True) as context:
        page, troubles = watched(context, server)
        page.goto("/review")
        page.get_by_role("button", name="Show the answer").click()
        page.get_by_role("button", name="4 Well").wait_for()
        looks_good(page, "an answer")
        assert troubles == []


PRINTED = """() => {
  const shown = (one) => one.checkVisibility() && getComputedStyle(one).visibility === "visible";
  const pressed = [...document.querySelectorAll("button, .button, input, kbd")].filter((one) => !one.closest(".trace"));
  const heat = document.querySelector(".trace [data-heat]");
  return {
    pressed: pressed.filter(shown).map((one) => one.outerHTML.slice(0, 80)),
    paper: getComputedStyle(document.body).backgroundColor,
    heat: heat && getComputedStyle(heat).printColorAdjust,
  };
}"""


@pytest.mark.parametrize(
    "path", ["/cards/rnn/vanishing-why", "/demos/lstm-gates", "/topics/rnn/lstm-and-gru", "/browse", "/"]
)
def test_on_paper_there_is_nothing_to_press_and_heat_is_printed(page: Page, path: str) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(path)
    assert page.locator("main a:visible").count() > 2
    printed = page.evaluate(PRINTED)
    assert printed["pressed"] == []
    assert printed["paper"] == "rgb(255, 255, 255)"
    assert printed["heat"] in (None, "exact")
