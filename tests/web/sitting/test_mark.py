"""Flagging, burying, suspending and noting a card without leaving the sitting."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.database import Database
from app.study.selection.marks import Marks, marks_of
from tests.web.conftest import before_reveal
from tests.web.sitting.test_review import HIDDEN, PART, SHOWN, rating_form


def mark(client: TestClient, act: str, **more: Any) -> Any:
    return client.post("/review/mark", data={"deck": "small", "card": 1, "act": act, **more}, headers=PART)


def marks(database: Database) -> Marks:
    with database.read() as session:
        return marks_of(session, 1, 1)


def test_a_flag_stays_with_the_question_or_the_answer_that_was_open(client: TestClient, database: Database) -> None:
    page = mark(client, "flag").text
    assert marks(database).is_flagged
    assert "Question 1?" in page
    assert "Show the answer" in page
    assert "flagged" in page
    page = mark(client, "unflag", shown_at=SHOWN).text
    assert not marks(database).is_flagged
    assert "The longer answer 1." in page
    assert dict(HIDDEN.findall(page[page.index('class="rating"') :]))["shown_at"] == SHOWN


@pytest.mark.parametrize(("act", "back"), [("bury", "unbury"), ("suspend", "resume")])
def test_a_card_set_aside_gives_way_to_the_next_and_can_be_brought_back(
    client: TestClient, act: str, back: str
) -> None:
    page = mark(client, act).text
    assert "Question 2?" in page
    assert f'name="act" value="{back}"' in page
    assert "0 / 4" in page
    page = mark(client, back).text
    assert "Question 1?" in page
    assert "0 / 5" in page


def test_a_note_is_kept_and_shown_with_the_answer_alone(client: TestClient, database: Database) -> None:
    page = mark(client, "note", note="See <Pascanu> & co.", shown_at=SHOWN).text
    assert marks(database).note == "See <Pascanu> & co."
    assert "See &lt;Pascanu&gt; &amp; co." in page
    assert "Pascanu" not in before_reveal(client.get("/review?card=1").text), "it may hold the answer"
    mark(client, "note", note="", shown_at=SHOWN)
    assert marks(database) == Marks()


def test_what_was_typed_is_still_there_after_a_flag(client: TestClient) -> None:
    page = mark(client, "flag", shown_at=SHOWN, typed="An answer of mine").text
    assert "An <mark>answer</mark> of mine" in page
    assert dict(HIDDEN.findall(page[page.index('class="rating"') :]))["typed"] == "An answer of mine"


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        ({"act": "burn"}, 422, "act"),
        ({"card": 999}, 404, "no card 999"),
        ({"act": "note", "note": "x" * 4_001}, 422, "note"),
        ({"act": "flag", "shown_at": "now"}, 422, "shown_at"),
    ],
)
def test_what_cannot_be_done_is_named(
    client: TestClient, database: Database, data: dict[str, Any], status: int, says: str
) -> None:
    answer = client.post("/review/mark", data={"deck": "small", "card": 1, "act": "flag"} | data)
    assert answer.status_code == status
    assert says in answer.text
    assert marks(database) == Marks()


def test_a_typed_answer_is_shown_beside_the_right_one_and_kept_with_the_review(
    client: TestClient, database: Database
) -> None:
    typed = {"deck": "small", "card": 1, "shown_at": SHOWN, "typed": "The longer thing <b>"}
    page = client.post("/review/answer", data=typed, headers=PART).text
    assert "The <mark>longer</mark> thing &lt;b&gt;" in page
    assert "Missing: Answer, 1." in page
    form = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
    client.post("/review", data=form | {"rating": 3, "typed": "The longer thing <b>"})
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT typed FROM review").scalars().all() == [
            "The longer thing <b>"
        ]


def test_the_answer_is_typed_or_timed_only_where_that_was_chosen(client: TestClient, database: Database) -> None:
    page = before_reveal(client.get("/review").text)
    assert "textarea" not in page
    assert "aloud" not in page
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET types_answers = true, say_within = 20")
    page = client.get("/review").text
    assert '<textarea form="asking" name="typed"' in page
    assert "Say the answer aloud within 20 seconds." in page
    assert client.post("/review/answer", data={"card": 1, "shown_at": SHOWN, "typed": "x" * 4_001}).status_code == 422


def test_a_card_that_keeps_being_missed_is_named_with_what_may_help(client: TestClient, database: Database) -> None:
    form = rating_form(client)
    client.post("/review", data=form)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE card_state SET lapses = 3, reviewed_at = '2026-02-01 00:00:00'")
    form = rating_form(client, shown="2026-03-02T09:00:01+00:00", rating=1)
    page = client.post("/review", data=form, headers=PART).text
    assert "You keep forgetting this card." in page
    assert "forgotten 4 times" in page
    assert 'href="/topics/small/first"' in page
    assert "Question 2?" in page
