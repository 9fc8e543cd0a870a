"""One asks to be deleted, is signed out everywhere, may think better of it, and then is gone."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.accounts.roles import Role
from app.database import Database
from app.main import create_app
from app.models import Account, AppToken, Learner, SignIn
from app.settings import Settings
from app.study.deletions import delete_due, in_file
from app.upkeep.dated_copies import copies_of
from app.web.frame.here import LEARNER_COOKIE
from tests.web.conftest import NOW
from tests.web.own.test_learners import OURS, add, learners, study
from tests.web.people.conftest import Log, School, school, sign_in, told

__all__ = ["school", "told"]
A_WEEK = timedelta(days=7)


@pytest.fixture
def graceful(school: School) -> School:
    """A school whose deletions are final after a week."""
    chosen = school.settings.model_copy(update={"deletion_days": 7})
    return School(create_app(chosen, school.database, lambda: school.now[0]), school.database, chosen, school.now)


def count(school: School, model: Any) -> int:
    with school.database.read() as session:
        return len(session.exec(select(model)).all())


def leave(browser: TestClient, school: School, name: str) -> Any:
    with school.database.read() as session:
        learner = session.exec(select(Learner.id).where(Learner.name == name)).one()
    page = browser.get(f"/learners/{learner}/delete").text
    assert "on 9 March 2026 everything is deleted" in page
    assert "signing in" in page
    return browser.post(f"/learners/{learner}/delete", data={"name": name})


def test_with_an_account(graceful: School, told: Log) -> None:
    phone, laptop = graceful.person("Ada"), graceful.browser()
    assert sign_in(laptop, "ada") == 303
    laptop.post("/account/tokens", data={"label": "Script"})
    phone.follow_redirects = True
    study(phone)
    phone.follow_redirects = False
    answer = leave(phone, graceful, "Ada")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?leaves=2026-03-09")
    assert "On 9 March 2026 everything of yours is deleted" in phone.get(answer.headers["location"]).text
    assert [one.get("/settings").status_code for one in (phone, laptop)] == [303, 303]
    assert (count(graceful, SignIn), count(graceful, AppToken), count(graceful, Account)) == (0, 0, 1)
    graceful.later(A_WEEK - timedelta(minutes=1))
    answer = laptop.post("/sign-in", data={"name": "ada", "password": "three grey geese", "then": "/stats"})
    assert answer.headers["location"] == "/account?back=1"
    assert "nothing is deleted" in laptop.get("/account?back=1").text
    assert "1 rating of 1 card" in laptop.get("/settings").text
    graceful.later(A_WEEK)
    copies = copies_of(graceful.database, graceful.settings)
    delete_due(graceful.database, copies.deletions, graceful.now[0])
    assert laptop.get("/settings").status_code == 200
    # Asked for again, and this time it is final.
    with graceful.database.read() as session:
        learner = session.exec(select(Learner.id).where(Learner.name == "Ada")).one()
    laptop.post(f"/learners/{learner}/delete", data={"name": "Ada"})
    graceful.later(A_WEEK)
    assert sign_in(laptop, "ada") == 403  # due, even if nobody has looked yet
    delete_due(graceful.database, copies.deletions, graceful.now[0])
    assert (count(graceful, Account), len(in_file(copies.deletions))) == (0, 1)
    texts = [text for text, _ in told()]
    assert texts.count("A learner was deleted.") == 1
    assert texts.count("A deletion was asked for.") == 2
    assert texts.count("A deletion was taken back.") == 1


def test_the_last_admin_stays_and_one_who_leaves_counts_for_none(graceful: School) -> None:
    boss, other = graceful.person("Boss", Role.ADMIN), graceful.person("Other", Role.ADMIN)
    assert leave(other, graceful, "Other").status_code == 303
    assert "is deleted on 9 March 2026 unless they sign in before" in boss.get("/accounts").text
    assert leave(boss, graceful, "Boss").status_code == 409
    assert sign_in(other, "other") == 303
    assert leave(boss, graceful, "Boss").status_code == 303


def test_a_link_for_somebody_who_leaves_is_void(graceful: School) -> None:
    boss, ada = graceful.person("Boss", Role.ADMIN), graceful.person("Ada")
    with graceful.database.read() as session:
        account = session.exec(select(Account.id).where(Account.name == "ada")).one()
    page = boss.post(f"/accounts/{account}/reset").text
    path = re.findall(r"http://127.0.0.1:8000(/join/[\w-]+)", page)[0]
    assert graceful.browser().get(path).status_code == 200
    del ada
    with graceful.database.read() as session:
        learner = session.exec(select(Learner.id).where(Learner.name == "Ada")).one()
    boss.post(f"/learners/{learner}/delete", data={"name": "Ada"})
    assert graceful.browser().get(path).status_code == 404


@pytest.fixture
def household(client: TestClient, database: Database, settings: Settings) -> Any:
    """Makes browsers of a server with profiles, whose deletions are final after a week."""
    made = create_app(settings.model_copy(update={"deletion_days": 7}), database, lambda: NOW)
    return lambda: TestClient(made, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000), headers=OURS)


def test_with_profiles(household: Any, database: Database) -> None:
    mine, other = household(), household()
    ada = add(mine, "Ada")
    study(mine)
    other.cookies.set(LEARNER_COOKIE, str(ada), domain="127.0.0.1")
    answer = mine.post(f"/learners/{ada}/delete", data={"name": "Ada"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/learners")
    page = mine.get("/learners").text
    assert "<b>everything is deleted on 9 March</b>" in page
    assert LEARNER_COOKIE not in mine.cookies
    # Another browser of hers is let out, and writes nothing.
    assert other.post("/review/undo", data={"token": "u", "deck": "small"}).status_code == 404
    assert LEARNER_COOKIE not in other.cookies
    mine.post("/learners/choose", data={"chosen": ada})
    assert "1 rating of 1 card" in mine.get("/settings").text
    assert "everything is deleted" not in mine.get("/learners").text


def test_one_person_alone_can_begin_anew_at_once(household: Any, database: Database) -> None:
    me = household()
    study(me)
    me.post("/learners/1/delete", data={"name": "You"})
    for path in ("/", "/review", "/stats", "/settings"):
        assert me.get(path).url.path == "/learners", path
    part = me.get("/review", headers={"hx-request-type": "partial"})
    assert (part.status_code, "9 March 2026" in part.text) == (404, True)
    add(me, "Anew")
    assert "0 ratings" in me.get("/settings").text
    assert learners(database) == ["Anew", "You"]
    me.post("/learners/choose", data={"chosen": 1})
    assert "1 rating of 1 card" in me.get("/settings").text
