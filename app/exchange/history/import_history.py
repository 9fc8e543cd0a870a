"""Imports a learner's history from a file of JSON lines into the database."""

import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import Connection, RowMapping, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.database import BusyDatabaseError, Database, Visit
from app.exchange.history.apart import FIRST_NEW, ChangedMeanwhileError, Copies
from app.exchange.history.finish_imports import IMPORT, finish_while_locked
from app.exchange.history.format import (
    CardLine,
    HeaderLine,
    HistoryError,
    MarkLine,
    PlanLine,
    QuizItemLine,
    QuizLine,
    ReviewLine,
)
from app.exchange.history.merge_marks import MarkMerger, both_notes
from app.exchange.history.merge_quizzes import QuizMerger
from app.exchange.history.placeholders import HistoryCards
from app.exchange.history.read_history import read_lines
from app.exchange.history.short_writes import write
from app.study.learner.profile import Profile, WrongProfileError, name_taken, read_name
from app.study.schedule.checksum import checksum
from app.study.schedule.computed import KeptAnswer
from app.study.schedule.rate import counts_from
from app.study.schedule.replay import replay
from app.study.schedule.review_log import REACHED
from app.study.sitting.plans import Interview, TooManyPlansError, plans, store
from app.tables import LEARNER, REVIEW

BATCH = 1_000
ATTEMPTS = 5
LETS_GO = 0.0001
"""Seconds after which an import lets the other threads run: a rating asks for the interpreter some twenty times."""
_ADD = insert(REVIEW)
_AS_THEY_ARE = (
    "token",
    "rating",
    "day",
    "desired_retention",
    "typed",
    "sitting",
    "sure",
    *KeptAnswer._fields,
    "points",
)
_TIMES = ("shown_at", "revealed_at", "rated_at", "counts_at")


class ImportUnderWayError(BusyDatabaseError):
    """Another history is being imported into this database."""

    def __init__(self) -> None:
        super().__init__("Another history is being imported, so this one was not. Send it again in a minute.")


@dataclass
class ImportedHistory:
    """What an import did: how many reviews (ratings and undos) were added, and how many existed already.

    `marks` and `quizzes` count those that the file changed. `placeholders` are the cards, as deck/name, that the
    content lacks. If `merged`, some of the reviews count before others that were here.
    """

    added: int = 0
    known: int = 0
    marks: int = 0
    quizzes: int = 0
    placeholders: list[str] = field(default_factory=list)
    merged: bool = False


def import_history(
    database: Database, file: IO[bytes], learner_id: int, now: datetime, visit: Visit | None = None
) -> ImportedHistory:
    """Import a history as that of a learner of this database: all of it, or nothing. Load the content first.

    A review is known by its token, so importing a file twice adds nothing. If the learner had no reviews, the result is
    the exported history to the bit, except for ids. Otherwise the two are merged by the time of rating, each keeping
    its own order, and the schedule becomes what it would be if all had been rated here; open forms of the cards that it
    changes are shown again. (A card that was reviewed here before the import keeps its own fuzz, so it may return some
    days before or after the date in the other database.)

    A card that the content lacks becomes a retired placeholder without an answer, until its file is loaded. Preferences
    that the learner has not set here come from the file, and so do missing marks, tags and answers to quizzes. If a
    card has two different notes, both are kept, one under the other. `now` (aware) is when placeholders are retired.
    Holds a batch of lines in memory. If it raises HistoryError, nothing has changed.

    The file is read, checked and merged apart from the tables; then all is written in short transactions, so that
    nobody else waits. What the learner rates before that is kept; from then on they wait for the end. If it is cut
    short, `finish_imports` makes it nothing or all. Raises ImportUnderWayError if another history is being imported,
    and BusyDatabaseError if the cards, or marks that the file changes, change here again and again. `visit` learns
    whether the history was saved.
    """
    lock = database.lock(IMPORT)
    if not lock.try_hold():
        raise ImportUnderWayError
    interval = sys.getswitchinterval()
    sys.setswitchinterval(LETS_GO)
    try:
        finish_while_locked(database)
        return _import(database, file, learner_id, now, visit)
    finally:
        sys.setswitchinterval(interval)
        lock.free()


def _import(
    database: Database, file: IO[bytes], learner_id: int, now: datetime, visit: Visit | None
) -> ImportedHistory:
    for _attempt in range(ATTEMPTS):
        with database.apart() as connection:
            if not database.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with Session(connection) as session:
                copies = Copies(session.connection(), learner_id)
                done = _Import(session, copies, now).take(file)
                session.commit()
            if not database.is_sqlite:
                connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                copies.take_late()
            try:
                write(database, connection, copies, done.added, visit)
            except (ChangedMeanwhileError, IntegrityError):
                finish_while_locked(database)
                file.seek(0)
            except BaseException:
                with suppress(Exception):  # then the next who comes finishes it
                    finish_while_locked(database)
                raise
            else:
                return done
    raise BusyDatabaseError(
        "The cards or the learner's marks changed again and again while the history was read, so nothing was imported. "
        "Try again."
    )


class _Import:
    def __init__(self, session: Session, copies: Copies, now: datetime) -> None:
        self.session = session
        self.connection: Connection = session.connection()
        self.copies = copies
        self.learner_id = learner_id = copies.learner_id
        self.cards = HistoryCards(self.connection, now.astimezone(UTC), copies.was_reviewed)
        self.marks = MarkMerger(self.connection, learner_id, self.cards)
        self.quizzes = QuizMerger(self.connection, learner_id, self.cards, copies.bring)
        self.pending: dict[str, tuple[int, ReviewLine]] = {}
        self.reached: datetime | None = None
        self.last_here = self.connection.execute(REACHED, {"learner": learner_id}).scalar()
        self.done = ImportedHistory()

    def take(self, file: IO[bytes]) -> ImportedHistory:
        seed: int | None = None
        here, there = self._has_reviews(), (False, False)
        for number, line in read_lines(file):
            if isinstance(line, PlanLine):
                self._plan(number, line)
            match line:
                case HeaderLine():
                    self._prefer(number, line.learner)
                    if line.interview_on is not None:
                        self._plan(number, Interview("interview", line.interview_on))
                    seed = line.seed
                case CardLine():
                    self.cards.add(number, line)
                case ReviewLine():
                    there = max(there, (line.question is not None, True))
                    self._review(number, line)
                case MarkLine():
                    self._store()  # the reviews show which cards have another name here
                    self.marks.add(number, line)
                case QuizLine():
                    self._store()
                    self.quizzes.begin(number, line)
                case QuizItemLine():
                    self.quizzes.add(number, line)
        self._store()
        self._take_seed(seed, here, there)
        self.marks.store()
        self.done.marks, self.done.quizzes = self.marks.changed, self.quizzes.changed
        self.done.placeholders = self.cards.drop_unused()
        if self.done.added:
            replay(self.session, self.learner_id)
        return self.done

    def _review(self, number: int, line: ReviewLine) -> None:
        if line.token in self.pending:
            raise _repeated(number, line.token)
        # What a line undoes must be stored before it.
        if len(self.pending) == BATCH or line.undoes in self.pending:
            self._store()
        self.pending[line.token] = number, line

    def _prefer(self, number: int, learner: Profile) -> None:
        mine = LEARNER.c.id == self.learner_id
        here = self.connection.execute(select(LEARNER).where(mine)).mappings().one_or_none()
        if here is None:
            raise HistoryError(number, f"there is no learner {self.learner_id} here to receive the history")
        there = asdict(learner)
        values = {name: value for name, value in there.items() if _is_open(here[name]) and not _is_open(value)}
        if not self.connection.execute(select(exists().where(REVIEW.c.learner_id == self.learner_id))).scalar():
            values |= self._name(learner.name)  # nobody has studied here yet
        if values:
            self.connection.execute(update(LEARNER).where(mine).values(**values))

    def _plan(self, number: int, line: PlanLine | Interview) -> None:
        """Add a plan; of one that is here already, take the notes that are missing."""
        there = Interview(**{field.name: getattr(line, field.name) for field in fields(Interview)})
        here = next((one for one in plans(self.session, self.learner_id) if one.name == there.name), None)
        if here is not None:
            asked, missing = both_notes(here.asked, there.asked), both_notes(here.missing, there.missing)
            there = replace(here, is_over=here.is_over or there.is_over, asked=asked, missing=missing)
        try:
            store(self.session, self.learner_id, there)
        except TooManyPlansError as error:
            raise HistoryError(number, str(error)) from error

    def _has_reviews(self) -> tuple[bool, bool]:
        """Whether the learner has reviews of computed questions here, and whether any."""
        mine = select(REVIEW.c.id).where(REVIEW.c.learner_id == self.learner_id)
        computed = self.connection.execute(mine.where(REVIEW.c.question.is_not(None)).limit(1)).first()
        return computed is not None, self.connection.execute(mine.limit(1)).first() is not None

    def _take_seed(self, seed: int | None, here: tuple[bool, bool], there: tuple[bool, bool]) -> None:
        """Take the seed of whoever has answered computed questions, or any; of two, the smaller one.

        So two histories that are merged into each other ask the same from then on.
        """
        if seed is None or there < here:
            return
        mine = update(LEARNER).where(LEARNER.c.id == self.learner_id)
        mine = mine.where(LEARNER.c.seed > seed) if here == there and any(here) else mine
        self.connection.execute(mine.values(seed=seed))

    def _name(self, given: str) -> dict[str, str]:
        """The file's name as the forms would take it; nothing if they would refuse it, or if somebody here has it."""
        try:
            name = read_name(given)
        except WrongProfileError:
            return {}
        return {} if name_taken(self.session, name, self.learner_id) else {"name": name}

    def _store(self) -> None:
        if not self.pending:
            return
        tokens = {*self.pending, *(line.undoes for _number, line in self.pending.values() if line.undoes)}
        self.copies.bring(tokens)
        found = self.connection.execute(select(REVIEW).where(REVIEW.c.token.in_(tokens))).mappings()
        known = {row["token"]: row for row in found}
        ids = [row["id"] for row in known.values()]
        undone = set(self.connection.execute(select(REVIEW.c.undoes_id).where(REVIEW.c.undoes_id.in_(ids))).scalars())
        rows: list[dict[str, Any]] = []
        for number, line in self.pending.values():
            row = self._row(number, line, known, undone)
            self.done.known += row is None
            rows += [] if row is None else [row | {"id": FIRST_NEW + self.done.added + len(rows)}]
        if rows:
            self.connection.execute(_ADD, rows)
        self.done.added += len(rows)
        self.pending.clear()

    def _row(
        self, number: int, line: ReviewLine, known: dict[str, RowMapping], undone: set[int]
    ) -> dict[str, Any] | None:
        """Return the line as a row of the table; None if it exists already."""
        if (line.rating is None) == (line.undoes is None):
            raise HistoryError(number, "a review needs either a rating or the rating that it undoes")
        if line.token in known:
            self._check_own(number, known[line.token])
            if known[line.token]["id"] >= FIRST_NEW:
                raise _repeated(number, line.token)
            self.cards.is_now(line.deck, line.card, known[line.token]["card_id"])
            return None
        card_id = self.cards.id_of(number, line)
        undoes_id, after = None, self.reached
        if line.undoes is not None:
            target = known.get(line.undoes)
            if target is None or target["rating"] is None:
                raise HistoryError(number, f"it undoes {line.undoes}, which is not the token of a rating above")
            self._check_own(number, target)
            undoes_id, is_here = target["id"], target["id"] < FIRST_NEW
            if undoes_id in undone:
                if is_here:
                    return None  # undone in both places: once is enough
                raise HistoryError(number, f"it undoes {line.undoes}, which is already undone")
            undone.add(undoes_id)
            after = max(target["counts_at"], after or target["counts_at"])
            if is_here:
                card_id = target["card_id"]  # it may have another name here
            elif card_id != target["card_id"]:
                raise HistoryError(number, f"it undoes {line.undoes}, which rates another card")
        times = {name: at and at.astimezone(UTC) for name in _TIMES for at in (getattr(line, name),)}
        # Files of older versions have reviews in the order in which they count, even if a clock was set back.
        times["counts_at"] = self.reached = times["counts_at"] or counts_from(times["rated_at"], after)
        self.done.merged = self.done.merged or (self.last_here is not None and self.reached < self.last_here)
        same = {name: getattr(line, name) for name in _AS_THEY_ARE}
        row = {"learner_id": self.learner_id, "card_id": card_id, "undoes_id": undoes_id, **times, **same}
        return row | {"checksum": checksum(row, line.undoes)}

    def _check_own(self, number: int, row: RowMapping) -> None:
        if row["learner_id"] != self.learner_id:
            whose = f"belongs to learner {row['learner_id']} here"
            raise HistoryError(
                number, f"the review {row['token']} {whose}: import the file as theirs (--learner {row['learner_id']})"
            )


def _is_open(preference: object) -> bool:
    """True if nothing was chosen. (0 new cards a day is a choice.)"""
    return preference is None or preference is False or preference == {}


def _repeated(number: int, token: str) -> HistoryError:
    return HistoryError(number, f"the token {token} is already on an earlier line")
