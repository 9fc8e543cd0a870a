"""Points of an answer in a mock interview on a phone: typed, ticked, rated, and told at the end."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from app.cards.render.render import inline
from app.models import Learner
from app.settings import Settings
from app.study.learner.preferences import preferences
from app.study.quiz.choose import Question
from app.study.quiz.make import Kind, Plan, make
from app.study.sitting.points import kept_before
from app.tables import CARD, REVIEW
from tests.browser.conftest import Server, watched
from tests.browser.test_every_page import sideways, violations
from tests.browser.test_quiz import WELL, reveal

POINTS = {
    "recurrence-formula": ["The state has a *shape*.", "The weights $W_h$ are shared.", "It reads any length."],
    "uses-in-language": ["The order of words matters.", "The state keeps its shape.", "Streaming needs little memory."],
}
PHONES = [(390, 844), (375, 553)]


@pytest.fixture
def interview(server: Server) -> str:
    """A mock interview of two cards with points and one without."""
    with server.database.write() as session:
        connection = session.connection()
        for name, texts in POINTS.items():
            points = [[text, inline(text)] for text in texts]
            connection.execute(update(CARD).where(CARD.c.name == name).values(points=points))
        connection.execute(update(CARD).where(CARD.c.name == "sequence-data").values(points=[]))
        ids = {row.name: row.id for row in connection.execute(select(CARD.c.name, CARD.c.id))}
        asked = [Question(ids[name], None) for name in (*POINTS, "sequence-data")]
        session.get_one(Learner, 1).types_answers = True
        session.flush()
        plan = Plan(Kind.INTERVIEW, "Mock interview", asked, 600)
        return f"/quiz/{make(session, preferences(session, Settings(), 1), 1, 'points', plan, datetime.now(UTC))}"


def kept(server: Server) -> list[list[bool]]:
    """What the reviews keep of their points."""
    with server.database.read() as session:
        found = session.connection().execute(select(REVIEW.c.points).order_by(REVIEW.c.id)).scalars()
        return [[point.is_made for point in kept_before(text)] if text else [] for text in found]


def answer(page: Page, typed: str) -> None:
    page.get_by_label("Your answer").fill(typed)
    reveal(page)


@pytest.mark.parametrize(("width", "height"), PHONES)
def test_a_mock_interview_by_point_on_a_phone(
    chromium: Browser, server: Server, interview: str, width: int, height: int
) -> None:
    context = chromium.new_context(base_url=server.url, viewport={"width": width, "height": height}, has_touch=True)
    page, troubles = watched(context, server)
    page.goto(interview)
    answer(page, "A state with a shape. Weights.")
    boxes = page.get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [True, False, False]
    expect(page.get_by_text("a guess, so correct it")).to_be_visible()
    assert page.locator(".rate .proposed").get_attribute("value") == "2"
    for label in page.locator(".points label").all():
        place = label.bounding_box()
        assert place is not None
        assert place["height"] >= 44
    for box in boxes.all():
        box.scroll_into_view_if_needed()
        bar = page.locator(".bar").bounding_box()
        assert bar is not None
        assert bar["y"] + bar["height"] <= height + 1
    boxes.nth(1).tap()
    assert page.locator(".rate .proposed").get_attribute("value") == "4"
    assert not sideways(page)
    assert violations(page) == []
    page.get_by_role("button", name=WELL).tap()

    answer(page, "Nothing of it")
    page.get_by_role("checkbox").first.tap()
    page.get_by_role("button", name="Flag").click()  # the page is shown again, with the ticks of one's own
    expect(page.get_by_role("button", name="Unflag")).to_be_visible()
    assert [box.is_checked() for box in page.get_by_role("checkbox").all()] == [True, False, False]
    page.keyboard.press("3")

    answer(page, "Order")
    assert page.get_by_role("checkbox").count() == 0
    page.get_by_role("button", name=WELL).tap()
    expect(page.get_by_role("heading", name="Point by point")).to_be_visible()
    report = page.get_by_role("region", name="Point by point")
    expect(report).to_contain_text("You made 3 of 6 points in 2 answers")
    expect(report.get_by_text("The weights W")).to_have_count(1)
    assert [link.get_attribute("href") for link in report.locator("ul.study > li > p > a:visible").all()] == [
        "/cards/rnn/recurrence-formula",
        "/cards/rnn/uses-in-language",
    ]
    assert not sideways(page)
    assert violations(page) == []
    assert kept(server) == [[True, True, False], [True, False, False], []]
    assert troubles == []
    context.close()


def test_without_a_script_the_ticks_are_sent_too(plain_page: Page, server: Server, interview: str) -> None:
    page = plain_page
    page.goto(interview)
    answer(page, "A state with a shape.")
    page.get_by_role("checkbox").nth(2).check()
    page.get_by_role("button", name=WELL).click()
    expect(page.get_by_label("Your answer")).to_be_visible()
    assert kept(server) == [[True, False, True]]


def test_by_keyboard_space_ticks_and_a_number_rates(page: Page, server: Server, interview: str) -> None:
    page.goto(interview)
    answer(page, "A state with a shape.")
    while page.evaluate("document.activeElement.value") != "1":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("5")
    expect(page.get_by_label("Your answer")).to_be_visible()
    assert kept(server) == [[True, True, False]]


def test_in_a_sitting_the_points_are_folded_and_ticked_with_one_tap(page: Page, server: Server) -> None:
    with server.database.write() as session:
        points = [[text, text] for text in POINTS["uses-in-language"]]
        session.connection().execute(update(CARD).values(points=points))
    page.goto("/review?computed=no")
    reveal(page)
    boxes = page.get_by_role("checkbox")
    assert boxes.count() == 0
    page.get_by_text("Points of a good answer").click()
    boxes.nth(1).check()
    assert page.locator(".rate .proposed").get_attribute("value") == "2"
    page.get_by_role("button", name=WELL).click()
    expect(page.get_by_role("button", name="Show the answer")).to_be_visible()
    assert kept(server) == [[False, True, False]]
