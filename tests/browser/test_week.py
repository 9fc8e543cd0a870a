"""A learner's week on a fake clock: first visit, daily sittings, misses, undos, a quiz on two devices, another time
zone, and a card that its author rewords while it is being studied. Clocks go forward on the Sunday."""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text
from sqlmodel import col, select

from app.models import Review
from app.settings import ROOT, Settings
from app.study.schedule.replay import replay
from tests.browser.conftest import Server, serving, watched

MONDAY = datetime(2026, 3, 23, 17, 0, tzinfo=UTC)  # 18:00 in Berlin
FILE = "what-recurrence-is.md"


@dataclass
class Learner:
    """A person with a browser, and a clock that moves on by ten seconds with every press."""

    page: Page
    server: Server
    now: datetime
    pressed: list[int] = field(default_factory=list)

    def at(self, day: int, hour: int = 17) -> None:
        """`day` days after the Monday; the hour is UTC."""
        self.now = MONDAY.replace(hour=hour) + timedelta(days=day)

    def press(self, key: str, leads_to: str) -> None:
        """Press a key, and wait for what the announcer is to say."""
        self.now += timedelta(seconds=10)
        self.page.keyboard.press(key)
        expect(self.page.locator("#announcer")).to_have_text(re.compile(leads_to))

    def sit(self, *ratings: int) -> None:
        """Answer one card after the other by keys alone."""
        for rating in ratings:
            expect(self.page.locator("#announcer")).to_have_text(re.compile(r"^Card \d+ of \d+$"))  # its keys work now
            self.press("Space", r"^Answer \d+ of \d+$")
            self.press(str(rating), r"^(Card \d+ of \d+|Sitting over)$")
            self.pressed.append(rating)

    @property
    def question(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def said(self) -> str:
        return self.page.locator("#main").inner_text()


@pytest.fixture
def world(loaded_database: Path, tmp_path: Path) -> Iterator[Server]:
    """A server over content of the test's own, which it watches."""
    shutil.copy(loaded_database, tmp_path / "recur.sqlite")
    shutil.copytree(ROOT / "content", tmp_path / "content")
    for file in (tmp_path / "content" / "rnn").glob("*.md"):  # computed cards are answered by more than keys
        written = re.sub(r"^## .*\nAsk: .*\nLevel: .*\n", "", file.read_text(), flags=re.MULTILINE)
        file.write_text(re.sub(r"^Ask: .*\n", "", written, flags=re.MULTILINE))
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'recur.sqlite'}",
        content_dir=tmp_path / "content",
        time_zone="Europe/Berlin",
        port=0,
    )
    with serving(settings) as made:
        yield made


@pytest.fixture
def device(chromium: Browser, world: Server) -> Iterator[BrowserContext]:
    with chromium.new_context(base_url=world.url, viewport={"width": 1280, "height": 900}) as made:
        yield made


def test_a_week(chromium: Browser, device: BrowserContext, world: Server, tmp_path: Path) -> None:
    page, troubles = watched(device, world)
    me = Learner(page, world, MONDAY)
    world.clock.now = lambda: me.now

    # Monday: the first visit needs no settings; then four new cards a day are enough.
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("20 new cards are ready")
    page.goto("/settings")
    page.get_by_label("Maximum new cards per day").fill("4")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("4 new cards are ready")
    page.get_by_role("link", name="Start").click()
    first = me.question
    me.sit(4, 1, 5, 3)
    assert "1 / 4" not in me.said
    missed = me.question
    me.sit(4)  # the missed one, back ahead of its minute
    expect(page.get_by_role("heading", level=1)).to_have_text("Done for today.")
    assert "4 cards, 5 ratings" in me.said
    assert missed in page.locator(".over").inner_text()

    # Two undos, exactly: the last card, and the one before it.
    for _ in range(2):
        me.press("u", r"^Card \d+ of \d+$")
        me.pressed.append(0)
    expect(page.locator(".told")).to_contain_text("you had rated 3")
    me.sit(4, 2, 4)
    expect(page.get_by_role("heading", level=1)).to_have_text("Done for today.")

    # Tuesday: rated 2 at the end, yet remembered after it, so due tomorrow or later; and four new ones.
    me.at(1)
    page.goto("/")
    page.keyboard.press("Space")
    expect(page.locator(".reveal")).to_be_visible()
    while page.locator(".reveal").count():
        me.sit(4)
    done_by_tuesday = len(me.pressed)
    assert done_by_tuesday > 10

    # Wednesday: an author rewords the card that is open. It is not lost, and its new words show when it comes again.
    me.at(2)
    file = tmp_path / "content" / "rnn" / FILE
    page.goto("/review?deck=rnn&topic=what-recurrence-is&mode=cram")
    assert me.question == first
    file.write_text(file.read_text().replace(f"## {first}", f"## In one sentence: {first}", 1))
    expect_loaded(world, f"In one sentence: {first}")
    me.sit(1)
    while first not in me.question:
        me.sit(4)
    assert me.question == f"In one sentence: {first}"
    me.sit(4)
    page.goto("/")
    page.goto("/cards/rnn/what-is-an-rnn")
    assert "Reviewed" in me.said

    # Thursday: a quiz, left after two answers and finished on the phone.
    me.at(3)
    page.goto("/quiz?computed=no")
    page.get_by_role("spinbutton", name="Questions").fill("5")
    page.get_by_role("button", name="Start this quiz").click()
    page.wait_for_url("**/quiz/*")
    for rating in (5, 2):
        me.press("Space", "Answer")
        me.press(str(rating), "Question")
        me.pressed.append(rating)
    address = page.url
    with chromium.new_context(base_url=world.url, viewport={"width": 360, "height": 740}) as phone:
        small, more_troubles = watched(phone, world)
        other = Learner(small, world, me.now)
        small.goto(address)
        expect(small.locator("#main")).to_contain_text("3 of 5")
        for _ in range(3):
            me.now += timedelta(seconds=10)
            small.get_by_role("button", name="Show the answer").click()
            small.get_by_role("button", name=re.compile(r"^4\s*Well")).click()
            me.pressed.append(4)
            expect(small.locator(".rating")).to_have_count(0)
        expect(small.locator("#main")).to_contain_text("3.8")
        assert other.question
        assert more_troubles == []
    page.reload()
    expect(page.locator("#main")).to_contain_text("3.8")

    # Friday: on a journey. Nothing is lost or doubled by another zone, and its own day begins at its own four.
    me.at(4, hour=20)
    before = rows(world, "SELECT card_id, due_on, reviews FROM card_state ORDER BY card_id")
    page.goto("/settings")
    page.get_by_label("Time zone").fill("America/New_York")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#main")).to_contain_text("16:00")
    assert rows(world, "SELECT card_id, due_on, reviews FROM card_state ORDER BY card_id") == before
    page.goto("/")
    page.keyboard.press("Space")
    expect(page.locator(".reveal")).to_be_visible()
    while page.locator(".reveal").count():
        me.sit(5)

    # Sunday: clocks went forward in Berlin, where the week ends; statistics know of every press that stands.
    me.at(6)
    page.goto("/settings")
    page.get_by_label("Time zone").fill("")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/stats?deck=rnn&period=30")
    standing = len([rating for rating in me.pressed if rating]) - me.pressed.count(0)
    expect(page.locator(".lead")).to_contain_text(f"{standing} reviews")
    days = rows(world, "SELECT count(DISTINCT day) FROM day_total WHERE topic_id = 0")[0][0]
    assert days == 5
    page.goto("/browse?q=one+sentence")
    expect(page.locator("#main")).to_contain_text("In one sentence")

    with world.database.read() as session:
        reviews = session.exec(select(Review).order_by(col(Review.id))).all()
        assert [review.rating or 0 for review in reviews] == me.pressed
        assert {review.day for review in reviews} == {date(2026, 3, 23) + timedelta(days=n) for n in range(5)}
    tables = ("card_state", "day_total", "month_total")
    kept = [rows(world, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5") for table in tables]
    with world.database.write() as session:
        replay(session)
    assert [rows(world, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5") for table in tables] == kept
    assert troubles == []


def rows(server: Server, query: str) -> list[tuple[object, ...]]:
    with server.database.read() as session:
        return [tuple(row) for row in session.connection().execute(text(query))]


def expect_loaded(server: Server, question: str) -> None:
    """Wait until the server has picked up the saved file."""
    for _ in range(200):
        if rows(server, "SELECT question FROM card WHERE question LIKE 'In one sentence%'") == [(question,)]:
            return
        time.sleep(0.05)
    raise AssertionError("the saved file was not picked up")
