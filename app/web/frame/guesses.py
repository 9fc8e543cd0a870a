"""Guesses at the password: a client has a few at once, and then one a second."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

AT_ONCE = 10
SECONDS_EACH = 1.0
LONGEST_WAIT = 5.0
"""Seconds that a password may wait to be looked at. One that would wait longer is refused."""
MOST_CLIENTS = 1_000

log = logging.getLogger(__name__)


class Guesses:
    """The wrong passwords of each client, known by its address. Each process counts for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Each wrong password moves a client's time on by SECONDS_EACH, from now or from where it is.
        self._paid: OrderedDict[str, float] = OrderedDict()

    def wait(self, client: str) -> float:
        """The seconds until a password of the client may be looked at, if it has been wrong too often; otherwise 0.

        Whoever waits takes a turn, so that many at once do not get further. More than LONGEST_WAIT is a refusal.
        """
        paid = self._paid.get(client)
        wait = 0 if paid is None else paid - self._clock() - AT_ONCE * SECONDS_EACH
        if wait <= 0:
            return 0
        if wait <= LONGEST_WAIT:
            self._move(client)
        return wait

    def was_wrong(self, client: str, has_waited: bool) -> None:
        """Count a wrong password, unless it took a turn. The first that is too many is told in the log."""
        if not has_waited and self._move(client) - self._clock() > AT_ONCE * SECONDS_EACH:
            log.warning("Wrong passwords from %s: from now on one attempt every %g s is checked.", client, SECONDS_EACH)

    def _move(self, client: str) -> float:
        now = self._clock()
        paid = max(self._paid.pop(client, now), now) + SECONDS_EACH
        self._paid[client] = paid
        if len(self._paid) > MOST_CLIENTS:
            self._paid.popitem(last=False)
        return paid
