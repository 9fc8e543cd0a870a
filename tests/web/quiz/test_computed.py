"""A computed card in a quiz: asked, judged and rated as in a sitting, and told in the result."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.cards.load.load import load
from app.database import Database
from app.models import CardState, Learner, Quiz
from app.study.schedule.replay import replay
from tests.web.conftest import NOW
from tests.web.quiz.test_take import CHOSEN, PART, Clock
from tests.web.quiz.test_take import client as client
from tests.web.quiz.test_take import clock as clock
from tests.web.sitting.test_computed import card as card
from tests.web.sitting.test_computed import fields, named, reviews, right, slipped

QUIZ = "/quiz/q1"


@pytest.fixture
def page(client: TestClient, card: int) -> str:
    """The first page of a quiz of the computed card alone."""
    made = client.post("/quiz", data=CHOSEN | {"computed": "yes"})
    assert made.status_code == 200, made.text
    return made.text


def judged(client: TestClient, page: str, status: int = 200, **given: Any) -> str:
    """The page with the judgement of an answer to the question on `page`."""
    answer = client.post(f"{QUIZ}/reveal", data=fields(page, 'class="computes"') | given)
    assert answer.status_code == status, answer.text
    return answer.text


def rating(page: str, rating: int) -> dict[str, Any]:
    return fields(page, 'class="rating"') | {"rating": rating}


def asked(page: str) -> str:
    return fields(page, 'class="computes"')["instance"]


@pytest.mark.parametrize("headers", [{}, PART])
def test_a_right_answer_is_judged_rated_and_told(
    client: TestClient, database: Database, page: str, headers: dict[str, str]
) -> None:
    form = fields(page, 'class="computes"')
    answer = judged(client, page, typed=right(form))
    assert "Right: it is" in answer
    assert 'value="4" class="proposed"' in answer
    over = client.post(QUIZ, data=rating(answer, 4), headers=headers).text
    assert "Quiz finished." in over
    assert "1 of 1 right." in over
    assert named(form["instance"]).task.givens[0].split("$")[0] in over
    assert "Slips you made" not in over
    assert "What you typed" not in over
    [review] = reviews(database)
    assert (review.rating, review.question, review.verdict, review.typed) == (4, "forget-bias", "right", right(form))


def test_a_slip_is_named_with_its_card_and_demo(
    client: TestClient, database: Database, content: Path, page: str
) -> None:
    file = content / "small" / "first.md"
    file.write_text(file.read_text().replace("forget-bias", "bptt"))  # there is a demo about it
    load(database, content, NOW)
    page = client.get(QUIZ).text
    typed, says = slipped(fields(page, 'class="computes"'))
    answer = judged(client, page, typed=typed)
    assert 'value="2" class="proposed"' in answer
    over = client.post(QUIZ, data=rating(answer, 3)).text  # the rating stays the learner's
    slips = over[over.index('id="slips"') :].partition("</section>")[0]
    assert 'href="/cards/small/count"' in slips
    assert 'href="/demos/bptt"' in slips
    assert says.split("$")[0][:20] in slips
    assert "0 of 1 right." in over
    assert "You missed nothing." in over
    assert [(one.verdict, one.slip) for one in reviews(database)] == [("slip", says)]


def test_an_undo_asks_the_same_again(client: TestClient, database: Database, page: str) -> None:
    typed, _says = slipped(fields(page, 'class="computes"'))
    for form in ({}, PART):
        over = client.post(QUIZ, data=rating(judged(client, page, typed=typed), 1), headers=form).text
        again = client.post(f"{QUIZ}/undo", data=fields(over, f'action="{QUIZ}/undo"'), headers=form).text
        assert asked(again) == asked(page)
        assert 'class="judged' not in again
        page = again
    over = client.post(QUIZ, data=rating(judged(client, page, typed=right(fields(page, 'class="computes"'))), 4)).text
    assert "1 of 1 right." in over
    assert "Slips you made" not in over  # it was taken back
    with database.write() as session:
        before = [state.model_dump() for state in session.exec(select(CardState))]
        replay(session)
        session.expire_all()
        assert [state.model_dump() for state in session.exec(select(CardState))] == before


def test_a_form_sent_twice_counts_once(client: TestClient, database: Database, page: str) -> None:
    answer = judged(client, page, gives_up="1")
    form = rating(answer, 1)
    assert [client.post(QUIZ, data=form, headers=PART).status_code for _ in range(2)] == [200, 200]
    other = client.post(QUIZ, data=rating(answer, 1) | {"token": "another"}, headers=PART)
    assert other.status_code == 409
    assert [(one.rating, one.verdict) for one in reviews(database)] == [(1, "nothing")]
    assert "You gave no answer." in client.get(QUIZ).text


def test_what_cannot_be_read_is_asked_again(client: TestClient, database: Database, page: str) -> None:
    again = judged(client, page, 422, typed="abc")
    assert "“abc” is not a number" in again
    assert asked(again) == asked(page)
    assert reviews(database) == []


def test_another_instance_is_refused(client: TestClient, database: Database, page: str) -> None:
    answer = judged(client, page, typed="0.5")
    elsewhere = client.post("/review", data=rating(answer, 3) | {"token": "elsewhere", "deck": "small"}, headers=PART)
    assert elsewhere.status_code == 200  # the same form, as a rating in a sitting
    refused = client.post(QUIZ, data=rating(answer, 3), headers=PART)
    assert refused.status_code == 409
    assert "You had answered “0.5”." in refused.text
    assert asked(refused.text) != asked(page)
    assert len(reviews(database)) == 1
    assert "1 of 1 right" not in client.get(QUIZ).text


def test_an_answer_that_comes_too_late_stays_in_sight(
    client: TestClient, database: Database, clock: Clock, page: str
) -> None:
    with database.write() as session:
        session.exec(select(Quiz)).one().seconds = 60
    clock.now = NOW + timedelta(minutes=2)
    late = judged(client, page, typed="0.5")
    assert "Time is up" in late
    assert "You had answered “0.5”." in late
    assert reviews(database) == []


def test_four_to_choose_from(client: TestClient, database: Database, page: str) -> None:
    with database.write() as session:
        session.get_one(Learner, 1).of_four = True
    shown = client.get(QUIZ).text
    assert shown.count('<button name="typed" value="') == 4
    form = fields(shown, 'class="computes"')
    over = client.post(QUIZ, data=rating(judged(client, shown, typed=right(form)), 4)).text
    assert "(one of four)" in over
    assert [one.of_four for one in reviews(database)] == [True]


def test_an_interview_and_the_weakest_ask_it_and_so_does_another_learner(
    client: TestClient, database: Database, page: str
) -> None:
    client.post(QUIZ, data=rating(judged(client, page, gives_up="1"), 1))
    for kind in ("interview", "weakest"):
        client.post("/quiz", data={"kind": kind, "name": kind, "deck": "small"})
    assert "Weakest 1" in client.get("/quiz").text
    assert "Count them" in client.get("/quiz/weakest").text
    again = client.post(f"{QUIZ}/again", data={"name": "again"}).text
    assert asked(again) != asked(page)
