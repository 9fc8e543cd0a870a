"""/privacy names every table and column that is about people, and what it says of them is so."""

import json
import re
from collections import Counter
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Column
from sqlmodel import SQLModel, select

from app.accounts.bounds import OF_A_DEVICE, OF_AN_ACCOUNT, OF_AN_ADDRESS
from app.accounts.classes import add_class, add_instructor, change_class
from app.accounts.roles import Role
from app.accounts.sign_in import DEVICE_LASTS, IDLE, LONGEST_SIGN_IN
from app.database import Database
from app.main import create_app
from app.models import Account, ClassMember, Deck
from app.settings import ROOT, Settings
from app.upkeep.every_table import ORIGINS, Origin
from app.web.frame.entry import DEVICE, SESSION
from app.web.own.privacy import COOKIES
from tests.web.people.conftest import School, school
from tests.web.people.test_roles import ALL, MADE_UP, address_of, own_with_words

__all__ = ["school"]
TABLES = SQLModel.metadata.tables
OF_THE_COURSE = {
    *("deck", "topic", "content_file", "card", "card_alias", "card_demo", "card_link", "card_source", "card_tag"),
    *("card_version", "school_class", "class_deck", "class_date", "class_quiz"),
}
"""Tables about cards and classes, in which no learner is named; the page names one column of them, with sums."""
LINE = re.compile(r"<b>(.*?)</b>\s*<span class=\"quiet\">Seen by (.*?)\. Kept (.*?)\.</span>(.*?)</li>", re.DOTALL)


def ties(column: Column[Any]) -> bool:
    """True for what only ties rows together: a row's own number, or that of another."""
    return column.name == "id" or bool(column.foreign_keys)


def lines(page: str) -> dict[str, tuple[str, str, list[str]]]:
    """What the page says is kept: who sees it, how long it is kept, and in which columns."""
    return {
        what: (
            seen,
            until,
            [
                f"{table}.{name}"
                for table, names in re.findall(r"<code>(\w+): (.*?)</code>", code)
                for name in names.split()
            ],
        )
        for what, seen, until, code in LINE.findall(page)
    }


def test_every_column_about_people_has_its_line_once(
    client: TestClient, database: Database, settings: Settings
) -> None:
    said = lines(page(settings, database, access="accounts"))
    named = Counter(name for _, _, columns in said.values() for name in columns)
    assert all(columns for _, _, columns in said.values())
    expected = {
        f"{name}.{column.name}"
        for name, table in TABLES.items()
        if name not in OF_THE_COURSE
        for column in table.columns
        if not ties(column)
    }
    more = {name for name in named if name.partition(".")[0] in OF_THE_COURSE}
    assert set(named) - more == expected
    assert all(name.partition(".")[2] in TABLES[name.partition(".")[0]].c for name in more)
    assert set(named.values()) == {1}


def test_what_is_called_of_the_course_is_of_nobody() -> None:
    for name in OF_THE_COURSE:
        for column in TABLES[name].columns:
            assert not any(key.column.table.name in ("learner", "account") for key in column.foreign_keys), name
        assert ORIGINS[name] in (Origin.FILES, Origin.CLASS, Origin.TIME)


def page(settings: Settings, database: Database, **more: Any) -> str:
    chosen = settings.model_copy(update=more)
    browser = TestClient(create_app(chosen, database), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1))
    answer = browser.get("/privacy")
    assert answer.status_code == 200
    return unescape(answer.text)


def test_it_says_what_holds_on_this_server(client: TestClient, database: Database, settings: Settings) -> None:
    open_ = page(settings, database, backups=3, deletion_days=7)
    assert "whoever uses this machine" in open_
    assert "keeps the last 3 of these copies" in open_
    assert "for 3 days more" in open_
    assert "final after 7 days" in open_
    assert "argon2id" not in open_
    none = page(settings, database, access="accounts", backups=0, deletion_days=0)
    assert "makes no copies" in none
    assert "final at once" in none
    assert f"{IDLE.days} days without use, or {LONGEST_SIGN_IN.days} days" in none
    assert f"{DEVICE_LASTS.days} days after" in none
    longest = max(one.at_once * one.every for one in (OF_A_DEVICE, OF_AN_ACCOUNT, OF_AN_ADDRESS))
    assert longest.total_seconds() <= 30 * 60


def test_every_cookie_is_named() -> None:
    """Each has its name in a constant, and nothing else gives one."""
    sources = [path.read_text() for path in (ROOT / "app").rglob("*.py")]
    assert sum(text.count(".set_cookie(") for text in sources) == 1
    named = {name for text in sources for name in re.findall(r'COOKIE = "([\w-]+)"', text)}
    assert set(COOKIES) == named | {SESSION, DEVICE}


def test_it_is_linked_from_where_one_decides(school: School) -> None:
    nobody, boss = school.browser(), school.person("Boss", Role.ADMIN)
    made = boss.post("/accounts", data={"name": "Ada", "role": "learner"}).text
    join = re.findall(r"http://127.0.0.1:8000(/join/[\w-]+)", made)[0]
    for browser, path in ((nobody, "/sign-in"), (nobody, join), (boss, "/settings"), (boss, "/account")):
        assert 'href="/privacy' in browser.get(path).text, path
    assert nobody.get("/privacy").status_code == 200


OWN = ("Look this up.", "Because.", "hard-for-ada", "Peepholes.")
"""A note, a typed answer, a tag, and what somebody wrote of an interview."""


@pytest.mark.parametrize("role", [Role.INSTRUCTOR, Role.ADMIN], ids=str)
def test_notes_and_typed_answers_are_nobody_elses(school: School, role: Role) -> None:
    """Whoever teaches the class of a learner, and whoever manages the accounts, see none on any page or in any file."""
    school.person("Ada Lovelace")
    staff = school.person("Staff", role)
    with school.database.write() as session:
        ada = session.exec(select(Account).where(Account.name == "ada lovelace")).one()
        account, learner = ada.id, ada.learner_id
        class_id = add_class(session, "Spring", school.now[0])
        change_class(session, class_id, "Spring", [session.exec(select(Deck.id)).one()])
        add_instructor(session, class_id, "Staff", school.now[0])
        now = school.now[0]
        session.add(ClassMember(class_id=class_id, account_id=account, joined_at=now, counts_from=now))
    own_with_words(school.database, learner)
    values = MADE_UP | {"chosen": str(learner), "account": str(account), "class_id": str(class_id)}
    read, answered = [], 0
    for route in ALL:
        if route.path.endswith("/train") or "GET" not in (route.methods or ()):
            continue
        for name in {f"q{learner}", "first", "q1"} if "{name}" in route.path else {"x1"}:
            for query in ("", f"?learner={learner}&account={account}&class_id={class_id}&q=note&deck=small"):
                answer = staff.get(address_of(route, values | {"name": name}) + query)
                answered += answer.status_code == 200
                read += [(route.path, word) for word in OWN if word in answer.text]
    assert read == []
    assert answered > 60
    assert staff.get(f"/classes/{class_id}").status_code == 200
    assert (staff.get(f"/learners/{learner}/delete").status_code == 200) == (role is Role.ADMIN)


def test_the_page_calls_them_ones_own(client: TestClient, database: Database, settings: Settings) -> None:
    said = lines(page(settings, database, access="accounts"))
    for column in ("review.typed", "card_mark.note", "plan.asked", "plan.missing", "own_tag.tag"):
        assert [seen for seen, _, columns in said.values() if column in columns] == ["you alone"], column


def test_one_downloads_all_of_an_account(school: School) -> None:
    ada = school.person("Ada")
    school.person("Eve")
    ada.post("/account/tokens", data={"label": "Script"})
    answer = ada.get("/account/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="recur-account.json"'
    found = json.loads(answer.text)
    assert set(found) == {name for name, origin in ORIGINS.items() if origin is Origin.ACCOUNT}
    assert [one["name"] for one in found["account"]] == ["ada"]
    assert [one["label"] for one in found["app_token"]] == ["Script"]
    assert (len(found["sign_in"]), len(found["known_device"])) == (1, 1)
    assert "hash" not in answer.text
    assert "eve" not in answer.text
