"""Unpacks an .apkg or .colpkg: the notes' database and the names of the media. Memory, time and disk space are bounded.

The format, as Anki writes it: a zip with the first of collection.anki21b (zstd), collection.anki21 and
collection.anki2, and `media`, a list of names as JSON or, beside anki21b, as protobuf in zstd.
"""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import zstandard

from app.exchange.imports.anki.protobuf import ProtobufError, fields, text
from app.exchange.imports.draft import RefusedError

LARGEST_DATABASE = 512_000_000
LARGEST_LIST = 16_000_000
LARGEST_DIRECTORY = 8_000_000
LARGEST_WINDOW = 2**25
_PIECE = 1 << 18
_COLLECTIONS = ("collection.anki21b", "collection.anki21", "collection.anki2")
_SQLITE = b"SQLite format 3\0"
_END_OF_ZIP, _END_OF_ZIP64, _LOCATOR64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"


def unpack(path: Path, database: Path) -> list[str]:
    """Write the notes' database of the package at `path` to `database`, and return the names of the media.

    Raises RefusedError if the package is damaged, not Anki's, or larger than the limits above.
    """
    try:
        with path.open("rb") as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                names = _names(archive)
                collection = next((name for name in _COLLECTIONS if name in names), None)
                if collection is None:
                    held = ", ".join(sorted(names)[:5]) or "nothing"
                    raise RefusedError(f"there is no Anki collection in this zip archive; it holds {held}")
                _write(archive, collection, database)
                return _media(archive, collection) if "media" in names else []
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, zstandard.ZstdError, RuntimeError) as error:
        raise RefusedError(f"the archive is damaged, or not Anki's: {error}") from None
    except OSError as error:
        raise RefusedError(f"the archive cannot be read: {error.strerror or error}") from None


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a table of contents that is larger than any real one, before it is read into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) < at + 22:
        raise RefusedError("this is not a zip archive, as an Anki package is, or its end is missing")
    (length,) = struct.unpack_from("<L", tail, at + 12)
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR64:
        (where,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(where, size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(_END_OF_ZIP64):
            raise RefusedError("the archive's end is damaged")
        (length,) = struct.unpack_from("<Q", record, 40)
    if length > LARGEST_DIRECTORY:
        raise RefusedError(f"the archive's table of contents takes {length:,} bytes, more than any Anki package needs")
    file.seek(0)


def _names(archive: zipfile.ZipFile) -> set[str]:
    names = set()
    for member in archive.infolist():
        name = member.orig_filename
        if "/" in name or "\\" in name or name in ("..", ".") or "\0" in name:
            raise RefusedError(f"the archive holds {name[:80]!r}: Anki's packages have no folders")
        if name in names:
            raise RefusedError(f"the archive holds {name[:80]!r} twice")
        names.add(name)
    return names


def _pieces(archive: zipfile.ZipFile, name: str, is_packed: bool, most: int) -> Iterator[bytes]:
    """Yield a member's decompressed bytes piece by piece. Raises RefusedError after `most` bytes."""
    member = archive.getinfo(name)
    if member.file_size > most:
        raise RefusedError(f"{name} would take {member.file_size:,} bytes; at most {most:,} are read")
    taken = 0
    with archive.open(member) as stream:
        source: IO[bytes] = stream
        if is_packed:
            source = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).stream_reader(stream)
        while piece := source.read(_PIECE):
            taken += len(piece)
            if taken > most:
                raise RefusedError(f"{name} takes more than {most:,} bytes when it is decompressed")
            yield piece


def _write(archive: zipfile.ZipFile, name: str, database: Path) -> None:
    with database.open("xb") as file:
        for piece in _pieces(archive, name, name == _COLLECTIONS[0], LARGEST_DATABASE):
            if not file.tell() and not piece.startswith(_SQLITE):
                raise RefusedError(f"{name} is no SQLite database")
            file.write(piece)
        if not file.tell():
            raise RefusedError(f"{name} is empty")


def _media(archive: zipfile.ZipFile, collection: str) -> list[str]:
    is_new = collection == _COLLECTIONS[0]
    listed = b"".join(_pieces(archive, "media", is_new, LARGEST_LIST))
    try:
        if is_new:
            return [text(entry, 1) for at, entry in fields(listed) if at == 1 and isinstance(entry, bytes)]
        names = json.loads(listed)
    except (ProtobufError, ValueError, RecursionError) as error:
        raise RefusedError(f"the list of media is damaged: {error}") from None
    if not isinstance(names, dict):
        raise RefusedError("the list of media is damaged: it is not a table of names")
    return [str(name) for name in names.values()]
