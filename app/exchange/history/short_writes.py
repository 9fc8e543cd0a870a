"""Writes what an import has worked out into the tables, so that nobody else's rating waits for it.

It takes many short transactions. The first marks the learner, whom nobody reads or writes from then on. Then come the
reviews, some at a time. One transaction decides: with it comes all else that the history says. Then states and totals
are replaced, and the mark goes. Where it is cut short, `finish_imports` goes back to the beginning if nothing was
decided, and completes it otherwise.
"""

from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, tuple_, update

from app.database import Database, Visit
from app.exchange.history.apart import CONTENT, DERIVED, FIRST_NEW, ChangedMeanwhileError, Copies
from app.exchange.history.finish_imports import AFTER, DECIDED
from app.tables import CARD, CARD_MARK, LEARNER, OWN_TAG, PLAN, QUIZ, QUIZ_ITEM, REVIEW

AT_ONCE = 500
"""Rows in a transaction: they take a few milliseconds."""
SAID = ((CARD_MARK,), (OWN_TAG,), (PLAN,), (QUIZ, QUIZ_ITEM))
"""What belongs to a learner beside the reviews; the tables of a group are written together."""


def write(database: Database, connection: Connection, copies: Copies, new: int, visit: Visit | None) -> None:
    """Write what differs to the tables. `new` is how many reviews there are; `visit` learns whether it was saved.

    Raises ChangedMeanwhileError, or what the database raises. Call `finish_while_locked` then: some may be written.
    """
    writing = _Writing(copies, new)
    for step in writing.steps():
        with database.write(visit if step == writing.decide else None, connection):
            writing.check()
            step()
        database.give_way(connection)


class _Writing:
    def __init__(self, copies: Copies, new: int) -> None:
        self.copies, self.connection, self.learner_id = copies, copies.connection, copies.learner_id
        self.real, self.new, self.base = copies.real, new, 0
        self.mark: str | None = None
        self.rows_before: dict[Table, int] = {}
        self.rows_after: dict[Table, int] = {}

    def steps(self) -> Iterator[Callable[[], None]]:
        """What is done in a transaction each."""
        if not self.new:
            yield self.decide
            return
        yield self.begin
        yield self.reserve
        for start in range(0, self.new - 1, AT_ONCE):
            yield partial(self.add_reviews, start, min(start + AT_ONCE, self.new - 1))
        if not self.copies.is_sqlite:
            yield partial(self.add_reviews, self.new - 1, self.new)
        yield self.decide
        for table in DERIVED:
            for _ in range(0, self.rows_before[table], AT_ONCE):
                yield partial(self.delete_some, table)
            for start in range(0, self.rows_after[table], AT_ONCE):
                yield partial(self.add_derived, table, slice(start, start + AT_ONCE))
        yield self.end

    def check(self) -> None:
        """Raise ChangedMeanwhileError unless the learner is here and marked by this import."""
        learner = self.real[LEARNER]
        marks = select(learner.c.importing).where(learner.c.id == self.learner_id).with_for_update()
        if self.connection.execute(marks).scalars().all() != [self.mark]:
            raise ChangedMeanwhileError

    def begin(self) -> None:
        """Mark the learner, and add the cards that only the history knows."""
        self.copies.take_late()
        self._set_mark(f"{AFTER}{self.copies.seen}")
        self._add_content()
        for table in DERIVED:
            self.rows_before[table], self.rows_after[table] = (self._count(one) for one in (self.real[table], table))

    def reserve(self) -> None:
        """Keep ids free for the new reviews, above all that the learner has.

        In SQLite the last review comes first, so that what others rate gets ids after it.
        """
        if self.copies.is_sqlite:
            self.base = self.copies.highest(self.real[REVIEW])
            self.add_reviews(self.new - 1, self.new)
        else:
            self.base = self.copies.move_sequence(REVIEW, self.new)

    def add_reviews(self, start: int, stop: int) -> None:
        """Add the new reviews from one number, from 0, up to and without another."""
        self._add(REVIEW, REVIEW.c.id >= FIRST_NEW + start, REVIEW.c.id < FIRST_NEW + stop)

    def decide(self) -> None:
        """Write all else that the history says. From then on the import is completed, whatever happens."""
        if not self.new:
            self._add_content()
        self._check_cards()
        self._change_seeds()
        self._write_said()
        if self.mark is not None:
            self._set_mark(DECIDED)

    def delete_some(self, table: Table) -> None:
        """Delete some of the learner's rows of what is derived."""
        real = self.real[table]
        key = tuple_(*real.primary_key.columns)
        some = select(*real.primary_key.columns).where(real.c.learner_id == self.learner_id).limit(AT_ONCE)
        self.connection.execute(delete(real).where(key.in_(some)))

    def add_derived(self, table: Table, part: slice) -> None:
        """Add a part of the rows that were derived anew."""
        self._add(table, table.c.learner_id == self.learner_id, part=part)

    def end(self) -> None:
        """Let the learner study again."""
        self._set_mark(None)

    def _set_mark(self, mark: str | None) -> None:
        learner = self.real[LEARNER]
        self.connection.execute(update(learner).where(learner.c.id == self.learner_id).values(importing=mark))
        self.mark = mark

    def _add(self, table: Table, *which: ColumnElement[bool], part: slice = slice(0, None)) -> None:
        moved = dict.fromkeys(("id", "undoes_id", "last_review_id"), (FIRST_NEW - 1, self.base))
        self.copies.insert(table, and_(*which), moved, part)

    def _count(self, table: Table) -> int:
        mine = select(func.count()).select_from(table).where(table.c.learner_id == self.learner_id)
        return self.connection.execute(mine).scalar_one()

    def _check_cards(self) -> None:
        if self.copies.rows(CARD, self.real) != self.copies.before[CARD]:
            raise ChangedMeanwhileError

    def _add_content(self) -> None:
        self._check_cards()
        for table in CONTENT:
            last = self.copies.last[table]
            more = self.copies.highest(table) - last
            if more > 0:
                if not self.copies.is_sqlite:
                    self.copies.move_sequence(table, more)
                self.copies.insert(table, table.c.id > last)

    def _change_seeds(self) -> None:
        real = self.real[CARD]
        seed = select(CARD.c.seed).where(CARD.c.id == real.c.id).scalar_subquery()
        is_changed = seed.is_distinct_from(real.c.seed) & (real.c.id <= self.copies.last[CARD])
        changed = self.connection.execute(select(real.c.id).where(is_changed)).scalars().all()
        # A card that somebody has rated meanwhile has dates that follow from its seed.
        if any(self.copies.was_reviewed(card) for card in changed):
            raise ChangedMeanwhileError
        self.connection.execute(update(real).where(is_changed).values(seed=seed))

    def _write_said(self) -> None:
        mine = LEARNER.c.id == self.learner_id
        if self.copies.differs(LEARNER):
            row = dict(self.connection.execute(select(LEARNER).where(mine)).mappings().one())
            del row[LEARNER.c.importing.name]
            learner = self.real[LEARNER]
            self.connection.execute(update(learner).where(learner.c.id == self.learner_id).values(**row))
        for group in SAID:
            if not self.copies.differs(*group):
                continue
            last, base = self.copies.last[QUIZ], 0
            if QUIZ in group:
                more = self.copies.highest(QUIZ) - last
                base = self.copies.highest(self.real[QUIZ])
                base = base if self.copies.is_sqlite else self.copies.move_sequence(QUIZ, more)
            for table in reversed(group):
                self.connection.execute(delete(self.real[table]).where(self.copies.of_learner(table, self.real)))
            for table in group:
                by = {"id": (last, base), "quiz_id": (last, base)}
                self.copies.insert(table, self.copies.of_learner(table), by)
