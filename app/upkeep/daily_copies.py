"""Makes the daily copy of the database while a server runs."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.elected import now_and_then

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 600.0


def daily_copies(copies: DatedCopies, clock: Callable[[], datetime]) -> AbstractContextManager[None]:
    """For as long as the block lasts, make a copy when one is due: at first, and then once a day.

    `clock` returns the time, aware. Only one process may do it (see Elected). A copy that has begun is finished first.
    """
    daily = DailyCopy(copies)
    return now_and_then("daily copies", lambda: daily.look(clock()), LOOK_AGAIN_SECONDS)


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
