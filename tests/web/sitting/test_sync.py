"""/sync: what a device kept without a net comes in, and each event is told what became of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from app.database import Database
from app.models import Review
from tests.web.sitting.test_review import ratings

AT = "2026-03-01T10:00:00Z"


def event(token: str = "e1", **changes: Any) -> dict[str, Any]:
    times = {"shown_at": AT, "revealed_at": AT, "rated_at": AT}
    return {"token": token, "card": 1, "rating": 4, "after": None, **times} | changes


def send(client: TestClient, *events: dict[str, Any], learner: int = 1) -> Any:
    return client.post("/sync", json={"learner": learner, "events": events})


def told(client: TestClient, *events: dict[str, Any]) -> list[tuple[str, str]]:
    answer = send(client, *events)
    assert answer.status_code == 200
    return [(one["token"], one["fate"]) for one in answer.json()["events"]]


def test_events_count_once_and_an_undo_is_one_of_them(client: TestClient, database: Database) -> None:
    undo = {"token": "u1", "undoes": "e1", "rated_at": AT}
    given = (event(), event("e2", card=2), undo)
    assert told(client, *given) == [("e1", "counted"), ("e2", "counted"), ("u1", "counted")]
    assert told(client, *given) == [("e1", "known"), ("e2", "known"), ("u1", "known")]
    assert ratings(database) == [4, 4, None]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rating": 6}, "rating must be at most 5"),
        ({"rating": "well"}, "rating must be a whole number"),
        ({"card": 999}, "no longer on the server"),
        ({"card": 2**70}, "no longer on the server"),
        ({"rated_at": "2026-01-01T10:00:00Z"}, "older than 30 days"),
        ({"rated_at": "yesterday"}, "rated_at must be a time"),
        ({"rated_at": "2026-03-01T10:00:00"}, "time zone"),
        ({"after": 7}, "after must be text"),
        ({"mood": "good"}, "mood"),
        ({"points": ["a"] * 6, "made": [0]}, "at most 5 points"),
        ({"token": "not a token!"}, "token"),
    ],
)
def test_one_that_cannot_be_counted_is_told_in_words_and_the_others_count(
    client: TestClient, database: Database, changes: dict[str, Any], says: str
) -> None:
    answer = send(client, event("bad") | changes, event("good", card=2)).json()["events"]
    assert (answer[0]["fate"], answer[1]["fate"]) == ("refused", "counted")
    assert says in answer[0]["why"]
    assert ratings(database) == [4]


def test_what_waits_for_another_learner_is_not_counted(client: TestClient, database: Database) -> None:
    answer = send(client, event(), learner=2)
    assert answer.status_code == 409
    assert "another learner" in answer.text
    assert ratings(database) == []


@pytest.mark.parametrize("body", ['{"learner": 1', "[]", '{"events": []}', '{"learner": 1, "events": [1]}'])
def test_a_body_that_is_no_queue_is_refused(client: TestClient, body: str) -> None:
    answer = client.post("/sync", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_queue_longer_than_one_call_takes_is_refused_whole(client: TestClient, database: Database) -> None:
    assert send(client, *[event(f"e{n}") for n in range(201)]).status_code == 422
    assert ratings(database) == []


def test_the_clients_times_decide_the_day(client: TestClient, database: Database) -> None:
    """A rating of yesterday counts for yesterday, so that its card is due when it would have been."""
    before = datetime.fromisoformat(AT).astimezone(UTC) - timedelta(days=2)
    told(client, event(rated_at=before.isoformat(), revealed_at=before.isoformat(), shown_at=before.isoformat()))
    with database.read() as session:
        day = session.connection().exec_driver_sql("SELECT day FROM review").scalar_one()
    assert str(day) == before.date().isoformat()


def test_ticked_points_come_along(client: TestClient, database: Database) -> None:
    given = (event(points=["a", "b"], made=[1]), event("e2", card=2, points=["a"]))
    assert told(client, *given) == [("e1", "counted"), ("e2", "counted")]
    with database.read() as session:
        found = session.exec(select(Review.points).order_by(col(Review.id))).all()
    assert found == ['[["a", false], ["b", true]]', None]
