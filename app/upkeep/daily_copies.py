"""Makes the daily copy of the database while a server runs."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 600.0


@contextmanager
def daily_copies(copies: DatedCopies, clock: Callable[[], datetime]) -> Iterator[None]:
    """For as long as the block lasts, make a copy when one is due: at first, and then once a day.

    `clock` returns the time, aware. Only one process may do it (see Elected). A copy that has begun is finished first.
    """
    ended = threading.Event()
    daily = DailyCopy(copies)

    def run() -> None:
        while not ended.is_set():
            daily.look(clock())
            ended.wait(LOOK_AGAIN_SECONDS)

    thread = threading.Thread(target=run, name="daily copies", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class DailyCopy:
    """Makes the copy when it is due. What hinders it is logged once for each reason."""

    def __init__(self, copies: DatedCopies) -> None:
        self._copies = copies
        self._said = ""

    def look(self, now: datetime) -> None:
        """Make a copy if one is due."""
        try:
            if self._copies.is_due(now):
                log.info("The daily copy of the database is %s.", self._copies.make("daily", now).path)
            self._said = ""
        except CopyError as error:
            self._say(str(error))
        except Exception as error:  # else the thread ends, and nobody notices
            self._say(repr(error))

    def _say(self, why: str) -> None:
        if why != self._said:
            log.warning("The daily copy of the database was not made: %s It is tried again every ten minutes.", why)
            self._said = why
