"""/classes/…/evidence: for those who teach the class, from five learners on; joined by invitation, left at will."""

from fastapi.testclient import TestClient
from sqlmodel import select

from app.accounts.accounts import account_named
from app.accounts.classes import add_instructor
from app.accounts.roles import Role
from app.models import Account, ClassMember
from tests.classroom import Classroom
from tests.web.people.conftest import PASSWORD, School
from tests.web.people.test_classes import link_in, make_class


def signed_in(school: School, name: str) -> TestClient:
    browser = school.browser()
    assert browser.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
    return browser


def test_a_class_of_four_is_told_why_and_one_of_five_sees(school: School, room: Classroom) -> None:
    ida, path, card = signed_in(school, "Ida"), f"/classes/{room.id}/evidence", room.cards()[0]
    learners = [room.learner() for _ in range(4)]
    room.later(hours=1)
    for number, learner in enumerate(learners):
        room.answer(learner, card, 1 + number)
    room.renew()
    assert "This class is too small for figures." in ida.get(path).text
    fifth = room.learner()
    room.later(hours=1)
    room.renew()
    assert "No figures yet." in ida.get(path).text
    room.answer(fifth, card, 5)
    assert "No figures yet." in ida.get(path).text  # not before the next renewal
    room.renew()
    page = ida.get(path).text
    assert "The hardest cards" in page
    assert "40 %" in page
    card_page = ida.get(f"{path}/small/q1").text
    assert "small/first.md:" in card_page
    assert "Learner" not in page + card_page
    assert path in ida.get(f"/classes/{room.id}").text
    assert ida.get(f"{path}/small/nothing").status_code == 404
    topic_page = ida.get(f"{path}/small/topics/first").text
    assert "All of these" in topic_page
    assert "These are 1 of 5 cards" in topic_page
    assert f'href="{path}/small/topics/first"' in page
    assert ida.get(f"{path}/small/topics/nothing").status_code == 404
    room.leave(learners[0])
    assert "too small for figures" in ida.get(path).text
    assert "40 %" not in ida.get(f"{path}/small/q1").text


def test_others_see_nothing(school: School, room: Classroom) -> None:
    path = f"/classes/{room.id}/evidence"
    eve, boss = school.person("Eve", Role.INSTRUCTOR), school.person("Boss", Role.ADMIN)
    ada = school.person("Ada")
    for address in (path, f"{path}/small/q1", f"{path}/small/topics/first"):
        assert [one.get(address).status_code for one in (eve, boss, ada)] == [404, 403, 403]
    assert "Only those who teach a class" in boss.get(path).text
    assert boss.get("/classes/77/evidence").status_code == 404
    with school.database.write() as session:
        add_instructor(session, room.id, "Boss", room.now)
    assert boss.get(path).status_code == 200


def counting(school: School) -> dict[str, set[int]]:
    """The classes in whose evidence each account is."""
    found: dict[str, set[int]] = {}
    with school.database.read() as session:
        of = select(Account.name, ClassMember.class_id, ClassMember.counts_from)
        for name, class_id, since in session.exec(of.join(ClassMember)):
            found.setdefault(name, set()).update({class_id} if since else ())
    return found


def test_whoever_joins_by_an_invitation_is_told_and_takes_part(school: School) -> None:
    boss, ida = school.person("Boss", Role.ADMIN), school.person("Ida", Role.INSTRUCTOR)
    one, two = (make_class(school, boss, name, "Ida") for name in ("Spring", "Autumn"))
    first, second = int(one.split("/")[-1]), int(two.split("/")[-1])
    link = link_in(ida.post(f"{one}/invite", data={"days": "7", "uses": "9"}).text)
    new = school.browser()
    page = new.get(link).text
    assert "sums over at least five learners" in page
    assert "Leave my answers out" in page
    assert new.post(link, data={"name": "Ada", "password": PASSWORD}).status_code == 303
    left_out = {"name": "Bob", "password": PASSWORD, "left_out": "true"}
    assert school.browser().post(link, data=left_out).status_code == 303
    assert counting(school) == {"ida": set(), "ada": {first}, "bob": set()}
    # One class at a time: the last that was joined.
    other = link_in(ida.post(f"{two}/invite", data={"days": "7", "uses": "9"}).text)
    assert new.post(other, data={"as_me": "true"}).status_code == 303
    assert counting(school)["ada"] == {second}
    account = new.get("/account").text
    assert "Take part in Spring" in account
    for chosen, then in ((first, {first}), (0, set()), (second, {second}), (77, set())):
        assert new.post("/account/evidence", data={"takes_part": chosen}).status_code == 303
        assert counting(school)["ada"] == then
    # What is chosen already begins not anew.
    new.post("/account/evidence", data={"takes_part": first})
    with school.database.read() as session:
        ada = account_named(session, "ada").id
        since = session.exec(select(ClassMember.counts_from).where(ClassMember.account_id == ada)).all()
    school.now[0] = school.now[0].replace(year=2027)
    assert signed_in(school, "Ada").post("/account/evidence", data={"takes_part": first}).status_code == 303
    with school.database.read() as session:
        assert session.exec(select(ClassMember.counts_from).where(ClassMember.account_id == ada)).all() == since
    assert "What your instructors see" not in ida.get("/account").text
