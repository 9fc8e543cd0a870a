"""A quiz that a class is given at a time: who may take it, when, and what is told of it."""

import csv
import io
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.accounts.roles import Role
from app.models import ClassQuiz, ClassQuizTaker, Quiz, QuizItem
from tests.web.people.conftest import School
from tests.web.people.test_class_day import ida, join, text_of  # noqa: F401
from tests.web.quiz.test_take import give

GATES = {"title": "Gates", "deck": "1", "number": "3", "closes": "2026-03-02T11:00"}
"""Until 10:00 UTC: an hour from NOW in the server's time zone."""


@pytest.fixture
def learners(school: School, ida: TestClient) -> list[TestClient]:  # noqa: F811
    """Six of the class."""
    return [join(school, ida, f"Learner {n}") for n in range(6)]


def made(instructor: TestClient, **changes: str) -> str:
    answer = instructor.post("/classes/1/quizzes", data=GATES | changes)
    assert answer.status_code == 303, text_of(answer.text)
    return str(answer.headers["location"])


def start(learner: TestClient, quiz: int = 1) -> str:
    answer = learner.post(f"/class-quizzes/{quiz}/start")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_a_class_takes_a_quiz(school: School, ida: TestClient, learners: list[TestClient]) -> None:  # noqa: F811
    assert "Quiz of your class" not in learners[0].get("/").text
    address = made(ida)
    assert "You’ll see the result by question here when the quiz is over" in text_of(ida.get(address).text)
    assert "Gates" in ida.get("/classes/1/quizzes").text
    today = text_of(learners[0].get("/").text)
    assert "Quiz of your class Spring: Gates , 3 questions, until today, 11:00" in today
    # Everybody is asked the same, once; the last leaves one question unanswered.
    ratings = [(4, 1, 5), (4, 1, 4), (4, 2, 4), (4, 4, 3), (5, 1, 2), (4, 2)]
    for learner, given in zip(learners, ratings, strict=True):
        mine = start(learner)
        assert start(learner) == mine
        give(learner, mine, *given)
        assert ("Result" in learner.get(mine).text) == (len(given) == 3)
    assert "You have taken it" in learners[0].get("/").text
    assert "Go on with the quiz" in learners[5].get("/").text
    with school.database.read() as session:
        names = {row.quiz for row in session.exec(select(ClassQuizTaker))}
        assert len(names) == 6
        for name in names:
            quiz = session.exec(select(Quiz).where(Quiz.name == name)).one()
            of = select(QuizItem.card_id).where(QuizItem.quiz_id == quiz.id)
            asked = session.exec(of.order_by(QuizItem.position)).all()  # type: ignore[arg-type]
            assert list(asked) == session.exec(select(ClassQuiz.cards)).one()
            assert quiz.title == "Spring: Gates"
            assert quiz.seconds == 3600
    # A learner sees their own result alone.
    theirs = start(learners[1])
    assert "Result" in learners[1].get(theirs).text
    other = learners[0].get(theirs).text
    assert "Result" not in other
    assert "mean" not in text_of(other)
    # Nothing of it before the end, and then by question.
    assert "missed" not in ida.get(address).text
    assert ida.get(f"{address}/result.csv").status_code == 404
    school.later(timedelta(hours=1, seconds=6))
    page = text_of(ida.get(address).text)
    questions = re.findall(r"Question \d\? (\d) (\d+) % (\d\.\d)", page)
    assert questions == [("6", "0", "4.2"), ("6", "83", "1.8"), ("5", "20", "3.6")]
    assert "Quiz of your class" not in learners[0].get("/").text
    # As a table too, and for nobody else.
    answer = ida.get(f"{address}/result.csv")
    assert "filename*=UTF-8''Spring%20Gates%202026-03-02.csv" in answer.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [one["deck"] for one in table] == ["small"] * 3
    assert [(one["answered"], one["missed"], one["mean rating"]) for one in table] == [
        ("6", "0.000", "4.17"), ("6", "0.833", "1.83"), ("5", "0.200", "3.60")
    ]  # fmt: skip
    assert school.person("Eve", Role.INSTRUCTOR).get(f"{address}/result.csv").status_code == 404
    assert ida.get("/classes/1/quizzes/7/result.csv").status_code == 404
    # When somebody leaves, all of it is hidden, and stays so.
    learners[0].post("/account/classes/1/leave")
    assert "somebody of those has left. So nothing is shown" in ida.get(address).text
    assert "0.8" not in ida.get(f"{address}/result.csv").text
    with school.database.read() as session:
        assert session.exec(select(ClassQuiz.results)).all() == [[]]
    for who in (learners[0], learners[1]):
        assert who.get(address).status_code == 403
    assert ida.post(f"{address}/delete").status_code == 303
    assert ida.get(address).status_code == 404
    assert "Result" in learners[1].get(theirs).text


def test_of_fewer_than_five_nothing_is_told(
    school: School,
    ida: TestClient,  # noqa: F811
    learners: list[TestClient],
) -> None:
    address = made(ida)
    for learner, ratings in zip(learners[:5], ((4, 4, 4), (1, 1), (1, 1), (1, 1), (1, 1)), strict=True):
        give(learner, start(learner), *ratings)
    learners[4].post("/account/classes/1/leave")  # before it is counted
    school.later(timedelta(hours=2))
    page = text_of(ida.get(address).text)
    assert "somebody of those has left. So nothing is shown: one could tell" in page
    assert "%" not in page


def test_a_question_that_few_answered_is_hidden_alone(
    school: School,
    ida: TestClient,  # noqa: F811
    learners: list[TestClient],
) -> None:
    address = made(ida)
    for learner, ratings in zip(learners[:5], ((4, 4, 4), *[(2, 1)] * 4), strict=True):
        give(learner, start(learner), *ratings)
    school.later(timedelta(hours=2))
    page = text_of(ida.get(address).text)
    assert re.findall(r"Question \d\? (\d) (\d+) %", page) == [("5", "80"), ("5", "80")]
    assert page.count("Fewer than 5 learners answered") == 1


def test_it_is_open_between_two_moments_and_for_the_class_alone(
    school: School,
    ida: TestClient,  # noqa: F811
    learners: list[TestClient],
) -> None:
    made(ida, opens="2026-03-02T10:30")
    ada, other = learners[0], school.person("Other")

    def answers() -> list[int]:
        return [one.post("/class-quizzes/1/start").status_code for one in (ada, other, ida)]

    assert answers() == [404, 404, 404]
    assert "Quiz of your class" not in ada.get("/").text
    school.later(timedelta(minutes=30))
    assert answers() == [303, 404, 404]
    assert "Quiz of your class" not in other.get("/").text
    assert [one.get("/class-quizzes/1/start").status_code for one in (ada,)] == [405]
    school.later(timedelta(minutes=30))
    assert answers() == [404, 404, 404]
    assert "Time is up" in ada.get(start_of(school)).text


def start_of(school: School) -> str:
    with school.database.read() as session:
        return f"/quiz/{session.exec(select(ClassQuizTaker.quiz)).one()}"


def test_questions_of_a_quiz_of_one_s_own_and_by_filters(school: School, ida: TestClient) -> None:  # noqa: F811
    chosen = {"kind": "chosen", "name": "mine", "deck": "small", "topic": "first", "number": "5"}
    assert ida.post("/quiz", data=chosen).headers["location"] == "/quiz/mine"
    assert "those of your quiz" in ida.get("/classes/1/quizzes").text
    made(ida, saved="mine")
    made(ida, q="Question 4", number="9")
    with school.database.read() as session:
        own = session.exec(select(QuizItem.card_id).order_by(QuizItem.position)).all()  # type: ignore[arg-type]
        assert session.exec(select(ClassQuiz.cards)).all() == [list(own), [4]]
    # Another's quiz is none.
    eve = school.person("Eve", Role.INSTRUCTOR)
    assert eve.post("/quiz", data=chosen | {"name": "eves"}).status_code == 303
    assert "No card matches" in ida.post("/classes/1/quizzes", data=GATES | {"saved": "eves"}).text


def test_what_is_wrong_with_a_quiz_is_said_and_what_was_typed_stays(school: School, ida: TestClient) -> None:  # noqa: F811
    for change, says in (
        ({"title": " "}, "Give it a title"),
        ({"title": "x" * 61}, "Give it a title"),
        ({"deck": "77"}, "Choose a deck of the class"),
        ({"closes": ""}, "Enter a date and a time"),
        ({"closes": "2026-03-02"}, "Enter a date and a time"),
        ({"closes": "2026-03-02T09:00"}, "It must end after it starts, and after now"),
        ({"opens": "2026-03-02T12:00"}, "It must end after it starts, and after now"),
        ({"closes": "2026-05-02T09:00"}, "open for at most 31 days"),
        ({"number": "0"}, "whole number from 1 to 50"),
        ({"number": "ten"}, "whole number from 1 to 50"),
        ({"q": "elephant"}, "No card matches"),
        ({"level": "harsh"}, "harsh"),
        ({"saved": "none"}, "No card matches"),
    ):
        answer = ida.post("/classes/1/quizzes", data=GATES | {"title": "Kept & typed"} | change)
        assert answer.status_code == 422, change
        assert says in answer.text, change
        assert "title" in change or "Kept &amp; typed" in answer.text
    with school.database.read() as session:
        assert session.exec(select(ClassQuiz)).all() == []
