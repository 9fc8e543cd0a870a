"""The page of a sitting: what is in reach and in view at every size, and a reveal that needs no server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from app.cards.load.load import load
from app.database import Database
from app.models import Card, Learner, Review
from app.settings import Settings
from tests.browser.conftest import Server, serving, watched
from tests.examples import share_of

SIZES = {"375": (375, 553), "390": (390, 844), "768": (768, 1024), "1280": (1280, 900), "1920": (1920, 1080)}
CONTROLS = "a[href]:not(.skip), button, input:not([type=hidden]), select, textarea, summary"

IN_VIEW = """() => [...document.querySelectorAll('.rate button')].map(button => {
  const { left, right, top, bottom, x, y, width, height } = button.getBoundingClientRect();
  const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  return inside && button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
})"""
ROOM = """() => document.querySelector('.bar').getBoundingClientRect().top
  - document.querySelector('.lead-in').getBoundingClientRect().top"""
HIDDEN_CONTROLS = """controls => [...document.querySelectorAll(controls)].flatMap(one => {
  const folded = one.closest('details:not([open])');
  if (getComputedStyle(one).pointerEvents === 'none') return []; // it is for the keyboard, over what is for the hand
  if (!one.checkVisibility() || one.closest('dialog') || (folded && !one.closest('summary'))) return [];
  one.scrollIntoView({ block: 'nearest', inline: 'center', behavior: 'instant' });
  const box = [...one.getClientRects()].find(({ width, height }) => width && height);
  if (!box || box.width < 2) return [];
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  if (one.contains(there) || there?.closest('label')?.control === one) return [];
  return [`${one.outerHTML.slice(0, 90)} lies beneath ${there?.outerHTML.slice(0, 60)}`];
})"""
SHIFTS = """() => { window.shifted = 0; new PerformanceObserver(list => {
  for (const { value, hadRecentInput } of list.getEntries())
    if (!hadRecentInput) window.shifted += value;
}).observe({ type: 'layout-shift', buffered: true }); }"""


@contextmanager
def sized(chromium: Browser, server: Server, size: str, **more: Any) -> Iterator[Page]:
    width, height = SIZES[size]
    touch = {"has_touch": True, "is_mobile": True} if width < 500 else {}
    viewport = {"width": width, "height": height}
    with chromium.new_context(base_url=server.url, viewport=viewport, **touch, **more) as context:  # type: ignore[arg-type]
        page, troubles = watched(context, server)
        yield page
        assert troubles == []


def cards(server: Server) -> list[Card]:
    """The cards that have a written answer."""
    with server.database.read() as session:
        written = col(Card.asks).is_(None)
        return list(session.exec(select(Card).where(written).order_by(col(Card.place))).all())


def reveal(page: Page) -> None:
    page.locator(".reveal").click()
    expect(page.locator(".rate button").first).to_be_visible()


def ratings(server: Server) -> list[int | None]:
    with server.database.read() as session:
        return list(session.exec(select(Review.rating).order_by(col(Review.id))).all())


@pytest.mark.proof
@pytest.mark.parametrize("size", SIZES)
def test_on_every_card_the_ratings_are_in_view_and_the_question_stays(
    chromium: Browser, server: Server, size: str
) -> None:
    every = cards(server)
    assert len(every) >= 79
    with sized(chromium, server, size) as page:
        for card in every[:: max(1, len(every) // share_of(4))]:
            page.goto(f"/review?card={card.id}")
            page.evaluate(SHIFTS)
            before = page.locator("h1").bounding_box()
            reveal(page)
            assert page.evaluate(IN_VIEW) == [True] * 5, card.name
            assert page.locator("h1").bounding_box() == before, card.name
            assert page.evaluate("scrollY") == 0
            assert size != "375" or page.evaluate(ROOM) >= 260, card.name
            assert page.evaluate("shifted") <= 0.02, card.name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), card.name


def walked(page: Page, step: int) -> None:
    """Every control can be pressed where it is, from the top to the end of the page."""
    for _ in range(step):
        assert page.evaluate(HIDDEN_CONTROLS, CONTROLS) == []
        page.mouse.wheel(0, 500)


@pytest.mark.parametrize("size", ["375", "390", "1280"])
def test_nothing_lies_over_a_control_with_a_demo_open_beneath_the_answer(
    chromium: Browser, server: Server, size: str
) -> None:
    with sized(chromium, server, size, reduced_motion="reduce") as page:
        page.goto("/review?topic=vanishing-and-exploding-gradients&mode=cram")
        walked(page, 1)
        reveal(page)
        page.locator("details.part").evaluate_all("parts => parts.forEach(part => (part.open = true))")
        page.locator(".demo-link").first.click()
        page.locator("#demo-slot figure").first.wait_for()
        page.wait_for_load_state("networkidle")
        walked(page, 1)
        folds = page.locator("#demo-slot details, details.fold")
        folds.evaluate_all("folds => folds.forEach(fold => (fold.open = true))")
        walked(page, 2)
        assert page.evaluate(IN_VIEW) == [True] * 5
        page.locator('.rate button[value="3"]').click()
        expect(page.locator(".told")).to_contain_text("3 · With effort")
        walked(page, 1)


def test_at_most_two_tab_stops_lead_from_the_answer_to_the_ratings(page: Page, server: Server) -> None:
    for card in cards(server)[::13]:
        page.goto(f"/review?card={card.id}")
        page.keyboard.press("Space")
        expect(page.locator(".lead-in")).to_be_focused()
        for _ in range(2):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.rate button')"):
                break
        assert page.evaluate("document.activeElement.value") == "1", card.name
        assert page.evaluate("scrollY") == 0, card.name  # the buttons are in view wherever one reads


def test_space_reads_to_the_end_before_it_rates(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto("/review")
    page.keyboard.press("Space")
    at, places = 0, []
    end = "document.querySelector('.parts').getBoundingClientRect().bottom"
    bar = "document.querySelector('.bar').getBoundingClientRect().top"
    while page.evaluate(f"{end} > {bar} + 2"):
        page.keyboard.press("Space")
        page.wait_for_function(f"scrollY > {at}")
        at = page.evaluate("scrollY")
        places.append(at)
        assert ratings(server) == []
    assert places
    page.keyboard.press("Shift+Space")
    page.evaluate("scrollTo(0, 0)")  # once seen is seen
    page.keyboard.press("Space")
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    assert ratings(server) == [4]


def test_a_mark_leaves_the_answer_open_that_needed_no_server(page: Page, server: Server) -> None:
    page.goto("/review")
    question = page.locator("h1").inner_text()
    page.keyboard.press("Space")
    page.keyboard.press("f")
    expect(page.locator(".told.notice")).to_have_text("Flagged.")
    expect(page.get_by_role("button", name="Unflag")).to_be_visible()
    assert page.locator("h1").inner_text() == question
    page.keyboard.press("3")
    expect(page.locator(".rated")).to_contain_text("3 · With effort")
    assert ratings(server) == [3]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("kind", ["written", "computed", "given up"])
def test_back_from_another_page_shows_the_answer_as_it_was(
    chromium: Browser, server: Server, kind: str, script: bool
) -> None:
    """Whatever leads away from an answer, Back leads to it again; it is rated once, and asked no second time."""
    with server.database.read() as session:
        wanted = col(Card.asks).is_(None) if kind == "written" else col(Card.asks).is_not(None)
        card = session.exec(select(Card.id).where(wanted).order_by(col(Card.id))).first()
    with chromium.new_context(base_url=server.url, java_script_enabled=script) as context:
        page = context.new_page()
        page.goto(f"/review?card={card}")
        question = page.locator("h1").inner_text()
        if kind == "computed":
            page.locator(".computes input:not([type=hidden])").first.fill("7")
            page.keyboard.press("Enter")
        else:
            page.locator(".reveal").click()
        four = page.get_by_role("button", name=re.compile("^4"))
        expect(four).to_be_visible()
        proposed = page.locator(".rate .proposed").all_inner_texts()
        for path in ("/topics/rnn/sequential-data", "/cards/rnn/lstm-gates", "/demos/gradient-flow?compare=gain%3D1"):
            page.goto(path)
            page.go_back()
            expect(page.locator("h1")).to_have_text(question)
            expect(four).to_be_visible()
            assert page.locator(".rate .proposed").all_inner_texts() == proposed
        four.click()
        expect(page.locator(".rated")).to_be_visible()
        page.goto("/topics")
        page.go_back()
        expect(page.locator(".asked h1")).not_to_have_text(question)
        assert ratings(server) == [4]


def test_going_back_or_reloading_loses_and_doubles_nothing(page: Page, server: Server) -> None:
    page.goto("/review")
    for again in (page.reload, page.go_back, page.reload):
        question = page.locator("h1").inner_text()
        reveal(page)
        if again == page.go_back:
            page.goto("/topics")
        again()
        expect(page.locator("h1")).to_have_text(question)
        if page.locator(".reveal").is_visible():
            reveal(page)
        page.keyboard.press("4")
        expect(page.locator(".rated")).to_be_visible()
    assert ratings(server) == [4, 4, 4]


def test_a_digit_rates_wherever_one_reads(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto("/review")
    page.keyboard.press("Space")
    page.keyboard.press("5")
    expect(page.locator(".rated")).to_contain_text("5 · Perfectly")


@pytest.mark.parametrize("size", ["390", "1280"])
def test_a_double_press_does_what_one_does(chromium: Browser, server: Server, size: str) -> None:
    with sized(chromium, server, size) as page:
        page.goto("/review")
        page.locator(".reveal").dblclick()
        expect(page.locator(".rate")).to_be_visible()
        page.wait_for_timeout(400)
        assert ratings(server) == []
        page.locator('.rate button[value="3"]').dblclick()
        expect(page.locator(".told.rated")).to_be_visible()
        page.wait_for_timeout(400)
        expect(page.locator(".reveal")).to_be_visible()
        assert ratings(server) == [3]


def test_the_reveal_and_its_time_need_no_server(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, viewport={"width": 390, "height": 844}) as context:
        page, _ = watched(context, server)
        page.goto("/review")
        context.set_offline(True)
        page.wait_for_timeout(700)
        reveal(page)
        expect(page.locator("#announcer")).to_have_text("Answer 1 of 20")
        page.wait_for_timeout(500)
        page.locator('.rate button[value="4"]').click()
        trouble = page.locator("#trouble")
        expect(trouble).to_contain_text("not saved")
        bottom = trouble.evaluate("box => box.getBoundingClientRect().bottom")
        assert bottom <= page.evaluate("document.querySelector('.bar').getBoundingClientRect().top")
        assert page.evaluate(IN_VIEW) == [True] * 5
        context.set_offline(False)
        expect(trouble).to_be_hidden()
        page.locator('.rate button[value="4"]').click()
        expect(page.locator(".told.rated")).to_be_visible()
        with server.database.read() as session:
            (review,) = session.exec(select(Review)).all()
        assert review.shown_at is not None
        assert review.revealed_at is not None
        assert timedelta(milliseconds=700) <= review.revealed_at - review.shown_at
        assert timedelta(milliseconds=500) <= review.rated_at - review.revealed_at


@pytest.mark.parametrize("case", ["the day turns", "a second look passes"])
def test_dates_that_do_not_hold_any_more_are_fetched(page: Page, server: Server, case: str) -> None:
    began = datetime.now(UTC)
    turn = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)  # four o'clock in Berlin
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "shown_at" in request.url else None)
    if case == "the day turns":
        server.clock.now = lambda: turn - timedelta(seconds=2) + (datetime.now(UTC) - began)
        page.goto("/review")
    else:
        server.clock.now = lambda: turn + timedelta(hours=5)
        page.goto("/review")
        card = page.locator("input[name=card]").first.input_value()
        reveal(page)
        page.locator('.rate button[value="4"]').click()
        expect(page.locator(".rated")).to_be_visible()
        server.clock.now = lambda: turn + timedelta(hours=5, seconds=58) + (datetime.now(UTC) - began)
        began = datetime.now(UTC)
        page.goto(f"/review?card={card}")
    page.wait_for_timeout(2_300)
    assert asked == []
    reveal(page)
    assert len(asked) == 1
    page.locator('.rate button[value="4"]').click()
    expect(page.locator(".rated")).to_be_visible()
    with server.database.read() as session:
        last = session.exec(select(Review).order_by(col(Review.id).desc())).first()
    assert last is not None
    assert str(last.day) == "2026-03-10"
    if case != "the day turns":
        assert page.locator(".rated").inner_text().count("tomorrow") == 0


def test_large_letters_and_low_windows_scroll_the_row_and_the_bar_with_the_page(page: Page, server: Server) -> None:
    for height, letters, sticks in ((553, "", True), (553, "150", True), (553, "175", False), (300, "", False)):
        with server.database.write() as session:
            session.get_one(Learner, 1).text_size = int(letters) if letters else None
        page.set_viewport_size({"width": 375, "height": height})
        page.goto("/review")
        reveal(page)
        page.evaluate("scrollTo(0, 400)")
        top = page.evaluate("document.querySelector('.sitting').getBoundingClientRect().top")
        bar = page.evaluate("document.querySelector('.bar').getBoundingClientRect().bottom")
        assert (top == 0) is sticks, (height, letters)
        assert (bar == height) is sticks, (height, letters)


def test_a_keyboard_on_the_screen_leaves_the_field_in_view(chromium: Browser, server: Server) -> None:
    with server.database.write() as session:
        session.get_one(Learner, 1).types_answers = True
    with sized(chromium, server, "375") as page:
        for card in cards(server)[::20]:
            page.set_viewport_size({"width": 375, "height": 553})
            page.goto(f"/review?card={card.id}")
            for height in (290, 260, 230):  # what a keyboard leaves of the window
                page.set_viewport_size({"width": 375, "height": height})
                page.locator("textarea").first.tap()
                page.keyboard.type("word ")
                seen = """field => { const { x, y, width, height } = field.getBoundingClientRect();
                  return document.elementFromPoint(x + width / 2, y + Math.min(height, 40) / 2) === field }"""
                assert page.locator("textarea").first.evaluate(seen), (card.name, height)


ODD = (
    """---
title: Odd cards
order: 1
---
## What is a huge table? {#table}
| a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""
    + "".join(f"{'| ' + ' | '.join(f'number {row} {n}' for n in range(16))} |\n" for row in range(60))
    + """
## What has no parts and no end? {#plain}
Short.

"""
    + "".join(f"Paragraph {n} goes on and on, as some do.\n\n" for n in range(30))
    + """
## ما هي الشبكة العصبية المتكررة؟ {#rtl}
شبكة تقرأ تسلسلا خطوة خطوة.

**لماذا:** لأن الترتيب مهم.

**مثال:** الجملة "جيد، ليس سيئا".

## What is a picture alone? {#picture}
![a dot](dot.png)

## """
    + "Why is this question so very long that hardly anything else has room on the page, " * 6
    + """? $h_t = h_{t-1} + h_{t-2} + h_{t-3} + h_{t-4} + h_{t-5} + h_{t-6} + h_{t-7} + h_{t-8}$? {#long}
AWordWithoutAnyPlaceToBreakItAnywhere"""
    + "AndMore" * 30
    + """

**Why:** `"""
    + "code_without_a_break_" * 12
    + """`
"""
)
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060f80f00010401"
    "005fe5c34b0000000049454e44ae426082"
)


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Server]:
    """A server with cards as authors may write them."""
    (tmp_path / "content" / "odd").mkdir(parents=True)
    (tmp_path / "content" / "odd" / "cards.md").write_text(ODD)
    (tmp_path / "content" / "odd" / "dot.png").write_bytes(DOT)
    url = f"sqlite:///{tmp_path / 'odd.sqlite'}"
    database = Database(url)
    database.migrate()
    assert not load(database, tmp_path / "content", datetime.now(UTC)).mistakes
    database.close()
    with serving(Settings(database_url=url, content_dir=tmp_path / "content", watch=False, port=0)) as made:
        yield made


@pytest.mark.parametrize("size", ["375", "1280"])
def test_whatever_an_author_writes_can_be_rated(chromium: Browser, odd: Server, size: str) -> None:
    with sized(chromium, odd, size) as page:
        for card in cards(odd):
            page.goto(f"/review?card={card.id}")
            reveal(page)
            assert page.evaluate(IN_VIEW) == [True] * 5, card.name
            assert page.evaluate(ROOM) >= 260, card.name  # a question that fills the window has scrolled away
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), card.name
            expect(page.locator(".say")).to_be_visible()
            assert page.evaluate(HIDDEN_CONTROLS, CONTROLS) == [], card.name


def test_on_a_phone_the_parts_after_the_first_are_folded_and_a_wide_window_opens_them(
    chromium: Browser, server: Server
) -> None:
    with sized(chromium, server, "390") as page:
        page.goto("/review?topic=lstm-and-gru&mode=cram")
        reveal(page)
        opened = "[...document.querySelectorAll('details.part')].map(one => one.open)"
        assert page.evaluate(opened) == [True, False, False, False]
        expect(page.locator(".demos a").first).to_be_visible()
        page.set_viewport_size({"width": 1280, "height": 900})
        page.wait_for_function(f"{opened}.every(Boolean)")


def test_without_a_script_every_part_is_open_and_the_reveal_is_a_request(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/review")
        expect(page.locator(".say")).to_have_count(0)
        page.locator(".reveal").click()
        assert "shown_at=" in page.url
        for part in page.locator(".part .prose").all():
            expect(part).to_be_visible()
