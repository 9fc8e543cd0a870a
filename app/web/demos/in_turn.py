"""What trains waits for its turn without a thread: the threads are for those who read and rate meanwhile."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from app.demos.machine.turns import TURNS, WAITS, NoTurnError
from app.web.frame.busy import BusyError

BUSY = "Two trainings are running already. Try again in a few seconds."
LONGEST_WAIT = 5.0
"""Seconds that a page waits for its training to begin."""
ASKS_EVERY = 0.05
"""Seconds between two tries to get a turn."""
T = TypeVar("T")


async def in_turn(work: Callable[..., T], *given: Any) -> T:
    """What `work(*given)` returns, run in a thread. If it trains and no turn is free, it is begun again a little later.

    So it must not change anything before it computes. Raises BusyError (503) after LONGEST_WAIT.
    """

    def without_waiting() -> T:
        WAITS.set(False)  # in this thread's own context
        return work(*given)

    until = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            return await run_in_threadpool(without_waiting)
        except NoTurnError:
            if time.monotonic() > until:
                raise BusyError(BUSY) from None
        await asyncio.sleep(ASKS_EVERY)


async def take_turn(seconds: float) -> bool:
    """Take one of the TURNS, which the caller must release. False if none became free within so many seconds."""
    until = time.monotonic() + seconds
    while not TURNS.acquire(blocking=False):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(ASKS_EVERY)
    return True
