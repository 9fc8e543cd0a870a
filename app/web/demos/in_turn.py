"""What trains waits for its turn without a thread: the threads are for those who read and rate meanwhile."""

import asyncio
import functools
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from app.demos.machine.turns import TURNS, WAITS, NoTurnError
from app.web.frame.busy import BusyError

BUSY = "Other demos are being trained right now. Try again in a few seconds."
LONGEST_WAIT = 5.0
"""Seconds that a page waits for its training to begin."""
ASKS_EVERY = 0.05
"""Seconds between two tries to get a turn."""
T = TypeVar("T")
P = ParamSpec("P")


def tell(taken: Callable[[int], object], refused: Callable[[], object]) -> None:
    """Have somebody told of each turn that is taken (1) or given back (-1), and of each that was not to be had."""
    TURNS.tell_taken, TURNS.tell_refused = taken, refused


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
            if not await take_turn(seconds=until - time.monotonic()):
                raise BusyError(BUSY) from None
            TURNS.release()  # the work takes it itself


def may_train(route: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The route, which runs as in_turn() does."""

    async def waiting(*args: P.args, **named: P.kwargs) -> T:
        return await in_turn(functools.partial(route, *args, **named))

    # FastAPI reads what a route takes from its signature. __wrapped__ would show it a function that is not a coroutine.
    waiting.__name__, waiting.__doc__ = route.__name__, route.__doc__
    waiting.__signature__ = inspect.signature(route)  # type: ignore[attr-defined]
    return waiting


async def take_turn(seconds: float) -> bool:
    """Take one of the TURNS, which the caller must release. False if none became free within so many seconds."""
    until = time.monotonic() + seconds
    while not TURNS.acquire(blocking=False):
        if time.monotonic() > until:
            TURNS.tell_refused()
            return False
        await asyncio.sleep(ASKS_EVERY)
    return True
