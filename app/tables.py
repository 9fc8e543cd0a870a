"""The tables as SQLAlchemy Core sees them, for statements that are built once and never refresh an object."""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    String,
    Table,
    bindparam,
    case,
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
