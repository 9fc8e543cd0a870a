"""/learners: several people on one server, each with what is their own and nothing of another's."""

import re
from base64 import b64encode
from datetime import date
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import insert
from sqlmodel import SQLModel, select

from app.database import Database
from app.main import create_app
from app.models import Learner
from app.settings import Settings
from app.study.learners import erase
from app.web.frame.here import LEARNER_COOKIE
from app.web.routes import ROUTES
from tests.test_migrations import ROWS, add_a_class
from tests.web.conftest import NOW
from tests.web.sitting.test_review import HIDDEN

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def browser(client: TestClient, database: Database, settings: Settings) -> Any:
    """Makes further browsers, each with cookies of its own, of an app over the same database."""
    made = create_app(settings, database, lambda: NOW)
    return lambda: TestClient(made, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000), headers=OURS)


def learners(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.exec(select(Learner.name)))


def add(one: TestClient, name: str) -> int:
    one.post("/learners", data={"name": name})
    return int(one.cookies[LEARNER_COOKIE])


def study(one: TestClient, rating: int = 4) -> None:
    question = dict(HIDDEN.findall(one.get("/review").text.split('class="reveal"')[0]))
    page = one.get("/review", params=question).text
    fields = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
    assert one.post("/review", data=fields | {"rating": rating}).status_code == 200


def rows_of(database: Database, learner: int) -> dict[str, int]:
    """How many rows the learner has in each table that is a learner's, or part of what is."""
    counts = {}
    with database.read() as session:
        connection = session.connection()
        for name, table in SQLModel.metadata.tables.items():
            if "learner_id" in table.columns:
                where = f"learner_id = {learner}"
            elif name == "learner":
                where = f"id = {learner}"
            elif name == "quiz_item":
                where = f"quiz_id IN (SELECT id FROM quiz WHERE learner_id = {learner})"
            else:
                continue
            counts[name] = connection.exec_driver_sql(f'SELECT count(*) FROM "{name}" WHERE {where}').scalar_one()
    return counts


def own(database: Database, learner: int) -> None:
    """Give a learner a row in every table."""
    names = [table.name for table in SQLModel.metadata.sorted_tables if table.name in ROWS]
    personal = [name for name in names if "learner_id" in ROWS[name]] + ["quiz_item"]
    with database.write() as session:
        add_a_class(session.connection())
        for name in sorted(personal, key=names.index):
            row = dict(ROWS[name])
            unique = {"token": f"t{learner}", "name": f"q{learner}", "id": learner, "quiz_id": learner}
            unique |= {"account_id": learner, "token_hash": f"h{learner}"}
            row |= {key: value for key, value in unique.items() if key in row}
            row |= {"learner_id": learner} if "learner_id" in row else {}
            row |= {"last_review_id": learner} if "last_review_id" in row else {}
            session.connection().execute(insert(SQLModel.metadata.tables[name]), row)


def test_with_one_learner_nothing_shows_but_in_settings(client: TestClient) -> None:
    for path in ("/", "/topics", "/browse", "/content"):  # a sitting has no rooms beside it
        page = client.get(path).text
        assert 'href="/settings"' in page
        assert "earner" not in re.sub(r"<main.*</main>", "", page, flags=re.S)
    assert 'href="/learners"' in client.get("/settings").text


def test_a_learner_is_added_and_studies_from_then_on(browser: Any, database: Database) -> None:
    mine, other = browser(), browser()
    study(mine)
    answer = other.post("/learners", data={"name": " Ada "}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"recur-learner=[1-9]\d{5}; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax", cookie), cookie
    ada = int(other.cookies[LEARNER_COOKIE])
    page = other.get("/").text
    assert '<span class="unseen">Learner: </span>Ada</a>' in page
    assert "<b>5 new cards</b>" in page
    study(other, 2)
    with database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT learner_id, rating FROM review ORDER BY id").all()
    assert rows == [(1, 4), (ada, 2)]
    assert ">You</a>" in mine.get("/").text
    listed = mine.get("/learners").text
    assert re.search(r"<b>You</b> <span class=\"here\">current", listed)
    assert listed.count("last studied today") == 2


def test_one_chooses_who_studies(browser: Any) -> None:
    one = browser()
    ada = add(one, "Ada")
    answer = one.post("/learners/choose", data={"chosen": 1}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert one.cookies[LEARNER_COOKIE] == "1"
    assert ">You</a>" in one.get("/").text
    one.post("/learners/choose", data={"chosen": ada})
    assert ">Ada</a>" in one.get("/").text
    for chosen, status in ((7, 404), (2**40, 422), ("x", 422), ("", 422)):
        assert one.post("/learners/choose", data={"chosen": chosen}).status_code == status
        assert one.cookies[LEARNER_COOKIE] == str(ada)


def test_names_are_changed_and_refused(browser: Any, database: Database) -> None:
    one = browser()
    ada = add(one, "Ada")
    for data, says in (({"name": "ada"}, "called Ada already exists"), ({"name": " "}, "Enter a name"), ({}, "Enter")):
        answer = one.post("/learners", data=data)
        assert answer.status_code == 422
        assert says in answer.text
    answer = one.post("/learners/rename", data={"chosen": ada, "name": "YOU"})
    assert answer.status_code == 422
    assert 'value="YOU"' in answer.text
    assert "called You already exists" in answer.text.split(f'id="wrong-{ada}"')[1]
    assert one.post("/learners/rename", data={"chosen": 7, "name": "Eve"}).status_code == 404
    assert one.post("/learners/rename", data={"chosen": ada, "name": "Eve <b>"}).status_code == 200
    assert learners(database) == ["Eve <b>", "You"]
    assert "Eve &lt;b&gt;" in one.get("/").text


def test_every_table_of_a_learners_own_is_emptied(browser: Any, database: Database) -> None:
    """Walks the models, so that a new table cannot be forgotten."""
    one = browser()
    ada = add(one, "Ada")
    one.post("/settings", data={"name": "Ada", "theme": "dark", "key-undo": "z"})
    for learner in (1, ada):
        own(database, learner)
        assert set(rows_of(database, learner).values()) == {1}
    ask = one.get(f"/learners/{ada}/delete").text
    for says in (
        "1 rating of 1 card",
        "1 marked card ",
        "1 note and",
        "1 own tag",
        "1 quiz<",
        "and the profile<",
    ):
        assert says in ask
    for name in ("", "Eve", "ada"):
        answer = one.post(f"/learners/{ada}/delete", data={"name": name})
        assert answer.status_code == 422
        assert "Nothing was deleted: the name is Ada." in answer.text
    assert set(rows_of(database, ada).values()) == {1}
    answer = one.post(f"/learners/{ada}/delete", data={"name": " Ada "}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/learners?deleted=1")
    assert set(rows_of(database, ada).values()) == {0}
    assert set(rows_of(database, 1).values()) == {1}
    assert LEARNER_COOKIE not in one.cookies
    assert one.get("/").status_code == 200
    assert one.post(f"/learners/{ada}/delete", data={"name": "Ada"}).status_code == 404


def test_the_first_learner_is_emptied_and_stays(browser: Any, database: Database) -> None:
    one = browser()
    one.post("/settings", data={"name": "Eve", "theme": "dark", "new_per_day": "3"})
    own(database, 1)
    assert "the profile itself stays" in one.get("/learners/1/delete").text
    one.post("/learners/1/delete", data={"name": "Eve"})
    counts = rows_of(database, 1)
    assert counts.pop("learner") == 1
    assert set(counts.values()) == {0}
    with database.read() as session:
        left = session.get(Learner, 1)
    assert left is not None
    drawn = {"seed", "key"}
    assert left.model_dump(exclude=drawn) == Learner(id=1, name="You").model_dump(exclude=drawn)
    study(one)


def test_a_browser_whose_learner_was_deleted_is_told_once(browser: Any, database: Database) -> None:
    mine, other = browser(), browser()
    ada = add(other, "Ada")
    mine.post(f"/learners/{ada}/delete", data={"name": "Ada"})
    assert other.post("/review/undo", data={"token": "u", "deck": "small"}).status_code == 404
    assert LEARNER_COOKIE not in other.cookies
    # The number is not given to the next learner, who is another person.
    assert add(mine, "Eve") != ada
    answer = other.get("/", headers={"cookie": f"{LEARNER_COOKIE}={ada}"})
    assert answer.status_code == 404
    assert "was deleted" in answer.text
    assert f'{LEARNER_COOKIE}=""; ' in answer.headers["set-cookie"]
    assert other.get("/").status_code == 200
    assert learners(database) == ["Eve", "You"]


def test_by_https_the_cookie_is_this_host_s_alone(client: TestClient, database: Database, settings: Settings) -> None:
    settings = settings.model_copy(update={"password": SecretStr("long enough"), "access": "household"})
    made = create_app(settings, database, lambda: NOW)
    known = OURS | {"authorization": "Basic " + b64encode(b":long enough").decode()}
    one, other = (TestClient(made, base_url="https://recur.example", headers=known) for _ in range(2))
    given = one.post("/learners", data={"name": "Ada"}, follow_redirects=False).headers["set-cookie"]
    ada = one.cookies[f"__Host-{LEARNER_COOKIE}"]
    assert given == f"__Host-{LEARNER_COOKIE}={ada}; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax; Secure"
    # A browser that chose before the prefix goes on as the same person, until it chooses again.
    other.cookies.set(LEARNER_COOKIE, ada, domain="recur.example")
    assert f'data-of="{ada}"' in other.get("/").text
    other.post("/learners/choose", data={"chosen": "1"})
    assert 'data-of="1"' in other.get("/").text
    with database.write() as session:
        erase(session, int(ada))
    other.cookies.delete(f"__Host-{LEARNER_COOKIE}")
    assert [other.get("/").status_code for _ in range(2)] == [404, 200]


@pytest.mark.parametrize("cookie", ["", "x", "-1", "0", "1; drop", "²", "9" * 30, str(2**31)])
def test_a_cookie_that_is_none_of_ours_does_no_harm(browser: Any, cookie: str) -> None:
    answer = browser().get("/", headers={"cookie": f"{LEARNER_COOKIE}={cookie}".encode()})
    assert answer.status_code in (200, 404)


SAMPLES = {
    "/drill/run": "/drill/run?seed=5&log=r",
    "/practice": "/practice?ask=second-bias&seed=5",
    "/topics/{deck}/{name}": "/topics/small/first",
    "/cards/{deck}/{name}": "/cards/small/q1",
    "/cards/{name}": "/cards/q1",
    "/content/{deck}/{name}": "/content/small/first",
    "/learners/{chosen}/delete": "/learners/1/delete",
}
"""A page's address for each that has parts; the rest are asked with `1` there, which may be a page or none."""
OF_ALL = {"/learners", "/learners/{chosen}/delete"}
"""The pages that are about every learner."""
SLOW = ("/demos", "/api")
"""They know no learner."""


def addresses() -> list[str]:
    """The paths of all pages."""
    return [route.path for route in ROUTES if isinstance(route, APIRoute) and "GET" in (route.methods or ())]


def pages_of(one: TestClient) -> dict[str, str]:
    """Every page as this browser sees it, without what is new at each showing."""
    shown = {}
    for path in addresses():
        if path in OF_ALL or path.startswith(SLOW):
            continue
        address = SAMPLES.get(path) or re.sub(r"{[^}]*}", "1", path)
        for query in ("", "?card=1&shown_at=2026-03-02T08:59:00%2B00:00") if path == "/review" else ("",):
            text = one.get(address + query).text
            shown[address + query] = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    return shown


def test_a_server_takes_only_so_many_learners(client: TestClient, database: Database, settings: Settings) -> None:
    full = create_app(settings.model_copy(update={"max_learners": 2}), database, lambda: NOW)
    one = TestClient(full, base_url="http://127.0.0.1:8000", headers=OURS)
    assert one.post("/learners", data={"name": "Ada"}, follow_redirects=False).status_code == 303
    answer = one.post("/learners", data={"name": "Eve"})
    assert answer.status_code == 422
    assert "There are 2 learners here, and no more can be added (RECUR_MAX_LEARNERS)." in answer.text
    assert learners(database) == ["Ada", "You"]


def test_two_learners_never_see_each_others_state(browser: Any, database: Database) -> None:
    mine, other = browser(), browser()
    add(other, "Ada")
    mine.post("/learners/choose", data={"chosen": 1})
    assert {one.cookies[LEARNER_COOKIE] for one in (mine, other)} >= {"1"}
    before = pages_of(other)
    assert {"/", "/review", "/settings", "/settings/history.jsonl", "/topics/small/first"} <= set(before)
    at_first = pages_of(mine)
    for rating in (4, 1, 5):
        study(mine, rating)
    own_rows = {"card_mark", "own_tag", "quiz", "quiz_item", "day_total", "month_total"}
    with database.write() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name in own_rows:
                row = {**ROWS[table.name], **({"token": None} if table.name == "quiz_item" else {})}
                session.connection().execute(insert(table), row)
    mine.post("/settings", data={"name": "You", "theme": "dark", "new_per_day": "3", "key-undo": "z"})
    assert pages_of(other) == before
    # The same walk finds what one's own reviews have changed.
    now = pages_of(mine)
    changed = {path for path in now if now[path] != at_first[path]}
    assert {"/", "/review", "/settings", "/settings/history.jsonl", "/topics", "/cards/small/q1"} <= changed
    assert date(2025, 5, 2).isoformat() in now["/settings/history.jsonl"]
