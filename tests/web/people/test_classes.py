"""/classes: an instructor's own, and nobody else's."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.accounts.accounts import account_named
from app.accounts.roles import Role
from app.models import Account, ClassMember, Deck
from tests.web.people.conftest import PASSWORD, Log, School

ACTIONS = ("", "/instructors", "/delete", "/remove", "/invite", "/links/1/end")


def make_class(school: School, boss: TestClient, name: str, instructor: str, decks: bool = True) -> str:
    """The address of a new class that somebody teaches."""
    path = boss.post("/classes", data={"name": name}).headers["location"]
    with school.database.read() as session:
        deck = session.exec(select(Deck.id)).one()
    assert boss.post(path, data={"name": name, "deck": [deck] if decks else []}).status_code == 303
    assert boss.post(f"{path}/instructors", data={"instructor": instructor}).status_code == 303
    return path


@pytest.fixture
def boss(school: School) -> TestClient:
    return school.person("Boss", Role.ADMIN)


def link_in(page: str) -> str:
    return str(re.findall(r"/join/[\w-]{43}", page)[0])


def members(school: School) -> set[tuple[str, bool]]:
    with school.database.read() as session:
        of = select(Account.name, ClassMember.teaches).where(Account.id == ClassMember.account_id)
        return {(name, teaches) for name, teaches in session.exec(of)}


def test_a_class_from_its_making_to_its_end(school: School, boss: TestClient, told: Log) -> None:
    ida = school.person("Ida", Role.INSTRUCTOR)
    assert "You teach no class yet" in ida.get("/classes").text
    path = make_class(school, boss, "Spring", "IDA")
    assert "0 learners" in ida.get("/classes").text
    link = link_in(ida.post(f"{path}/invite", data={"days": "7", "uses": "2"}).text)
    assert link not in ida.get(path).text
    assert "A link for 2 more people" in ida.get(path).text
    assert ida.post(link, data={"as_me": "true"}).status_code == 303  # who is in it uses nothing up
    # One joins with a new account, another with the one they have.
    new = school.browser()
    assert "Join Spring" in new.get(link).text
    assert new.post(link, data={"name": "Ada", "password": PASSWORD}).status_code == 303
    assert new.get("/accounts").status_code == 403
    old = school.person("Eve")
    assert "Join as eve" in old.get(link).text
    assert old.post(link, data={"as_me": "true"}).status_code == 303
    assert members(school) == {("ida", True), ("ada", False), ("eve", False)}
    assert school.browser().get(link).status_code == 404  # two people were invited
    assert "2 learners" in ida.get("/classes").text
    with school.database.read() as session:
        eve = account_named(session, "eve").id
        herself = account_named(session, "ida").id
    for one in (herself, eve):  # who teaches is removed by an admin alone
        assert ida.post(f"{path}/remove", data={"account": one}).status_code == 303
    assert members(school) == {("ida", True), ("ada", False)}
    assert old.get("/").status_code == 200
    page = boss.get(path).text
    assert "the places of 1 learner," in page
    assert "0 quizzes with the results" in page
    for typed in ("", "spring", "Autumn"):
        answer = boss.post(f"{path}/delete", data={"name": typed})
        assert (answer.status_code, "Nothing was deleted: the name is Spring." in answer.text) == (422, True)
    assert members(school) == {("ida", True), ("ada", False)}
    assert boss.post(f"{path}/delete", data={"name": " Spring "}).headers["location"] == "/classes"
    assert members(school) == set()
    assert ida.get(path).status_code == 404
    texts = [text for text, _ in told()]
    for said in ("A class was made.", "A link was made.", "Somebody joined a class.", "A class was deleted."):
        assert said in texts


def test_an_invitation_ends(school: School, boss: TestClient) -> None:
    ida = school.person("Ida", Role.INSTRUCTOR)
    path = make_class(school, boss, "Spring", "Ida")
    ended, other = (link_in(ida.post(f"{path}/invite", data={"days": "1", "uses": "9"}).text) for _ in range(2))
    first = re.findall(r"/links/(\d+)/end", ida.get(path).text)[0]
    assert ida.post(f"{path}/links/{first}/end").status_code == 303
    assert [school.browser().get(one).status_code for one in (ended, other)] == [404, 200]
    for form in ({"days": "0"}, {"days": "91"}, {"uses": "0"}, {"uses": "1001"}, {"days": "x"}):
        assert ida.post(f"{path}/invite", data={"days": "7", "uses": "2"} | form).status_code == 422
    assert boss.post(f"{path}/delete", data={"name": "Spring"}).status_code == 303
    assert school.browser().get(other).status_code == 404


def test_another_instructor_s_class_is_as_none(school: School, boss: TestClient) -> None:
    school.account("Ida", Role.INSTRUCTOR)
    path = make_class(school, boss, "Secret spring", "Ida")
    eve = school.person("Eve", Role.INSTRUCTOR)
    answers = [eve.get(path), eve.get("/classes/77")]
    answers += [eve.post(f"{path}{one}", data={"account": 1}) for one in ("/remove", "/invite", "/links/1/end")]
    assert {answer.status_code for answer in answers} == {404}
    assert all("Secret" not in answer.text for answer in (*answers, eve.get("/classes")))
    assert [eve.post(f"{path}{one}").status_code for one in ("", "/instructors", "/delete")] == [403] * 3
    assert members(school) == {("ida", True)}
    learner = school.person("Ada")
    assert {learner.post(f"{path}{one}").status_code for one in ACTIONS} == {403}


def test_an_instructor_sees_the_files_of_their_own_decks(school: School, boss: TestClient) -> None:
    ida, eve = school.person("Ida", Role.INSTRUCTOR), school.person("Eve", Role.INSTRUCTOR)
    make_class(school, boss, "Spring", "Ida")
    make_class(school, boss, "Autumn", "Eve", decks=False)
    assert (ida.get("/content/small/first").status_code, boss.get("/content/small/first").status_code) == (200, 200)
    assert "first.md" in ida.get("/content").text
    assert "first.md" not in eve.get("/content").text
    for address in ("/content/small/first", "/content/small/nothing", "/content/small/first/edit"):
        answer = eve.get(address)
        assert answer.status_code == 403
        assert "first.md" not in answer.text
    before = (school.settings.content_dir / "small/first.md").read_text()
    assert eve.post("/content/small/first/edit", data={"text": "x"}).status_code == 403
    assert (school.settings.content_dir / "small/first.md").read_text() == before
    # Whoever is an instructor no more sees none, though still in the class.
    with school.database.read() as session:
        account = account_named(session, "ida").id
    boss.post(f"/accounts/{account}/role", data={"role": "learner"})
    assert ida.post("/sign-in", data={"name": "ida", "password": PASSWORD}).status_code == 303
    assert ida.get("/content/small/first").status_code == 403


def test_what_an_admin_types_wrong_is_said(school: School, boss: TestClient) -> None:
    school.account("Ada")
    path = boss.post("/classes", data={"name": " Spring  2027 "}).headers["location"]
    assert "<h1>Spring 2027</h1>" in boss.get(path).text
    other = boss.post("/classes", data={"name": "Autumn"}).headers["location"]
    for where, form, says in (
        ("/classes", {"name": "Autumn"}, "of this name already"),
        ("/classes", {"name": " "}, "at most 60 characters"),
        ("/classes", {"name": "x" * 61}, "at most 60 characters"),
        (path, {"name": "Autumn"}, "of this name already"),
        (path, {"name": ""}, "at most 60 characters"),
        (f"{path}/instructors", {"instructor": "nobody"}, "There is no such account"),
        (f"{path}/instructors", {"instructor": "Ada"}, "ada is a learner: change the role first"),
    ):
        answer = boss.post(where, data=form)
        assert answer.status_code == 422
        assert says in answer.text
    assert boss.post(path, data={"name": "Spring", "deck": ["99"]}).status_code == 303
    assert boss.post(other, data={"name": "Autumn"}).status_code == 303
