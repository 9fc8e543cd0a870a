"""A server where everybody signs in, and browsers of people with accounts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.accounts.accounts import NewAccount, add, hash_if_good
from app.accounts.roles import Role
from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.web.conftest import NOW

PASSWORD = "three grey geese"
OURS = {"sec-fetch-site": "same-origin"}


@dataclass
class School:
    """The app, its database and its clock, and the browsers that visit it."""

    app: FastAPI
    database: Database
    settings: Settings
    now: list[datetime]
    browsers: list[TestClient] = field(default_factory=list)

    def later(self, by: timedelta) -> None:
        self.now[0] += by

    def browser(self, base: str = "http://127.0.0.1:8000", client: str = "127.0.0.1") -> TestClient:
        """A browser that is not signed in."""
        made = TestClient(self.app, base_url=base, client=(client, 50_000), headers=OURS, follow_redirects=False)
        self.browsers.append(made)
        return made

    def account(self, name: str, role: Role = Role.LEARNER, learner: int | None = None) -> int:
        """An account with PASSWORD; returns its id."""
        with self.database.write() as session:
            new = NewAccount(name, role, learner, hash_if_good(PASSWORD, name))
            return add(session, new, Random(name), 500, self.now[0])

    def person(self, name: str, role: Role = Role.LEARNER) -> TestClient:
        """A browser in which somebody with a new account is signed in."""
        self.account(name, role)
        browser = self.browser()
        assert sign_in(browser, name) == 303
        return browser


def sign_in(browser: TestClient, name: str, password: str = PASSWORD) -> int:
    """The status of an attempt."""
    return browser.post("/sign-in", data={"name": name, "password": password}).status_code


@pytest.fixture
def school(client: TestClient, database: Database, settings: Settings) -> School:
    now = [NOW]
    given = settings.model_copy(update={"access": "accounts"})
    return School(create_app(given, database, lambda: now[0]), database, given, now)


Log = Callable[[], list[tuple[str, dict[str, object]]]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Log:
    """What the log has told so far: each message with its fields."""
    caplog.set_level("INFO", "app")
    return lambda: [(one.getMessage(), getattr(one, "fields", {})) for one in caplog.records]
