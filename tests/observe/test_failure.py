"""What a log says about an exception: the cause once, a traceback once, and nothing that people typed."""

import re
import sqlite3

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from app.database import Database, GoneDatabaseError
from app.observe.failure import cause, is_outage, traceback_once
from app.settings import ROOT

TYPED = "MY ANSWER"


class Rating(BaseModel):
    value: int


def raised(act) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        act()
    return caught.value


def from_sqlite(code: int, text: str = "said by SQLite") -> OperationalError:
    said = sqlite3.OperationalError(text)
    said.sqlite_errorcode = code
    return OperationalError("SELECT ?", ("MY ANSWER",), said)


def test_the_cause_is_what_was_raised_first() -> None:
    def fails() -> None:
        try:
            raise OSError("the disk is gone")
        except OSError as error:
            raise RuntimeError("could not save") from error

    error = raised(fails)
    assert cause(error) == "OSError: the disk is gone"
    told = traceback_once(error) or ""
    assert told.count("Traceback") == 1
    assert "RuntimeError: could not save" in told
    assert "OSError: the disk is gone (" in told


def test_of_a_group_the_first_exception_counts() -> None:
    assert cause(ExceptionGroup("several", [ExceptionGroup("inner", [KeyError(3)])])) == "KeyError: 3"


@pytest.mark.parametrize(
    "error",
    [
        raised(lambda: int(TYPED)),
        raised(lambda: dict[str, int]()[TYPED]),
        raised(lambda: Rating.model_validate({"value": TYPED})),
        raised(lambda: f"é {TYPED}".encode("ascii")),
        raised(lambda: float(f"it's {TYPED}")),
        DataError("SELECT ?", (), Exception('invalid input syntax for type integer: "MY ANSWER"')),
        StatementError("refused by a type of a column", "INSERT ?", {"a": TYPED}, ValueError(f"{TYPED!r} is no date")),
        IntegrityError("INSERT ?", ("MY ANSWER",), Exception("check failed\nDETAIL: Failing row (1, MY ANSWER)")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_was_typed_is_not_told(error: BaseException) -> None:
    assert TYPED not in cause(error)
    assert TYPED not in (traceback_once(error) or "")


def test_what_names_code_stays() -> None:
    assert cause(raised(lambda: (1).nothing)) == "AttributeError: 'int' object has no attribute 'nothing'"  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [5, 6, 13, 10, 10 | 10 << 8, 11, 14, 26, 8])
def test_an_outage_has_no_traceback(code: int) -> None:
    error = raised(lambda: (_ for _ in ()).throw(from_sqlite(code)))
    assert is_outage(error)
    assert traceback_once(error) is None
    assert cause(error) == "sqlite3.OperationalError: said by SQLite"


def test_no_connection_left_is_an_outage() -> None:
    assert is_outage(NoConnectionError("QueuePool limit reached"))
    assert is_outage(GoneDatabaseError("recur.sqlite"))
    assert not is_outage(from_sqlite(1))
    assert not is_outage(RuntimeError())


def test_a_repeated_failure_is_told_without_its_traceback(database: Database) -> None:
    def fails() -> None:
        with database.read() as session:
            session.execute(text("SELECT one FROM nowhere WHERE id = :id"), {"id": TYPED})

    first, second = raised(fails), raised(fails)
    told = traceback_once(first) or ""
    assert told.count("Traceback") == 1
    assert "  SQL: SELECT one FROM nowhere" in told
    assert TYPED not in told
    assert traceback_once(second) is None
    assert re.search("no such table: nowhere|UndefinedTable: .*nowhere", cause(second))


def test_a_traceback_shows_our_code_and_where_it_ended() -> None:
    from app.study.schedule.rate import check_token

    told = traceback_once(raised(lambda: check_token("no token"))) or ""
    assert f'"{ROOT}/app/study/schedule/rate.py"' in told
