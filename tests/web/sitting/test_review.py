"""/review without a browser: what its forms refuse, and with what words."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.database import Database
from app.models import Card, Review

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')


SHOWN = "2026-03-02T08:59:00+00:00"


def rating_form(client: TestClient, of: int = 1, shown: str = SHOWN, **changes: Any) -> dict[str, Any]:
    """The fields of the five buttons' form, as the page with the answer of card `of` holds them."""
    page = client.get("/review", params={"card": of, "shown_at": shown, "deck": "small"}).text
    return dict(HIDDEN.findall(page[page.index('class="rating"') :])) | {"rating": 4} | changes


def ratings(database: Database) -> list[int | None]:
    with database.read() as session:
        return list(session.exec(select(Review.rating)).all())


def test_a_rating_is_answered_with_the_next_card(client: TestClient, database: Database) -> None:
    form = rating_form(client)
    answer = client.post("/review", data=form, headers=PART)
    assert answer.status_code == 200
    assert "Question 2?" in answer.text
    assert "<html" not in answer.text
    assert client.post("/review", data=form, headers=PART).text.count("Question 2?") == 1
    assert ratings(database) == [4]


def test_without_htmx_it_redirects_so_that_reload_sends_nothing_again(client: TestClient) -> None:
    answer = client.post("/review", data=rating_form(client), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/review?deck=small"


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"rating": 6}, 422, "must be 1, 2, 3, 4 or 5"),
        ({"rating": "well"}, 422, "rating"),
        ({"token": "not a token!"}, 422, "Load the page again"),
        ({"token": ""}, 422, "token: Field required"),
        ({"card": 999}, 404, "no card 999"),
        ({"card": 2**70}, 422, "card"),
        ({"revealed_at": "yesterday"}, 422, "revealed_at"),
        ({"revealed_at": "2026-03-02T08:59:00"}, 422, "time zone"),
        ({"revealed_at": "2026-03-01T08:59:00+00:00"}, 409, "fresh dates"),
        ({"after": 7}, 409, "Nothing was counted"),
        ({"deck": "smal"}, 404, "nearest is &#39;small&#39;"),
    ],
)
@pytest.mark.parametrize("headers", [{}, PART], ids=["page", "part"])
def test_what_cannot_be_counted_is_refused_with_a_reason(
    client: TestClient, database: Database, changes: dict[str, Any], status: int, says: str, headers: dict[str, str]
) -> None:
    form = rating_form(client, **changes)
    answer = client.post("/review", data=form, headers=headers, follow_redirects=True)
    assert answer.status_code == status
    assert says in answer.text
    assert ratings(database) == ([4] if changes.get("deck") else [])


def test_a_missing_field_is_named(client: TestClient) -> None:
    form = rating_form(client)
    del form["token"]
    answer = client.post("/review", data=form)
    assert answer.status_code == 422
    assert "token: Field required" in answer.text


def test_a_card_that_left_the_files_gives_way_to_the_next(client: TestClient, database: Database) -> None:
    with database.write() as session:
        card = session.get_one(Card, 2)
        card.retired_at = card.retired_at or session.get_one(Card, 1).retired_at
        session.add(card)
    assert "no longer in the deck" in client.get("/review", params={"card": 999}).text


def test_a_rating_taken_back_cannot_be_sent_again(client: TestClient, database: Database) -> None:
    form = rating_form(client)
    client.post("/review", data=form, headers=PART)
    client.post("/review/undo", data={"token": "u1", "deck": "small"}, headers=PART)
    answer = client.post("/review", data=form, headers=PART)
    assert answer.status_code == 409
    assert "taken back" in answer.text
    assert "Question 1?" in answer.text
    assert ratings(database) == [4, None]


def test_the_level_is_no_hint_before_the_answer(client: TestClient) -> None:
    assert "easy" not in client.get("/review").text.split("<main")[1]


def test_a_shared_address_to_an_answer_needs_no_more_than_itself(client: TestClient) -> None:
    assert "Show the answer" in client.get("/review", params={"card": 3}).text
    assert "Show the answer" in client.get("/review", params={"card": 3, "shown_at": "2026-03-02T08:59:00"}).text
