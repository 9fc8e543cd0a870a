"""The tables as SQLAlchemy Core sees them, for statements that are built once and never refresh an object."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Integer,
    String,
    Table,
    TableClause,
    bindparam,
    case,
    insert,
    inspect,
    literal_column,
)
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

from app import models

# So that rows can be made into objects without a session (`model_construct`), which takes a tenth of the time.
configure_mappers()


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, inspect(model).local_table)


ACCOUNT = _table(models.Account)
APP_TOKEN = _table(models.AppToken)
CARD = _table(models.Card)
CARD_ALIAS = _table(models.CardAlias)
CARD_DEMO = _table(models.CardDemo)
CARD_LINK = _table(models.CardLink)
CARD_MARK = _table(models.CardMark)
CARD_SOURCE = _table(models.CardSource)
CARD_STATE = _table(models.CardState)
CARD_TAG = _table(models.CardTag)
CARD_VERSION = _table(models.CardVersion)
CLASS_DATE = _table(models.ClassDate)
CLASS_DECK = _table(models.ClassDeck)
CLASS_MEMBER = _table(models.ClassMember)
CLASS_PLAN = _table(models.ClassPlan)
CLASS_QUIZ = _table(models.ClassQuiz)
CLASS_QUIZ_TAKER = _table(models.ClassQuizTaker)
CLASS_TOPIC = _table(models.ClassTopic)
CONTENT_FILE = _table(models.ContentFile)
DAY_TOTAL = _table(models.DayTotal)
DECK = _table(models.Deck)
DELETED_LEARNER = _table(models.DeletedLearner)
ENTRY_LINK = _table(models.EntryLink)
EVIDENCE = _table(models.Evidence)
FORECAST = _table(models.Forecast)
GUESS = _table(models.Guess)
KNOWN_DEVICE = _table(models.KnownDevice)
LEARNER = _table(models.Learner)
MONTH_TOTAL = _table(models.MonthTotal)
NEW_CARD_CURSOR = _table(models.NewCardCursor)
OWN_TAG = _table(models.OwnTag)
PLAN = _table(models.InterviewPlan)
QUIZ = _table(models.Quiz)
QUIZ_ITEM = _table(models.QuizItem)
REVIEW = _table(models.Review)
SCHOOL_CLASS = _table(models.SchoolClass)
SIGN_IN = _table(models.SignIn)
TOPIC = _table(models.Topic)

THE_LEARNER: BindParameter[int] = bindparam("learner")
THE_DECK: BindParameter[int] = bindparam("deck")
TODAY: BindParameter[date] = bindparam("today", type_=Date())
"""Parameters that many statements share: two ids, and the learner's date."""

ONE: ColumnElement[int] = literal_column("1", Integer())
NONE: ColumnElement[int] = literal_column("0", Integer())
EMPTY: ColumnElement[str] = literal_column("''", String())
"""Values that never change, as text of the statement. A value of Python becomes a parameter, which costs each time."""

AT_ONCE = 5_000
"""The most values in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""
_Value = TypeVar("_Value", int, str)


def chunks(values: Iterable[_Value]) -> list[list[_Value]]:
    """The distinct values in order, in lists short enough for one statement."""
    distinct = sorted(set(values))
    return [distinct[start : start + AT_ONCE] for start in range(0, len(distinct), AT_ONCE)]


def without_index(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition`, in a form that no planner looks up in an index: it filters the rows that another index finds."""
    return case((condition, ONE), else_=NONE) == ONE


def insert_rows(connection: Connection, into: TableClause, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows of the same columns. On SQLite it takes half the time that execute() takes.

    Columns that no row has are NULL: defaults of the models are not filled in.
    """
    dialect = connection.dialect
    if not rows or dialect.name != "sqlite":
        if rows:
            connection.execute(insert(into), rows)
        return
    columns = [into.c[name] for name in rows[0]]
    makers = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    made = [(at, make) for at, make in enumerate(makers) if make]
    values = list(map(itemgetter(*rows[0]), rows))
    if made:
        values = [_with_made(of_row, made) for of_row in values]
    quoted = dialect.identifier_preparer
    names = ", ".join(map(quoted.format_column, columns))
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {quoted.format_table(into)} ({names}) VALUES ({marks})", values)  # noqa: S608 - names of ours


def _with_made(values: tuple[Any, ...], made: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    row = list(values)
    for at, make in made:
        row[at] = make(row[at])
    return tuple(row)
