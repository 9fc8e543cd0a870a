"""/settings/history: out through the browser and in again, bounded, whole or not at all."""

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlmodel import select

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.models import Card, Deck, Topic
from app.settings import Settings
from app.web.frame import security
from app.web.routes import ROUTES
from tests.web.conftest import NOW
from tests.web.own.test_learners import OURS, add, browser, learners, rows_of, study

__all__ = ["browser"]


def send(one: TestClient, history: bytes, **headers: str) -> Any:
    return one.post("/settings/history", files={"file": ("mine.jsonl", history)}, headers=OURS | headers)


def test_a_history_leaves_and_comes_back(client: TestClient, elsewhere: Database, settings: Settings) -> None:
    for rating in (4, 1, 5):
        study(client, rating)
    client.post("/settings", data={"name": "Ada", "theme": "dark"})
    answer = client.get("/settings/history.jsonl")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="recur-history-2026-03-02.jsonl"'
    assert answer.headers["content-type"].startswith("application/jsonl")
    kinds = [json.loads(line)["kind"] for line in answer.text.splitlines()]
    assert kinds == ["history", *["card"] * 3, *["review"] * 3, "end"]

    load(elsewhere, settings.content_dir, NOW)
    there = TestClient(create_app(settings, elsewhere, lambda: NOW), base_url="http://127.0.0.1:8000")
    taken = send(there, answer.content)
    assert taken.status_code == 200
    assert "3 reviews added, 0 already here." in taken.text
    assert there.get("/settings/history.jsonl").text == answer.text
    assert 'data-theme="dark"' in there.get("/").text
    assert "0 reviews added, 3 already here." in send(there, answer.content).text


def test_a_broken_file_is_refused_by_its_line_and_nothing_is_taken(client: TestClient, database: Database) -> None:
    study(client)
    history = client.get("/settings/history.jsonl").content
    client.post("/learners/1/delete", data={"name": "You"})
    for broken, says in (
        (history.replace(b'"rating":4', b'"rating":6'), "line 3: rating must be at most 5"),
        (b"\n".join(history.splitlines()[:-1]), "it was cut short"),
        (b"PK\x03\x04 an archive", "line 1: "),
        (b"", "cut short"),
    ):
        answer = send(client, broken)
        assert answer.status_code == 422
        assert "Nothing was imported" in answer.text
        assert "mine.jsonl" in answer.text
        assert says in answer.text
        assert rows_of(database, 1)["review"] == 0
    assert send(client, history).status_code == 200
    assert rows_of(database, 1)["review"] == 1


def test_a_form_without_a_file_is_named(client: TestClient) -> None:
    assert client.post("/settings/history", data={"file": "text"}).status_code == 422
    assert client.post("/settings/history").status_code == 422
    empty = client.post("/settings/history", files={"file": ("", b"")})
    assert empty.status_code == 422


def test_one_learners_file_does_not_become_anothers(browser: Any, database: Database) -> None:
    mine, other = browser(), browser()
    study(mine)
    ada = add(other, "Ada")
    answer = send(other, mine.get("/settings/history.jsonl").content)
    assert answer.status_code == 422
    assert "belongs to learner 1 here" in answer.text
    assert rows_of(database, ada)["review"] == 0
    assert '"kind":"review"' not in other.get("/settings/history.jsonl").text


def test_an_import_has_a_bound_of_its_own_declared_or_not(
    client: TestClient, database: Database, settings: Settings
) -> None:
    study(client)
    history = client.get("/settings/history.jsonl").content
    small = settings.model_copy(update={"max_body_bytes": 1_000, "max_import_bytes": len(history) + 1_000})
    made = TestClient(create_app(small, database, lambda: NOW), base_url="http://127.0.0.1:8000")
    assert len(history) > 800
    assert send(made, history).status_code == 200
    too_large = b"x" * (len(history) + 2_000)
    declared = send(made, too_large)
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + too_large + b"\r\n--b--\r\n"
    parts = (body[start : start + 100] for start in range(0, len(body), 100))
    chunked = made.post("/settings/history", content=parts, headers={"content-type": "multipart/form-data; boundary=b"})
    assert declared.status_code == chunked.status_code == 413
    for answer in (declared, chunked):
        assert "RECUR_MAX_IMPORT_BYTES" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    # Every other address keeps the smaller bound, and this one its guards.
    assert made.post("/settings", content=b"x" * 1_001).status_code == 413
    assert send(made, history, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert rows_of(database, 1)["review"] == 1


@pytest.mark.parametrize("size", [3_000_000])
def test_a_large_file_is_kept_on_disk(client: TestClient, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form's reader leaves memory at its bound: what the route gets is a file."""
    rolled = []

    def look(_database: Database, file: Any, *_: object) -> None:
        rolled.append(file._rolled)
        raise AssertionError("far enough")

    monkeypatch.setattr("app.web.own.history.import_history", look)
    assert send(client, b"x" * size).status_code == 500
    assert rolled == [True]


def test_one_import_at_a_time(client: TestClient, database: Database) -> None:
    history = client.get("/settings/history.jsonl").content
    with database.lock("import").held():  # as another process would
        answer = send(client, history)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Another history is being imported" in answer.text
    assert "send the file again" in answer.text
    assert send(client, history).status_code == 200


def test_a_learner_waits_for_a_history_and_the_next_request_finishes_what_was_cut_short(
    client: TestClient, database: Database
) -> None:
    study(client)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET importing = 'decided'")
        session.connection().exec_driver_sql("DELETE FROM card_state")
    with database.lock("import").held():  # it is still at work
        for _ in range(2):
            answer = client.get("/stats")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert "A history is being imported" in answer.text
        answer = client.post("/review/undo", data={"token": "t"}, headers=OURS)
        assert answer.status_code == 503
        assert "A history is being imported" in answer.text
        assert "was not saved" in answer.text
    assert client.get("/stats").status_code == 503
    assert client.get("/stats").status_code == 200
    assert rows_of(database, 1)["card_state"] == 1


def test_an_upload_that_takes_too_long_ends(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "LONGEST_UPLOAD", -1)
    answer = send(client, b"x" * 10)
    assert answer.status_code == 408
    assert "did not arrive within" in answer.text


def test_few_files_arrive_at_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "MOST_UPLOADS", 0)
    answer = send(client, b"x" * 10)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def planted(history: bytes, deck: str = "evil") -> bytes:
    """The history with everything of q1 given to a card that the content lacks."""
    text = history.decode().replace('"card":"q1"', '"card":"planted"').replace("Question 1?", "BUY THIS")
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        if line.get("card") == "planted" or line["kind"] == "quiz":
            line["deck"] = deck
        if line.get("card") == "planted" and line["kind"] == "card":
            line |= {"topic": "planted-topic", "topic_title": "BUY THIS TOO", "deck_title": "BUY THIS DECK"}
    return "\n".join(json.dumps(line) for line in lines).encode() + b"\n"


@pytest.mark.parametrize("deck", ["evil", "small"])
def test_the_cards_that_only_a_history_knows_are_shown_to_nobody_else_and_go_with_the_learner(
    browser: Any, database: Database, deck: str
) -> None:
    mine, planter, other = browser(), browser(), browser()
    study(mine)
    mine.post("/review/mark", data={"deck": "small", "card": 1, "act": "note", "note": "my note"})
    history = planted(mine.get("/settings/history.jsonl").content, deck)
    mine.post("/learners/1/delete", data={"name": "You"})
    theirs = add(planter, "Planter")
    add(other, "Other")
    assert send(planter, history).status_code == 200
    assert "BUY THIS" in planter.get(f"/cards/{deck}/planted").text
    assert planter.get("/cards/planted", follow_redirects=False).status_code == 307
    assert b"BUY THIS" in planter.get("/settings/history.jsonl").content
    with database.read() as session:
        card = session.exec(select(Card.id).where(Card.name == "planted")).one()
    pages = [route.path for route in ROUTES if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    seen = [
        path.replace("{deck}", deck).replace("{name}", name).replace("{chosen}", "1") + query
        for path in pages
        if "/demos" not in path
        for name in ("planted", "planted-topic", deck)
        for query in ("", f"?deck={deck}", f"?card={card}&deck={deck}&shown_at=2026-03-02T08:59:00%2B00:00", "?q=BUY")
    ]
    for path in dict.fromkeys(seen):
        answer = other.get(path)
        assert "BUY THIS" not in answer.text, path
        if "planted" in path and "{" not in path and not path.startswith("/quiz"):
            assert answer.status_code in (404, 422), path
    for act in ("bury", "suspend", "flag", "note"):
        form = {"deck": "small", "card": card, "act": act, "note": "x"}
        assert other.post("/review/mark", data=form).status_code == 404
    for do in ("suspend", "flag", "tag"):
        form = {"card": card, "do": do, "own_tag": "x", "back": ""}
        assert "BUY THIS" not in other.post("/browse/act", data=form).text
    assert other.get(f"/cards/{deck}/planted").status_code == 404

    planter.post(f"/learners/{theirs}/delete", data={"name": "Planter"})
    with database.read() as session:
        assert session.exec(select(Card.name).where(Card.name == "planted")).all() == []
        assert session.exec(select(Topic.name).where(Topic.name == "planted-topic")).all() == []
        assert session.exec(select(Deck.name)).all() == ["small"]
        assert len(session.exec(select(Card.name)).all()) == 5


def test_a_card_that_another_s_history_knows_too_stays_until_both_are_gone(browser: Any, database: Database) -> None:
    mine, one, two = browser(), browser(), browser()
    study(mine)
    history = planted(mine.get("/settings/history.jsonl").content)
    mine.post("/learners/1/delete", data={"name": "You"})
    ids = [add(one, "One"), add(two, "Two")]
    assert send(one, history).status_code == 200
    another = history.decode().replace('"token": "', '"token": "z').encode()
    assert send(two, another).status_code == 200
    for who, left in zip(ids, (1, 0), strict=True):
        name = "One" if who == ids[0] else "Two"
        assert one.post(f"/learners/{who}/delete", data={"name": name}, follow_redirects=False).status_code == 303
        with database.read() as session:
            assert len(session.exec(select(Card.name).where(Card.name == "planted")).all()) == left


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Grace", "Grace"),
        ("  Grace   H. ", "Grace H."),
        ("Grace\u202eecarG", "Ada"),
        ("Grace\n", "Grace"),
        ("Gra\ace", "Ada"),
        ("x" * 61, "Ada"),
        ("", "Ada"),
        ("you", "Ada"),  # learner 1 is called so
        ("YOU", "Ada"),
    ],
)
def test_the_name_in_a_history_is_held_to_what_the_forms_take(
    browser: Any, database: Database, given: str, kept: str
) -> None:
    mine, other = browser(), browser()
    header, *rest = mine.get("/settings/history.jsonl").text.splitlines()
    line = json.loads(header)
    line["learner"]["name"] = given
    add(other, "Ada")
    assert send(other, "\n".join([json.dumps(line), *rest, ""]).encode()).status_code == 200
    assert learners(database) == sorted([kept, "You"])


def test_a_history_adds_only_so_many_decks_and_cards(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    study(client)
    history = planted(client.get("/settings/history.jsonl").content)
    client.post("/learners/1/delete", data={"name": "You"})
    monkeypatch.setattr("app.exchange.history.placeholders.MOST_DECKS", 1)
    answer = send(client, history)
    assert answer.status_code == 422
    assert "there is no deck evil here, and there are already 1 decks, so none can be added" in answer.text
    monkeypatch.undo()
    monkeypatch.setattr("app.exchange.history.placeholders.MOST_UNKNOWN", 0)
    assert "more than 0 of its cards are not in the content: load it first" in send(client, history).text
    monkeypatch.undo()
    assert send(client, history).status_code == 200
