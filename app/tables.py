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

from app.models import (
    Account,
    AppToken,
    Card,
    CardAlias,
    CardDemo,
    CardLink,
    CardMark,
    CardSource,
    CardState,
    CardTag,
    CardVersion,
    ClassDate,
    ClassDeck,
    ClassMember,
    ClassPlan,
    ClassQuiz,
    ClassQuizTaker,
    ClassTopic,
    ContentFile,
    DayTotal,
    Deck,
    DeletedLearner,
    EntryLink,
    Evidence,
    Forecast,
    Guess,
    InterviewPlan,
    KnownDevice,
    Learner,
    MonthTotal,
    NewCardCursor,
    OwnTag,
    Quiz,
    QuizItem,
    Review,
    SchoolClass,
    SignIn,
    Topic,
)

# So that rows can be made into objects without a session (`model_construct`), which takes a tenth of the time.
configure_mappers()


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, inspect(model).local_table)


ACCOUNT = _table(Account)
APP_TOKEN = _table(AppToken)
CARD = _table(Card)
CARD_ALIAS = _table(CardAlias)
CARD_DEMO = _table(CardDemo)
CARD_LINK = _table(CardLink)
CARD_MARK = _table(CardMark)
CARD_SOURCE = _table(CardSource)
CARD_STATE = _table(CardState)
CARD_TAG = _table(CardTag)
CARD_VERSION = _table(CardVersion)
CLASS_DATE = _table(ClassDate)
CLASS_DECK = _table(ClassDeck)
CLASS_MEMBER = _table(ClassMember)
CLASS_PLAN = _table(ClassPlan)
CLASS_QUIZ = _table(ClassQuiz)
CLASS_QUIZ_TAKER = _table(ClassQuizTaker)
CLASS_TOPIC = _table(ClassTopic)
CONTENT_FILE = _table(ContentFile)
DAY_TOTAL = _table(DayTotal)
DECK = _table(Deck)
DELETED_LEARNER = _table(DeletedLearner)
ENTRY_LINK = _table(EntryLink)
EVIDENCE = _table(Evidence)
FORECAST = _table(Forecast)
GUESS = _table(Guess)
KNOWN_DEVICE = _table(KnownDevice)
LEARNER = _table(Learner)
MONTH_TOTAL = _table(MonthTotal)
NEW_CARD_CURSOR = _table(NewCardCursor)
OWN_TAG = _table(OwnTag)
PLAN = _table(InterviewPlan)
QUIZ = _table(Quiz)
QUIZ_ITEM = _table(QuizItem)
REVIEW = _table(Review)
SCHOOL_CLASS = _table(SchoolClass)
SIGN_IN = _table(SignIn)
TOPIC = _table(Topic)

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
