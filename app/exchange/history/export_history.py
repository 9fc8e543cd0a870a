"""Exports a learner's whole history as a file of JSON lines."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from app.database import BeingImportedError, Database
from app.exchange.exports.new_file import ExportError
from app.exchange.history.format import (
    LONGEST_TEXT,
    NUMBERED,
    CardLine,
    EndLine,
    HeaderLine,
    Line,
    MarkLine,
    PlanLine,
    QuizItemLine,
    QuizLine,
    ReviewLine,
)
from app.study.learner.profile import Profile
from app.study.schedule.computed import KeptAnswer
from app.study.schedule.review_log import IN_ORDER, SEED
from app.study.selection.marks import SAYS_SOMETHING
from app.tables import CARD, CARD_MARK, DECK, LEARNER, OWN_TAG, PLAN, QUIZ, QUIZ_ITEM, REVIEW, TOPIC

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ExportedHistory:
    """How many cards and reviews (ratings and undos) were written."""

    cards: int
    reviews: int


_CARD_NAME = (DECK.c.name.label("deck"), CARD.c.name.label("card"))
_CARDS = (
    select(
        *_CARD_NAME,
        DECK.c.title.label("deck_title"),
        TOPIC.c.name.label("topic"),
        TOPIC.c.title.label("topic_title"),
        CARD.c.question,
        SEED.label("seed"),
    )
    .join_from(CARD, DECK, DECK.c.id == CARD.c.deck_id)
    .join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
    .order_by(CARD.c.id)
    .execution_options(yield_per=BATCH)
)
_NOT_CHOSEN = ("id", "importing", "seed", "key", "leaves_at")
_UNDONE = REVIEW.alias("undone")
_TIMES = ("shown_at", "revealed_at", "rated_at", "counts_at")
_AS_THEY_ARE = (*_TIMES, "day", "desired_retention", "typed", "sitting", "sure", *KeptAnswer._fields, "points")
_OF_COMPUTED = set(KeptAnswer._fields)
_REVIEWS = (
    select(
        *_CARD_NAME,
        REVIEW.c.token,
        REVIEW.c.rating,
        _UNDONE.c.token.label("undoes"),
        *(REVIEW.c[name] for name in _AS_THEY_ARE),
    )
    .join_from(REVIEW, CARD, CARD.c.id == REVIEW.c.card_id)
    .join(DECK, DECK.c.id == CARD.c.deck_id)
    .outerjoin(_UNDONE, _UNDONE.c.id == REVIEW.c.undoes_id)
    .order_by(*IN_ORDER)
    .execution_options(yield_per=BATCH)
)
_MARKS = ("buried_until", "is_suspended", "is_flagged", "note")
_QUIZ = ("name", "started_at", "seconds", "ended_at")
_ITEM = ("position", "is_follow_up", "expected", "token", "why")


def write_history(path: Path, database: Database, learner_id: int, now: datetime) -> ExportedHistory:
    """Write everything that belongs to the learner, as of one moment, to a new file. Holds a batch of rows in memory.

    Raises ExportError if there is no such learner.
    """
    numbers: Counter[str] = Counter()
    with path.open("x", encoding="utf-8") as file:
        for line in _lines(database, learner_id, now):
            numbers[line.kind] += 1
            file.write(_as_text(line))
    return ExportedHistory(numbers["card"], numbers["review"])


def history_lines(database: Database, learner_id: int, now: datetime) -> Iterator[str]:
    """Yield the lines of the same file, with their line ends, as they are read from the database.

    Raises ExportError at the first line if there is no such learner.
    """
    return (_as_text(line) for line in _lines(database, learner_id, now))


def _as_text(line: Line) -> str:
    """The line with its end. Most reviews have nothing of computed cards, and no points: these fields are left out."""
    left_out = set[str]()
    if isinstance(line, ReviewLine):
        left_out = (_OF_COMPUTED if line.question is None else left_out) | (
            {"points"} if line.points is None else set()
        )
    return line.model_dump_json(exclude=left_out) + "\n"


def _lines(database: Database, learner_id: int, now: datetime) -> Iterator[Line]:
    with database.read() as session:
        connection = session.connection()
        learner = connection.execute(select(LEARNER).where(LEARNER.c.id == learner_id)).mappings().one_or_none()
        if learner is None:
            known = connection.execute(select(func.max(LEARNER.c.id))).scalar()
            raise ExportError(f"There is no learner {learner_id}; the highest number is {known}.")
        if learner["importing"] is not None:
            raise BeingImportedError
            raise BeingImportedError
        numbers: Counter[str] = Counter()
        # The lines are validated when they are read. Building them without validation takes a fifth of the time.
        chosen = Profile(**{name: value for name, value in learner.items() if name not in _NOT_CHOSEN})
        yield HeaderLine.model_construct(exported_at=now.astimezone(UTC), learner=chosen, seed=learner["seed"])
        for part in (_cards, _reviews, _marks, _plans, _quizzes):
            for line in part(connection, learner_id):
                numbers[line.kind] += 1
                yield line
        yield EndLine.model_validate({name: numbers[kind] for name, kind in NUMBERED})


def _cards(connection: Connection, learner_id: int) -> Iterator[Line]:
    asked = select(QUIZ_ITEM.c.card_id).join(QUIZ, QUIZ.c.id == QUIZ_ITEM.c.quiz_id)
    is_used = or_(
        exists().where(REVIEW.c.card_id == CARD.c.id, REVIEW.c.learner_id == learner_id),
        exists().where(CARD_MARK.c.card_id == CARD.c.id, CARD_MARK.c.learner_id == learner_id, SAYS_SOMETHING),
        exists().where(OWN_TAG.c.card_id == CARD.c.id, OWN_TAG.c.learner_id == learner_id),
        CARD.c.id.in_(asked.where(QUIZ.c.learner_id == learner_id)),
    )
    for row in connection.execute(_CARDS.where(is_used)).mappings():
        texts = {name: row[name][:LONGEST_TEXT] for name in ("deck_title", "topic_title", "question")}
        yield CardLine.model_construct(**{**row, **texts})


def _reviews(connection: Connection, learner_id: int) -> Iterator[Line]:
    for row in connection.execute(_REVIEWS.where(REVIEW.c.learner_id == learner_id)).mappings():
        yield ReviewLine.model_construct(**row)


def _marks(connection: Connection, learner_id: int) -> Iterator[Line]:
    tags: dict[int, list[str]] = {}
    mine = select(OWN_TAG.c.card_id, OWN_TAG.c.tag).where(OWN_TAG.c.learner_id == learner_id)
    for card_id, tag in connection.execute(mine.order_by(OWN_TAG.c.tag)):
        tags.setdefault(card_id, []).append(tag)
    marked = (CARD_MARK.c.card_id == CARD.c.id) & (CARD_MARK.c.learner_id == learner_id) & SAYS_SOMETHING
    query = (
        select(CARD.c.id, *_CARD_NAME, *(CARD_MARK.c[name] for name in _MARKS))
        .join_from(CARD, DECK, DECK.c.id == CARD.c.deck_id)
        .outerjoin(CARD_MARK, marked)
        .where(CARD_MARK.c.card_id.is_not(None) | CARD.c.id.in_(select(mine.subquery().c.card_id)))
        .order_by(CARD.c.id)
        .execution_options(yield_per=BATCH)
    )
    for row in connection.execute(query).mappings():
        none: dict[str, Any] = {"buried_until": None, "is_suspended": False, "is_flagged": False, "note": ""}
        said = {name: none[name] if row[name] is None else row[name] for name in _MARKS}
        yield MarkLine.model_construct(deck=row["deck"], card=row["card"], **said, tags=tags.get(row["id"], []))


def _plans(connection: Connection, learner_id: int) -> Iterator[Line]:
    query = select(PLAN).where(PLAN.c.learner_id == learner_id).order_by(PLAN.c.interview_on, PLAN.c.name)
    for row in connection.execute(query).mappings():
        yield PlanLine.model_construct(**{name: value for name, value in row.items() if name != "learner_id"})


def _quizzes(connection: Connection, learner_id: int) -> Iterator[Line]:
    query = (
        select(QUIZ, DECK.c.name.label("deck"), DECK.c.title.label("deck_title"))
        .join(DECK, DECK.c.id == QUIZ.c.deck_id)
        .where(QUIZ.c.learner_id == learner_id)
        .order_by(QUIZ.c.id)
    )
    items = (
        select(QUIZ_ITEM, *_CARD_NAME)
        .join(CARD, CARD.c.id == QUIZ_ITEM.c.card_id)
        .join(DECK, DECK.c.id == CARD.c.deck_id)
        .order_by(QUIZ_ITEM.c.position)
    )
    for row in connection.execute(query).mappings().all():
        same = {name: row[QUIZ.c[name]] for name in _QUIZ}
        texts = {"deck_title": row["deck_title"][:LONGEST_TEXT], "title": row[QUIZ.c.title][:LONGEST_TEXT]}
        yield QuizLine.model_construct(deck=row["deck"], **texts, **same, quiz_kind=row[QUIZ.c.kind])
        for item in connection.execute(items.where(QUIZ_ITEM.c.quiz_id == row[QUIZ.c.id])).mappings():
            values = {name: item[QUIZ_ITEM.c[name]] for name in _ITEM}
            yield QuizItemLine.model_construct(quiz=row[QUIZ.c.name], deck=item["deck"], card=item["card"], **values)
