"""The tables as SQLAlchemy Core sees them, for statements that are built once and never refresh an object."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Dialect,
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


class Prepared:
    """A statement that is executed again and again: compiled once, and then handed to the driver with its values.

    `columns` are those that an INSERT or UPDATE sets, if its own values do not say them: no default of a model is
    filled in. Use it within a transaction; its errors are SQLAlchemy's. One with a list of values takes the usual way.
    """

    def __init__(self, statement: Any, columns: Iterable[str] = ()) -> None:
        self.statement, self._columns = statement, list(columns) or None
        self._compiled: dict[str, tuple[Any, ...]] = {}
        self._rows: dict[str, tuple[Any, ...]] = {}

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first of `all`, None if there is none."""
        return next(iter(self.all(connection, values)), None)

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """The rows that it finds or returns, as named tuples. More `values` than it needs do no harm."""
        dialect = connection.dialect
        text, order, fixed, makers = self._compiled.get(dialect.name) or self._compile(dialect)
        if not text:
            return connection.execute(self.statement, values).all()
        given = {**fixed, **values}
        for name, make in makers:
            given[name] = make(given[name])
        parameters = given if order is None else [given[name] for name in order]
        cursor = connection.connection.cursor()
        try:
            dialect.do_execute(cursor, text, parameters)
            if cursor.description is None:
                return ()
            found = cursor.fetchall()
        except dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, text, parameters, cursor, None)
        row, makers = self._rows.get(dialect.name) or self._describe(dialect, cursor.description)
        return [row(_with_made(one, makers)) for one in found]

    def _compile(self, dialect: Dialect) -> tuple[Any, ...]:
        """Its text, the order of its parameters if they have numbers, those of fixed value, and what makes others."""
        compiled = self.statement.compile(dialect=dialect, column_keys=self._columns)
        names = compiled.bind_names
        fixed = {name: bind.effective_value for bind, name in names.items() if not bind.required}
        makers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for bind, name in names.items()}
        text = "" if any(bind.expanding for bind in names) else str(compiled)
        made = text, compiled.positiontup, fixed, [(name, make) for name, make in makers.items() if make]
        return self._compiled.setdefault(dialect.name, made)

    def _describe(self, dialect: Dialect, described: Any) -> tuple[Any, ...]:
        """What makes a row, and what makes its columns."""
        types = [column.type.dialect_impl(dialect) for column in self.statement.exported_columns]
        makers = [kind.result_processor(dialect, one[1]) for kind, one in zip(types, described, strict=True)]
        row = namedtuple("Row", [one[0] for one in described], rename=True)  # type: ignore[misc]
        made = row._make, [(at, make) for at, make in enumerate(makers) if make]
        return self._rows.setdefault(dialect.name, made)


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


def _with_made(values: Iterable[Any], made: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    row = list(values)
    for at, make in made:
        row[at] = make(row[at])
    return tuple(row)
