"""Evidence in a real browser: an instructor finds what stands in the way; axe finds nothing, wide and narrow."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from app.accounts.accounts import NewAccount, add, hash_if_good
from app.accounts.classes import add_instructor
from app.accounts.roles import Role
from app.settings import Settings
from app.tables import CARD, CARD_VERSION
from tests.browser.conftest import Server, serving, watched
from tests.browser.test_accounts import PASSWORD
from tests.browser.test_every_page import TYPEWRITTEN, VIEWS, look, looks_good
from tests.classroom import Classroom


@pytest.fixture
def server(loaded_database: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with a class of six that Ida teaches, after a few days, one card of which was edited."""
    shutil.copy(loaded_database, tmp_path / "recur.sqlite")
    url = f"sqlite:///{tmp_path / 'recur.sqlite'}"
    rng = Random(2)
    with serving(Settings(database_url=url, watch=False, time_zone="Europe/Berlin", access="accounts")) as made:
        room = Classroom(made.database, datetime.now(UTC) - timedelta(days=12))
        with made.database.write() as session:
            new = NewAccount("Ida", Role.INSTRUCTOR, None, hash_if_good(PASSWORD, "Ida"))
            add(session, new, rng, 99, room.now)
            add_instructor(session, room.id, "Ida", room.now)
            session.connection().execute(update(CARD_VERSION).values(loaded_at=room.now))
        learners, cards = [room.learner() for _ in range(6)], room.cards()[:8]
        for day in range(10):
            if day == 5:
                room.edit(cards[0])
            for learner in learners:
                for number, card in enumerate(cards):
                    room.later(seconds=70)
                    if card == cards[1] and day % 2:
                        room.slip(learner, card, "One step too few.")
                    else:
                        room.answer(learner, card, rng.choice([1, 2, 3, 4] if number < 3 else [3, 4, 5]))
            room.later(hours=23)
        room.renew()
        yield made


def test_an_instructor_finds_what_stands_in_the_way(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, bypass_csp=True) as context:
        page, troubles = watched(context, server)
        page.goto("/sign-in")
        page.get_by_label("Name").fill("ida")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("/")
        page.goto("/classes")
        page.get_by_role("link", name="Spring").click()
        page.get_by_role("link", name="Evidence").click()
        expect(page.get_by_role("heading", name="The hardest cards")).to_be_visible()
        expect(page.get_by_text("of 6 before, not shown after")).to_be_visible()
        in_every_view(page)
        page.get_by_role("region", name="Recurrent").get_by_role("rowheader").get_by_role("link").first.click()
        expect(page.get_by_role("rowheader", name="All of these")).to_be_visible()
        in_every_view(page)
        page.get_by_role("link", name="Evidence of").click()
        page.get_by_role("region", name="The hardest cards").get_by_role("link").first.click()
        expect(page.get_by_role("heading", name="Looks")).to_be_visible()
        in_every_view(page)
        with server.database.read() as session:
            name = session.connection().execute(select(CARD.c.name).order_by(CARD.c.id).offset(1)).scalars().first()
        page.goto(f"/classes/1/evidence/rnn/{name}")
        expect(page.get_by_role("rowheader", name="One step too few.")).to_be_visible()
        in_every_view(page)
        assert troubles == []


def in_every_view(page: Page) -> None:
    """Wide and narrow, light and dark, in large letters: accessible, whole, and without a typewriter's quotes."""
    assert page.evaluate(TYPEWRITTEN) == []
    looks_good(page, page.url)
    look(page, *VIEWS[0])
