"""Unpacks an .apkg or .colpkg: the notes' database and the media. Memory, time and disk space are bounded.

The format, as Anki writes it: a zip with the first of collection.anki21b (zstd), collection.anki21 and
collection.anki2, and `media`, a list of names as JSON or, beside anki21b, as protobuf in zstd.
"""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

import zstandard

from app.cards.file.pictures import LARGEST_PICTURE
from app.exchange.imports.anki.protobuf import ProtobufError, fields, text
from app.exchange.imports.draft import Media, NoPictureError, RefusedError

LARGEST_DATABASE = 512_000_000
LARGEST_LIST = 16_000_000
LARGEST_DIRECTORY = 8_000_000
LARGEST_WINDOW = 2**25
_PIECE = 1 << 18
_COLLECTIONS = ("collection.anki21b", "collection.anki21", "collection.anki2")
_SQLITE = b"SQLite format 3\0"
_END_OF_ZIP, _END_OF_ZIP64, _LOCATOR64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"


class Package:
    """An open package. Raises RefusedError if it is damaged, not Anki's, or larger than the limits above."""

    def __init__(self, path: Path) -> None:
        with _told(), ExitStack() as opened:
            file = opened.enter_context(path.open("rb"))
            check_directory(file)
            self._archive = opened.enter_context(zipfile.ZipFile(file))
            self._names = _names(self._archive)
            collection = next((name for name in _COLLECTIONS if name in self._names), None)
            if collection is None:
                held = ", ".join(sorted(self._names)[:5]) or "nothing"
                raise RefusedError(f"there is no Anki collection in this zip archive; it holds {held}")
            self._collection = collection
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def unpack(self, database: Path) -> None:
        """Write the notes' database to a new file."""
        with _told():
            _write(self._archive, self._collection, database)

    @property
    def media(self) -> Media:
        """The pictures and sounds, by their names in notes. Of two with one name, the first is taken."""
        with _told():
            listed = _media(self._archive, self._collection) if "media" in self._names else {}
        return {name: partial(self._picture, member) for member, name in reversed(listed.items())}

    def _picture(self, member: str) -> bytes:
        """All bytes, or if there are more than LARGEST_PICTURE, more than these."""
        data, is_packed = b"", self._collection == _COLLECTIONS[0]
        try:
            with _told():
                for piece in _pieces(self._archive, member, is_packed, LARGEST_DATABASE):
                    data += piece
                    if len(data) > LARGEST_PICTURE:
                        break
        except KeyError:
            raise NoPictureError("the package lists it, and does not hold it") from None
        except RefusedError as error:
            raise NoPictureError(str(error)) from None
        return data


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the libraries find wrong."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, zstandard.ZstdError, RuntimeError) as error:
        raise RefusedError(f"the archive is damaged, or not Anki's: {error}") from None
    except OSError as error:
        raise RefusedError(f"the archive cannot be read: {error.strerror or error}") from None


def check_directory(file: IO[bytes]) -> None:
    """Refuse a table of contents that is larger than any real one, before it is read into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) < at + 22:
        raise RefusedError("this is not a zip archive, as a package is, or its end is missing")
    (length,) = struct.unpack_from("<L", tail, at + 12)
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR64:
        (where,) = struct.unpack_from("<Q", tail, at - 12)
        file.seek(min(where, size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(_END_OF_ZIP64):
            raise RefusedError("the archive's end is damaged")
        (length,) = struct.unpack_from("<Q", record, 40)
    if length > LARGEST_DIRECTORY:
        raise RefusedError(f"the archive's table of contents takes {length:,} bytes, more than any package needs")
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


def _media(archive: zipfile.ZipFile, collection: str) -> dict[str, str]:
    """The names of the media by those of their files in the archive."""
    is_new = collection == _COLLECTIONS[0]
    listed = b"".join(_pieces(archive, "media", is_new, LARGEST_LIST))
    try:
        if is_new:
            entries = (text(entry, 1) for at, entry in fields(listed) if at == 1 and isinstance(entry, bytes))
            return {str(number): name for number, name in enumerate(islice(entries, LARGEST_DIRECTORY // 46))}
        names = json.loads(listed)
    except (ProtobufError, ValueError, RecursionError) as error:
        raise RefusedError(f"the list of media is damaged: {error}") from None
    if not isinstance(names, dict):
        raise RefusedError("the list of media is damaged: it is not a table of names")
    return {str(member): str(name) for member, name in names.items()}
