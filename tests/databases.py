"""The two kinds of database that every test of study, exchange and the web runs on: `backend` in conftest.py is one."""

import functools
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from app.database import Database
from tests import postgres


class Backend(ABC):
    """Makes databases for tests. What takes long is done once: each later one is a copy of a template."""

    name: str

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[object, str] = {}

    @property
    def migrated(self) -> str:
        """A template with every table and no content."""
        return self.template("migrated", lambda _database: None)

    def template(self, key: object, fill: Callable[[Database], object]) -> str:
        """The template of that key; made at its first use: migrated, and filled by `fill`."""
        if key not in self._templates:
            database = Database(self.new(Path(tempfile.mkdtemp(dir=self._folder))))
            try:
                database.migrate()
                fill(database)
            finally:
                database.close()
            self._templates[key] = str(database.url.database)
        return self._templates[key]

    @abstractmethod
    def new(self, folder: Path, template: str | None = None) -> str:
        """The address of a new database, a copy of a template or empty; SQLite's file is in `folder`."""

    @abstractmethod
    def drop(self, url: str) -> None:
        """Remove the database at that address, whoever is still connected."""


class SQLiteBackend(Backend):
    name = "sqlite"

    def new(self, folder: Path, template: str | None = None) -> str:
        path = folder / "recur.sqlite"
        if template:
            shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        path = Path(str(make_url(url).database))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


class PostgresBackend(Backend):
    name = "postgres"

    def new(self, folder: Path, template: str | None = None) -> str:
        cluster = postgres.shared()
        return cluster.url(cluster.create(template or "template1"))

    def drop(self, url: str) -> None:
        postgres.shared().drop(str(make_url(url).database))


BACKENDS = {one.name: one for one in (SQLiteBackend, PostgresBackend)}


@functools.cache
def backend_named(name: str, folder: Path) -> Backend:
    """The one of that name, which keeps its templates in `folder` for as long as the process lasts."""
    return BACKENDS[name](folder)


def as_stored(value: Any) -> Any:
    """A value of a plain statement as SQLite stores it: PostgreSQL's driver gives dates, times and booleans."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value
