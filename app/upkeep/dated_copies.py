"""Dated copies of the database in a folder of their own: what they are called, when one is due, how many are kept."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from app.database import Database
from app.settings import ROOT, Settings
from app.upkeep.backup import Backup, backup
from app.upkeep.copy_error import CopyError
from app.upkeep.sqlite_copy import logs_of

A_DAY = timedelta(days=1)
Why = Literal["daily", "by-hand", "before-migration", "before-restore", "before-downgrade", "before-repair"]
_STAMP = "%Y-%m-%dT%H-%M-%SZ"
_NAME = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(-(?P<number>\d+))?-(?P<why>[a-z-]+)")


@dataclass(frozen=True, slots=True)
class DatedCopies:
    """The copies of one database.

    The newest `keep` of each kind are kept, and those made by hand for ever. With 0 the server makes none by itself.
    """

    database: Database
    folder: Path
    keep: int

    def make(self, why: Why, now: datetime) -> Backup:
        """Make a copy now, and delete the oldest of its kind that are too many. Raises CopyError."""
        done = backup(self.database, self.new_path(why, now))
        self.prune(why)
        return done

    def new_path(self, why: Why, now: datetime) -> Path:
        """A name for a copy that no file has; makes the folder. Raises CopyError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CopyError(
                f"The folder {self.folder} cannot be made: {error.strerror}. Set RECUR_BACKUP_DIR."
            ) from error
        moment = now.astimezone(UTC).replace(microsecond=0)
        number = 1 + max((one.number for one in self._found() if (one.at, one.why) == (moment, why)), default=0)
        parts = (self._stem, moment.strftime(_STAMP), *([str(number)] if number > 1 else []), why)
        return self.folder / f"{'-'.join(parts)}{self._end}"

    def all(self, why: Why | None = None) -> list[Path]:
        """The copies that there are, of one kind or of every kind, the newest first."""
        found = [one for one in self._found() if why in (None, one.why)]
        return [one.path for one in sorted(found, key=lambda one: (one.at, one.number), reverse=True)]

    def is_due(self, now: datetime) -> bool:
        """True if there is no daily copy from the day before `now`. One from the future does not count."""
        if not self.keep:
            return False
        return not any(now - A_DAY < one.at <= now for one in self._found() if one.why == "daily")

    def prune(self, why: Why) -> None:
        """Delete the oldest of a kind, so that `keep` stay."""
        if self.keep and why != "by-hand":
            for path in self.all(why)[self.keep :]:
                for one in (*logs_of(path), path):
                    one.unlink(missing_ok=True)

    @property
    def deletions(self) -> Path:
        """The file beside the database that knows who was deleted; see app/study/deletions.py."""
        file = self.database.file
        return file.resolve().with_name(f"{file.name}.deleted") if file else self.folder / f"{self._stem}.deleted"

    @property
    def _stem(self) -> str:
        return (self.database.file.stem if self.database.file else self.database.url.database) or "recur"

    @property
    def _end(self) -> str:
        return ".sqlite" if self.database.file else ".dump"

    def _found(self) -> Iterator["_Copy"]:
        begin = f"{self._stem}-"
        for path in self.folder.glob(f"*{self._end}"):
            named = _NAME.fullmatch(path.stem.removeprefix(begin))
            if named and path.stem.startswith(begin):
                with suppress(ValueError):  # no such date
                    at = datetime.strptime(named["at"], _STAMP).replace(tzinfo=UTC)
                    yield _Copy(path, at, int(named["number"] or 1), named["why"])


class _Copy(NamedTuple):
    path: Path
    at: datetime
    number: int
    why: str


def is_lost(copies: DatedCopies) -> str:
    """A warning if the SQLite file is missing or empty though there was one before; "" otherwise.

    Call it before the database is opened, which makes a new one.
    """
    file = copies.database.file
    if file is None or any(one.exists() and one.stat().st_size for one in (file, file.with_name(f"{file.name}-wal"))):
        return ""
    newest = next(iter(copies.all()), None)
    if newest is None and not file.exists() and not file.with_name(f"{file.name}.in-use").exists():
        return ""
    what = f"{file} is {'empty' if file.exists() else 'missing'}, and there was a database before."
    from_it = f" (the newest is {newest})" if newest else ""
    return f"{what} A new, empty one was made. To have the old one back, stop Recur and restore a copy{from_it}."


def copies_of(database: Database, chosen: Settings) -> DatedCopies:
    """The dated copies as the settings have them."""
    beside = database.file.resolve().parent if database.file else ROOT / "data"
    return DatedCopies(database, chosen.backup_dir or beside / "backups", chosen.backups)
