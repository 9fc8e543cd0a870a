"""Renews the evidence of every class, once a day, in a process of its own: nobody who rates a card waits for it."""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as Pipe

from sqlalchemy import Connection, func, select

from app.cards.render.prepare import end_with_parent
from app.database import Database, is_busy
from app.study.classes.overview import count_what_is_due
from app.study.evidence.renew import renew
from app.tables import ACCOUNT, CLASS_DECK, CLASS_MEMBER, EVIDENCE, REVIEW

PAUSE = timedelta(minutes=15)
_LOOK_SECONDS = 0.2
"""How soon `stop` is noticed."""
_SPAWN = multiprocessing.get_context("spawn")  # a copy of a server would inherit the locks that its threads hold

log = logging.getLogger(__name__)

_RENEWED = (
    select(CLASS_DECK.c.class_id, func.max(EVIDENCE.c.made_at).label("made_at"))
    .outerjoin_from(CLASS_DECK, EVIDENCE, EVIDENCE.c.class_id == CLASS_DECK.c.class_id)
    .group_by(CLASS_DECK.c.class_id)
    .order_by(CLASS_DECK.c.class_id)
)
_NEWEST = select(
    func.max(select(func.max(REVIEW.c.counts_at)).where(REVIEW.c.learner_id == ACCOUNT.c.learner_id).scalar_subquery())
).join_from(CLASS_MEMBER, ACCOUNT, ACCOUNT.c.id == CLASS_MEMBER.c.account_id)


class Renewal:
    """Renews every class: call `look` now and then, in one thread of one process for all. `stop` ends a look at once.

    Overviews too large to be counted when somebody looks at them are counted here, too.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._looked: dict[int, datetime] = {}
        self._counted_at: datetime | None = None
        self._stopped = threading.Event()

    def look(self) -> None:
        """Renew the classes that have no figure of today (UTC)."""
        now = self._clock()
        with self._database.read() as session:
            connection = session.connection()
            last = {row.class_id: row.made_at for row in connection.execute(_RENEWED)}
            due = [one for one, at in last.items() if at is None or at.date() != now.date()]
            due = [one for one in due if self._is_worth_it(connection, one, now)]
        if self._counted_at is None or now >= self._counted_at + PAUSE:
            for class_id in last:
                count_what_is_due((self._database.read, self._database.write), class_id, now.date(), now, waits=False)
            self._counted_at = now
        if due:
            self._renew(due, now)

    def _is_worth_it(self, connection: Connection, class_id: int, now: datetime) -> bool:
        """False if today's last look found too few answers for a figure, and the next would find no more."""
        looked = self._looked.get(class_id)
        if looked is None or looked.date() != now.date():
            return True
        newest = connection.execute(_NEWEST.where(CLASS_MEMBER.c.class_id == class_id)).scalar()
        return newest is not None and looked < newest <= now - PAUSE

    def stop(self) -> None:
        """End a look that is under way. What it has not finished is begun again by the next."""
        self._stopped.set()

    def _renew(self, classes: Sequence[int], now: datetime) -> None:
        ours, theirs = _SPAWN.Pipe(duplex=False)
        url = self._database.url.render_as_string(hide_password=False)
        process = _SPAWN.Process(target=_renew_all, args=(theirs, url, classes, now), name="evidence", daemon=True)
        process.start()
        theirs.close()
        try:
            while not self._stopped.is_set():
                if ours.poll(_LOOK_SECONDS):
                    class_id = ours.recv()
                    self._looked[class_id] = now
                    log.info("Evidence was renewed.", extra={"fields": {"class": class_id}})
        except EOFError:
            process.join()
        finally:
            process.terminate()
            process.join()
            ours.close()
        if process.exitcode and not self._stopped.is_set():
            raise RuntimeError(f"The process that renews the evidence ended with {process.exitcode}.")


def _renew_all(done: Pipe, url: str, classes: Sequence[int], now: datetime) -> None:
    """Renew these classes, and tell which are `done`. The others are to be tried again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the server ends this process
    if hasattr(os, "nice"):
        os.nice(19)
    threading.Thread(target=end_with_parent, daemon=True).start()
    database = Database(url)
    for class_id in classes:
        try:
            if renew(database, class_id, now):
                done.send(class_id)
        except Exception as error:
            if not is_busy(error):
                raise
