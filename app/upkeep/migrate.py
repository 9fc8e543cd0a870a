"""Brings the schema up to date, after a copy of the database as it was."""

from collections.abc import Callable
from datetime import datetime

from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies


def migrate(copies: DatedCopies, now: datetime, waiting: Callable[[], None] = lambda: None) -> list[str]:
    """Migrate the database; returns a sentence about the copy that was made before, if a migration was due.

    Without room for a copy it is migrated all the same: each migration is one transaction. One process migrates at a
    time: `waiting` is called once if another does. Raises UnusableDatabaseError if the database cannot be opened or is
    newer than this program.
    """
    said: list[str] = []

    def copy() -> None:
        if not copies.keep or copies.database.revision() is None:
            return
        try:
            path = copies.make("before-migration", now).path
            said.append(f"The database was migrated. A copy of its previous state is {path}.")
        except CopyError as error:
            said.append(f"The database was migrated without a copy of its previous state. {error}")

    copies.database.migrate(waiting=waiting, before=copy)
    return said
