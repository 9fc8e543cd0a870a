"""Checkpoints of what ratings have taught, stored without anybody waiting for it, and whether they are right."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select

from app.database import BeingImportedError, BusyDatabaseError, Database, lock_learner
from app.study.forecast.fold import (
    AFTER,
    ALL_RATINGS,
    AT_ONCE,
    CHECKPOINTS,
    MINE,
    Position,
    Taught,
    begun,
    folded,
    last_checkpoint,
    ratings_of,
)
from app.tables import FORECAST, LEARNER, REVIEW, THE_LEARNER

EVERY = 64
"""Ratings between two checkpoints."""
RECENT, SPARSE = 8 * EVERY, 64 * EVERY
"""Every checkpoint of the last RECENT ratings is kept, and before them one in SPARSE ratings."""

_IMPORTING = select(LEARNER.c.importing).where(LEARNER.c.id == THE_LEARNER)
_NEWEST = select(func.max(REVIEW.c.id)).where(MINE)
_CHANGED = select(REVIEW.c.id).where(
    MINE, REVIEW.c.id > bindparam("seen"), or_(REVIEW.c.undoes_id.is_not(None), ~AFTER)
)
_DROP = delete(FORECAST).where(FORECAST.c.learner_id == THE_LEARNER)
_THIN_OUT = delete(FORECAST).where(
    FORECAST.c.learner_id == THE_LEARNER,
    FORECAST.c.ratings <= bindparam("before"),
    FORECAST.c.ratings % bindparam("sparse") != 0,
)


def keep_up(database: Database, learner_id: int) -> bool:
    """Fold what the learner has rated since the last checkpoint, and store new ones. Nobody waits for it.

    Returns False if it is to be tried again, because earlier ratings have changed meanwhile.
    Raises BeingImportedError.
    """
    values: dict[str, Any] = {"learner": learner_id}
    with database.read() as session:
        connection = session.connection()
        if connection.execute(_IMPORTING, values).scalar() is not None:
            raise BeingImportedError
        base, later = begun(connection, learner_id)
        if len(later) < EVERY:
            return True
        values["seen"] = connection.execute(_NEWEST, values).scalar()
        rows = (
            ratings_of(connection, learner_id, later)
            if len(later) <= AT_ONCE
            else connection.execute(ALL_RATINGS, values)
        )
        new: dict[int, dict[str, Any]] = {}
        for one in folded(base, rows):
            if one.ratings % EVERY == 0 and one.at is not None:
                new[one.ratings] = {"ratings": one.ratings, "learned": one.plain()} | one.at._asdict()
                if (one.ratings - RECENT) % SPARSE:
                    new.pop(one.ratings - RECENT, None)
    if not new:
        return True
    newest = max(new)
    values |= {name: new[newest][name] for name in Position._fields} | {"before": newest - RECENT, "sparse": SPARSE}
    with database.write() as session:
        connection = session.connection()
        lock_learner(connection, learner_id)
        if (
            last_checkpoint(connection, learner_id).ratings != base.ratings
            or connection.execute(_CHANGED, values).first()
        ):
            return False
        connection.execute(_THIN_OUT if base.at else _DROP, values)
        connection.execute(insert(FORECAST), [row | {"learner_id": learner_id} for row in new.values()])
    return True


_LEARNERS = select(LEARNER.c.id)
_LAST_REVIEW = select(func.coalesce(func.max(REVIEW.c.id), 0))
_RATED_SINCE = select(REVIEW.c.learner_id).where(REVIEW.c.id > bindparam("seen")).distinct()


class KeepUp:
    """Keeps up with the ratings of every learner: call `look` now and then. Only one process need do it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: int | None = None
        self._waiting: set[int] = set()

    def look(self) -> None:
        """Store the checkpoints that are due. The first time every learner is looked at, then those who have rated."""
        with self._database.read() as session:
            connection = session.connection()
            last = connection.execute(_LAST_REVIEW).scalar_one()
            rated = _LEARNERS if self._seen is None else _RATED_SINCE
            if last != self._seen:
                self._waiting |= set(connection.execute(rated, {"seen": self._seen}).scalars())
            self._seen = last
        for learner_id in sorted(self._waiting):
            with suppress(BusyDatabaseError):
                if keep_up(self._database, learner_id):
                    self._waiting.discard(learner_id)


def wrong_checkpoints(connection: Connection) -> Iterator[tuple[int, int]]:
    """The learner and the number of ratings of each checkpoint that is not what a fold of all ratings gives.

    A learner with one that cannot be read at all is left out.
    """
    for learner_id in connection.execute(select(FORECAST.c.learner_id).distinct()).scalars().all():
        values = {"learner": learner_id}
        try:
            stored = {row.ratings: row for row in connection.execute(CHECKPOINTS, values)}
        except ValueError:
            continue
        right = (one for one in folded(Taught(), connection.execute(ALL_RATINGS, values)) if one.ratings in stored)
        good = {one.ratings for one in right if one.is_as_stored(stored[one.ratings])}
        yield from ((learner_id, number) for number in sorted(stored.keys() - good))
