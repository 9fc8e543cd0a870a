"""One process of all does what must be done once, and another takes over."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.database import Database
from app.upkeep.elected import Elected


class Work:
    """A duty that says when it began and when it ended."""

    def __init__(self) -> None:
        self.began, self.ended = threading.Event(), threading.Event()

    @contextmanager
    def duty(self) -> Iterator[None]:
        self.began.set()
        yield
        self.ended.set()


def test_one_does_the_work_until_it_ends_and_then_another_does(database: Database, database_url: str) -> None:
    other_database = Database(database_url)  # as another process would have it
    first, second = Work(), Work()
    with Elected(database, [first.duty]):
        assert first.began.wait(10)
        with Elected(other_database, [second.duty]):
            assert not second.began.wait(1.5)
    assert first.ended.is_set()
    with Elected(other_database, [second.duty]):
        assert second.began.wait(10)
    assert second.ended.is_set()
    other_database.close()


def test_work_that_fails_is_begun_again(database: Database) -> None:
    tries = []
    done = threading.Event()

    @contextmanager
    def fails_once() -> Iterator[None]:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no such folder")
        done.set()
        yield

    with Elected(database, [fails_once]):
        assert done.wait(10)


@pytest.mark.sqlite("PostgreSQL's lock is no file")
def test_one_whose_lock_was_replaced_does_the_work_no_longer(database: Database) -> None:
    work = Work()
    with Elected(database, [work.duty]):
        assert work.began.wait(10)
        work.began.clear()
        assert database.file
        database.file.with_name("recur.sqlite.elected").unlink()
        assert work.ended.wait(10)
        assert work.began.wait(10), "with the new file it is elected again"
