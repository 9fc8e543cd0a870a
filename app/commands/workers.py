"""Several processes that do the same work: started as copies of this one, replaced when they die, stopped together."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
SHORT_LIFE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 10.0
STOPPERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class _Worker:
    """One place among the processes. `pause` is how long it waits before it is filled again; `pid` is 0 until then."""

    number: int
    pid: int = 0
    started: float = 0.0
    pause: float = 0.0


@dataclass
class Workers:
    """`count` processes that each run `work`, which ends on SIGTERM.

    They are copies of this process (fork), made while it has one thread and no open connection to a database. A copy
    shares the memory of what was imported, and starts in milliseconds.
    """

    count: int
    work: Callable[[], None]
    grace_seconds: float
    """What a process gets to end after SIGTERM, before it is killed."""
    tell_ended: Callable[[int], object] = lambda pid: None
    """Called with the id of a process that has ended by itself."""
    _signals: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Keep the processes running until this one gets SIGTERM, SIGINT or SIGHUP; then stop them.

        Returns after SIGTERM and SIGHUP, and raises SystemExit(130) after SIGINT, as a shell expects.
        """
        gc.collect()
        gc.freeze()  # pages that nobody writes to stay shared
        self._lifeline = os.pipe()
        for one in STOPPERS:
            if signal.getsignal(one) is not signal.SIG_IGN:  # nohup ignores SIGHUP
                signal.signal(one, self._note)
        workers = [_Worker(number) for number in range(1, self.count + 1)]
        while not self._signals:
            for worker in workers:
                self._look_after(worker)
            time.sleep(LOOK_SECONDS)
        self._stop(workers)
        if self._signals[0] == signal.SIGINT:
            raise SystemExit(128 + signal.SIGINT)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def _look_after(self, worker: _Worker) -> None:
        """Start it if it does not run; after a short life wait longer each time."""
        now = time.monotonic()
        if worker.pid and (ending := _ending(worker)):
            lived = now - worker.started
            worker.pause = min(2 * worker.pause + 0.5, LONGEST_PAUSE_SECONDS) if lived < SHORT_LIFE_SECONDS else 0.0
            log.error("Process %d of %d (%d) %s. It is being restarted.", worker.number, self.count, worker.pid, ending)
            self.tell_ended(worker.pid)
            worker.pid, worker.started = 0, now
        if not worker.pid and now - worker.started >= worker.pause:
            worker.started = now
            try:
                worker.pid = self._start()
            except OSError as error:
                worker.pause = LONGEST_PAUSE_SECONDS
                log.error("Process %d of %d cannot be started: %s. Trying again.", worker.number, self.count, error)

    def _start(self) -> int:
        """Copy this process. Returns the copy's id; the copy works, and never returns. Raises OSError."""
        # A signal waits until the copy has handlers of its own. Ctrl+C reaches the copies too: only this process acts.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPERS)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = None
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPERS)
        if pid:
            return pid
        code = 1
        try:
            for one in STOPPERS:
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
            os.close(self._lifeline[1])
            threading.Thread(target=_end_with, args=(self._lifeline[0],), name="lifeline", daemon=True).start()
            self.work()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            log.exception("A process failed.")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # nothing of the parent's is cleaned up here: not its files, not its connections

    def _stop(self, workers: list[_Worker]) -> None:
        for worker in workers:
            _send(worker, signal.SIGTERM)
        deadline = time.monotonic() + self.grace_seconds
        running = [worker for worker in workers if worker.pid]
        while running and time.monotonic() < deadline and self._signals.count(signal.SIGINT) < 2:
            time.sleep(LOOK_SECONDS / 4)
            running = [worker for worker in running if not _ending(worker)]
        for worker in running:
            log.error("Process %d of %d (%d) did not stop and is killed.", worker.number, self.count, worker.pid)
            _send(worker, signal.SIGKILL)
            os.waitpid(worker.pid, 0)


def _send(worker: _Worker, number: signal.Signals) -> None:
    if worker.pid:
        os.kill(worker.pid, number)  # not yet waited for, so the id is still its own


def _ending(worker: _Worker) -> str:
    """How the process ended; empty while it runs."""
    pid, status = os.waitpid(worker.pid, os.WNOHANG)
    if not pid:
        return ""
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _end_with(lifeline: int) -> None:
    """Stop this process when its parent has ended, however that happened."""
    os.read(lifeline, 1)  # nobody writes: it returns when the parent's end is closed
    os.kill(os.getpid(), signal.SIGTERM)
