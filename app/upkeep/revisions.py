"""The revisions of the schema that this program knows."""

from alembic.script import ScriptDirectory

from app.database import Database
from app.upkeep.copy_error import CopyError


def known_revisions(database: Database) -> dict[str, str]:
    """Each revision with what it brought, the newest first."""
    return {one.revision: one.doc for one in ScriptDirectory.from_config(database.alembic_config()).walk_revisions()}


def is_newest(database: Database, revision: str, where: object) -> bool:
    """True if `revision` needs no migration. Raises CopyError, which names `where`, if this program is older."""
    known = known_revisions(database)
    if revision not in known:
        raise CopyError(f"{where} is from a newer version of Recur (its revision is {revision}). Update Recur first.")
    return revision == next(iter(known))
