"""Deletions that are final: made when they are due, and made again in what was restored from a copy.

Each is written into the database and into a file beside it (`DatedCopies.deletions`), by the learner's key: a copy
holds the learner, and not that they were deleted since.
"""

import logging
import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, update
from sqlmodel import Session

from app.database import BeingImportedError, Database
from app.study.learners import erase
from app.tables import DELETED_LEARNER, LEARNER

LOOK_SECONDS = 60.0

log = logging.getLogger(__name__)


def delete_due(database: Database, file: Path, now: datetime) -> None:
    """Delete every learner whose time has come. One whose history is being imported is deleted at the next look."""
    with database.read() as session:
        due = session.connection().execute(select(LEARNER.c.id).where(LEARNER.c.leaves_at <= now)).scalars().all()
    for learner in due:
        try:
            with database.write() as session:
                delete_for_good(session, file, learner, now)
        except BeingImportedError:
            continue
        log.info("A learner was deleted.", extra={"fields": {"deleted": learner}})


def delete_for_good(session: Session, file: Path, learner_id: int, now: datetime) -> None:
    """Delete everything of the learner's, here and in every copy that is restored later. Call it in a write session.

    Raises UnknownLearnerError, BeingImportedError.
    """
    key = session.connection().execute(select(LEARNER.c.key).where(LEARNER.c.id == learner_id)).scalar()
    erase(session, learner_id)
    if key:
        session.connection().execute(insert(DELETED_LEARNER).values(key=key, deleted_at=now))
        _note(file, [key])


def delete_again(session: Session, keys: Collection[str], now: datetime) -> int:
    """Delete the learners with these keys, whom a copy brought back. Call it in a write session. Returns how many."""
    connection = session.connection()
    noted = deleted(connection)
    connection.execute(update(LEARNER).where(LEARNER.c.key.in_(keys)).values(importing=None))
    back = connection.execute(select(LEARNER.c.id).where(LEARNER.c.key.in_(keys))).scalars().all()
    for learner in back:
        erase(session, learner)
    for key in sorted(set(keys) - noted):
        connection.execute(insert(DELETED_LEARNER).values(key=key, deleted_at=now))
    return len(back)


def catch_up(database: Database, file: Path, now: datetime) -> None:
    """Delete again whom a copy brought back that was put in place by hand, and write the file anew if it is missing."""
    noted = in_file(file)
    with database.write() as session:
        known = deleted(session.connection())
        back = delete_again(session, noted, now) if noted - known else 0
    if back:
        log.warning("%d of the learners who were deleted had come back with a copy, and were deleted again.", back)
    if known - noted:
        _note(file, sorted(known - noted))


def deleted(connection: Connection) -> set[str]:
    """The keys of those of whom the database knows that they were deleted."""
    return set(connection.execute(select(DELETED_LEARNER.c.key)).scalars())


def in_file(file: Path) -> set[str]:
    """The keys in the file beside the database."""
    try:
        return set(file.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return set()


def _note(path: Path, keys: Collection[str]) -> None:
    """Append to the file. Where that cannot be written the deletion is made all the same: the database knows it too."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, "".join(f"{key}\n" for key in keys).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.warning(
            "%s cannot be written (%s): what is deleted now comes back with a copy that is put in place by hand.",
            *(path, error.strerror),
        )
