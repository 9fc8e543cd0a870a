"""What a learner typed does not reach the log, whatever fails in the database."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import SQLModel

from app.database import Database
from app.observe import failure
from app.observe.log import event
from tests.web.sitting.test_review import PART, rating_form

SECRET = "MY-PRIVATE-WORDS"
MARK = {"deck": "small", "card": 1, "note": SECRET}
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "an answer": ("/review", {"typed": SECRET}),
    "a note": ("/review/mark", MARK | {"act": "note"}),
    "a tag": ("/browse/act", {"card": "1", "do": "tag", "own_tag": SECRET.lower()}),
    "a new learner": ("/learners", {"name": SECRET}),
    "a new name": ("/learners/rename", {"chosen": "1", "name": SECRET}),
    "settings": ("/settings", {"name": SECRET}),
}


def break_every_write(database: Database) -> None:
    """As a mistake of ours would. PostgreSQL then names the whole row in its detail."""
    for table in SQLModel.metadata.tables:  # each by itself, so that threads that read meanwhile lock no more than one
        with database.write() as session:
            if database.is_sqlite:
                for what in ("INSERT", "UPDATE"):
                    name = f"{what.lower()}_{table}"
                    session.execute(
                        text(f"CREATE TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END")
                    )
            else:
                session.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID"))


@pytest.mark.parametrize("what", FORMS)
def test_a_write_that_fails_is_logged_without_it(
    client: TestClient, database: Database, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    path, form = FORMS[what]
    if path == "/review":
        form = rating_form(client) | form
    break_every_write(database)
    failure._told.clear()
    browser = TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)
    answer = browser.post(path, data=form, headers=PART)
    assert answer.status_code == 500
    logged = "".join(json.dumps(event(record)) for record in caplog.records)
    assert "500" in logged
    assert "broken" in logged
    assert SECRET.lower() not in logged.lower()


def test_an_error_of_the_database_holds_no_parameters(database: Database) -> None:
    """Even where it is printed whole, as a command's traceback is."""
    with pytest.raises(Exception, match="nowhere") as raised, database.write() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:typed)"), {"typed": SECRET})
    assert SECRET not in str(raised.value)
