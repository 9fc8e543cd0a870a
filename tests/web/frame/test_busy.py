"""A busy database: 503, when to come back, and the truth about what was saved; and readers never wait for writers."""

import html
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from app import database as database_module
from app.database import CONNECTIONS, THREADS, Database, lock_learner
from app.web.frame import security
from tests.web.sitting.test_review import HIDDEN, PART, rating_form, ratings


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "LONGEST_WAIT", 0.2)


@contextmanager
def another_process_writes(database: Database) -> Iterator[None]:
    """A connection outside the process's own lock holds the file's, or the learners' rows."""
    other = Database(str(database.url))
    with other.engine.connect() as connection:
        connection.connection.execute("BEGIN IMMEDIATE" if database.is_sqlite else "SELECT FROM learner FOR UPDATE")
        yield
        connection.connection.execute("ROLLBACK")
    other.close()


@contextmanager
def this_process_writes(database: Database) -> Iterator[None]:
    if database.is_sqlite:
        with database._one_writer:
            yield
    else:
        with database.write() as session:
            lock_learner(session.connection(), None)
            yield


@contextmanager
def no_connection_is_left(database: Database) -> Iterator[None]:
    pool: Any = database.engine.pool
    pool._timeout = 0.2
    with ExitStack() as taken:
        for _ in range(CONNECTIONS + CONNECTIONS // 2):
            taken.enter_context(database.engine.connect())
        yield


Busy = Callable[[Database], Any]
WRITERS = (another_process_writes, this_process_writes, no_connection_is_left)


@pytest.mark.parametrize("busy", WRITERS, ids=lambda one: one.__name__)
def test_a_rating_is_refused_with_the_form_to_send_again(client: TestClient, database: Database, busy: Busy) -> None:
    form = rating_form(client, typed='Two lines,\n"quoted" & <b>.')
    with busy(database):
        answer = client.post("/review", data=form)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Your answer was not saved. Press again" in answer.text
    assert ratings(database) == []
    again = {name: html.unescape(value) for name, value in HIDDEN.findall(answer.text)}
    assert again == {name: str(value) for name, value in form.items()}
    assert client.post("/review", data=again, headers=PART).status_code == 200
    assert client.post("/review", data=again, headers=PART).status_code == 200
    assert ratings(database) == [4]


@pytest.mark.parametrize("busy", WRITERS, ids=lambda one: one.__name__)
def test_htmx_gets_the_sentences_alone(client: TestClient, database: Database, busy: Busy) -> None:
    form = rating_form(client)
    with busy(database):
        answer = client.post("/review", data=form, headers=PART)
    assert (answer.status_code, answer.headers["content-type"][:10]) == (503, "text/plain")
    assert answer.text == "The database is busy. Your answer was not saved. Press again: it won’t be counted twice."


@pytest.mark.parametrize("busy", WRITERS[:2], ids=lambda one: one.__name__)
def test_pages_are_read_while_somebody_writes_for_long(client: TestClient, database: Database, busy: Busy) -> None:
    with busy(database):
        for path in ("/", "/review", "/stats", "/browse"):
            assert client.get(path).status_code == 200


def test_a_page_that_cannot_be_read_can_be_loaded_again(client: TestClient, database: Database) -> None:
    with no_connection_is_left(database):
        answer = client.get("/browse?q=answer")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "saved" not in answer.text
    assert 'href="/browse?q=answer">Load the page again' in answer.text


def test_what_was_committed_is_not_called_lost(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = rating_form(client)
    real = database.read

    def fail(_on: Any) -> Any:
        monkeypatch.setattr(database, "read", real)
        raise OperationalError("SELECT", {}, Exception()) from None

    monkeypatch.setattr(database, "read", fail)
    monkeypatch.setattr("app.web.frame.errors.is_busy", lambda _error: True)
    answer = client.post("/review", data=form, headers=PART)
    assert answer.status_code == 503
    assert "was saved" in answer.text
    assert "not saved" not in answer.text
    assert ratings(database) == [4]
    assert "Question 2?" in client.post("/review", data=form, headers=PART).text
    assert ratings(database) == [4]


def test_an_error_of_another_kind_is_no_busy_database(client: TestClient, database: Database) -> None:
    form = rating_form(client)
    with database.write() as session:
        session.connection().execute(text("DROP TABLE new_card_cursor"))
    careful = TestClient(client.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    answer = careful.post("/review", data=form)
    assert answer.status_code == 500
    assert "Your answer was not saved" in answer.text


def test_a_commit_that_fails_leaves_nothing_behind(client: TestClient, database: Database) -> None:
    """The driver may still be within its transaction: neither it nor its lock may come to the next who writes."""
    form = rating_form(client)

    def fail(connection: Any) -> None:
        event.remove(database.engine, "commit", fail)
        raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    event.listen(database.engine, "commit", fail)
    careful = TestClient(client.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    answer = careful.post("/review", data=form, headers=PART)
    assert answer.status_code == 500
    assert ratings(database) == []
    with another_process_writes(database):
        pass  # the lock is free
    assert client.post("/review", data=form, headers=PART).status_code == 200
    assert ratings(database) == [4]


class WatchedLock:
    """A lock that tells how many have come to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.came = threading.Semaphore(0)

    def acquire(self, timeout: float = -1) -> bool:
        self.came.release()
        return self.lock.acquire(timeout=timeout)

    def release(self) -> None:
        self.lock.release()


@pytest.mark.sqlite("watches the lock of the one writer")
def test_pages_find_a_thread_however_many_wait_to_write(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "LONGEST_WAIT", 60)
    forms = [rating_form(client, of=n % 5 + 1) for n in range(3 * THREADS)]
    watched = WatchedLock()
    monkeypatch.setattr(database, "_one_writer", watched)
    with ThreadPoolExecutor(len(forms) + 1) as pool:
        with watched.lock:
            answers = [pool.submit(client.post, "/review", data=form, headers=PART) for form in forms]
            for _ in range(security.WRITERS):
                assert watched.came.acquire(timeout=30)
            assert pool.submit(client.get, "/").result(timeout=30).status_code == 200
            assert not any(answer.done() for answer in answers)
        assert {answer.result().status_code for answer in answers} == {200, 409}
    assert ratings(database) == [4] * 5
