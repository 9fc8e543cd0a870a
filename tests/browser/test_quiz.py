"""A quiz, as a person takes it: by keyboard, on two devices, without JavaScript, against the clock."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from app.models import Card, Learner, Review
from app.settings import Settings
from app.study.learner.preferences import preferences
from app.study.quiz.choose import Question
from app.study.quiz.make import Kind, Plan, make
from app.web.frame.here import LEARNER_COOKIE
from tests.browser.conftest import Server, watched
from tests.browser.test_every_page import sideways, violations

WELL = re.compile(r"^4\s*Well")


def ratings(server: Server) -> list[int | None]:
    """What the log holds, in order; None is an undo."""
    with server.database.read() as session:
        return list(session.exec(select(Review.rating).order_by(col(Review.id))).all())


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def start(page: Page, number: int = 5, minutes: int | None = None) -> None:
    """Start a quiz of written cards."""
    page.goto("/quiz?computed=no")
    page.get_by_role("spinbutton", name="Questions").fill(str(number))
    if minutes is not None:
        page.get_by_label("Against the clock").check()
        page.get_by_label("minutes").fill(str(minutes))
    page.get_by_role("button", name="Start this quiz").click()
    page.wait_for_url("**/quiz/*")


def reveal(page: Page) -> None:
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_role("button", name=WELL)).to_be_visible()


def interview(server: Server, *names: str) -> str:
    """A mock interview of these cards, each after the first a follow-up: chance would not always ask the same."""
    with server.database.write() as session:
        ids = [session.exec(select(Card.id).where(Card.name == name)).one() for name in names]
        questions = [Question(card, 0.9, is_follow_up=place > 0) for place, card in enumerate(ids)]
        who = preferences(session, Settings(), 1)
        plan = Plan(Kind.INTERVIEW, "Mock interview", questions, 600)
        return make(session, who, 1, "interview", plan, datetime.now(UTC))


def test_a_quiz_by_keyboard(page: Page, server: Server) -> None:
    page.goto("/quiz?computed=no")
    page.get_by_role("spinbutton", name="Questions").fill("5")
    page.keyboard.press("Enter")
    page.wait_for_url("**/quiz/*")
    page.evaluate("window.sameDocument = true")
    announcer = page.locator("#announcer")
    for place, key in enumerate("43152", start=1):
        expect(announcer).to_have_text(f"Question {place} of 5")
        if place > 1:
            expect(page.get_by_role("heading", level=1)).to_be_focused()
        page.keyboard.press("Space")
        expect(announcer).to_have_text(f"Answer {place} of 5")
        page.keyboard.press(key)
    expect(announcer).to_have_text("Quiz over")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quiz finished.")
    expect(page.locator(".result .lead")).to_have_text("Mean 3.0 of 5, 2 of 5 missed.")
    page.keyboard.press("u")
    expect(announcer).to_have_text("Question 5 of 5")
    page.keyboard.press("Space")
    expect(announcer).to_have_text("Answer 5 of 5")
    page.keyboard.press("4")
    expect(page.locator(".result .lead")).to_have_text("Mean 3.4 of 5, 1 of 5 missed.")
    expect(page.locator(".strip i")).to_have_text(["4", "3", "1", "5", "4"])
    assert page.evaluate("window.sameDocument") is True
    assert ratings(server) == [4, 3, 1, 5, 2, None, 4]
    page.keyboard.press("Space")
    page.wait_for_url(re.compile(r"/review\?deck=rnn&cards=[\w-]+&mode=cram"))


def test_a_quiz_is_left_and_resumed_on_another_device(chromium: Browser, server: Server) -> None:
    with (
        chromium.new_context(base_url=server.url) as desk,
        chromium.new_context(base_url=server.url, viewport={"width": 360, "height": 740}) as phone,
    ):
        page, _refused = watched(desk, server)
        start(page)
        reveal(page)
        page.keyboard.press("4")
        expect(page.locator(".sitting")).to_contain_text("2 of 5")
        second = heading(page)
        there, troubles = watched(phone, server)
        there.goto("/quiz")
        there.get_by_role("link", name="5 questions").first.click()
        expect(there.locator(".sitting")).to_contain_text("2 of 5")
        assert heading(there) == second
        reveal(there)
        there.get_by_role("button", name=WELL).click()
        expect(there.locator(".sitting")).to_contain_text("3 of 5")
        third = heading(there)
        assert troubles == []
        page.keyboard.press("Space")
        page.keyboard.press("1")
        expect(page.locator(".told")).to_contain_text("already answered that question, with 4")
        assert heading(page) == third
    assert ratings(server) == [4, 4]


def test_going_back_and_choosing_otherwise_makes_another_quiz(page: Page) -> None:
    start(page, 5)
    first = page.url
    page.go_back()
    page.get_by_role("spinbutton", name="Questions").fill("6")
    page.get_by_role("button", name="Start this quiz").dblclick()
    # Not wait_for_url: the second press breaks off the way that the first one took.
    expect(page).to_have_url(re.compile("/quiz/.+"))
    assert page.url != first
    expect(page.locator(".sitting")).to_contain_text("1 of 6")
    page.goto("/quiz")
    expect(page.locator(".past tbody tr")).to_have_count(2)


def test_two_tabs_with_the_same_answer_count_once_and_say_so(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url) as context:
        one, _ = watched(context, server)
        two, _ = watched(context, server)
        start(one)
        two.goto(one.url)
        for tab in (one, two):
            reveal(tab)
        one.evaluate("document.querySelectorAll('.rate button').forEach((b) => b.value == 4 && (b.click(), b.click()))")
        expect(one.locator(".sitting")).to_contain_text("2 of 5")
        two.keyboard.press("1")
        expect(two.locator(".told")).to_contain_text("already answered that question, with 4")
        expect(two.locator(".sitting")).to_contain_text("2 of 5")
        assert ratings(server) == [4]


def test_without_javascript_to_the_end(plain_page: Page, server: Server) -> None:
    page = plain_page
    start(page, minutes=30)
    assert re.fullmatch(r"until \d\d:\d\d:\d\d", page.locator(".clock").inner_text())
    first = heading(page)
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name=re.compile(r"^2\s*Hardly")).click()
    assert heading(page) != first
    page.get_by_role("button", name="Undo").click()
    assert heading(page) == first
    for place in range(1, 5):
        expect(page.locator(".sitting")).to_contain_text(f"{place} of 5")
        page.get_by_role("button", name="Show the answer").click()
        page.get_by_role("button", name=WELL).click()
    page.get_by_role("button", name="End quiz").click()
    assert heading(page) == "Ended early."
    expect(page.locator(".result")).to_contain_text("1 question not answered")
    assert ratings(server) == [2, None, 4, 4, 4, 4]
    page.get_by_role("button", name="Repeat this quiz").click()
    assert heading(page) == first


def test_without_javascript_the_back_button_counts_nothing_twice(plain_page: Page, server: Server) -> None:
    page = plain_page
    start(page)
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name=WELL).click()
    second = heading(page)
    page.go_back()
    expect(page.locator(".told")).to_contain_text("not the current question")
    assert heading(page) == second
    assert ratings(server) == [4]


def test_the_clock_runs_and_when_it_is_over_the_result_comes(page: Page, server: Server) -> None:
    began = datetime.now(UTC)
    server.clock.now = lambda: began
    start(page, minutes=5)
    page.clock.install(time=began - timedelta(seconds=1))
    page.clock.pause_at(began)
    page.reload()
    clock = page.locator(".clock")
    expect(clock).to_have_text("5:00 left")
    page.clock.run_for(61_000)
    expect(clock).to_have_text("3:59 left")
    reveal(page)
    page.keyboard.press("4")
    expect(page.locator(".sitting")).to_contain_text("2 of 5")
    server.clock.now = lambda: began + timedelta(seconds=240)
    page.reload()
    expect(clock).to_have_text("1:00 left")
    page.clock.run_for(1_000)
    expect(page.locator("#announcer")).to_have_text(re.compile("seconds left"))
    server.clock.now = lambda: began + timedelta(seconds=300)
    page.clock.run_for(60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Time is up.")
    expect(page.locator(".result")).to_contain_text("4 questions not answered")
    assert ratings(server) == [4]


def test_the_demo_opens_beneath_the_answer_and_its_page_leads_back(page: Page, server: Server) -> None:
    page.goto(f"/quiz/{interview(server, 'vanishing-why')}")
    question = heading(page)
    reveal(page)
    page.keyboard.press("d")
    expect(page.locator("#demo-slot figure").first).to_be_visible()
    page.get_by_role("link", name="The whole page").click()
    page.get_by_role("link", name="Back to the card").click()
    expect(page.locator("form.rating")).to_be_visible()
    assert heading(page) == question


def test_every_state_of_a_quiz_is_accessible_and_fits(chromium: Browser, server: Server) -> None:
    with server.database.write() as session:
        session.get_one(Learner, 1).types_answers = True
        session.add(Learner(id=2, name="Second"))
    with chromium.new_context(base_url=server.url, bypass_csp=True, reduced_motion="reduce") as context:
        page, troubles = watched(context, server)

        def check(state: str) -> None:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert violations(page) == [], (state, scheme)
            for width, size in ((360, "100%"), (640, "200%")):
                page.set_viewport_size({"width": width, "height": 740})
                page.evaluate("(size) => { document.documentElement.style.fontSize = size }", size)
                assert sideways(page) == 0, (state, width)
            page.set_viewport_size({"width": 1280, "height": 900})
            page.evaluate("document.documentElement.style.fontSize = ''")

        first = f"{server.url}/quiz/{interview(server, 'vanishing-why', 'exploding-when', 'clipping')}"
        page.goto(first)
        check("question")
        for key in "14":
            page.get_by_label("Your answer").fill("The state of one step is an input of the next.")
            reveal(page)
            if key == "1":
                check("answer")
            page.locator(f".rate button[value='{key}']").click()
            expect(page.locator(".rated")).to_contain_text(f"{key} · ")
        page.get_by_role("button", name="End quiz").click()
        expect(page.get_by_role("heading", name="What you typed")).to_be_visible()
        expect(page.locator("#study ~ .study a.demo-link").first).to_be_visible()
        check("result")
        page.get_by_role("button", name="Repeat this quiz").click()
        page.wait_for_url(lambda url: url != first)
        reveal(page)
        page.locator(".rate button[value='5']").click()
        expect(page.locator(".rated")).to_be_visible()
        page.goto(first)
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Two quizzes compared")
        check("compare")
        page.goto("/quiz")
        expect(page.get_by_role("heading", name="Continue")).to_be_visible()
        check("start, with past quizzes")
        context.add_cookies([{"name": LEARNER_COOKIE, "value": "2", "url": server.url}])
        page.goto(first)
        expect(page.locator("main")).to_contain_text("Another learner’s quiz")
        check("another's")
        assert troubles == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_typed_answer_is_shown_beside_the_right_one(chromium: Browser, server: Server, script: bool) -> None:
    with server.database.write() as session:
        session.get_one(Learner, 1).types_answers = True
    with chromium.new_context(base_url=server.url, java_script_enabled=script) as context:
        page, troubles = watched(context, server)
        start(page)
        page.get_by_label("Your answer").fill("line one\nline two of 4")
        reveal(page)
        expect(page.locator(".typed p").first).to_have_text("line one\nline two of 4", use_inner_text=True)
        assert "line" not in page.url
        assert ratings(server) == []
        page.get_by_role("button", name=WELL).click()
        expect(page.locator(".sitting")).to_contain_text("2 of 5")
        with server.database.read() as session:
            assert session.exec(select(Review.typed)).one() == "line one\nline two of 4"
        assert troubles == []
