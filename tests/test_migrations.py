"""The schema: up and down with data in it, equal to the models, and safe on every connection."""

from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import alembic.command
import pytest
from alembic.util.exc import CommandError
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.database import CONNECTIONS, Database

MOMENT = datetime(2025, 5, 1, 10, tzinfo=UTC)
ROWS: dict[str, dict[str, Any]] = {
    "deck": {"id": 1, "name": "rnn", "title": "RNN"},
    "content_file": {
        "path": "rnn/a.md", "digest": "d", "size": 1, "mtime_ns": 2**62, "looked_at": MOMENT, "mistakes": [{"line": 3}],
    },
    "topic": {
        "id": 1, "deck_id": 1, "name": "a", "path": "rnn/a.md", "title": "A", "place": "1", "explanation_html": "",
        "key_points_html": "", "sources": ["theory-1"], "retired_at": None,
    },
    "card": {
        "id": 1, "deck_id": 1, "topic_id": 1, "name": "c", "is_named": True, "side_of": None, "asks": None,
        "place": "1", "line": 7,
        "question": "?",
        "question_html": "?", "short_html": "!", "answer_html": "", "level": None, "content_hash": "h",
        "points": [["$x$", "<math>x</math>"]],
        "answer_hash": "h", "corrected_on": date(2025, 4, 1), "correction": "The sign.",
        "text_hash": "h", "retired_at": None, "seed": None,
    },
    "card_version": {
        "id": 1, "card_id": 1, "text_hash": "h", "markdown": "## ?", "path": "rnn/a.md", "line": 7, "commit": None,
        "loaded_at": MOMENT,
    },
    "card_alias": {"deck": "old", "name": "c", "card_id": 1},
    "card_source": {"card_id": 1, "item": "theory-1"},
    "card_tag": {"card_id": 1, "tag": "basics"},
    "card_link": {"card_id": 1, "position": 0, "deck": "rnn", "name": "c", "is_follow_up": True},
    "card_demo": {"card_id": 1, "position": 0, "demo": "unrolled-rnn", "query": "units=1", "label": "Watch"},
    "review": {
        "id": 1, "learner_id": 1, "card_id": 1, "token": "t", "rating": 4, "undoes_id": None, "shown_at": None,
        "revealed_at": MOMENT, "rated_at": MOMENT, "counts_at": MOMENT, "day": date(2025, 5, 1),
        "desired_retention": 0.9, "typed": "Because.", "sitting": "topic=a", "sure": None,
        "question": "bptt",
        "asked": "{}", "verdict": "slip", "slip": "One step too few.", "of_four": False,
        "points": None, "checksum": "1:b2cc7c4c7038",
    },
    "card_state": {
        "learner_id": 1, "card_id": 1, "stability": 0.1 + 0.2, "difficulty": 5.0, "due_on": date(2025, 5, 3),
        "due_at": None, "introduced_on": date(2025, 5, 1), "reviewed_on": date(2025, 5, 1), "reviewed_at": MOMENT,
        "reviews": 1, "lapses": 0, "last_review_id": 1, "recalls": 0, "residual": 0.0, "day_misses": 0,
    },
    "forecast": {
        "learner_id": 1, "ratings": 64, "counts_at": MOMENT, "token": "t", "learned": {"alone": 0.1 + 0.2},
    },
    "card_mark": {
        "learner_id": 1, "card_id": 1, "buried_until": date(2025, 5, 2), "is_suspended": False, "is_flagged": True,
        "note": "Look this up.",
    },
    "plan": {
        "learner_id": 1, "name": "interview", "interview_on": date(2025, 5, 9), "deck": "", "selection": "topic=a",
        "minutes": 20, "days_off": "56", "is_over": True, "asked": "LSTMs.", "missing": "Peepholes.",
    },
    "own_tag": {"learner_id": 1, "card_id": 1, "tag": "hard"},
    "quiz": {
        "id": 1, "learner_id": 1, "deck_id": 1, "name": "q", "kind": "chosen", "title": "A", "started_at": MOMENT,
        "seconds": 600, "ended_at": None,
    },
    "quiz_item": {
        "quiz_id": 1, "position": 0, "card_id": 1, "is_follow_up": False, "expected": 0.9, "token": "t",
        "why": None,
    },
    "day_total": {
        "learner_id": 1, "deck_id": 1, "topic_id": 1, "day": date(2025, 5, 1), "rated_1": 0, "rated_2": 0, "rated_3": 0,
        "rated_4": 1, "rated_5": 0, "new": 1, "seconds": 20,
    },
    "month_total": {
        "learner_id": 1, "deck_id": 1, "topic_id": 1, "month": date(2025, 5, 1), "interval": 1, "asked": 1,
        "recalled": 1, "expected": 900_000,
    },
    "new_card_cursor": {"learner_id": 1, "deck_id": 1, "place": "1"},
    "account": {
        "id": 1, "learner_id": 1, "name": "ada", "hash": None, "role": "admin", "made_at": MOMENT, "disabled_at": None,
    },
    "sign_in": {"token_hash": "h", "account_id": 1, "started_at": MOMENT, "used_at": MOMENT},
    "known_device": {"token_hash": "h", "account_id": 1, "made_at": MOMENT},
    "app_token": {"id": 1, "account_id": 1, "token_hash": "h", "label": "Script", "made_at": MOMENT},
    "deleted_learner": {"key": "k", "deleted_at": MOMENT},
    "guess": {"key": "h", "until": MOMENT},
    "school_class": {"id": 1, "name": "2026", "made_at": MOMENT},
    "class_deck": {"class_id": 1, "deck_id": 1},
    "class_date": {"class_id": 1, "deck_id": 1, "occasion": "Exam", "held_on": date(2025, 6, 1)},
    "class_plan": {
        "learner_id": 1, "class_id": 1, "deck_id": 1, "plan": "interview", "follows": True, "seen_on": None,
    },
    "class_topic": {
        "class_id": 1, "topic_id": 1, "counted_at": MOMENT, "learners": 6, "cards": 9, "met": 0.1 + 0.2,
        "recalled": 0.2, "ready": None, "held_on": date(2025, 6, 1),
    },
    "class_quiz": {
        "id": 1, "class_id": 1, "deck_id": 1, "title": "Gates", "cards": [1], "opens_at": MOMENT, "closes_at": MOMENT,
        "made_at": MOMENT, "results": None,
    },
    "class_quiz_taker": {"class_quiz_id": 1, "learner_id": 1, "quiz": "q"},
    "class_member": {
        "class_id": 1, "account_id": 1, "teaches": True, "joined_at": MOMENT, "counts_from": MOMENT, "part": 1,
    },
    "evidence": {
        "class_id": 1, "part": 1, "card_id": 1, "version_id": 1, "kind": "first", "what": "", "upto": 1,
        "made_at": MOMENT, "members": 6, "learners": 5, "looks": 5, "missed": 1, "rating": 19, "seconds": 90,
        "timed": 5, "expected": 0.1 + 0.2, "squares": 1.0, "products": 1.0, "sizes": 5,
    },
    "entry_link": {
        "id": 1, "token_hash": "h", "role": "learner", "account_id": 1, "learner_id": 1, "class_id": 1,
        "made_at": MOMENT, "ends_at": MOMENT, "uses": 3,
    },
}  # fmt: skip


def add_a_class(connection: Connection) -> None:
    """The class and its quiz that rows of learners refer to, where they are not there yet."""
    for name in ("school_class", "class_quiz"):
        table = SQLModel.metadata.tables[name]
        if connection.execute(select(table)).first() is None:
            connection.execute(insert(table), ROWS[name])


def fill(database: Database) -> None:
    with database.write() as session:
        for name, row in ROWS.items():
            session.connection().execute(insert(SQLModel.metadata.tables[name]), row)


def contents(database: Database) -> dict[str, dict[str, Any]]:
    with database.read() as session:
        return {
            name: dict(session.connection().execute(SQLModel.metadata.tables[name].select()).mappings().one())
            for name in ROWS
        }


def test_every_table_is_filled_here(database: Database) -> None:
    """So that a new table cannot be forgotten below."""
    assert {*ROWS, "learner"} == set(SQLModel.metadata.tables)
    fill(database)
    assert contents(database) == ROWS


def test_down_and_up_again_with_data_in_the_tables(database: Database) -> None:
    fill(database)
    database.migrate("base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.migrate()
    with database.read() as session:
        assert session.connection().execute(text("SELECT id, name FROM learner")).all() == [(1, "You")]
    fill(database)
    assert contents(database) == ROWS


def test_the_time_of_the_last_review_is_found_for_states_of_before(database: Database) -> None:
    fill(database)
    database.migrate("0002")
    database.migrate()
    with database.read() as session:
        state = session.connection().execute(SQLModel.metadata.tables["card_state"].select()).mappings().one()
        learner = session.connection().execute(SQLModel.metadata.tables["learner"].select()).mappings().one()
    assert dict(state) == ROWS["card_state"]
    assert (learner["types_answers"], learner["own_keys"]) == (False, {})


def test_migrating_again_changes_nothing(database: Database) -> None:
    fill(database)
    database.migrate()
    assert contents(database) == ROWS


def test_the_migrated_schema_is_the_models(database: Database) -> None:
    alembic.command.check(database.alembic_config())
    with database.write() as session:
        session.connection().exec_driver_sql("DROP INDEX ix_card_state_due_on")
    with pytest.raises(CommandError, match="New upgrade operations"):
        alembic.command.check(database.alembic_config())


@pytest.mark.sqlite("reads PRAGMAs")
def test_every_pooled_connection_survives_power_loss_and_minds_foreign_keys(database: Database) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(database.engine.connect()) for _ in range(CONNECTIONS)]
        for connection in connections:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
            assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5_000}


@pytest.mark.parametrize(
    "change",
    [
        {"token": "t"},
        {"card_id": 2},
        {"learner_id": 2},
        {"rating": 6},
        {"rating": 0},
        {"rating": None},
        {"undoes_id": 1},
        {"rating": None, "undoes_id": 9},
    ],
)
def test_the_database_itself_refuses_a_wrong_review(database: Database, change: dict[str, Any]) -> None:
    fill(database)
    row = ROWS["review"] | {"id": 2, "token": "u"} | change
    with pytest.raises(IntegrityError), database.write() as session:
        session.connection().execute(insert(SQLModel.metadata.tables["review"]), row)
    assert contents(database) == ROWS
