"""An import works apart from everybody else, on temporary copies of the tables, and is written at the end, at once.

The copies have the names of the tables, and both databases find a temporary table before a lasting one of its name: on
their connection, everything that reads and writes tables does so with the copies. Meanwhile nobody waits, and a kill
leaves nothing. What came out is then copied to the tables: see short_writes.py.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Select,
    Table,
    UniqueConstraint,
    case,
    delete,
    func,
    insert,
    select,
    text,
)

from app.study.schedule.refold import refolded
from app.tables import (
    CARD,
    CARD_MARK,
    CARD_STATE,
    DAY_TOTAL,
    DECK,
    FORECAST,
    LEARNER,
    MONTH_TOTAL,
    NEW_CARD_CURSOR,
    OWN_TAG,
    PLAN,
    QUIZ,
    QUIZ_ITEM,
    REVIEW,
    TOPIC,
)

CONTENT = (DECK, TOPIC, CARD)
DERIVED = (CARD_STATE, NEW_CARD_CURSOR, DAY_TOTAL, MONTH_TOTAL, FORECAST)
COPIED = (LEARNER, *CONTENT, REVIEW, *DERIVED, CARD_MARK, OWN_TAG, PLAN, QUIZ, QUIZ_ITEM)
FIRST_NEW = 2**30
"""The id that the first new review has in the copy: more than any that is there."""
_ALONE = "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE"


class ChangedMeanwhileError(Exception):
    """What an import was worked out from has changed in the tables: it must start again."""


class Copies:
    """Copies of the tables for one learner's import, made in the connection's transaction.

    They hold every learner's rows of the content and the quizzes, and of the other tables the learner's own. Rows that
    are there already keep their ids; those that come later get new ones when they are written.
    """

    def __init__(self, connection: Connection, learner_id: int) -> None:
        self.connection, self.learner_id = connection, learner_id
        self.is_sqlite = connection.dialect.name == "sqlite"
        schema = "main" if self.is_sqlite else str(connection.execute(text("SELECT current_schema()")).scalar())
        metadata = MetaData()
        self.real = {table: table.to_metadata(metadata, schema=schema) for table in COPIED}
        for table in COPIED:
            self._copy(table)
        self.last = {table: self.highest(table) for table in (*CONTENT, QUIZ)}
        self.seen = self.highest(REVIEW)
        self.before = {table: self.rows(table) for table in (CARD, LEARNER, CARD_MARK, OWN_TAG, PLAN, QUIZ, QUIZ_ITEM)}

    def bring(self, tokens: Collection[str]) -> None:
        """Copy the reviews of other learners that have these tokens, so that they are known: with negative ids."""
        real = self.real[REVIEW]
        names = [column.name for column in REVIEW.columns if column.name not in ("id", "undoes_id")]
        known = select(REVIEW.c.token).where(REVIEW.c.token.in_(tokens))
        others = select(-real.c.id, *(real.c[name] for name in names)).where(
            real.c.learner_id != self.learner_id, real.c.token.in_(tokens), real.c.token.not_in(known)
        )
        self.connection.execute(insert(REVIEW).from_select(["id", *names], others))

    def was_reviewed(self, card_id: int) -> bool:
        """True if anybody has reviewed the card. Of the learner's own reviews those count that have been copied."""
        reviews, learners = self.real[REVIEW], self.real[LEARNER]
        # By way of the learners, because the index begins with their ids.
        found = select(reviews.c.id).where(reviews.c.learner_id == learners.c.id, reviews.c.card_id == card_id)
        found = found.where((reviews.c.learner_id != self.learner_id) | (reviews.c.id <= self.seen))
        return self.connection.execute(found.limit(1)).scalar() is not None

    def take_late(self) -> None:
        """Copy what the learner has rated and undone since the tables were copied."""
        real, undone = self.real[REVIEW], self.real[REVIEW].alias("undone")
        late = (
            select(real, undone.c.token.label("undone_token"))
            .outerjoin_from(real, undone, undone.c.id == real.c.undoes_id)
            .where(real.c.learner_id == self.learner_id, real.c.id > self.seen)
            .order_by(real.c.id)
        )
        rows = self.connection.execute(late).mappings().all()
        if not rows:
            return
        with refolded(self.connection, self.learner_id, {row["card_id"] for row in rows}):
            for row in rows:
                values: dict[str, Any] = {column.name: row[column.name] for column in REVIEW.columns}
                target = select(REVIEW.c.id).where(REVIEW.c.token == row["undone_token"])
                values |= {"undoes_id": self.connection.execute(target).scalar()}
                self.connection.execute(insert(REVIEW), values)
        self.connection.execute(delete(NEW_CARD_CURSOR).where(NEW_CARD_CURSOR.c.learner_id == self.learner_id))
        self.seen = rows[-1]["id"]

    def differs(self, *tables: Table) -> bool:
        """True if the import changed the learner's rows. Raises ChangedMeanwhileError if somebody else did too."""
        if all(self.rows(table) == self.before[table] for table in tables):
            return False
        if any(self.rows(table, self.real) != self.before[table] for table in tables):
            raise ChangedMeanwhileError
        return True

    def _copy(self, table: Table) -> None:
        columns = [Column(c.name, c.type, primary_key=c.primary_key, nullable=c.nullable) for c in table.columns]
        unique = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
        constraints = [UniqueConstraint(*[column.name for column in one.columns]) for one in unique]
        indexes = [Index(one.name, *[c.name for c in one.columns], unique=one.unique) for one in table.indexes]
        copy = Table(table.name, MetaData(), *columns, *constraints, *indexes, prefixes=["TEMPORARY"])
        copy.create(self.connection, checkfirst=False)
        real = self.real[table]
        rows = select(real)
        if table is REVIEW or table in (*DERIVED, CARD_MARK, OWN_TAG, PLAN):
            rows = rows.where(real.c.learner_id == self.learner_id)
        self.connection.execute(insert(table).from_select(list(table.columns.keys()), rows))
        if not self.is_sqlite and "id" in table.columns:
            sequence = func.pg_get_serial_sequence(f"pg_temp.{table.name}", "id")
            self.connection.execute(select(func.setval(sequence, self.highest(table) + 1, False)))

    def insert(
        self,
        table: Table,
        which: ColumnElement[bool],
        moved: Mapping[str, tuple[int, int]] | None = None,
        part: slice = slice(0, None),
    ) -> None:
        """Insert rows of the copy into the table, or a part of them.

        `moved` maps columns of ids to (the last id that stays, the new one).
        """
        columns = []
        for column in table.columns:
            last, base = (moved or {}).get(column.name, (0, 0))
            columns.append(case((column > last, column - last + base), else_=column) if last or base else column)
        rows: Select[Any] = (
            select(*columns).where(which).order_by(*table.primary_key.columns).slice(part.start, part.stop)
        )
        self.connection.execute(insert(self.real[table]).from_select(list(table.columns.keys()), rows))

    def of_learner(self, table: Table, tables: Mapping[Table, Table] | None = None) -> ColumnElement[bool]:
        of = tables[table] if tables else table
        if table is QUIZ_ITEM:
            quiz = tables[QUIZ] if tables else QUIZ
            return of.c.quiz_id.in_(select(quiz.c.id).where(quiz.c.learner_id == self.learner_id))
        return (of.c.id if table is LEARNER else of.c.learner_id) == self.learner_id

    def rows(self, table: Table, tables: Mapping[Table, Table] | None = None) -> list[tuple[Any, ...]]:
        """What an import depends on: the learner's rows, and of all cards what reviews and totals need."""
        of = tables[table] if tables else table
        if table is CARD:
            rows = select(of.c.id, of.c.deck_id, of.c.topic_id, of.c.seed).where(of.c.id <= self.last[CARD])
        else:
            columns = [column for column in of.columns if column.name != LEARNER.c.importing.name]
            rows = select(*columns).where(self.of_learner(table, tables))
        return [tuple(row) for row in self.connection.execute(rows.order_by(*of.primary_key.columns))]

    def highest(self, table: Table) -> int:
        return int(self.connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())

    def move_sequence(self, table: Table, by: int) -> int:
        """Take so many ids out of PostgreSQL's sequence of the table, and return the last id before them.

        Nobody else inserts into the table until the transaction ends.
        """
        real = self.real[table]
        self.connection.execute(text(_ALONE.format(real.fullname)))
        sequence = func.pg_get_serial_sequence(real.fullname, "id")
        last = max(int(self.connection.execute(select(func.nextval(sequence))).scalar_one()), self.highest(real))
        self.connection.execute(select(func.setval(sequence, last + by)))
        return last
