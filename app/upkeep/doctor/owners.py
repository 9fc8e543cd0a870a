"""Rows whose owner is missing: reviews and marks without a learner or a card, questions without a quiz, and so on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, delete, exists, func, insert, select, update
from sqlmodel import SQLModel

from app.models import Card, Deck, Learner, Quiz, Topic
from app.tables import CARD, DECK, LEARNER, QUIZ, QUIZ_ITEM, REVIEW, TOPIC
from app.upkeep.doctor.finding import Cure, Finding, number, some
from app.upkeep.doctor.storage import OF_THE_CONTENT, REPLAYED

_ANSWER = (REVIEW.c.token == QUIZ_ITEM.c.token) & (REVIEW.c.card_id == QUIZ_ITEM.c.card_id)
_OF_ITS_LEARNER = exists().where(QUIZ.c.id == QUIZ_ITEM.c.quiz_id, QUIZ.c.learner_id == REVIEW.c.learner_id)
_HAS_NO_ANSWER = and_(
    QUIZ_ITEM.c.token.is_not(None),
    exists().where(QUIZ.c.id == QUIZ_ITEM.c.quiz_id),
    ~exists().where(_ANSWER, _OF_ITS_LEARNER),
)
"""True for a question whose answer is no review, or one of another card or another learner."""


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
    for table, column, target in _references():
        if table.name in (*OF_THE_CONTENT, *REPLAYED):
            connection.execute(delete(table).where(_is_orphan(column, target)))


def put_back(connection: Connection, now: datetime) -> list[str]:
    """Put back every missing learner, deck, topic, card and quiz that a person's rows refer to. Returns which.

    A card comes back retired, under a name that says that it was lost.
    """
    done = []
    for table in (LEARNER, DECK, TOPIC, CARD, QUIZ):
        lost = {
            one
            for child, column, target in _references()
            if target.table is table and child.name not in (*OF_THE_CONTENT, *REPLAYED)
            for one in _missing(connection, column, target)
        }
        for row_id in sorted(lost):
            connection.execute(insert(table), _MAKE[table](connection, row_id, now).model_dump())
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
    if target.table is REVIEW:
        return None, "An undo without its rating undoes nothing; it is kept."
    return Cure.OWNER, ""


def _learner(_connection: Connection, row_id: int, _now: datetime) -> SQLModel:
    return Learner(id=row_id, name=f"Learner {row_id}, put back")


def _deck(_connection: Connection, row_id: int, _now: datetime) -> SQLModel:
    return Deck(id=row_id, name=f"lost-{row_id}", title=f"Lost deck {row_id}")


def _topic(connection: Connection, row_id: int, now: datetime) -> SQLModel:
    deck = connection.execute(select(func.min(CARD.c.deck_id)).where(CARD.c.topic_id == row_id)).scalar_one()
    return Topic(
        id=row_id, deck_id=deck, name=f"lost-{row_id}", path=f"lost/lost-{row_id}.md", title=f"Lost topic {row_id}",
        place="", explanation_html="", key_points_html="", retired_at=now,
    )  # fmt: skip


def _card(connection: Connection, row_id: int, now: datetime) -> SQLModel:
    found = connection.execute(select(TOPIC.c.deck_id, TOPIC.c.id).order_by(TOPIC.c.id).limit(1)).one_or_none()
    if found is None:
        connection.execute(insert(DECK).from_select(["id"], select(1).where(~exists(select(DECK.c.id)))))
    deck, topic = found or (1, 1)
    return Card(
        id=row_id, deck_id=deck, topic_id=topic, name=f"lost-{row_id}", is_named=True, place="", line=1,
        question=f"Lost card {row_id}", question_html=f"Lost card {row_id}", short_html="", answer_html="",
        content_hash="", answer_hash="", retired_at=now,
    )  # fmt: skip


def _quiz(connection: Connection, row_id: int, now: datetime) -> SQLModel:
    given = select(REVIEW.c.learner_id, CARD.c.deck_id, REVIEW.c.rated_at).join(CARD, CARD.c.id == REVIEW.c.card_id)
    given = given.join(QUIZ_ITEM, QUIZ_ITEM.c.token == REVIEW.c.token).where(QUIZ_ITEM.c.quiz_id == row_id)
    learner, deck, at = connection.execute(given.order_by(REVIEW.c.id).limit(1)).one_or_none() or (
        connection.execute(select(func.min(LEARNER.c.id))).scalar_one(),
        connection.execute(select(func.min(DECK.c.id))).scalar_one(),
        now,
    )
    return Quiz(
        id=row_id, learner_id=learner, deck_id=deck, name=f"lost-{row_id}", kind="chosen",
        title=f"Lost quiz {row_id}", started_at=at, ended_at=at,
    )  # fmt: skip


_MAKE = {LEARNER: _learner, DECK: _deck, TOPIC: _topic, CARD: _card, QUIZ: _quiz}
