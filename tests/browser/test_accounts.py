"""Signing in and out in a real browser; and without a net, what is left of a learner on a device that is shared."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.accounts.accounts import NewAccount, add, hash_if_good
from app.accounts.roles import Role
from app.settings import Settings
from tests.browser.conftest import Server, serving
from tests.browser.flaky import Net, net_to
from tests.browser.test_offline import IS_KEPT, off, ok
from tests.eventually import eventually

PASSWORD = "three grey geese"


@pytest.fixture
def school(loaded_database: Path, tmp_path: Path) -> Iterator[Server]:
    """A server where everybody signs in, with an account of Ada and one of Eve."""
    shutil.copy(loaded_database, tmp_path / "recur.sqlite")
    url = f"sqlite:///{tmp_path / 'recur.sqlite'}"
    with serving(Settings(database_url=url, watch=False, time_zone="Europe/Berlin", access="accounts")) as made:
        with made.database.write() as session:
            for name, role in (("Ada", Role.LEARNER), ("Eve", Role.ADMIN)):
                add(
                    session,
                    NewAccount(name, role, None, hash_if_good(PASSWORD, name)),
                    Random(name),
                    9,
                    datetime.now(UTC),
                )
        yield made


@pytest.fixture
def net(school: Server) -> Iterator[Net]:
    with net_to(school.url) as made:
        yield made


@pytest.fixture
def phone(chromium: Browser, net: Net) -> Iterator[BrowserContext]:
    size = {"width": 390, "height": 844}
    with chromium.new_context(base_url=net.url, viewport=size, service_workers="allow") as context:  # type: ignore[arg-type]
        yield context


def signed_in(phone: BrowserContext, name: str) -> Page:
    page = phone.new_page()
    page.set_default_timeout(15_000)
    page.goto("/review")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#asking")
    return page


def test_after_the_sign_out_nothing_of_a_learner_is_shown_without_a_net(phone: BrowserContext, net: Net) -> None:
    page = signed_in(phone, "ada")
    eventually(lambda: bool(page.evaluate(IS_KEPT)))
    net.fate = off
    page.goto("/review")
    page.wait_for_selector("#asking")  # as long as one is signed in
    net.fate = ok
    page.goto("/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    net.fate = off
    for path in ("/review", "/", "/stats", "/kept"):
        page.goto(path)
        expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    assert page.evaluate("async () => (await caches.keys()).filter(name => name.startsWith('recur-kept'))") == []
    net.fate = ok
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_who_signs_out_without_a_net_leaves_no_card_behind(phone: BrowserContext, net: Net) -> None:
    page = signed_in(phone, "ada")
    eventually(lambda: bool(page.evaluate(IS_KEPT)))
    page.goto("/account")
    net.fate = off
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    page.goto("/review")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()


def test_the_next_who_signs_in_gets_none_of_the_cards_of_the_one_before(phone: BrowserContext, net: Net) -> None:
    page = signed_in(phone, "ada")
    eventually(lambda: bool(page.evaluate(IS_KEPT)))
    of_ada = page.locator("body").get_attribute("data-of")
    phone.clear_cookies()  # her session has ended, and nobody told the device
    page.goto("/review")
    page.get_by_label("Name").fill("eve")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#asking")
    eventually(lambda: bool(page.evaluate(IS_KEPT)))
    assert f"recur-kept-{of_ada}" not in page.evaluate("() => caches.keys()")
