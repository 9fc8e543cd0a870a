"""Reads an SQLite file page by page, without SQLite: what is left of a damaged one.

The format is https://www.sqlite.org/fileformat2.html. Nothing here raises because of damage: what cannot be read is
left out. A page that is in the write-ahead log is taken from there, as far as its transaction was committed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAGIC = b"SQLite format 3\0"
INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
_KINDS = (INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF)
_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer, by its serial type."""
USUAL_PAGE_SIZE = 4096
_FRAME_HEAD, _LOG_HEAD = 24, 32

Values = list[Any]


class UnreadableError(ValueError):
    """Bytes that are not a record."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A row of a table: its rowid, and its record as it is stored. `whole` is False if the record's end is lost.

    `other` is the record as long as its own head says, if that is not how long it is stored.
    """

    rowid: int
    payload: bytes
    whole: bool = True
    other: bytes = b""

    def values(self) -> Values:
        """The row's values, as many as can be read. Raises UnreadableError if the record's head is damaged."""
        try:
            return record(self.payload, self.whole)
        except UnreadableError:
            return record(self.other)


@dataclass
class Pages:
    """The pages of an SQLite file. `size` is that of a page, `log` the pages that are newer in the write-ahead log."""

    data: bytes
    size: int
    usable: int
    log: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path) -> "Pages":
        """Read the file and its write-ahead log into memory."""
        data = path.read_bytes()
        log_path = path.with_name(f"{path.name}-wal")
        log = log_path.read_bytes() if log_path.exists() else b""
        size = 0
        for head, at, form in ((log, 8, ">I"), (data, 16, ">H")):
            if len(head) >= _LOG_HEAD:
                (size,) = struct.unpack_from(form, head, at)
                size = 65536 if size == 1 else size
                if size in (512 << n for n in range(8)):
                    break
        else:
            size = USUAL_PAGE_SIZE
        reserved = data[20] if data[: len(MAGIC)] == MAGIC else 0
        return cls(data, size, size - reserved, _committed(log, size))

    @property
    def count(self) -> int:
        """How many pages there are."""
        return max(len(self.data) // self.size, max(self.log, default=0))

    def page(self, number: int) -> bytes:
        """A page's bytes, the first page being 1. Empty if there is no such page."""
        start = (number - 1) * self.size
        return self.log.get(number) or (self.data[start : start + self.size] if number > 0 else b"")

    def kind(self, number: int) -> int:
        """What a page is, one of the four kinds, or 0 if it is none of them."""
        page, at = self.page(number), _start(number)
        return page[at] if len(page) == self.size and page[at] in _KINDS else 0

    def tree(self, root: int) -> list[int]:
        """The pages below `root`, and itself, as far as the way to them can be read."""
        found: dict[int, None] = {}
        waiting = [root]
        while waiting:
            number = waiting.pop()
            kind = self.kind(number)
            if number in found or not kind:
                continue
            found[number] = None
            if kind in (TABLE_INTERIOR, INDEX_INTERIOR):
                page, start = self.page(number), _start(number)
                below = [struct.unpack_from(">I", page, start + 8)[0]]
                for at in self._cells_at(number):
                    below.append(struct.unpack_from(">I", page, at)[0])
                waiting += reversed(below)
        return list(found)

    def rows(self, number: int) -> Iterator[Cell]:
        """The rows on a leaf of a table."""
        page = self.page(number)
        for at in self._cells_at(number):
            try:
                length, at = varint(page, at)
                rowid, at = varint(page, at)
                payload = self._payload(page, at, length, is_index=False)
                right = len(payload) if _is_record(payload) else _record_length(page, at)
                other = page[at : at + right] if right <= self.usable - 35 else b""
            except (UnreadableError, struct.error, IndexError):
                continue
            yield Cell(rowid - 2**64 if rowid >= 2**63 else rowid, payload, len(payload) == length, other)

    def keys(self, number: int) -> Iterator[Values]:
        """The records on a page of an index: the indexed values, and the rowid last."""
        page = self.page(number)
        skip = 4 if self.kind(number) == INDEX_INTERIOR else 0
        for at in self._cells_at(number):
            try:
                length, at = varint(page, at + skip)
                payload = self._payload(page, at, length, is_index=True)
                if len(payload) == length:
                    yield record(payload)
            except (UnreadableError, struct.error, IndexError):
                continue

    def free(self) -> set[int]:
        """The pages that are in no table, as far as the list of them can be read."""
        found: set[int] = set()
        (trunk,) = struct.unpack_from(">I", self.page(1).ljust(100, b"\0"), 32)
        while trunk and trunk not in found and trunk <= self.count:
            found.add(trunk)
            page = self.page(trunk).ljust(self.size, b"\0")
            following, number = struct.unpack_from(">II", page)
            number = min(number, self.size // 4 - 2)
            found.update(struct.unpack_from(f">{number}I", page, 8))
            trunk = following
        return found

    def _cells_at(self, number: int) -> list[int]:
        """Where the cells of a page begin."""
        page, start = self.page(number), _start(number)
        kind = self.kind(number)
        if not kind:
            return []
        (cells,) = struct.unpack_from(">H", page, start + 3)
        first = start + (12 if kind in (TABLE_INTERIOR, INDEX_INTERIOR) else 8)
        cells = min(cells, (self.size - first) // 2)
        return [at for at in struct.unpack_from(f">{cells}H", page, first) if first <= at < self.size - 3]

    def _payload(self, page: bytes, at: int, length: int, is_index: bool) -> bytes:
        """A record that begins at `at`, with what of it is on overflow pages; shorter if some of those are lost."""
        if not 0 < length < 2**31:
            raise UnreadableError
        most = (self.usable - 12) * 64 // 255 - 23 if is_index else self.usable - 35
        if length <= most:
            return page[at : at + length]
        least = (self.usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self.usable - 4)
        local = local if local <= most else least
        parts, left = [page[at : at + local]], length - local
        (following,) = struct.unpack_from(">I", page, at + local)
        seen = set()
        while left > 0 and following and following not in seen:
            seen.add(following)
            more = self.page(following)
            if len(more) < self.size:
                break
            (following,) = struct.unpack_from(">I", more)
            parts.append(more[4 : min(self.usable, 4 + left)])
            left -= len(parts[-1])
        return b"".join(parts)


def _start(number: int) -> int:
    """Where a page's head begins: the first page has the file's head before it."""
    return 100 if number == 1 else 0


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where the next thing begins."""
    value = 0
    for n in range(8):
        byte = data[at + n]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    return value << 8 | data[at + 8], at + 9


def record(payload: bytes, whole: bool = True) -> Values:
    """The values of a record. Raises UnreadableError unless its length is that of its values.

    Of a record that is not `whole` come the values before the first that is cut short.
    """
    try:
        end, at = varint(payload, 0)
        kinds = []
        while at < end:
            kind, at = varint(payload, at)
            kinds.append(kind)
        lengths = [_length(kind) for kind in kinds]
        if at != end or (whole and end + sum(lengths) != len(payload)):
            raise UnreadableError
        values: Values = []
        for kind, length in zip(kinds, lengths, strict=True):
            if at + length > len(payload):
                break
            values.append(_value(kind, payload[at : at + length]))
            at += length
    except (IndexError, UnicodeDecodeError) as error:
        raise UnreadableError from error
    return values


def _is_record(payload: bytes) -> bool:
    try:
        record(payload)
    except UnreadableError:
        return False
    return True


def _record_length(data: bytes, start: int) -> int:
    """How long a record is by what its head says."""
    size, at = varint(data, start)
    length = size
    while at < start + size:
        kind, at = varint(data, at)
        length += _length(kind)
    return length


def _length(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    if kind in (10, 11):
        raise UnreadableError
    return 8 if kind == 7 else _SIZES.get(kind, 0)


def _value(kind: int, data: bytes) -> Any:
    if kind >= 12:
        return data.decode() if kind % 2 else data
    if kind == 7:
        return struct.unpack(">d", data)[0]
    if kind in _SIZES:
        return int.from_bytes(data, "big", signed=True)
    return {0: None, 8: 0, 9: 1}[kind]


def _committed(log: bytes, size: int) -> dict[int, bytes]:
    """The pages in a write-ahead log whose transactions were committed, by number."""
    if len(log) < _LOG_HEAD or log[:3] != b"\x37\x7f\x06":
        return {}
    order = ">" if log[3] & 1 else "<"
    salts = log[16:24]
    sums = _sums(log[:24], (0, 0), order)
    pages: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    for at in range(_LOG_HEAD, len(log) - _FRAME_HEAD - size + 1, _FRAME_HEAD + size):
        number, commits = struct.unpack_from(">II", log, at)
        sums = _sums(log[at : at + 8] + log[at + _FRAME_HEAD : at + _FRAME_HEAD + size], sums, order)
        if log[at + 8 : at + 16] != salts or struct.unpack_from(">II", log, at + 16) != sums:
            break
        waiting[number] = log[at + _FRAME_HEAD : at + _FRAME_HEAD + size]
        if commits:
            pages |= waiting
            waiting = {}
    return pages


def _sums(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second
