"""The points of a card: ticked after the reveal, kept with the answer."""

import html
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from app.models import Learner, Review
from app.study.sitting.points import kept_before
from tests.web.conftest import NOW
from tests.web.quiz.test_take import fields, give, make, rating_form

POINTS = "\nPoints:\n- The *state* is carried.\n- Weights $W_h$ are shared.\n- It reads any length.\n"
TEXTS = ["The *state* is carried.", "Weights $W_h$ are shared.", "It reads any length."]


@pytest.fixture(autouse=True)
def points(database: Database, content: Path) -> None:
    """The first card of the deck has points."""
    file = content / "small" / "first.md"
    file.write_text(file.read_text().replace("The longer answer 1.", f"The longer answer 1.\n{POINTS}", 1))
    load(database, content, NOW)


def boxes(page: str) -> list[bool]:
    """Which points are ticked."""
    return [" checked" in one for one in re.findall(r'<input type="checkbox" name="made"[^>]*>', page)]


def latest(database: Database) -> Review:
    with database.read() as session:
        return session.get_one(Review, 1)


def type_answers(database: Database) -> None:
    with database.write() as session:
        session.get_one(Learner, 1).types_answers = True


def revealed(client: TestClient, address: str, typed: str = "") -> str:
    question = {"card": "1", "shown_at": NOW.isoformat()}
    return client.post(f"{address}/reveal", data=question | {"typed": typed}).text


def test_typed_answers_tick_by_a_guess_that_says_so(client: TestClient, database: Database) -> None:
    type_answers(database)
    address = make(client, q="Question 1?")
    page = revealed(client, address, "states are carried, and lengths vary")
    assert boxes(page) == [True, False, False]
    assert "you typed: state, carried" in page
    assert "a guess, so correct it" in page
    assert [html.unescape(one) for one in re.findall(r'name="points" value="([^"]*)"', page)] == TEXTS
    assert re.search(r'value="2" class="proposed"', page)
    assert re.search(r'value="4"[^>]*data-key="4 Space Enter"', page)


def test_what_is_ticked_is_kept_with_the_answer_and_hidden_by_an_undo(client: TestClient, database: Database) -> None:
    address = make(client, q="Question 1?")
    page = client.post(address, data=rating_form(client, address, points=TEXTS, made=["0", "2"])).text
    assert kept_before(latest(database).points or "") == [
        (text, made) for text, made in zip(TEXTS, (True, False, True), strict=True)
    ]
    assert "2 of 3 points" in client.get("/cards/small/q1").text
    client.post(f"{address}/undo", data=fields(page, f'action="{address}/undo"'))
    assert "Points" not in client.get(address).text.partition("<template")[0]


@pytest.mark.parametrize(("rating", "is_kept"), [(4, False), (3, False), (2, True), (1, True)])
def test_where_nobody_ticks_only_a_miss_says_something(
    client: TestClient, database: Database, rating: int, is_kept: bool
) -> None:
    address = make(client, q="Question 1?")
    client.post(address, data=rating_form(client, address, rating=rating, points=TEXTS))
    assert (latest(database).points is not None) == is_kept


def test_a_card_without_points_asks_for_none(client: TestClient, database: Database) -> None:
    address = make(client, q="Question 2?")
    assert 'name="points"' not in client.get(address).text
    give(client, address, 1)
    assert latest(database).points is None


def test_points_of_no_page_are_refused_and_nothing_is_counted(client: TestClient, database: Database) -> None:
    address = make(client, q="Question 1?")
    for points, made in ((["a"] * 6, "0"), (["a" * 201], "0"), (TEXTS, "x")):
        answer = client.post(address, data=rating_form(client, address, points=points, made=made))
        assert answer.status_code == 422
    with database.read() as session:
        assert session.get(Review, 1) is None


def test_own_ticks_stay_while_the_card_is_flagged(client: TestClient, database: Database) -> None:
    type_answers(database)
    address = make(client, q="Question 1?")
    form = {"card": "1", "shown_at": NOW.isoformat(), "typed": "states are carried", "act": "flag"}
    assert boxes(client.post(f"{address}/mark", data=form).text) == [True, False, False]
    assert boxes(client.post(f"{address}/mark", data=form | {"points": TEXTS, "made": ["1"]}).text) == [
        False,
        True,
        False,
    ]


def test_a_mock_interview_says_why_it_asks_a_topic(client: TestClient) -> None:
    address = make(client, kind="interview", name="talk")
    why = re.compile(r'<span class="why">all new</span>')
    assert why.search(client.get(address).text)
    give(client, address, 4)
    client.post(f"{address}/end")
    assert re.search(r"all new</span></th>", client.get(address).text)
