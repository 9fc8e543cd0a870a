"""Whether the SQLite file that is open is still the one that its name leads to."""

import os
from dataclasses import dataclass, field
from pathlib import Path

Identity = tuple[int, int] | None
"""A file's device and inode; None if there is no file."""


def identity(path: str) -> Identity:
    """Which file the path leads to now."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@dataclass(slots=True)
class OpenedDatabaseFile:
    """A database file and its write-ahead log, as they were when they were opened. SQLite keeps the log to the end."""

    path: str
    file: Identity = field(init=False)
    log: Identity = field(init=False)

    def __post_init__(self) -> None:
        self.path = str(Path(self.path).absolute())
        self.file, self.log = identity(self.path), identity(f"{self.path}-wal")

    def what_is_gone(self) -> str:
        """What was deleted, or replaced by another file, since then; "" if nothing was."""
        if identity(self.path) != self.file:
            return self.path
        log = f"{self.path}-wal"
        now = identity(log)
        if self.log is None:  # SQLite makes it with the first write to a new file; some file systems cannot have one
            self.log = now
        return log if now != self.log else ""
