"""Finishes imports that were cut short: what was decided is completed, and the rest is as before the import."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, select, update

from app.database import Database
from app.study.schedule.replay import replay
from app.study.selection.placeholder import drop_unused
from app.tables import LEARNER, REVIEW

IMPORT = "import"
"""The lock of the process that imports a history."""
DECIDED = "decided"
"""The mark of a learner who has all that the history says, except for states and totals."""
AFTER = "after "
"""Begins the mark of a learner before that; the id of the last review before the import follows."""
AT_ONCE = 500


def unfinished(database: Database) -> Sequence[int]:
    """The learners whose history is being imported, or was when the import was cut short."""
    with database.engine.connect() as connection:
        return connection.execute(select(LEARNER.c.id).where(LEARNER.c.importing.is_not(None))).scalars().all()


def finish_imports(database: Database, waiting: Callable[[], None] = lambda: None) -> None:
    """Finish every import that was cut short. Waits while another process imports, and calls `waiting` then."""
    if unfinished(database):
        with database.lock(IMPORT).held(waiting):
            finish_while_locked(database)


def finish_if_cut_short(database: Database) -> None:
    """Finish every import that was cut short, unless one is at work."""
    lock = database.lock(IMPORT)
    if lock.try_hold():
        try:
            finish_while_locked(database)
        finally:
            lock.free()


def finish_while_locked(database: Database) -> None:
    """Finish every import; the caller has the lock `IMPORT`."""
    for learner_id in unfinished(database):
        # Apart, because SQLite would look through all states for one that ends with a review that is deleted.
        with database.apart() as connection:
            while not _finish_some(database, connection, learner_id):
                database.give_way(connection)


def _finish_some(database: Database, connection: Connection, learner_id: int) -> bool:
    """Do as much as fits into a short transaction, or a whole replay. Returns True if nothing is left to do."""
    mine = LEARNER.c.id == learner_id
    with database.write(on=connection) as session:
        on = session.connection()
        mark = on.execute(select(LEARNER.c.importing).where(mine).with_for_update()).scalar() or ""
        if mark.startswith(AFTER):
            after = int(mark.removeprefix(AFTER))
            imported = select(REVIEW.c.id).where(REVIEW.c.learner_id == learner_id, REVIEW.c.id > after)
            some = imported.order_by(REVIEW.c.id.desc()).limit(AT_ONCE)  # an undo before what it undoes
            if on.execute(delete(REVIEW).where(REVIEW.c.id.in_(some))).rowcount:
                return False
            drop_unused(session)
        on.execute(update(LEARNER).where(mine).values(importing=None))
        if mark == DECIDED:
            replay(session, learner_id)
    return True
