"""Loads saved content files while the server runs: the one door to watchfiles."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from stat import S_ISDIR
from types import TracebackType

import watchfiles

from app.cards.check.demo_links import settle
from app.cards.check.judge import Claim
from app.cards.load.follow import MoveCards
from app.cards.load.load import LoadReport, load, nothing_moves_with_them
from app.database import Database, level_of
from app.demos.registry import FindDemo, find

log = logging.getLogger(__name__)

# Milliseconds. Editors save in several steps: wait until nothing has changed for QUIET, but no longer than LONGEST.
QUIET, LONGEST, LOOK_UP = 50, 400, 200
RETRY_SECONDS = 1.0


class ContentWatch:
    """A thread that loads the content folder when it starts, and whenever something in the folder changes.

    `clock` returns the time, aware. `on_load` is called after each load, with None if it failed; `move_cards` is passed
    to load(). A failure is logged, and the load is tried again. Numbers over many draws are computed in a thread beside
    it, and the content is loaded again when they are known: no saved card waits for them.
    """

    def __init__(
        self,
        database: Database,
        content_dir: Path,
        clock: Callable[[], datetime],
        on_load: Callable[[LoadReport | None], None] | None = None,
        find_demo: FindDemo = find,
        move_cards: MoveCards = nothing_moves_with_them,
    ) -> None:
        self._load: Callable[[], LoadReport] = lambda: load(database, content_dir, clock(), find_demo, move_cards)
        self._content_dir = content_dir
        self._on_load = on_load
        self._stopped = threading.Event()
        self._computed = threading.Event()
        self._computing: threading.Thread | None = None
        self._find_demo = find_demo
        self._thread = threading.Thread(target=self._run, name="content watch", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a load that has started is finished first."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._computing:
            self._computing.join()

    def __enter__(self) -> "ContentWatch":
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._watch()
            except Exception as error:
                log.log(level_of(error), "Watching %s failed; trying again.", self._content_dir, exc_info=True)
                if self._on_load:
                    self._on_load(None)
                self._stopped.wait(RETRY_SECONDS)

    def _watch(self) -> None:
        is_due = True  # one load finds what was saved before the watch began
        # The system tells of files in the folders that were there then, and not of where a link leads.
        links = states = _links(self._content_dir)
        for changes in watchfiles.watch(
            self._content_dir,
            watch_filter=_is_content,
            debounce=LONGEST,
            step=QUIET,
            rust_timeout=LOOK_UP,
            yield_on_timeout=True,
            raise_interrupt=False,
            stop_event=self._stopped,
        ):
            before, states = states, {link: _state(link) for link in states}
            if changes or is_due or self._computed.is_set() or states != before:
                self._computed.clear()
                # It stays due until it succeeds: an exception ends this watch, and the next one begins with a load.
                report = self._load()
                is_due = False
                if report.read:
                    log.info("%d of %d content files read.", report.read, report.files)
                for sentence in report.decided:
                    log.info("%s", sentence)
                for mistake in (*report.asked, *report.mistakes):
                    log.warning("%s", mistake)
                if self._on_load:
                    self._on_load(report)
                self._compute(report.pending)
                states = _links(self._content_dir)
                if {link: state[:1] for link, state in states.items()} != {link: s[:1] for link, s in links.items()}:
                    return  # a link is new, gone, or leads elsewhere: watch again

    def _compute(self, claims: Sequence[Claim]) -> None:
        """Compute what the links state over draws, unless earlier ones are still being computed."""
        if not claims or (self._computing and self._computing.is_alive()):
            return

        def compute() -> None:
            if sys.platform == "linux":  # there a thread has a priority of its own; pages come first
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
            for claim in claims:
                if self._stopped.is_set():
                    return
                settle(claim.demo, claim.query, claim.numbers, self._find_demo)
            self._computed.set()

        self._computing = threading.Thread(target=compute, name="content claims", daemon=True)
        self._computing.start()


def _links(content_dir: Path) -> dict[Path, tuple[object, ...]]:
    """The state of the content folder, and of each link to a deck or to a file of a deck."""
    decks = [path for path in _within(content_dir) if path.is_dir()]
    links = [path for path in (*decks, *(file for deck in decks for file in _within(deck))) if path.is_symlink()]
    return {path: _state(path) for path in (content_dir, *links)}


def _within(folder: Path) -> list[Path]:
    try:
        return [Path(entry) for entry in os.scandir(folder) if not entry.name.startswith((".", "#"))]
    except OSError:
        return []


def _state(link: Path) -> tuple[object, ...]:
    """Where a link leads, and for a file the time and the size of what is there."""
    leads_to = os.path.realpath(link)
    try:
        found = os.stat(leads_to)
    except OSError:
        return leads_to, None
    return (leads_to, found.st_ino) if S_ISDIR(found.st_mode) else (leads_to, found.st_mtime_ns, found.st_size)


def _is_content(_change: watchfiles.Change, path: str) -> bool:
    """True if a changed path can matter: it is neither a hidden file nor an editor's backup."""
    name = Path(path).name
    return not (name.startswith((".", "#")) or name.endswith("~"))
