"""Nine days to an interview on a fake clock, in a real browser: a missed day, more minutes on one, a new card from the
author, a change of the date, a second learner; and how it went."""

import random
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from app.cards.load.load import load
from app.settings import ROOT
from app.study.learners import add_learner
from app.tables import CARD, REVIEW
from tests.browser.conftest import Server

MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)
NEW = "\n## What did the author add? {#added}\nThis card.\n\nOn day four.\n\nLevel: easy\n"


class Candidate:
    """Somebody who rates what is asked: in 20 seconds, or in 7 if it was missed a moment ago. One in six is missed."""

    def __init__(self, page: Page, server: Server, day: int) -> None:
        self.page, self.server, self.chance = page, server, random.Random(7)
        self.begin(day)

    def begin(self, day: int) -> None:
        self.now = MONDAY + timedelta(days=day)
        self.server.clock.now = lambda: self.now
        self.page.goto("/")

    def sit(self, start: str = "") -> list[str]:
        """Answer until it is enough; why each card came."""
        page, whys = self.page, []
        if start:
            page.goto(start)
        else:
            page.get_by_role("link", name=re.compile("^(Start|Continue)")).first.click()
        while page.locator("#asking").count():
            why = page.locator(".why")
            whys.append(why.inner_text() if why.count() else "")
            shown = page.locator("form.rating [name=token]")
            page.evaluate("document.getElementById('asking').requestSubmit()")
            token = shown.get_attribute("value")
            self.now += timedelta(seconds=7 if whys[-1] == "again" else 20)
            page.keyboard.press(self.chance.choice("4445") if whys[-1] == "again" else self.chance.choice("144454"))
            page.wait_for_function(
                "token => document.querySelector('form.rating [name=token]')?.value !== token"
                " && (document.querySelector('#asking') || document.querySelector('.over'))",
                arg=token,
            )
        return whys


def given(server: Server, learner: int = 1) -> int:
    with server.database.read() as session:
        mine = select(func.count()).select_from(REVIEW).where(REVIEW.c.learner_id == learner)
        return int(session.connection().execute(mine).scalar_one())


@pytest.mark.slow
def test_nine_days_to_an_interview(chromium: Browser, server: Server, tmp_path: Path) -> None:
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    for path in (content / "rnn").glob("*.md"):  # of written cards, as computed ones wait for an answer
        written = re.sub(r"^## .*\nAsk: .*\nLevel: .*\n", "", path.read_text(), flags=re.MULTILINE)
        path.write_text(re.sub(r"^Ask: .*\n", "", written, flags=re.MULTILINE))
    load(server.database, content, MONDAY)
    server.clock.now = lambda: MONDAY
    page.goto("/")

    # Day 0: the date is asked for in the first minute, and the plan is there at once.
    page.get_by_label("When is your interview?").fill("2026-11-10")
    page.get_by_label("Minutes a day").fill("10")
    page.get_by_role("button", name="Plan for it").click()
    expect(page.locator(".foretold")).to_contain_text("of 79 cards on the day")
    me = Candidate(page, server, 0)
    whys = me.sit("/review?deck=rnn")
    assert set(whys) <= {"new to you", "again"}
    expect(page.locator("h1")).to_have_text("Enough for today.")
    used = me.now - MONDAY
    assert timedelta(minutes=8) < used <= timedelta(minutes=10, seconds=20), "at most one card more"
    page.reload()
    expect(page.locator("h1")).to_have_text("Enough for today.")

    # Day 1: more minutes on one day. They stand in the address.
    me.begin(1)
    expect(page.locator(".lead")).to_contain_text("Your interview is in 7 days.")
    expect(page.locator(".lead")).to_contain_text("Today, 10 minutes")
    me.sit()
    before = given(server)
    page.get_by_role("link", name="Ten more minutes").click()
    assert "minutes=" in page.url
    me.sit(page.url)
    assert given(server) > before + 5
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("Enough for today.")

    # Day 2 is missed. Day 3 goes on without a backlog: the minutes are the same.
    me.begin(3)
    expect(page.locator(".lead")).to_contain_text("Today, 10 minutes")
    expect(page.locator("main")).not_to_contain_text("missed a day")
    start = me.now
    assert {"new to you", "to keep"} <= set(me.sit())
    assert me.now - start <= timedelta(minutes=10, seconds=20)

    # Day 4: the author adds a card, the date moves a day on, and a second learner studies without a plan.
    first = sorted(content.glob("rnn/*.md"))[0]
    first.write_text(first.read_text() + NEW)
    me.begin(4)
    load(server.database, content, me.now)
    with server.database.read() as session:
        found = session.connection().execute(select(CARD.c.id).where(CARD.c.name == "added")).scalar()
    assert found
    page.goto("/settings")
    page.get_by_label("Date of the interview").first.fill("2026-11-11")
    with page.expect_navigation():
        page.get_by_role("button", name="Save the plan").click()
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("Your interview is in 5 days.")
    expect(page.locator(".foretold")).to_contain_text("of 80 cards on the day")
    with server.database.write() as session:
        ada = add_learner(session, "Ada", random.Random(1))
    other = chromium.new_context(base_url=server.url)
    other.add_cookies([{"name": "recur-learner", "value": str(ada), "url": server.url}])
    hers = other.new_page()
    hers.goto("/")
    expect(hers.locator("main")).to_contain_text("20 new cards are ready")
    mine = given(server)
    hers.goto("/review")
    hers.evaluate("document.getElementById('asking').requestSubmit()")
    hers.keyboard.press("4")
    expect(hers.locator(".told")).to_contain_text("4 · Well")
    assert (given(server), given(server, ada)) == (mine, 1)
    page.reload()
    expect(page.locator(".lead")).to_contain_text("Your interview is in 5 days.")
    me.sit()

    # Days 5 to 8: all cards once more before the day.
    seen = set()
    for day in range(5, 9):
        me.begin(day)
        seen |= set(me.sit())
    assert "to refresh" in seen
    with server.database.read() as session:
        met = session.connection().execute(
            select(func.count(func.distinct(REVIEW.c.card_id))).where(REVIEW.c.learner_id == 1)
        )
        assert met.scalar_one() >= 70

    # The day itself, and after it.
    me.begin(9)
    expect(page.locator("main")).to_contain_text("Your interview is today.")
    me.begin(10)
    page.get_by_label("What were you asked?").fill("Peephole connections")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main")).not_to_contain_text("How did your interview go?")
    expect(page.locator(".lead")).to_contain_text("due")
    page.goto("/settings")
    page.get_by_text("with notes").click()
    expect(page.get_by_label("What were you asked?")).to_have_value("Peephole connections")
    for one in (context, other):
        one.close()
