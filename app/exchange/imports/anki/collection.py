"""Reads Anki's database: note types and notes. The file is not trusted, so SQLite runs with tight limits."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.exchange.imports.anki.protobuf import ProtobufError, number, text
from app.exchange.imports.draft import RefusedError

LARGEST_VALUE = 20_000_000
LARGEST_NOTE = 200_000
LARGEST_NOTE_TYPES = 5_000_000
MOST_NOTES = 500_000
# Calls of the progress handler, each after so many steps of SQLite's machine. A card takes about 40 steps.
_STEPS, _MOST_CALLS = 100_000, 1_000
_NEEDED = {"notes": {"id", "guid", "mid", "tags", "flds"}, "cards": {"nid", "ord"}}


@dataclass(frozen=True)
class NoteType:
    """The names of a note's fields, and the (question, answer) template of each of its cards."""

    name: str
    fields: tuple[str, ...]
    templates: Mapping[int, tuple[str, str]]
    is_cloze: bool


@dataclass(frozen=True)
class Note:
    """A note and one of its cards. `fields` is None if they are too long; `card` is None if the note has none."""

    id: int
    type_id: int
    tags: tuple[str, ...]
    fields: tuple[str, ...] | None
    card: int | None
    guid: str = ""

    @property
    def key(self) -> str:
        """What names the card in every version of the package."""
        return f"id:anki/{self.guid or self.id}/{self.card or 0}"


class Collection:
    """An open collection; `notes` can be iterated once. Raises RefusedError if it is damaged or not Anki's."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        self._calls = 0
        try:
            self._restrain()
            self._check_tables()
            self.count = self._one("SELECT count(*) FROM notes")
            if self.count > MOST_NOTES:
                raise RefusedError(f"it holds {self.count:,} notes; at most {MOST_NOTES:,} are read")
            self.types = self._new_types() if self._has("notetypes") else self._old_types()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def notes(self) -> Iterator[Note]:
        """Yield every note with each of its cards, ordered by id."""
        query = (
            "SELECT notes.id, mid, tags, CASE WHEN length(flds) <= ? THEN flds END, cards.ord, guid"
            " FROM notes LEFT JOIN cards ON cards.nid = notes.id ORDER BY notes.id, cards.ord"
        )
        for id_, type_id, tags, flds, ord_, guid in self._rows(query, LARGEST_NOTE):
            if not (isinstance(id_, int) and isinstance(type_id, int) and isinstance(ord_, int | None)):
                raise RefusedError("its notes are not numbered as Anki numbers them")
            fields = tuple(flds.split("\x1f")) if isinstance(flds, str) else None
            yield Note(id_, type_id, tuple(str(tags or "").split()), fields, ord_, str(guid or "")[:100])

    def _restrain(self) -> None:
        self._connection.text_factory = lambda data: data.decode("utf-8", "replace")
        self._connection.create_collation("unicase", lambda a, b: (a > b) - (a < b))
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        self._connection.set_progress_handler(self._is_too_much, _STEPS)
        for setting in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "cache_size = -8000"):
            list(self._rows(f"PRAGMA {setting}"))

    def _is_too_much(self) -> bool:
        self._calls += 1
        return self._calls > _MOST_CALLS

    def _rows(self, query: str, *values: int) -> Iterator[tuple[object, ...]]:
        try:
            with closing(self._connection.execute(query, values)) as cursor:
                yield from cursor
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise RefusedError("its database takes far more work to read than its notes explain") from None
            raise RefusedError(f"its database is damaged, or not Anki's: {error}") from None
        except (sqlite3.Error, OverflowError) as error:
            raise RefusedError(f"its database is damaged, or not Anki's: {error}") from None

    def _one(self, query: str) -> int:
        value = next(self._rows(query))[0]
        return value if isinstance(value, int) else 0

    def _has(self, table: str) -> bool:
        return any(name == table for (name,) in self._rows("SELECT name FROM sqlite_schema WHERE type = 'table'"))

    def _check_tables(self) -> None:
        """Accept only real tables with Anki's columns: a view or a virtual table could compute anything."""
        for table, needed in _NEEDED.items():
            kinds = [row for row in self._rows("PRAGMA table_list") if row[1] == table and row[0] == "main"]
            if [row[2] for row in kinds] != ["table"]:
                raise RefusedError(f"there is no table of {table} in it")
            # hidden: 2 and 3 are generated columns.
            columns = {row[1] for row in self._rows(f"PRAGMA table_xinfo({table})") if row[6] == 0}
            if not needed <= columns:
                raise RefusedError(f"its table of {table} lacks {', '.join(sorted(needed - columns))}")

    def _old_types(self) -> dict[int, NoteType]:
        """Read the note types of a collection.anki2 or collection.anki21: JSON in the single row of `col`."""
        try:
            for (models,) in self._rows("SELECT substr(models, 1, ?) FROM col LIMIT 1", LARGEST_NOTE_TYPES):
                return {int(key): _old_type(model) for key, model in json.loads(str(models)).items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RefusedError(f"its note types are damaged: {error!r}") from None
        raise RefusedError("its note types are missing")

    def _new_types(self) -> dict[int, NoteType]:
        """Read the note types of a collection.anki21b: tables with settings in protobuf."""
        size = self._one(
            "SELECT (SELECT coalesce(sum(length(config)), 0) FROM notetypes)"
            " + (SELECT coalesce(sum(length(config)), 0) FROM templates)"
        )
        if size > LARGEST_NOTE_TYPES:
            raise RefusedError(f"its note types take {size:,} bytes; at most {LARGEST_NOTE_TYPES:,} are read")
        types: dict[int, NoteType] = {}
        try:
            for id_, name, config in self._rows("SELECT id, name, config FROM notetypes"):
                fields = self._rows("SELECT name FROM fields WHERE ntid = ? ORDER BY ord", _int(id_))
                templates = self._rows("SELECT ord, config FROM templates WHERE ntid = ?", _int(id_))
                types[_int(id_)] = NoteType(
                    str(name),
                    tuple(str(field) for (field,) in fields),
                    {_int(ord_): (text(_bytes(made), 1), text(_bytes(made), 2)) for ord_, made in templates},
                    number(_bytes(config), 1) == 1,
                )
        except (ProtobufError, TypeError) as error:
            raise RefusedError(f"its note types are damaged: {error}") from None
        return types


def _old_type(model: Mapping[str, object]) -> NoteType:
    fields, templates = model["flds"], model["tmpls"]
    if not isinstance(fields, list) or not isinstance(templates, list):
        raise TypeError("flds and tmpls must be lists")
    return NoteType(
        str(model["name"]),
        tuple(str(field["name"]) for field in fields),
        {at: (str(made["qfmt"]), str(made["afmt"])) for at, made in enumerate(templates)},
        model.get("type") == 1,
    )


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("settings are no bytes")
    return value
