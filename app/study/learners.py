"""The learners of this server: list, add, rename, delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import ColumnElement, ScalarSelect, Table, delete, func, insert, select, update
from sqlmodel import Session, SQLModel

from app.database import lock_learner
from app.models import Learner
from app.study.evidence.renew import hide
from app.study.learner.preferences import UnknownLearnerError
from app.study.learner.profile import WrongProfileError, name_taken, read_name
from app.study.schedule.review_log import COUNTED, STANDS
from app.study.selection.marks import SAYS_SOMETHING
from app.study.selection.placeholder import drop_unused
from app.tables import ACCOUNT, CARD_MARK, CARD_STATE, CLASS_MEMBER, LEARNER, OWN_TAG, QUIZ, REVIEW

FIRST_LEARNER = 1
"""The learner who always exists, and studies in a browser that has chosen no other."""
FIRST_NAME = "You"


@dataclass(frozen=True, slots=True)
class Known:
    """A learner, when they last rated a card, and when they are deleted if they asked for it."""

    id: int
    name: str
    studied_at: datetime | None
    leaves_at: datetime | None


def all_learners(session: Session) -> Sequence[Known]:
    """Every learner, by name."""
    # From the states: they are fewer than the reviews, and leave out what was undone.
    last = select(func.max(CARD_STATE.c.reviewed_at)).where(CARD_STATE.c.learner_id == LEARNER.c.id).scalar_subquery()
    rows = session.connection().execute(select(LEARNER.c.id, LEARNER.c.name, last, LEARNER.c.leaves_at))
    return sorted((Known(*row) for row in rows), key=lambda known: (known.name.casefold(), known.id))


def add_learner(session: Session, name: str, rng: Random, most: int | None = None, has_account: bool = False) -> int:
    """Add a learner with the default preferences; returns the id. Call it in a write session.

    There may be `most` of them. One who `has_account` may be called as others are.

    The id is drawn, not counted: a browser may still hold the id of a deleted learner, which must not become
    someone else's. Raises WrongProfileError.
    """
    name = read_name(name)
    if not has_account and (problem := name_taken(session, name)):
        raise WrongProfileError({"name": problem})
    connection = session.connection()
    taken = set(connection.execute(select(LEARNER.c.id)).scalars())
    if most is not None and len(taken) >= most:
        full = f"There are {len(taken)} learners here, and no more can be added (RECUR_MAX_LEARNERS)."
        raise WrongProfileError({"name": f"{full} Delete one that is no longer used."})
    while (drawn := rng.randrange(100_000, 1_000_000)) in taken:
        pass
    connection.execute(insert(LEARNER).values(**_new_row(name), id=drawn))
    return drawn


def rename(session: Session, learner_id: int, name: str) -> None:
    """Give a learner another name. Call it in a write session. Raises WrongProfileError, UnknownLearnerError."""
    name = read_name(name)
    if problem := name_taken(session, name, learner_id):
        raise WrongProfileError({"name": problem})
    if not session.connection().execute(update(LEARNER).where(LEARNER.c.id == learner_id).values(name=name)).rowcount:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much a learner has: ratings not undone, cards rated, marks, notes (they are marks too), own tags, quizzes."""

    reviews: int
    cards: int
    marks: int
    notes: int
    tags: int
    quizzes: int


def belongings(session: Session, learner_id: int) -> Belongings:
    """How much would be deleted with the learner."""
    mine = REVIEW.c.learner_id == learner_id
    reviews = select(func.count()).select_from(COUNTED).where(mine, STANDS)

    def count(table: Table, *which: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).select_from(table).where(table.c.learner_id == learner_id, *which).scalar_subquery()

    marked = SAYS_SOMETHING, CARD_MARK.c.note != ""
    columns = (count(CARD_STATE), *(count(CARD_MARK, which) for which in marked), count(OWN_TAG), count(QUIZ))
    return Belongings(*session.connection().execute(select(reviews.scalar_subquery(), *columns)).one())


def erase(session: Session, learner_id: int) -> None:
    """Delete every row that belongs to the learner, in every table. Call it in a write session.

    So do the cards that only their history knew, and what classes were shown with their answers in it. The first
    learner is created again at once. Raises UnknownLearnerError.
    """
    connection = session.connection()
    lock_learner(connection, learner_id)
    found = connection.execute(select(LEARNER.c.id).where(LEARNER.c.id == learner_id)).scalar()
    if found is None:
        raise UnknownLearnerError(f"There is no learner {learner_id}.")
    takes_part = select(CLASS_MEMBER).join(ACCOUNT).where(ACCOUNT.c.learner_id == learner_id)
    for one in connection.execute(takes_part.where(CLASS_MEMBER.c.counts_from.is_not(None))).all():
        hide(connection, one.class_id, one.part, one.counts_from)
    tables = SQLModel.metadata.sorted_tables  # a table comes before those that point to it
    owned = [table for table in tables if "learner_id" in table.columns]
    for table in reversed(tables):
        if table in owned:
            connection.execute(delete(table).where(table.c.learner_id == learner_id))
        if table not in owned or table.c.learner_id.nullable:
            _erase_parts(session, table, owned, learner_id)
    if learner_id == FIRST_LEARNER:
        connection.execute(update(LEARNER).where(LEARNER.c.id == FIRST_LEARNER).values(**_new_row(FIRST_NAME)))
    else:
        connection.execute(delete(LEARNER).where(LEARNER.c.id == learner_id))
    drop_unused(session)


def stay(session: Session, learner_id: int, now: datetime) -> bool:
    """Take back that the learner is to be deleted. Call it in a write session.

    Returns False if nobody asked for it, or if it is due.
    """
    leaving = update(LEARNER).where(LEARNER.c.id == learner_id, LEARNER.c.leaves_at > now)
    return bool(session.connection().execute(leaving.values(leaves_at=None)).rowcount)


def _erase_parts(session: Session, table: Table, owned: Sequence[Table], learner_id: int) -> None:
    """Delete the rows that belong to a learner's rows, such as the items of a quiz."""
    for key in table.foreign_keys:
        whole = key.column.table
        if whole in owned:
            theirs = select(key.column).where(whole.c.learner_id == learner_id)
            session.connection().execute(delete(table).where(key.parent.in_(theirs)))


def _new_row(name: str) -> dict[str, object]:
    """The values of a new learner's row."""
    return Learner(name=name).model_dump(exclude={"id"})
