"""Who may do what: every address with every method and every role, and two learners who try to be each other."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import SQLModel, select
from starlette.routing import Match, Route

from app.accounts.classes import add_class, add_instructor, change_class
from app.accounts.roles import Deed, Role, may
from app.database import Database
from app.models import Account, AppToken, Deck
from app.web.routes import ROUTES
from tests.test_migrations import ROWS, add_a_class
from tests.web.people.conftest import Log, School
from tests.web.test_one_connection import counted

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ALL = [route for route in ROUTES if isinstance(route, Route)]
OPEN = {"/healthz", "/readyz", "/sign-in", "/privacy", "/sw.js", "/offline", "/join/x1"}
OF_PROFILES = {"/learners", "/learners/choose", "/learners/rename"}
"""Where everybody signs in there are none."""
NEEDS = {
    "POST /classes$": Role.ADMIN,
    "POST /classes/{class_id}$": Role.ADMIN,
    r"\w+ /classes/{class_id}/(instructors|delete)": Role.ADMIN,
    r"\w+ /classes": Role.INSTRUCTOR,
    r"\w+ /content": Role.INSTRUCTOR,
    r"\w+ /accounts": Role.ADMIN,
    r"\w+ /metrics": Role.ADMIN,
}
"""The role that a method and an address need; the first that fits holds, and every other takes a learner's."""
RANK = [Role.LEARNER, Role.INSTRUCTOR, Role.ADMIN]
MADE_UP = {
    "deck": "small",
    "name": "x1",
    "secret": "x1",
    "chosen": "7",
    "account": "77",
    "token": "77",
    "class_id": "77",
    "link": "77",
}


def address_of(route: Route, values: Mapping[str, str] = MADE_UP) -> str:
    return re.sub(r"{(\w+)(:path)?}", lambda found: values.get(found[1], "1"), route.path)


def needed(method: str, path: str) -> Role:
    return next((role for fits, role in NEEDS.items() if re.match(fits, f"{method} {path}")), Role.LEARNER)


def _is_of_role(answer: Any, method: str) -> bool:
    return "You are signed in as" in answer.text or method == "HEAD"


def refused_by(answer: Any, method: str) -> str:
    """`sign in`, `role`, or `gone` if the answer says so; otherwise empty: the page itself answered."""
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in"):
        return "sign in"
    if answer.status_code == 403:
        return "sign in" if "You are signed out" in answer.text else "role" if _is_of_role(answer, method) else ""
    return "gone" if answer.status_code == 404 and "everybody signs in" in answer.text else ""


def expected(role: Role | None, method: str, route: Route) -> str:
    methods = {method for one in ALL if one.path == route.path for method in one.methods or ()}
    takes = method in methods or (method == "HEAD" and "GET" in methods)
    if role is None:
        return "" if address_of(route) in OPEN else "sign in"
    if not takes:
        return ""
    if route.path in OF_PROFILES:
        return "gone" if method != "HEAD" else ""
    if RANK.index(role) < RANK.index(needed(method, route.path)):
        return "role"
    return ""


def is_taken_earlier(route: Route, address: str, method: str) -> bool:
    """True if a route that is listed before has this address."""
    scope = {"type": "http", "path": address, "method": method}
    return any(one.matches(scope)[0] is Match.FULL for one in ALL[: ALL.index(route)])


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_route_with_every_method_and_role(school: School, role: Role | None) -> None:
    browser = school.browser() if role is None else school.person("Somebody", role)
    if role is Role.INSTRUCTOR:
        with school.database.write() as session:
            class_id = add_class(session, "Spring", school.now[0])
            change_class(session, class_id, "Spring", [session.exec(select(Deck.id)).one()])
            add_instructor(session, class_id, "Somebody", school.now[0])
    unexpected = []
    asked = 0
    for route in ALL:
        address = address_of(route)
        if route.path.endswith("/train") or route.path == "/sign-out":
            continue  # one streams, and the other ends the walk: both are asked below
        for method in METHODS:
            if is_taken_earlier(route, address, method):
                continue
            body: Any = {"json": {}} if route.path == "/sync" else {"data": {}} if method == "POST" else {}
            if route.path in OF_PROFILES and method == "POST":
                body = {"data": {"chosen": "7", "name": "x"}}
            with counted(school.database) as connections:
                answer = browser.request(method, address, **body)
            assert set(connections) <= {1}, f"{method} {address} took a second connection while it held the first"
            found = refused_by(answer, method)
            asked += 1
            if found != expected(role, method, route) or answer.status_code >= 500:
                unexpected.append((method, route.path, answer.status_code, found))
    assert not unexpected, "\n".join(map(str, unexpected))
    assert asked > 400
    train = browser.get("/demos/gradient-flow/train")
    assert (train.status_code == 303) == (role is None)
    if role is None:
        assert browser.post("/sign-out").status_code == 403


def test_a_role_holds_what_the_one_below_it_holds() -> None:
    for below, above in pairwise(RANK):
        assert {deed for deed in Deed if may(below, deed)} < {deed for deed in Deed if may(above, deed)}


def rows_of(database: Database, account: int, learner: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that belongs to a learner or to their account."""
    found = {}
    with database.read() as session:
        for name, table in SQLModel.metadata.tables.items():
            for column, value in (("learner_id", learner), ("account_id", account)):
                if column in table.c:
                    rows = session.connection().execute(select(table).where(table.c[column] == value))  # type: ignore[call-overload]
                    found[f"{name} by {column}"] = sorted(map(tuple, rows), key=repr)
            if name == "learner":
                found[name] = [tuple(session.connection().execute(table.select().where(table.c.id == learner)).one())]
    return found


PRIVATE = ("Look this up.", "Because.", "hard-for-ada", "Ada Lovelace", "ada lovelace", "Secret script")
"""What Ada wrote, and who she is. Who has a quiz's address may take the same questions; answers are not shown."""


def test_two_learners_walk_every_page_and_form_as_each_other(school: School, told: Log) -> None:
    """Eve names Ada in the profile's cookie, in addresses and in forms: nothing is read, nothing is written."""
    school.person("Ada Lovelace")
    eve = school.person("Eve")
    with school.database.write() as session:
        ada, learner = session.exec(select(Account.id, Account.learner_id).where(Account.name == "ada lovelace")).one()
        session.add(AppToken(account_id=ada, token_hash="x", label="Secret script", made_at=school.now[0]))
    own_with_words(school.database, learner)
    before = rows_of(school.database, ada, learner)
    assert sum(map(len, before.values())) >= 12
    eve.cookies.set("recur-learner", str(learner), domain="127.0.0.1")
    with school.database.read() as session:
        token = session.exec(select(AppToken.id)).one()
    values = MADE_UP | {"chosen": str(learner), "account": str(ada), "token": str(token), "name": f"q{learner}"}
    read, asked = [], 0
    for route in ALL:
        if route.path.endswith("/train") or route.path == "/sign-out":
            continue
        for name in {f"q{learner}", "first", "q1"} if "{name}" in route.path else {""}:
            address = address_of(route, values | {"name": name})
            for query in ("", f"?learner={learner}&chosen={learner}&account={ada}&card=1&q=hard-for-ada"):
                for method in route.methods or ():
                    form = {"learner": learner, "chosen": learner, "account": ada, "name": "Ada Lovelace", "card": 1}
                    form |= {"act": "note", "note": "Eve was here", "token": f"t{learner}", "rating": 1, "undoes": 1}
                    # She may be called as Ada is, and would then read her own name.
                    form |= {"name": "Eve"} if route.path == "/settings" else {}
                    sent: Any = (
                        {"json": {"learner": learner, "events": []}} if route.path == "/sync" else {"data": form}
                    )
                    answer = eve.request(method, address + query, **(sent if method == "POST" else {}))
                    asked += 1
                    # What Eve typed herself may come back to her, as a form does that is shown again.
                    text = answer.text.replace("hard-for-ada", "") if "q=hard" in query else answer.text
                    if method == "POST":
                        text = text.replace("Ada Lovelace", "")
                    read += [(method, address, word) for word in PRIVATE if word in text]
    assert read == []
    assert asked > 150
    assert rows_of(school.database, ada, learner) == before
    assert "A learner was deleted." not in [text for text, _ in told()]


def own_with_words(database: Database, learner: int) -> None:
    """Give the learner a row in every table of theirs, with words that nobody else may see."""
    with database.write() as session:
        connection = session.connection()
        add_a_class(connection)
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in ROWS or "learner_id" not in table.c or table.name in ("account", "entry_link"):
                continue
            row = dict(ROWS[table.name]) | {"learner_id": learner}
            mine = {"token": f"t{learner}", "name": f"q{learner}", "id": learner, "last_review_id": learner}
            row |= {key: value for key, value in mine.items() if key in row}
            row |= {"tag": "hard-for-ada"} if table.name == "own_tag" else {}
            connection.execute(insert(table), row)
