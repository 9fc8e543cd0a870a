"""What one process must do alone, among all that serve one database: watch the content, make dated copies."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType

from app.database import Database, level_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often a process looks whether it is, or has become, the elected one."""

Duty = Callable[[], AbstractContextManager[object]]
"""Makes a piece of work: entering it starts the work (usually a thread), leaving it ends the work."""


@contextmanager
def now_and_then(
    name: str, act: Callable[[], object], seconds: float, stop: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """A duty that calls `act` at first, and again every so many seconds.

    An act that has begun is finished, unless `stop` ends it. What an act raises is logged, once for each reason.
    """
    ended = threading.Event()

    def run() -> None:
        said = ""
        while True:
            try:
                act()
                said = ""
            except Exception as error:  # else the thread ends, and nobody notices
                if repr(error) != said:
                    log.log(level_of(error), "%s: this has failed, and is tried again.", name, exc_info=True)
                said = repr(error)
            if ended.wait(seconds):
                return

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        stop()
        thread.join()


class Elected:
    """Does the `duties` in one process of all that share the database. When that one ends, another takes over.

    Enter it in each process for as long as it serves; it keeps a thread. To add work that only one process may do, add
    a Duty to the list in app/main.py. A duty starts again wherever the election goes, so it must bear being cut short
    and being begun again.
    """

    def __init__(self, database: Database, duties: Sequence[Duty]) -> None:
        self._lock = database.lock("elected")
        self._duties = duties
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="elected", daemon=True)

    def __enter__(self) -> "Elected":
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                if self._lock.try_hold():
                    self._do_the_duties()
            except Exception as error:
                log.log(level_of(error), "What one process does for all has failed; it is tried again.", exc_info=True)
            finally:
                self._lock.free()
            self._stopped.wait(LOOK_SECONDS)

    def _do_the_duties(self) -> None:
        """Return when this process is stopped, or is the elected one no longer."""
        with ExitStack() as under_way:
            for duty in self._duties:
                under_way.enter_context(duty())
            while not self._stopped.wait(LOOK_SECONDS):
                if not self._lock.is_held():
                    log.warning("Another process may do what one does for all: PostgreSQL or the file was replaced.")
                    return
