"""The content folder on disk: which files there are, and their text."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.cards.file.mistake import Mistake

LARGEST = 2_000_000
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):  # noqa: N818 - it says what the file is
    """A file that has no text to read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Found:
    """A content file. `path` is relative to the content folder, with /."""

    path: str
    full: str
    size: int
    mtime_ns: int

    @property
    def deck(self) -> str:
        """The folder's name."""
        return self.path.split("/", 1)[0]

    @property
    def name(self) -> str:
        """The file's stem."""
        return self.path.split("/", 1)[1].removesuffix(".md")


def find_files(content_dir: Path) -> list[Found]:
    """Every deck/topic.md, by path. Hidden files and editors' backups are not content.

    Raises OSError when the content folder itself cannot be read, so that a missing folder is never taken for an empty
    one.
    """
    return sorted(_find(content_dir), key=lambda found: found.path)


def _find(content_dir: Path) -> Iterator[Found]:
    with os.scandir(content_dir) as folders:
        decks = [entry for entry in folders if not entry.name.startswith(".") and is_folder(entry)]
    for deck in decks:
        with os.scandir(deck.path) as entries:
            for entry in entries:
                if not entry.name.endswith(".md") or entry.name.startswith((".", "#")) or is_folder(entry):
                    continue
                try:
                    stat = entry.stat()
                except OSError:
                    continue  # gone between the two looks, or a link to nowhere or to itself
                yield Found(f"{deck.name}/{entry.name}", entry.path, stat.st_size, stat.st_mtime_ns)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def no_folder(content_dir: Path, error: OSError) -> Mistake:
    """The mistake of a content folder that is not there."""
    return Mistake(".", 1, f"the content folder {content_dir} cannot be read: {error.strerror}: set RECUR_CONTENT_DIR")


def name_mistakes(found: Found) -> list[Mistake]:
    """What is wrong with the names of the folder and the file, which become addresses."""
    rule = "must be lower-case letters, digits and hyphens: rename it"
    return [
        Mistake(found.path, 1, f"the {what} name {name!r} {rule}")
        for what, name in (("folder's", found.deck), ("file's", found.name))
        if not _NAME.fullmatch(name)
    ]


def read_text(full: Path) -> str:
    """The file's text with plain newlines and no byte-order mark. Raises Unreadable."""
    return text_of(read_bytes(full))


def read_bytes(full: Path | str) -> bytes:
    """The file's bytes. Raises Unreadable when it is too large, or the system refuses."""
    try:
        with open(full, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(1, f"the file cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise Unreadable(1, f"the file is larger than {LARGEST // 1_000_000} MB: split it into topics")
    return data


def text_of(data: bytes) -> str:
    """The text of a file's bytes, as in `read_text`. Raises Unreadable."""
    if data.startswith(_UTF16):
        raise Unreadable(1, "the file is UTF-16 (or UTF-32): save it as UTF-8")
    if (at := data.find(b"\0")) >= 0:
        raise Unreadable(_line(data, at), f"byte {at} is NUL: this is no text file, or not UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # "utf-8-sig" counts from after the mark.
        at = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        raise Unreadable(
            _line(data, at), f"byte {at} (0x{data[at]:02x}) is not UTF-8: save the file as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line(data: bytes, at: int) -> int:
    before = data[:at].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
