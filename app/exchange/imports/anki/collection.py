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
_NEEDED: dict[str, set[object]] = {"notes": {"id", "guid", "mid", "tags", "flds"}, "cards": {"nid", "ord"}}


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
    deck: str = ""

    @property
    def key(self) -> str:
        """What names the card in every version of the package."""
        return f"id:anki/{self.guid or self.id}/{self.card or 0}"


@dataclass(frozen=True)
class AnkiCard:
    """Where a card stands in Anki. `key` is that of its note, `due` a day or a moment; see `Collection.created`."""

    id: int
    key: str
    kind: int
    queue: int
    due: int
    flag: int


@dataclass(frozen=True)
class AnkiReview:
    """An entry of Anki's review log. `id` is its time in milliseconds, `ease` the button, 0 for none.

    `took` is in milliseconds. `kind` is 0 learning, 1 review, 2 relearning, 3 filtered, 4 and 5 by hand.
    """

    id: int
    card: int
    ease: int
    took: int
    kind: int
    factor: int


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
        deck = "coalesce(nullif(odid, 0), did)" if {"did", "odid"} <= self._columns("cards") else "NULL"
        query = (
            f"SELECT notes.id, mid, tags, CASE WHEN length(flds) <= ? THEN flds END, cards.ord, guid, {deck}"  # noqa: S608
            " FROM notes LEFT JOIN cards ON cards.nid = notes.id ORDER BY notes.id, cards.ord"
        )
        decks = self._decks()
        for id_, type_id, tags, flds, ord_, guid, deck_id in self._rows(query, LARGEST_NOTE):
            if not (isinstance(id_, int) and isinstance(type_id, int) and isinstance(ord_, int | None)):
                raise RefusedError("its notes are not numbered the way Anki numbers them")
            fields = tuple(flds.split("\x1f")) if isinstance(flds, str) else None
            title = decks.get(deck_id, "") if isinstance(deck_id, int) else ""
            yield Note(id_, type_id, tuple(str(tags or "").split()), fields, ord_, str(guid or "")[:100], title)

    def scheduled(self) -> Iterator[AnkiCard]:
        """Yield every card as it stands in Anki; none if the package has no schedule."""
        if not {"id", "type", "queue", "due", "flags"} <= self._columns("cards"):
            return
        query = (
            "SELECT cards.id, notes.id, guid, ord, type, queue, due, cards.flags"
            " FROM cards JOIN notes ON notes.id = nid ORDER BY cards.id"
        )
        for id_, note, guid, ord_, *standing in self._rows(query):
            key = Note(_int(note), 0, (), None, _int(ord_), str(guid or "")[:100]).key
            yield AnkiCard(_int(id_), key, *map(_int, standing))

    def reviews(self) -> Iterator[AnkiReview]:
        """Yield the review log, in order."""
        if self._has("revlog"):
            for row in self._rows("SELECT id, cid, ease, time, type, factor FROM revlog ORDER BY id"):
                yield AnkiReview(*map(_int, row))

    def created(self) -> tuple[int, int | None, int | None]:
        """Return the first day as a moment in seconds, its offset in minutes to the west, and the hour that ends days.

        Due days count from the first day. Either of the others is None if the package does not say.
        """
        crt, conf = next(self._rows("SELECT crt, substr(conf, 1, 100000) FROM col LIMIT 1"), (0, ""))
        try:
            said = json.loads(str(conf)) if conf else {}
            if self._has("config"):
                said = {
                    str(key): json.loads(_bytes(val))
                    for key, val in self._rows(
                        "SELECT key, substr(val, 1, 1000) FROM config WHERE key IN ('creationOffset', 'rollover')"
                    )
                }
        except (ValueError, TypeError, RecursionError):
            said = {}
        offset, hour = said.get("creationOffset"), said.get("rollover")
        is_hour = isinstance(hour, int) and 0 <= hour < 24
        is_offset = isinstance(offset, int) and abs(offset) <= 24 * 60
        return _int(crt), offset if is_offset else None, hour if is_hour else None

    def _decks(self) -> dict[int, str]:
        """The names of the decks, such as Networks::Recurrent, by their numbers."""
        try:
            if self._has("decks"):
                return {
                    _int(id_): str(name).replace("\x1f", "::") for id_, name in self._rows("SELECT id, name FROM decks")
                }
            for (decks,) in self._rows("SELECT substr(decks, 1, ?) FROM col LIMIT 1", LARGEST_NOTE_TYPES):
                return {int(key): str(deck["name"]) for key, deck in json.loads(str(decks)).items()}
        except (RefusedError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass  # a program may leave them out: then all cards are of one deck
        return {}

    def _columns(self, table: str) -> set[object]:
        """The names of a table's columns."""
        return {row[1] for row in self._rows(f"PRAGMA table_info({table})")}

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
                raise RefusedError("its database takes far more work to read than its notes justify") from None
            raise RefusedError(f"its database is damaged, or not Anki's: {error}") from None
        except (sqlite3.Error, OverflowError) as error:
            raise RefusedError(f"its database is damaged, or not Anki's: {error}") from None

    def _one(self, query: str) -> int:
        value = next(self._rows(query))[0]
        return value if isinstance(value, int) else 0

    def _has(self, table: str) -> bool:
        return any(name == table for (name,) in self._rows("SELECT name FROM sqlite_schema WHERE type = 'table'"))

    def _check_tables(self) -> None:
        """Accept only real tables with Anki's columns: a view, a virtual table or a column could compute anything."""
        listed = "pragma_table_list AS t, pragma_table_xinfo(t.name) AS c WHERE t.schema = 'main' AND t.type <> 'view'"
        if self._one(f"SELECT count(*) FROM {listed} AND (t.type <> 'table' OR c.hidden)"):  # noqa: S608
            raise RefusedError("it has a table that is computed, which Anki's databases have not")
        for table, needed in _NEEDED.items():
            kinds = [row for row in self._rows("PRAGMA table_list") if row[1] == table and row[0] == "main"]
            if [row[2] for row in kinds] != ["table"]:
                raise RefusedError(f"there is no table of {table} in it")
            columns = self._columns(table)
            if not needed <= columns:
                raise RefusedError(f"its table of {table} lacks {', '.join(sorted(map(str, needed - columns)))}")

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
        raise TypeError(f"{value!r} is not a number")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("settings are not bytes")
    return value
