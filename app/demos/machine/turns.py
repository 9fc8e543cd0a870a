"""What trains takes turns, two at a time in a process, and what was learned is remembered by its parameters."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from app.demos.machine.result import Result

AT_ONCE = 2
REMEMBERED = 128


class Turns(threading.BoundedSemaphore):
    """So many turns. Who watches is told of each that is taken (1) or given back (-1), and of who went without."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.tell_taken: Callable[[int], object] = lambda change: None
        self.tell_refused: Callable[[], object] = lambda: None

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a turn. False if there is none."""
        has_turn = super().acquire(blocking, timeout)
        if has_turn:
            self.tell_taken(1)
        return has_turn

    def release(self, n: int = 1) -> None:
        """Give a turn back."""
        super().release(n)
        self.tell_taken(-n)


TURNS = Turns(AT_ONCE)
WAITS: ContextVar[bool] = ContextVar("waits", default=True)
"""False where a thread is too dear to wait in: `a_turn` then raises NoTurnError."""


def leave_one_turn() -> None:
    """Let this process train one demo at a time, since others share the processors with it. Call it once."""
    TURNS.acquire()


class NoTurnError(RuntimeError):
    """Every turn is taken."""


@contextmanager
def a_turn() -> Iterator[None]:
    """Hold one of the turns, as soon as there is one. Raises NoTurnError if none is free and WAITS is False."""
    if not TURNS.acquire(blocking=WAITS.get()):
        raise NoTurnError
    try:
        yield
    finally:
        TURNS.release()


T = TypeVar("T")


class Memory(Generic[T]):
    """What was last asked for, by demo and parameters. Safe between threads."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, T] = OrderedDict()

    def get(self, key: Any) -> T | None:
        """What is kept, if it is still known."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def put(self, key: Any, result: T) -> None:
        """Keep a result, and forget the one that was longest not asked for."""
        with self._lock:
            self._kept[key] = result
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)


LEARNED = Memory[Result]()
WAYS = Memory[Any]()
"""The states on the way to what was learned."""
