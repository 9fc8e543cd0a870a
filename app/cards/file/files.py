"""The content folder on disk: which files there are, their bytes, and their text."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from stat import S_ISREG

from app.cards.file.mistake import Mistake
from app.cards.file.pictures import DeckPicture

LARGEST = 2_000_000
MOST_DECKS = 200
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENDINGS = (".md", ".markdown", ".mdown", ".mkd")
# What names a file that tells of the others, such as README.md, and what `git mergetool` writes beside a conflict.
_NO_TOPIC = re.compile(r"[Rr]eadme|[A-Z][A-Z_-]+|.*_(BACKUP|BASE|LOCAL|REMOTE)_\d+")
_OF_A_TOPIC = re.compile(rb"\A\s*(-+\s*$|\Z|version https://git-lfs)|^(title|order):|^##\s|\0", re.MULTILINE)
_HAS_CARD = re.compile(rb"^## [^\n]*\{#", re.MULTILINE)


class Unreadable(Exception):  # noqa: N818 - it says what the file is
    """A file without readable text; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class TopicFile:
    """A content file. `path` is relative to the content folder, with /.

    `macros` are those of its deck's formulas, and `pictures` are its deck's pictures and sounds.
    """

    path: str
    full: str
    size: int
    mtime_ns: int
    macros: tuple[tuple[str, str], ...] = ()
    pictures: tuple[DeckPicture, ...] = ()

    @property
    def folder(self) -> str:
        """The content folder."""
        return self.full.removesuffix(self.path)

    @cached_property
    def deck(self) -> str:
        """The folder's name."""
        return self.path.split("/", 1)[0]

    @cached_property
    def name(self) -> str:
        """The file's stem."""
        return self.path.split("/", 1)[1].removesuffix(".md")


@dataclass(frozen=True)
class OpenedFile:
    """A file's bytes with their digest, or the line and the message of why they cannot be read."""

    file: TopicFile
    data: bytes
    digest: str = ""
    problem: tuple[int, str] | None = None

    def text(self) -> str:
        """The file's text, as in `read_text`. Raises Unreadable."""
        if self.problem:
            raise Unreadable(*self.problem)
        return decode(self.data)


def find_files(content_dir: Path) -> list[TopicFile]:
    """Find every deck/topic.md, sorted by path. Hidden files, editors' backups and texts without cards are not content.

    Raises OSError when the content folder itself cannot be read: a missing folder is not an empty one.
    """
    return sorted(_find(content_dir), key=lambda file: file.path)


def _find(content_dir: Path) -> Iterator[TopicFile]:
    with os.scandir(content_dir) as folders:
        decks = [entry for entry in folders if not entry.name.startswith(".") and _is_folder(entry)]
    decks = [deck for deck in decks if not _leads_up(deck)]
    for deck in decks:
        with os.scandir(deck.path) as entries:
            for entry in entries:
                if not entry.name.endswith(".md") or entry.name.startswith((".", "#")) or _is_folder(entry):
                    continue
                try:
                    stat = entry.stat()
                except OSError:
                    continue  # just deleted, or a link to nowhere or to itself
                if not S_ISREG(stat.st_mode):
                    continue  # a pipe would never end
                is_linked = deck.is_symlink() or entry.is_symlink()
                if (is_linked and _leads_out(content_dir, entry.path)) or is_topic(
                    entry.path, stat.st_size, stat.st_mtime_ns
                ):
                    yield TopicFile(f"{deck.name}/{entry.name}", entry.path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=50_000)
def is_topic(full: str, _size: int, _mtime_ns: int) -> bool:
    """True unless a Markdown file tells of the others, such as a README, or has neither front matter nor a question.

    A file that cannot be read, or is empty, may be a topic: its last good version stays. It is remembered by the size
    and the time of the last change.
    """
    is_named_so = _NO_TOPIC.fullmatch(os.path.basename(full).removesuffix(".md")) is None
    try:
        with open(full, "rb") as file:
            data = file.read(4)
            if is_named_so and data.removeprefix(b"\xef\xbb\xbf").startswith(b"-"):
                return True
            data = (data + file.read(LARGEST)).removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    except OSError:
        return is_named_so
    return _HAS_CARD.search(data) is not None or (
        is_named_so and (_OF_A_TOPIC.search(data) is not None or not _is_utf8(data))
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _leads_up(entry: os.DirEntry[str]) -> bool:
    """True for a link to a folder that it is in itself: whatever is found through it was found before."""
    target = os.path.join(os.path.realpath(entry.path), "")
    return entry.is_symlink() and os.path.join(os.path.realpath(os.path.dirname(entry.path)), "").startswith(target)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """True for a folder; False for a link to itself."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def deck_names(files: Iterable[TopicFile]) -> list[str]:
    """The decks of these files, sorted."""
    return sorted({file.deck for file in files})


def no_folder(content_dir: Path, error: OSError) -> Mistake:
    """The mistake to report when the content folder cannot be read."""
    return Mistake(".", 1, f"the content folder {content_dir} cannot be read: {error.strerror}: set RECUR_CONTENT_DIR")


def name_mistakes(file: TopicFile) -> list[Mistake]:
    """What is wrong with the names of the folder and the file, which become addresses."""
    rule = "must be lower-case letters, digits and hyphens: rename it"
    return [
        Mistake(file.path, 1, f"the {what} name {name!r} {rule}")
        for what, name in (("folder's", file.deck), ("file's", file.name))
        if not _NAME.fullmatch(name)
    ]


def misplaced_files(content_dir: Path) -> list[Mistake]:
    """Name Markdown files with front matter that are beside the decks, too deep, or have another ending than .md.

    Other files, such as a README, are not content. A folder that cannot be read is skipped.
    """
    return sorted(_misplaced(content_dir))


def _misplaced(content_dir: Path) -> Iterator[Mistake]:
    for top in _entries(content_dir):
        if not _is_folder(top):
            if _is_topic(top):
                yield Mistake(top.name, 1, "topics must be directly in a deck's folder: move the file there")
            continue
        for entry in () if _leads_up(top) else _entries(top.path):
            path = f"{top.name}/{entry.name}"
            if not _is_folder(entry):
                if not entry.name.endswith(".md") and _is_topic(entry):
                    stem = os.path.splitext(entry.name)[0]
                    yield Mistake(path, 1, f"the name of a topic's file must end in .md: rename it {stem}.md")
                continue
            for inner in () if entry.is_symlink() else _entries(entry.path):
                if not _is_folder(inner) and _is_topic(inner):
                    rest = f"move the file to {top.name}/{os.path.splitext(inner.name)[0]}.md"
                    yield Mistake(f"{path}/{inner.name}", 1, f"a folder within a deck is not read: {rest}")


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith((".", "#"))]
    except OSError:
        return []


def _is_topic(entry: os.DirEntry[str]) -> bool:
    if not entry.name.lower().endswith(_ENDINGS):
        return False
    try:
        with open(entry.path, "rb") as file:
            return file.read(6).removeprefix(b"\xef\xbb\xbf").startswith(b"---")
    except OSError:
        return False  # just deleted, or a link to nowhere


def open_files(files: Sequence[TopicFile], context: str = "") -> list[OpenedFile]:
    """Read the bytes of files. A digest is of the bytes and of `context`, which is whatever else decides the result."""
    return [open_file(file, context) for file in files]


def open_file(file: TopicFile, context: str = "") -> OpenedFile:
    """Read the bytes of a file, as `open_files` does."""
    try:
        context += repr(file.macros) if file.macros else ""
        data = read_bytes(file.folder, file.path)
        context += repr(file.pictures) if b"![" in data else ""
        return OpenedFile(file, data, digest(data, context))
    except Unreadable as error:
        return OpenedFile(file, b"", digest(str(error).encode(), context), (error.line, str(error)))


def digest(data: bytes, context: str = "") -> str:
    """A digest of a file's bytes and of `context`, which is whatever else decides what is made of them."""
    return hashlib.blake2b(context.encode() + b"\0" + data, digest_size=16).hexdigest()


def read_text(content_dir: Path, path: str) -> str:
    """The text of a file of the content folder, with plain newlines and no byte-order mark. Raises Unreadable."""
    return decode(read_bytes(content_dir, path))


def read_bytes(content_dir: Path | str, path: str) -> bytes:
    """The bytes of a file of the content folder.

    Raises Unreadable when it is too large, when a link leads out of the content folder, or when the system refuses. git
    carries links, so one that led out would show any file of this machine on a page.
    """
    full = os.path.join(content_dir, path)
    if _leads_out(content_dir, full):
        raise Unreadable(1, "a link leads out of the content folder: put the file itself here")
    try:
        with open(full, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(1, f"the file cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise Unreadable(1, f"the file is larger than {LARGEST // 1_000_000} MB: split it into topics")
    return data


def _leads_out(content_dir: Path | str, full: str) -> bool:
    deck = os.path.dirname(full)
    is_of_deck = os.path.dirname(deck) == str(content_dir).rstrip("/") and "/.." not in full
    if is_of_deck and not os.path.islink(full) and not os.path.islink(deck):
        return False  # as almost always, and known sooner
    return not os.path.realpath(full).startswith(os.path.join(os.path.realpath(content_dir), ""))


def decode(data: bytes) -> str:
    """The text of a file's bytes, as in `read_text`. Raises Unreadable."""
    if data.startswith(_UTF16):
        raise Unreadable(1, "the file is UTF-16 (or UTF-32): save it as UTF-8")
    if (at := data.find(b"\0")) >= 0:
        raise Unreadable(_line(data, at), f"byte {at} is NUL: this is not a text file, or not UTF-8")
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
