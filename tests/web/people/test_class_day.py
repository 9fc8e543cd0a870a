"""The day that a class studies for, and the plans of its learners."""

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select, update

from app.accounts.roles import Role
from app.cards.load.load import load
from app.models import Account, ClassPlan, Deck, InterviewPlan, Topic
from tests.web.conftest import NOW, write_content
from tests.web.people.conftest import PASSWORD, School, sign_in
from tests.web.people.test_classes import link_in, make_class
from tests.web.sitting.test_review import rating_form

EXAM = {"occasion": "Final exam", "held_on": "2026-03-20", "deck": "1"}
HAS_SET = "Your class Spring has set a date"


@pytest.fixture
def ida(school: School) -> TestClient:
    """An instructor of the class Spring, at /classes/1."""
    boss = school.person("Boss", Role.ADMIN)
    made = school.person("Ida", Role.INSTRUCTOR)
    assert make_class(school, boss, "Spring", "Ida") == "/classes/1"
    return made


def join(school: School, ida: TestClient, name: str) -> TestClient:
    """A browser of somebody who has just joined the class by a link."""
    browser = school.browser()
    link = link_in(ida.post("/classes/1/invite", data={"days": "7", "uses": "9"}).text)
    assert browser.post(link, data={"name": name, "password": PASSWORD}).status_code == 303
    return browser


def plans_of(school: School, name: str) -> list[InterviewPlan]:
    with school.database.read() as session:
        of = select(InterviewPlan).join(Account, Account.learner_id == InterviewPlan.learner_id)  # type: ignore[arg-type]
        found = session.exec(of.where(Account.name == name).order_by(InterviewPlan.interview_on)).all()  # type: ignore[arg-type]
        session.expunge_all()
    return list(found)


def days(school: School, name: str) -> list[date]:
    return [plan.interview_on for plan in plans_of(school, name)]


def rows(school: School) -> int:
    with school.database.read() as session:
        return len(session.exec(select(ClassPlan)).all())


def text_of(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def test_the_plans_of_learners_follow_the_date(school: School, ida: TestClient) -> None:
    ada = join(school, ida, "Ada")
    assert ida.post("/classes/1/day", data=EXAM).status_code == 303
    assert "Final exam: 20 March" in text_of(ida.get("/classes/1").text)
    eve = join(school, ida, "Eve")  # who joins later gets a plan too
    for browser, name in ((ada, "ada"), (eve, "eve")):
        assert days(school, name) == [date(2026, 3, 20)]
        today = text_of(browser.get("/").text)
        assert f"{HAS_SET}: Final exam is 20 March" in today
        assert "You now have a plan for small until then" in today
    assert plans_of(school, "ada")[0].minutes == 20
    assert days(school, "ida") == []
    # The learner decides on minutes and days off, the class on everything else.
    mine = {"plan": plans_of(school, "ada")[0].name, "minutes": "45", "days": "1", "off": ["5", "6"]}
    assert ada.post("/plans", data=mine).status_code == 303
    assert (plans_of(school, "ada")[0].minutes, plans_of(school, "ada")[0].days_off) == (45, "56")
    for change in ({"interview_on": "2026-03-25"}, {"deck": ""}, {"topic": "first"}):
        answer = ada.post("/plans", data=mine | change | {"minutes": "10"})
        assert answer.status_code == 422
        assert "Your class Spring sets the date and the deck of this plan" in answer.text
    assert ada.post("/plans/delete", data={"plan": mine["plan"]}).status_code == 409
    assert plans_of(school, "ada")[0].minutes == 45
    # What was seen is told no more; what moves is told again.
    assert ada.post("/plans/noted", data={"class_id": "1", "deck": "1"}).status_code == 303
    assert "You now have a plan" not in ada.get("/").text
    assert ida.post("/classes/1/day", data=EXAM | {"held_on": "2026-03-27"}).status_code == 303
    assert days(school, "ada") == days(school, "eve") == [date(2026, 3, 27)]
    assert plans_of(school, "ada")[0].minutes == 45
    assert "Final exam is 27 March , not 20 March" in text_of(ada.get("/").text)
    assert "You now have a plan" in text_of(eve.get("/").text)
    assert ida.post("/classes/1/day", data=EXAM).status_code == 303
    assert "not 20 March" not in text_of(ada.get("/").text)  # where it was when she last looked
    settings = text_of(ada.get("/settings").text)
    assert "Final exam, 20 March" in settings
    assert "The date comes from your class Spring" in settings
    assert "Delete this plan" not in settings


def test_who_has_a_plan_for_the_deck_keeps_it_and_is_told(school: School, ida: TestClient) -> None:
    ada = join(school, ida, "Ada")
    assert ada.post("/plans", data={"interview_on": "2026-03-10", "minutes": "30", "days": "1"}).status_code == 303
    ida.post("/classes/1/day", data=EXAM)
    assert days(school, "ada") == [date(2026, 3, 10)]
    told = text_of(ada.get("/").text)
    assert f"{HAS_SET}: Final exam is 20 March . You already had a plan for small, until 10 March." in told
    ida.post("/classes/1/day", data=EXAM | {"held_on": "2026-03-27"})
    assert days(school, "ada") == [date(2026, 3, 10)]
    # Once it is gone, the class's takes its place.
    assert ada.post("/plans/delete", data={"plan": plans_of(school, "ada")[0].name}).status_code == 303
    assert days(school, "ada") == [date(2026, 3, 27)]
    assert rows(school) == 1


@pytest.mark.parametrize("way", ["leaves", "removed", "deleted", "deck"])
def test_what_a_class_made_stays_as_the_learner_s_own(school: School, ida: TestClient, way: str) -> None:
    ada = join(school, ida, "Ada")
    ida.post("/classes/1/day", data=EXAM)
    boss = school.browser()
    boss.post("/sign-in", data={"name": "boss", "password": PASSWORD})
    if way == "leaves":
        assert "Spring" in ada.get("/account").text
        assert ada.post("/account/classes/1/leave").status_code == 303
        assert "Leave" not in ada.get("/account").text
    elif way == "removed":
        member = re.findall(r'name="account" value="(\d+)"', ida.get("/classes/1").text)[0]
        ida.post("/classes/1/remove", data={"account": member})
    elif way == "deleted":
        boss.post("/classes/1/delete", data={"name": "Spring"})
    else:
        assert boss.post("/classes/1", data={"name": "Spring"}).status_code == 303
        assert "has no date for small any more" in text_of(ada.get("/").text)
    assert days(school, "ada") == [date(2026, 3, 20)]
    name = plans_of(school, "ada")[0].name
    assert "Delete this plan" in ada.get("/settings").text
    own = {"plan": name, "interview_on": "2026-04-01", "minutes": "20", "days": "1"}
    assert ada.post("/plans", data=own).status_code == 303
    assert days(school, "ada") == [date(2026, 4, 1)]
    if way == "deck":
        assert ada.post("/plans/noted", data={"class_id": "1", "deck": "1"}).status_code == 303
        assert "any more" not in ada.get("/").text
    assert rows(school) == 0
    assert ada.post("/plans/delete", data={"plan": name}).status_code == 303


def test_a_date_that_is_taken_away_and_one_after_the_exam(school: School, ida: TestClient) -> None:
    ada = join(school, ida, "Ada")
    ida.post("/classes/1/day", data=EXAM)
    assert ida.post("/classes/1/day", data={"none": "true"}).status_code == 303
    assert "The day to study for" in ida.get("/classes/1").text
    told = text_of(ada.get("/").text)
    assert "Your class Spring has no date for small any more" in told
    assert "Your plan until 20 March is your own now" in told
    ida.post("/classes/1/day", data=EXAM | {"held_on": "2026-03-22"})  # it follows again
    assert days(school, "ada") == [date(2026, 3, 22)]
    school.later(timedelta(days=21))
    assert (sign_in(ada, "ada"), sign_in(ida, "ida")) == (303, 303)
    assert "Final exam: how did it go?" in text_of(ada.get("/").text)
    ida.post("/classes/1/day", data=EXAM | {"held_on": "2026-05-20"})
    assert days(school, "ada") == [date(2026, 3, 22), date(2026, 5, 20)]  # the past one keeps its day and notes
    assert rows(school) == 1


def test_two_classes_and_two_decks(school: School, ida: TestClient, tmp_path: Path) -> None:
    folder = write_content(tmp_path / "more") / "large"
    folder.with_name("small").rename(folder)
    write_content(tmp_path / "more")
    assert not load(school.database, tmp_path / "more", NOW).mistakes
    with school.database.read() as session:
        decks = {deck.name: deck.id for deck in session.exec(select(Deck))}
    boss = school.browser()
    boss.post("/sign-in", data={"name": "boss", "password": PASSWORD})
    boss.post("/classes/1", data={"name": "Spring", "deck": list(decks.values())})
    ada = join(school, ida, "Ada")
    ida.post("/classes/1/day", data=EXAM | {"deck": list(decks.values())})
    assert {(plan.deck, plan.interview_on.day) for plan in plans_of(school, "ada")} == {("small", 20), ("large", 20)}
    # A second class with the same deck: the plan that follows the first is there already.
    path = boss.post("/classes", data={"name": "Autumn"}).headers["location"]
    boss.post(path, data={"name": "Autumn", "deck": list(decks.values())})
    boss.post(f"{path}/instructors", data={"instructor": "Ida"})
    link = link_in(ida.post(f"{path}/invite", data={"days": "7", "uses": "9"}).text)
    assert ada.post(link, data={"as_me": "true"}).status_code == 303
    ida.post(f"{path}/day", data=EXAM | {"held_on": "2026-04-20", "deck": str(decks["small"])})
    assert {(plan.deck, plan.interview_on.month) for plan in plans_of(school, "ada")} == {("small", 3), ("large", 3)}
    assert "You already had a plan for small" in text_of(ada.get("/").text)
    # Only one of the decks: the other plan is the learner's own now.
    ida.post("/classes/1/day", data=EXAM | {"deck": str(decks["small"])})
    assert "has no date for large any more" in text_of(ada.get("/").text)


def test_what_an_instructor_types_wrong_is_said_and_kept(school: School, ida: TestClient) -> None:
    ada = join(school, ida, "Ada")
    for change, says in (
        ({"held_on": "2026-03-01"}, "That day has passed"),
        ({"held_on": "soon"}, "is not a date"),
        ({"held_on": ""}, "Enter the date"),
        ({"held_on": "2028-01-01"}, "more than a year away"),
        ({"occasion": " "}, "Say what the day is"),
        ({"occasion": "x" * 61}, "Say what the day is"),
        ({"deck": "77"}, "Choose at least one of the class’s decks"),
    ):
        answer = ida.post("/classes/1/day", data=EXAM | change)
        assert answer.status_code == 422, change
        assert says in answer.text
    assert 'value="Quiz &amp; exam"' in ida.post("/classes/1/day", data={"occasion": "Quiz & exam"}).text
    assert days(school, "ada") == []
    assert ada.post("/classes/1/day", data=EXAM).status_code == 403
    assert ada.post("/account/classes/77/leave").status_code == 303
    assert ida.post("/account/classes/1/leave").status_code == 303
    assert ida.get("/classes/1").status_code == 200  # who teaches does not leave like this


def test_the_overview_of_a_class_and_as_a_table(school: School, ida: TestClient) -> None:
    learners = [join(school, ida, f"Learner {n}") for n in range(4)]
    few = ida.get("/classes/1/overview").text
    assert "Figures of fewer than 5 learners who take part are not shown" in few
    learners += [join(school, ida, f"Learner {n}") for n in range(4, 6)]
    assert "Fewer than 5 learners have studied it" in ida.get("/classes/1/overview").text
    ida.post("/classes/1/day", data=EXAM)
    for learner in learners:
        assert learner.post("/review", data=rating_form(learner)).status_code < 400
    page = text_of(ida.get("/classes/1/overview").text)
    assert "First topic 20 % 20 %" in page  # one of five cards, today
    assert "recalled 20 March" in page
    with school.database.write() as session:
        session.exec(update(Topic).values(title="=1+1 Grün"))
    answer = ida.get("/classes/1/overview.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "filename*=UTF-8''Spring%202026-03-02.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["topic"] == "'=1+1 Grün"
    assert (row["learners"], row["cards"], row["seen"], row["ready on"]) == ("6", "5", "0.200", "2026-03-20")
    assert 0 < float(row["ready"]) < float(row["recalled"]) <= 0.2
    # Whoever does not teach the class learns nothing of it, in either form.
    eve = school.person("Eve", Role.INSTRUCTOR)
    for address in ("/classes/1/overview", "/classes/1/overview.csv"):
        assert eve.get(address).status_code == 404
        assert learners[0].get(address).status_code == 403
    # A figure of somebody who left is shown no more, and the difference to the next is of five.
    learners[0].post("/account/classes/1/leave")
    assert "A learner has left" in ida.get("/classes/1/overview").text
    assert "A learner has left" in ida.get("/classes/1/overview.csv").content.decode("utf-8-sig")
