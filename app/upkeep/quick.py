"""The fast check, of a few milliseconds: at every start, and for those who ask whether a server is ready.

What it says names no path, since anyone may ask.
"""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import alembic.script
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import SQLModel

from app.database import Database, GoneDatabaseError

A_FEW_BYTES = bytes(4096)
LEAST_FREE = 1_000_000
"""Bytes that must be free on the disk: a rating adds some ten thousand to the log."""


def what_is_wrong(database: Database, content_dir: Path | None = None) -> str:
    """Why nobody can study now, in a sentence; "" if they can. The content folder is looked at if it is given."""
    return next(_reasons(database, content_dir), "")


def _reasons(database: Database, content_dir: Path | None) -> Iterator[str]:
    if content_dir is not None and not content_dir.is_dir():
        yield "There is no content folder: set RECUR_CONTENT_DIR."
    try:
        with database.read() as session:
            database.check_file()  # now that a connection has it open
            if database.file is not None:
                yield from _no_room(database.file.parent)
            here, head = session.execute(text("SELECT max(version_num) FROM alembic_version")).scalar(), _head(database)
            if here != head:
                yield f"The database is at revision {here}, and this program needs {head}: run `recur load`."
            for table in SQLModel.metadata.sorted_tables:
                session.execute(select(table).limit(0))
            session.execute(text("SELECT 1 FROM card_search LIMIT 0"))
    except GoneDatabaseError:
        yield "The database was deleted or replaced while it was open: start the server again."
    except SQLAlchemyError as error:
        yield _said(error)


def _said(error: SQLAlchemyError) -> str:
    why = error.orig if isinstance(error, DBAPIError) else None
    if why is None or getattr(why, "sqlstate", "") is None:  # nobody answered; the words would name the address
        return f"The database does not answer: {type(error).__name__}."
    return f"The database cannot be used: {str(why).splitlines()[0]}. `recur doctor` says what is damaged."


def _no_room(folder: Path) -> Iterator[str]:
    """Whether a few bytes can be written beside the database."""
    try:
        free = os.statvfs(folder)
        if free.f_bavail * free.f_frsize < LEAST_FREE:
            yield f"The disk is full: less than {LEAST_FREE:,} bytes are free beside the database."
        with TemporaryFile(dir=folder, buffering=0) as file:
            file.write(A_FEW_BYTES)
    except OSError as error:
        yield f"Nothing can be written beside the database: {error.strerror}."


@functools.lru_cache(maxsize=1)
def _head(database: Database) -> str | None:
    """The revision that this program needs; reading it takes longer than all the rest."""
    return alembic.script.ScriptDirectory.from_config(database.alembic_config()).get_current_head()
