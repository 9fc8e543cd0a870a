"""A drill in a real browser: keys, presses, going back, a phone, and a browser without scripts."""

import re

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from app.ask.drill import Drill
from app.ask.four import typed_as
from app.ask.questions.registry import find
from tests.browser.conftest import Server, watched
from tests.browser.test_every_page import sideways

KIND = "second-bias"
RUN = f"/drill/run?ask={KIND}&seed=5"


def answer_to(page: Page) -> str:
    """The right answer to the question that the page's address asks."""
    log = re.search(r"log=(\w*)", page.url)
    return typed_as(Drill([find(KIND)], 5, log[1] if log else "").current.task.answer)


def test_a_drill_goes_by_keys_alone_and_its_address_holds_it(page: Page) -> None:
    page.goto(f"{RUN}&by=typed")
    for _ in range(3):
        expect(page.locator("#answer")).to_be_focused()
        page.keyboard.type(answer_to(page))
        page.keyboard.press("Enter")
        expect(page.locator("#judged")).to_contain_text("Right")
        expect(page.locator("#judged")).to_be_focused()
        page.keyboard.press("Space")
        expect(page.locator("#answer")).to_be_visible()
    expect(page.locator(".score")).to_have_text("3 of 3 right")
    assert "log=rrr" in page.url
    page.reload()
    expect(page.locator(".score")).to_have_text("3 of 3 right")


def test_going_back_shows_the_question_before_and_counts_once(page: Page) -> None:
    page.goto(f"{RUN}&by=typed")
    page.fill("#answer", "1")
    page.keyboard.press("Enter")
    expect(page.locator(".score")).to_have_text("0 of 1 right")
    page.get_by_role("link", name="Another one").click()
    expect(page.locator("#answer")).to_be_visible()
    with page.expect_event("load"):
        page.go_back()
    expect(page.locator("#judged")).to_be_visible()
    page.go_back()
    expect(page.locator(".score")).to_have_text("Question 1")
    page.fill("#answer", answer_to(page))
    page.keyboard.press("Enter")
    expect(page.locator(".score")).to_have_text("1 of 1 right")


def test_a_double_press_is_one_answer_and_one_step(page: Page) -> None:
    page.goto(f"{RUN}&by=typed")
    page.fill("#answer", answer_to(page))
    page.get_by_role("button", name="Check").dblclick()
    expect(page.locator(".score")).to_have_text("1 of 1 right")
    page.wait_for_timeout(500)  # what a second press would have asked for is not there
    expect(page.locator("#judged")).to_be_visible()
    page.get_by_role("link", name="Another one").dblclick()
    expect(page.locator("#answer")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.url.count("log=r&") + page.url.endswith("log=r") == 1


def test_one_of_four_is_pressed_or_typed_as_a_digit(page: Page) -> None:
    page.goto(f"{RUN}&by=four")
    sent = [button.get_attribute("value") for button in page.locator(".four button").all()]
    page.keyboard.press(str(sent.index(answer_to(page)) + 1))
    expect(page.locator("#judged")).to_contain_text("Right")
    page.keyboard.press("Enter")
    expect(page.locator(".four")).to_be_visible()
    wrong = next(one for one in page.locator(".four button").all() if one.get_attribute("value") != answer_to(page))
    wrong.click()
    expect(page.locator("#judged")).to_contain_text("Not quite")
    expect(page.locator(".slip")).to_be_visible()
    page.get_by_role("link", name="End").click()
    expect(page.locator(".lead")).to_have_text("1 of 2 right.")


def test_on_a_phone_question_field_keypad_and_button_are_in_view(chromium: Browser, server: Server) -> None:
    size, fingers = {"width": 390, "height": 844}, {"has_touch": True, "is_mobile": True}
    with chromium.new_context(base_url=server.url, viewport=size, **fingers) as context:  # type: ignore[arg-type]
        page, troubles = watched(context, server)
        for kind in (KIND, "shape-of-an-output", "lstm-from-sums"):
            page.goto(f"/drill/run?ask={kind}&seed=5&by=typed")
            assert sideways(page) == 0
            for one in ("h1", "#answer", ".typing button", ".keypad button:last-child"):
                box = page.locator(one).bounding_box()
                assert box
                assert box["y"] >= 0
                assert box["y"] + box["height"] <= 844, (kind, one)
        page.goto(f"{RUN}&by=typed")
        for digit in answer_to(page):
            page.locator(".keypad").get_by_role("button", name=digit, exact=True).tap()
        page.get_by_role("button", name="Check").tap()
        expect(page.locator("#judged")).to_contain_text("Right")
        assert troubles == []


def test_the_clock_runs_and_the_open_question_stays(page: Page, server: Server) -> None:
    soon = int(server.clock().timestamp()) + 2
    page.goto(f"{RUN}&by=typed&ends={soon}")
    expect(page.locator(".clock")).to_have_text("Time is up")
    page.fill("#answer", answer_to(page))
    page.keyboard.press("Enter")
    page.get_by_role("link", name="See the result").click()
    expect(page.locator("h1")).to_have_text("Time is up.")
    expect(page.locator(".lead")).to_have_text("1 of 1 right.")


def test_without_scripts_a_drill_is_the_same(plain_page: Page) -> None:
    plain_page.goto("/drill?topic=shapes-and-parameters")
    plain_page.select_option("[name=by]", "typed")
    plain_page.get_by_role("button", name="Start the drill").click()
    plain_page.fill("#answer", "1")
    plain_page.get_by_role("button", name="Check").click()
    plain_page.get_by_role("link", name="Another one").click()
    assert "of 1 right" in plain_page.inner_text(".score")
    plain_page.get_by_role("link", name="End").click()
    assert plain_page.is_visible("#by-kind")


def test_practice_goes_on_in_its_place_and_hands_on_the_focus(page: Page, server: Server) -> None:
    with server.database.write() as session:
        session.connection().execute(text("UPDATE learner SET of_four = true"))
    page.goto("/practice?ask=second-bias&seed=3")
    first = page.inner_text(".givens")
    page.locator(".four button").first.click()
    expect(page.locator("#practice-judged")).to_be_focused()
    page.get_by_role("link", name="Another one").click()
    expect(page.locator("#practised")).to_be_focused()
    assert page.inner_text(".givens") != first
    assert page.url.endswith("seed=3")  # within a card's page its address stays the card's


def test_practice_in_a_sitting_leaves_the_rating_to_come(page: Page, server: Server) -> None:
    with server.database.write() as session:
        session.connection().execute(text("UPDATE card SET asks = 'second-bias' WHERE name = 'vanishing-why'"))
    page.goto("/cards/rnn/vanishing-why")
    page.get_by_role("link", name="Study this card now").click()
    page.get_by_role("button", name="Show the answer").click()
    expect(page.locator("#judged")).to_be_visible()
    page.get_by_role("link", name="Another one, for practice").click()
    expect(page.locator("#practice :focus")).to_be_visible()
    if page.locator("#practice .four").count():
        page.locator("#practice .four button").first.click()
    else:
        page.fill("#guess", "1")
        page.keyboard.press("Enter")
    expect(page.locator("#practice-judged")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#practised")).to_be_visible()
    expect(page.locator("#practice-judged")).to_have_count(0)
    assert "/review" in page.url
    page.get_by_role("button", name="2 Hardly").click()
    expect(page.locator(".rated")).to_contain_text("2 · Hardly")
    with server.database.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM review")).scalar_one() == 1
