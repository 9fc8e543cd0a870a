"""Studying, as a person does it: with the keys, with the mouse, without JavaScript, with bad luck."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlmodel import col, select

from app.models import Card, Review
from tests.browser.conftest import Server, ask_written_cards, watched

WELL = re.compile(r"^4\s*Well")


def ratings(server: Server) -> list[int | None]:
    """What the log holds, in order; None is an undo."""
    with server.database.read() as session:
        return list(session.exec(select(Review.rating).order_by(col(Review.id))).all())


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def reveal(page: Page) -> None:
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_role("button", name=WELL)).to_be_visible()


def test_twenty_cards_are_forty_key_presses(page: Page, server: Server) -> None:
    ask_written_cards(server.database)
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("20 new")
    page.keyboard.press("Space")
    page.wait_for_url("**/review*")
    expect(page.locator(".sitting")).to_contain_text("0 / 5")  # the first door; the day has twenty
    page.goto("/review")
    for done in range(20):
        expect(page.locator(".sitting")).to_contain_text(f"{done} / 20")
        before = heading(page)
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name=WELL)).to_be_visible()
        assert heading(page) == before
        page.keyboard.press("4")
        expect(page.locator(".rated")).to_contain_text("4 · Well")
    expect(page.get_by_role("heading", level=1)).to_have_text("Done for today.")
    expect(page.locator(".over")).to_contain_text("20 cards")
    assert ratings(server) == [4] * 20


def test_focus_and_announcement_follow_the_card(page: Page) -> None:
    page.goto("/review")
    announcer = page.locator("#announcer")
    expect(announcer).to_have_text("Card 1 of 20")
    page.keyboard.press("Space")
    expect(announcer).to_have_text("Answer 1 of 20")
    expect(page.locator("[data-focus]")).to_be_focused()
    page.keyboard.press("3")
    expect(announcer).to_have_text("Card 2 of 20")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_press_swaps_only_what_changes(page: Page) -> None:
    page.goto("/review")
    page.evaluate("window.sameDocument = true")
    reveal(page)
    page.get_by_role("button", name=WELL).click()
    expect(page.locator(".rated")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def test_rating_keys_do_nothing_before_the_reveal_nor_with_keys_off(page: Page, server: Server) -> None:
    page.goto("/review")
    page.keyboard.press("4")
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Show the answer")).to_be_visible()
    assert ratings(server) == []


PRESSED = """([key, code, more]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true, ...more}))"""


@pytest.mark.parametrize(
    ("keyboard", "three", "undo"),
    [
        ("AZERTY", ['"', "Digit3", {}], ["u", "KeyU", {}]),
        ("Russian", ["3", "Digit3", {}], ["г", "KeyU", {}]),
        ("Greek", ["3", "Digit3", {}], ["ζ", "KeyZ", {"ctrlKey": True}]),
        ("Dvorak, where another key writes u", ["3", "Digit3", {}], ["u", "KeyF", {}]),
    ],
)
def test_keys_go_by_position_where_letters_are_not_latin_and_digits_need_shift(
    page: Page, server: Server, keyboard: str, three: list[object], undo: list[object]
) -> None:
    page.goto("/review")
    first = heading(page)
    reveal(page)
    page.evaluate(PRESSED, three)
    expect(page.get_by_role("heading", level=1)).not_to_have_text(first)
    assert ratings(server) == [3], keyboard
    page.evaluate(PRESSED, ["e", "KeyD", {}])  # a letter that is Latin means what it writes
    page.evaluate(PRESSED, undo)
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    assert ratings(server) == [3, None], keyboard


def test_missed_cards_come_back_in_the_sitting_and_undo_takes_back_exactly(page: Page, server: Server) -> None:
    page.goto("/review")
    first = heading(page)
    reveal(page)
    page.keyboard.press("1")
    expect(page.locator(".rated")).to_contain_text("in this sitting")
    second = heading(page)
    assert second != first
    reveal(page)
    page.keyboard.press("5")
    expect(page.locator(".sitting")).to_contain_text("1 / 20")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text(second)
    expect(page.locator(".sitting")).to_contain_text("0 / 20")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    assert ratings(server) == [1, 5, None, None]
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_after_a_minute_a_missed_card_comes_first(page: Page, server: Server) -> None:
    page.goto("/review")
    first = heading(page)
    reveal(page)
    page.keyboard.press("1")
    expect(page.locator(".rated")).to_be_visible()
    server.clock.now = lambda: datetime.now(UTC) + timedelta(minutes=2)
    page.reload()
    assert heading(page) == first


def test_it_is_asked_again_on_the_day_that_the_button_said(page: Page, server: Server) -> None:
    page.goto("/review")
    first = heading(page)
    reveal(page)
    label = page.get_by_role("button", name=WELL).locator("small").inner_text()
    days = int(label.split()[0])
    page.keyboard.press("4")
    expect(page.locator(".rated")).to_be_visible()
    for ahead, due in ((days - 1, False), (days, True)):
        server.clock.now = lambda ahead=ahead: datetime.now(UTC) + timedelta(days=ahead)  # type: ignore[misc]
        page.goto("/review")
        assert (heading(page) == first) is due


def test_without_javascript_end_to_end(plain_page: Page, server: Server) -> None:
    page = plain_page
    page.goto("/")
    page.get_by_role("link", name=re.compile("^Start")).click()
    first = heading(page)
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name=re.compile(r"^2\s*Hardly")).click()
    assert heading(page) != first
    page.get_by_role("button", name="Undo").click()
    assert heading(page) == first
    for done in range(20):
        if done == 5:  # those of the first door; the rest of the day's are asked for
            page.get_by_role("link", name="Continue with the deck").click()
        page.get_by_role("button", name="Show the answer").click()
        page.get_by_role("button", name=WELL).click()
    assert heading(page) == "Done for today."
    assert ratings(server) == [2, None] + [4] * 20


def test_two_presses_at_once_make_one_review(page: Page, server: Server) -> None:
    page.goto("/review")
    reveal(page)
    page.evaluate(
        """() => { const b = document.querySelector('.rate button[value="4"]');
                   b.click(); setTimeout(() => b.click(), 20); b.click(); }"""
    )
    expect(page.locator(".rated")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert ratings(server) == [4]


def test_without_javascript_the_back_button_says_what_happened_and_counts_nothing(
    plain_page: Page, server: Server
) -> None:
    page = plain_page
    page.goto("/review")
    page.get_by_role("button", name="Show the answer").click()
    revealed = page.url
    page.get_by_role("button", name=WELL).click()
    second = heading(page)
    page.go_back()
    assert page.url == revealed
    expect(page.locator(".told")).to_contain_text("You have rated that card 4")
    assert heading(page) == second
    assert ratings(server) == [4]
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name=re.compile("^5")).click()
    assert ratings(server) == [4, None, 5]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_second_tab_says_what_happened_and_counts_nothing(chromium: Browser, server: Server, script: bool) -> None:
    with chromium.new_context(base_url=server.url, java_script_enabled=script) as context:
        one, _ = watched(context, server)
        two, _ = watched(context, server)
        for tab in (one, two):
            tab.goto("/review")
            reveal(tab)
        one.get_by_role("button", name=WELL).click()
        expect(one.locator(".sitting")).to_contain_text("1 / 20")
        two.get_by_role("button", name=re.compile("^1")).click()
        expect(two.locator(".told")).to_contain_text("rated elsewhere")
        expect(two.get_by_role("button", name="Show the answer")).to_be_visible()
        assert ratings(server) == [4]


def test_a_lost_connection_says_so_and_the_next_press_counts_once(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url) as context:
        page, _ = watched(context, server)
        page.goto("/review")
        reveal(page)
        context.set_offline(True)
        page.keyboard.press("4")
        expect(page.locator("#trouble")).to_contain_text("could not be reached")
        context.set_offline(False)
        page.keyboard.press("4")
        expect(page.locator(".rated")).to_be_visible()
        expect(page.locator("#trouble")).to_be_hidden()
        assert ratings(server) == [4]


def test_an_answer_lost_on_the_way_back_is_not_counted_twice(chromium: Browser, server: Server) -> None:
    """The server commits, the answer is lost: the same form sent again is the same review."""
    with chromium.new_context(base_url=server.url) as context:
        page, _ = watched(context, server)
        lost: list[str] = []

        def lose_once(route: Route) -> None:
            if route.request.method != "POST" or lost:
                route.continue_()
                return
            route.fetch()
            lost.append(route.request.url)
            route.abort()

        # From the beginning: a route that is set while a page is open may come too late for its next request.
        page.route("**/review", lose_once)
        page.goto("/review")
        reveal(page)
        page.keyboard.press("4")
        expect(page.locator("#trouble")).to_be_visible()
        assert ratings(server) == [4]
        page.keyboard.press("4")
        expect(page.locator(".rated")).to_be_visible()
        assert lost
        assert ratings(server) == [4]


def test_going_back_shows_a_whole_page(page: Page) -> None:
    page.goto("/")
    page.goto("/review")
    reveal(page)
    page.goto("/topics")
    page.go_back()
    expect(page.get_by_role("link", name="Leave the sitting")).to_be_visible()
    expect(page.locator("#sitting")).to_be_visible()


def test_d_opens_the_cards_demo_and_the_card_stays(page: Page) -> None:
    page.goto("/review")
    reveal(page)
    page.keyboard.press("d")
    expect(page.locator("#demo-slot figure").first).to_be_visible()
    assert "/review" in page.url
    expect(page.locator("form.rating")).to_be_visible()


def test_a_card_shows_its_history_and_where_it_is_edited(page: Page, server: Server) -> None:
    page.goto("/review")
    reveal(page)
    page.keyboard.press("3")
    expect(page.locator(".rated")).to_be_visible()
    with server.database.read() as session:
        card = session.exec(select(Card).join(Review)).one()
    page.goto(f"/cards/rnn/{card.name}")
    expect(page.get_by_role("table")).to_contain_text("3 · With effort")
    link = page.get_by_role("link", name="edit rnn")
    address = link.get_attribute("href") or ""
    assert address.startswith("vscode://file/")
    path, _, line = address.removeprefix("vscode://file").rpartition(":")
    assert card.name in Path(path).read_text().splitlines()[int(line) - 1]


def test_a_topic_has_its_four_steps(page: Page) -> None:
    page.goto("/topics")
    page.get_by_role("link", name="What a recurrent neural network is").click()
    for step in ("Preview", "Explain", "Key points", "Review"):
        expect(page.get_by_role("heading", name=step, exact=True)).to_be_visible()
    expect(page.locator(".demo-figure svg").first).to_be_visible()
    answer = page.locator("#card-recurrence-formula")
    expect(answer).to_be_hidden()
    page.locator("#preview ~ ul").get_by_role("link", name=re.compile("What does the recurrence formula")).click()
    expect(answer).to_be_in_viewport()
    page.get_by_role("link", name=re.compile("Study this topic")).click()
    expect(page.locator(".card .topic")).to_contain_text("What a recurrent neural network is")


def test_a_review_fetches_no_font_of_rare_signs(page: Page) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    page.goto("/review?topic=lstm-and-gru")
    page.evaluate("document.fonts.ready")
    page.wait_for_function("[...document.fonts].some((one) => one.family.includes('Math') && one.status === 'loaded')")
    assert "maths.woff2" in fetched
    assert "maths-rest.woff2" not in fetched
