"""Everything of a learner's goes out."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime

from sqlalchemy import update
from sqlmodel import SQLModel

from app.exchange.history.format import HeaderLine, MarkLine, QuizItemLine, QuizLine, ReviewLine
from app.study.learner.profile import Profile
from app.tables import QUIZ, REVIEW
from tests.exchange.history.places import (
    Place,
)


def test_nothing_of_a_learner_is_left_out() -> None:
    """A new column of a learner's own belongs into the file too. (A new table: tests/upkeep/test_every_table.py.)"""
    tables = SQLModel.metadata.tables
    assert {field.name for field in fields(Profile)} == set(tables["learner"].columns.keys()) - {
        "id",
        "importing",
        "seed",
        "key",
        "leaves_at",
    }
    assert "seed" in HeaderLine.model_fields
    named = {"learner_id": None, "id": None, "card_id": "card", "undoes_id": "undoes", "checksum": None}
    columns = {named.get(name, name) for name in list(tables["review"].columns.keys())} - {None}
    assert set(ReviewLine.model_fields) == columns | {"kind", "deck"}
    marks = set(tables["card_mark"].columns.keys()) | {"tags"}
    assert set(MarkLine.model_fields) == marks - {"learner_id", "card_id"} | {"kind", "deck", "card"}
    quizzes = set(tables["quiz"].columns.keys()) - {"learner_id", "id", "deck_id"} | {"quiz_kind", "deck", "deck_title"}
    assert set(QuizLine.model_fields) == quizzes
    items = set(tables["quiz_item"].columns.keys()) - {"quiz_id", "card_id"} | {"kind", "quiz", "deck", "card"}
    assert set(QuizItemLine.model_fields) == items
    assert set(tables["own_tag"].columns.keys()) == {"learner_id", "card_id", "tag"}


def test_the_lines_say_what_was_pressed(three: list[Place]) -> None:
    here = three[0]
    here.prefs = replace(here.prefs, desired_retention=0.1 + 0.7)
    here.now = datetime(2025, 6, 1, 1, 59, 59, 123_456, tzinfo=UTC)
    first = here.rate("d/a", 4)
    second = here.undo()
    lines = [json.loads(line) for line in here.export().splitlines()]
    assert [line["kind"] for line in lines] == ["history", "card", "review", "review", "end"]
    assert (lines[1]["deck"], lines[1]["card"], lines[1]["topic_title"]) == ("d", "a", "Topic a")
    assert lines[2] == {
        "kind": "review",
        "deck": "d",
        "card": "a",
        "token": first,
        "rating": 4,
        "undoes": None,
        "shown_at": "2025-06-01T01:59:56.123449Z",
        "revealed_at": "2025-06-01T01:59:59.123449Z",
        "rated_at": "2025-06-01T01:59:59.123456Z",
        "counts_at": "2025-06-01T01:59:59.123456Z",
        "day": date(2025, 5, 31).isoformat(),  # Berlin, before four in the morning
        "desired_retention": 0.1 + 0.7,
        "typed": None,
        "sitting": None,
        "sure": None,
    }
    assert (lines[3]["token"], lines[3]["rating"], lines[3]["undoes"]) == (second, None, first)
    none = dict.fromkeys(("marks", "plans", "quizzes", "quiz_items"), 0)
    assert lines[4] == {"kind": "end", "cards": 1, "reviews": 2} | none


def test_long_titles_and_sittings_come_along(three: list[Place]) -> None:
    here, there, _bare = three
    token = here.rate("d/a", 4)
    sitting = "cards=" + "%E6%BC%A2" * 10_000
    here.quiz(["d/a"], 0)
    with here.database.write() as session:
        session.connection().execute(update(REVIEW).where(REVIEW.c.token == token).values(sitting=sitting))
        session.connection().execute(update(QUIZ).values(title="Topic, " * 1_000))
    there.take(here.export())
    assert there.rows("SELECT sitting FROM review") == [(sitting,)]
    assert there.said()[2][0][3] == ("Topic, " * 1_000)[:1_000]  # words for a list, not what was asked
