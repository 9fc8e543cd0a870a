"""Rows whose owner is missing: reviews and marks without a learner or a card, questions without a quiz, and so on."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, delete, exists, func, insert, select, update
from sqlmodel import SQLModel

from app.models import Card, Deck, Learner, Quiz, Topic
from app.tables import CARD, DECK, LEARNER, QUIZ, QUIZ_ITEM, REVIEW, TOPIC
from app.upkeep.doctor.finding import Cure, Finding, number, some
from app.upkeep.doctor.storage import OF_NO_USE_ALONE, OF_THE_CONTENT, REPLAYED

_ANSWER = (REVIEW.c.token == QUIZ_ITEM.c.token) & (REVIEW.c.card_id == QUIZ_ITEM.c.card_id)
_OF_ITS_LEARNER = exists().where(QUIZ.c.id == QUIZ_ITEM.c.quiz_id, QUIZ.c.learner_id == REVIEW.c.learner_id)
_HAS_NO_ANSWER = and_(
    QUIZ_ITEM.c.token.is_not(None),
    exists().where(QUIZ.c.id == QUIZ_ITEM.c.quiz_id),
    ~exists().where(_ANSWER, _OF_ITS_LEARNER),
)
"""True for a question whose answer is not a review, or one of another card or another learner."""


def missing_owners(connection: Connection) -> Iterator[Finding]:
    """Rows that refer to a row which is not there."""
    for table, column, target in _references():
        ids = _missing(connection, column, target)
        if ids:
            rows = connection.execute(select(func.count()).where(_is_orphan(column, target))).scalar_one()
            what = f"{number(rows, 'row')} of {table.name} {'refers' if rows == 1 else 'refer'} to"
            what += f" {target.table.name} {some(ids)}, which is not there."
            yield Finding(what, *_cure(table, target))


def answers(connection: Connection) -> Iterator[Finding]:
    """Questions of quizzes that were answered by a review that is not there."""
    wrong = connection.execute(select(func.count()).select_from(QUIZ_ITEM).where(_HAS_NO_ANSWER)).scalar_one()
    if wrong:
        yield Finding(
            f"The answer to {number(wrong, 'question')} of quizzes is a review that is not there.", Cure.ANSWER
        )


def forget_answers(connection: Connection) -> int:
    """Make the questions whose answer is not there unanswered. Returns how many."""
    return connection.execute(update(QUIZ_ITEM).where(_HAS_NO_ANSWER).values(token=None)).rowcount


def drop_derived_orphans(connection: Connection) -> None:
    """Delete what was derived of rows that are not there."""
    _drop_orphans(connection, {*OF_THE_CONTENT, *REPLAYED})


def drop_unused(connection: Connection) -> int:
    """Delete what nobody could use, since its account, class or deck is not there. Returns how many rows."""
    return _drop_orphans(connection, OF_NO_USE_ALONE)


def _drop_orphans(connection: Connection, of: Collection[str]) -> int:
    return sum(
        _drop(connection, table, _is_orphan(column, target))
        for table, column, target in _references()
        if table.name in of
    )


def _drop(connection: Connection, table: Table, which: Any) -> int:
    """Delete these rows, and before them what refers to them. Returns how many."""
    parts = sum(
        _drop(connection, child, column.in_(select(target).where(which)))
        for child, column, target in _references()
        if target.table is table
    )
    return parts + connection.execute(delete(table).where(which)).rowcount


def put_back(connection: Connection, now: datetime) -> list[str]:
    """Put back every missing learner, deck, topic, card and quiz that a person's rows refer to. Returns which.

    A card comes back retired, under a name that says that it was lost.
    """
    done = []
    for table in (LEARNER, DECK, TOPIC, CARD, QUIZ, TOPIC, DECK):  # what was put back may itself lack an owner
        lost = {
            one
            for child, column, target in _references()
            if target.table is table and child.name not in {*OF_THE_CONTENT, *REPLAYED, *OF_NO_USE_ALONE}
            for one in _missing(connection, column, target)
        }
        for row_id in sorted(lost):
            row = placeholder(table, row_id, now) | _place(connection, table, row_id)
            connection.execute(insert(table), row)
            done.append(f"{table.name} {row_id}")
    return done


def _references() -> Iterator[tuple[Table, Column[Any], Column[Any]]]:
    """Every column that refers to another table: its table, itself, and the column that it refers to."""
    for table in SQLModel.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: str(key.parent.name)):
            yield table, key.parent, key.column


def _is_orphan(column: Column[Any], target: Column[Any]) -> Any:
    there = target.table.alias()
    return column.is_not(None) & ~exists().where(there.c[target.name] == column)


def _missing(connection: Connection, column: Column[Any], target: Column[Any]) -> list[int]:
    rows = select(column).where(_is_orphan(column, target)).distinct().order_by(column)
    return list(connection.execute(rows).scalars())


def _cure(table: Table, target: Column[Any]) -> tuple[Cure | None, str]:
    if table.name in REPLAYED:
        return Cure.REPLAY, ""
    if table.name in OF_THE_CONTENT:
        return Cure.LOAD, ""
    if table.name in OF_NO_USE_ALONE:
        return Cure.UNUSED, ""
    if target.table is REVIEW:
        return None, "An undo without its rating undoes nothing; it is kept."
    return Cure.OWNER, ""


def placeholder(table: Table, row_id: int, now: datetime) -> dict[str, Any]:
    """A row for something that is lost, under a name that says so. What it refers to is the first there may be."""
    lost, name = f"Lost {table.name} {row_id}", f"lost-{row_id}"
    made: SQLModel = _MAKE[table.name](id=row_id, name=name, title=lost, **_OTHERS.get(table.name, {}))
    times = {"retired_at": now, "started_at": now, "ended_at": now, "question": lost, "question_html": lost}
    return {column.name: times.get(column.name, getattr(made, column.name)) for column in table.columns} | (
        {"name": lost} if table is LEARNER else {}
    )


def _place(connection: Connection, table: Table, row_id: int) -> dict[str, Any]:
    """What is known of a lost row by the rows that refer to it."""
    if table is TOPIC:
        query = select(CARD.c.deck_id).where(CARD.c.topic_id == row_id)
    elif table is CARD:
        query = select(TOPIC.c.deck_id, TOPIC.c.id.label("topic_id")).order_by(TOPIC.c.id)
    elif table is QUIZ:
        given = REVIEW.join(CARD, CARD.c.id == REVIEW.c.card_id).join(QUIZ_ITEM, QUIZ_ITEM.c.token == REVIEW.c.token)
        at = REVIEW.c.rated_at
        query = select(REVIEW.c.learner_id, CARD.c.deck_id, at.label("started_at"), at.label("ended_at"))
        query = query.select_from(given).where(QUIZ_ITEM.c.quiz_id == row_id).order_by(REVIEW.c.id)
    else:
        return {}
    found = connection.execute(query.limit(1)).mappings().one_or_none()
    return dict(found or {})


_MAKE: dict[str, Any] = {"learner": Learner, "deck": Deck, "topic": Topic, "card": Card, "quiz": Quiz}
_OTHERS: dict[str, dict[str, Any]] = {
    "topic": {"deck_id": 1, "path": "lost/lost.md", "place": "", "explanation_html": "", "key_points_html": ""},
    "card": {
        "deck_id": 1, "topic_id": 1, "is_named": True, "place": "", "line": 1, "question": "", "question_html": "",
        "short_html": "", "answer_html": "", "content_hash": "", "answer_hash": "",
    },
    "quiz": {"learner_id": 1, "deck_id": 1, "kind": "chosen", "started_at": datetime.min.replace(tzinfo=UTC)},
}  # fmt: skip
