"""A learner's whole history into a file of JSON lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, exists, func, select
from sqlmodel import SQLModel

from app.database import Database
from app.exchange.export_file import ExportError
from app.exchange.history import LONGEST_TEXT, CardLine, EndLine, HeaderLine, LearnerPart, Line, ReviewLine
from app.study.history import SEED
from app.study.tables import CARD, LEARNER, REVIEW

DECK, TOPIC = (SQLModel.metadata.tables[name] for name in ("deck", "topic"))
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ExportedHistory:
    """How many cards and how many of their reviews, ratings and undos, were written."""

    cards: int
    reviews: int


_CARDS = (
    select(
        DECK.c.name.label("deck"),
        DECK.c.title.label("deck_title"),
        TOPIC.c.name.label("topic"),
        TOPIC.c.title.label("topic_title"),
        CARD.c.name.label("card"),
        CARD.c.question,
        SEED.label("seed"),
    )
    .join_from(CARD, DECK, DECK.c.id == CARD.c.deck_id)
    .join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
    .order_by(CARD.c.id)
    .execution_options(yield_per=BATCH)
)
_UNDONE = REVIEW.alias("undone")
_TIMES = ("shown_at", "revealed_at", "rated_at", "day")
_REVIEWS = (
    select(
        DECK.c.name.label("deck"),
        CARD.c.name.label("card"),
        REVIEW.c.token,
        REVIEW.c.rating,
        _UNDONE.c.token.label("undoes"),
        *(REVIEW.c[name] for name in _TIMES),
        REVIEW.c.desired_retention,
    )
    .join_from(REVIEW, CARD, CARD.c.id == REVIEW.c.card_id)
    .join(DECK, DECK.c.id == CARD.c.deck_id)
    .outerjoin(_UNDONE, _UNDONE.c.id == REVIEW.c.undoes_id)
    .order_by(REVIEW.c.id)
    .execution_options(yield_per=BATCH)
)


def write_history(path: Path, database: Database, learner_id: int, now: datetime) -> ExportedHistory:
    """Write everything that the learner ever pressed, as of one moment, to a new file. Holds a batch of rows at a time.

    Raises ExportError when there is no such learner.
    """
    with database.read() as session, path.open("x", encoding="utf-8") as file:
        if not database.is_sqlite:  # SQLite's snapshot lasts as long as its transaction anyway
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for line in _lines(session.connection(), learner_id, now):
            file.write(line.model_dump_json() + "\n")
            if isinstance(line, EndLine):
                return ExportedHistory(line.cards, line.reviews)
    raise AssertionError("a history ends in its last line")


def _lines(connection: Connection, learner_id: int, now: datetime) -> Iterator[Line]:
    learner = connection.execute(select(LEARNER).where(LEARNER.c.id == learner_id)).mappings().one_or_none()
    if learner is None:
        known = connection.execute(select(func.max(LEARNER.c.id))).scalar()
        raise ExportError(f"There is no learner {learner_id}; the last has the number {known}.")
    # Written by us and checked when read: building the lines unchecked takes a fifth of the time.
    who = LearnerPart.model_construct(**{name: learner[name] for name in LearnerPart.model_fields})
    yield HeaderLine.model_construct(exported_at=now.astimezone(UTC), learner=who)
    mine = REVIEW.c.learner_id == learner_id
    cards = reviews = 0
    reviewed = _CARDS.where(exists().where(REVIEW.c.card_id == CARD.c.id, mine))
    for row in connection.execute(reviewed).mappings():
        cards += 1
        texts = {name: row[name][:LONGEST_TEXT] for name in ("deck_title", "topic_title", "question")}
        yield CardLine.model_construct(**{**row, **texts})
    for row in connection.execute(_REVIEWS.where(mine)).mappings():
        reviews += 1
        yield ReviewLine.model_construct(**row)
    yield EndLine.model_construct(cards=cards, reviews=reviews)
