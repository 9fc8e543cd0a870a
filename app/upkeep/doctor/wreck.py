"""What can still be read of the tables in a damaged SQLite file, and what their indices know of the rest."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.upkeep.doctor.pages import TABLE_INTERIOR, TABLE_LEAF, Cell, Pages, UnreadableError

Row = dict[str, Any]
_AFFINITY: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,), "BIGINT": (int,), "BOOLEAN": (int,), "FLOAT": (float, int), "VARCHAR": (str,),
    "DATETIME": (str,), "DATE": (str,), "JSON": (str,),
}  # fmt: skip


@dataclass(frozen=True)
class _Column:
    name: str
    kinds: tuple[type, ...]
    may_be_null: bool
    is_rowid: bool


Shapes = dict[str, list[_Column]]


@dataclass
class Remnant:
    """A row that was read, and the cell that it was read from. `in_place` is False if its page is in no tree."""

    row: Row
    cell: Cell
    in_place: bool


@dataclass
class Wreck:
    """A damaged file. `shapes` are the tables as they should be, by name."""

    pages: Pages
    shapes: Shapes
    _roots: dict[str, int] = field(default_factory=dict)
    _own_shapes: Shapes = field(default_factory=dict)
    _indices: dict[str, list[tuple[int, list[str]]]] = field(default_factory=lambda: defaultdict(list))
    _orphaned: list[int] | None = None

    def __post_init__(self) -> None:
        """Read the file's own list of tables and indices, as far as it can be read."""
        memory = sqlite3.connect(":memory:")
        indices = []
        for kind, name, of, root, sql in self._master():
            try:
                if kind == "table" and isinstance(root, int) and root > 0:
                    memory.execute(sql)
                    self._roots[name] = root
                elif kind == "index":
                    indices.append((name, of, root, sql))
            except sqlite3.Error:
                continue
        for name, of, root, sql in indices:
            try:
                if sql:
                    memory.execute(sql)
                columns = [column for (column,) in memory.execute("SELECT name FROM pragma_index_info(?)", (name,))]
            except sqlite3.Error:
                continue
            self._indices[of].append((root, columns))
        self._own_shapes = shapes_of(memory)
        memory.close()

    def rows(self, table: str) -> Iterator[Remnant]:
        """The rows of a table: first those in its tree, then those on pages that are in no tree and look like it."""
        shape = self._own_shapes.get(table) or self.shapes[table]
        for page in self.pages.tree(self._roots.get(table, 0)):
            yield from self._on(page, shape, in_place=True)
        for page in self._orphans():
            for found in self._on(page, self.shapes[table], in_place=False):
                if _fits(found.row, self.shapes[table]):
                    yield found

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns, in the order in which they are stored."""
        return [column.name for column in self._own_shapes.get(table) or self.shapes[table]]

    def keys(self, table: str) -> Iterator[tuple[int, Row]]:
        """What the indices of a table know: a row's rowid, and the columns that an index has of it."""
        for root, columns in self._indices[table]:
            for page in self.pages.tree(root):
                for *values, rowid in self.pages.keys(page):
                    if len(values) == len(columns) and isinstance(rowid, int):
                        known = dict(zip(columns, values, strict=True))
                        known.pop("id", None)  # the rowid
                        yield rowid, known

    def _on(self, page: int, shape: list[_Column], in_place: bool) -> Iterator[Remnant]:
        for cell in self.pages.rows(page) if self.pages.kind(page) == TABLE_LEAF else ():
            try:
                values = cell.values()
            except UnreadableError:
                values = []
            row = {column.name: value for column, value in zip(shape, values, strict=False)}
            if len(values) <= len(shape):
                row |= {column.name: cell.rowid for column in shape if column.is_rowid}
                yield Remnant(row, cell, in_place)

    def _orphans(self) -> list[int]:
        """Leaves of tables to which no way leads any more, as far as they are not known to be free."""
        if self._orphaned is None:
            known = self.pages.free()
            for root in (1, *self._roots.values()):
                known.update(self.pages.tree(root))
            self._orphaned = [
                page
                for page in range(2, self.pages.count + 1)
                if page not in known and self.pages.kind(page) == TABLE_LEAF
            ]
        return self._orphaned

    def _master(self) -> Iterator[list[Any]]:
        """The rows of sqlite_master: from its tree, or if that has none from wherever one is."""
        kinds = (TABLE_LEAF, TABLE_INTERIOR)
        tree = self.pages.tree(1) or [n for n in range(1, self.pages.count + 1) if self.pages.kind(n) in kinds]
        for page in tree:
            for cell in self.pages.rows(page) if self.pages.kind(page) == TABLE_LEAF else ():
                try:
                    values = cell.values()
                except UnreadableError:
                    continue
                if len(values) == 5 and values[0] in ("table", "index") and isinstance(values[1], str):
                    yield values


def shapes_of(connection: sqlite3.Connection) -> Shapes:
    """The columns of every table, by its name."""
    shapes = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,)).fetchall()
        keys = [name for name, _kind, _not_null, key in columns if key]
        shapes[table] = [
            _Column(name, _AFFINITY.get(kind, (object,)), not not_null, keys == [name] and kind == "INTEGER")
            for name, kind, not_null, _key in columns
        ]
    return shapes


def _fits(row: Row, shape: list[_Column]) -> bool:
    """True if a row that is nowhere may be one of this table: every value is of its column's type."""
    if len(row) != len(shape):
        return False
    return all(
        isinstance(row[column.name], column.kinds) or (row[column.name] is None and column.may_be_null)
        for column in shape
    )
