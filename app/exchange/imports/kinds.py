"""The kinds of file that can be imported, in one table, and how a file is opened."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from app.cards.file.conflicts import conflicts
from app.cards.file.files import Unreadable
from app.exchange.imports.anki.read_package import read_anki
from app.exchange.imports.decode import text_of
from app.exchange.imports.draft import Notice, Reading, RefusedError
from app.exchange.imports.from_markdown import claims_markdown, read_markdown
from app.exchange.imports.from_text import (
    claims_flashcards,
    claims_questions,
    claims_theory,
    read_flashcards,
    read_questions,
    read_theory,
)
from app.exchange.imports.notes.hashcards import claims_hashcards, read_hashcards
from app.exchange.imports.notes.mochi import read_mochi
from app.exchange.imports.notes.obsidian import claims_obsidian, read_obsidian
from app.exchange.imports.notes.org import claims_org, read_org
from app.exchange.imports.notes.remnote import claims_remnote, read_remnote
from app.exchange.imports.own_json import claims_json, read_json
from app.exchange.imports.table.read_table import claims_table, read_table
from app.nearest import did_you_mean

LARGEST_TEXT = 64_000_000
LARGEST_PAGE = 2_000_000


@dataclass(frozen=True)
class HowToRead:
    """What a person says of a file: its kind, if the first row of a table names columns, and the encoding of a text.

    By default all of it is found out.
    """

    kind: str = ""
    header: bool | None = None
    encoding: str = ""


@dataclass
class ImportFile:
    """A file to import. `scratch` is an empty folder to unpack it in, `guesses` say how its text was decoded."""

    path: Path
    scratch: Path
    how: HowToRead = field(default_factory=HowToRead)
    guesses: list[Notice] = field(default_factory=list)

    @cached_property
    def head(self) -> bytes:
        """The first 16 bytes. Raises RefusedError if the file cannot be read."""
        return self._bytes(16)

    @cached_property
    def table(self) -> str:
        """The whole text, at most 64 MB. Raises RefusedError if it is longer, or no text."""
        data = self._bytes(LARGEST_TEXT + 1)
        if len(data) > LARGEST_TEXT:
            raise RefusedError(f"the file is larger than {LARGEST_TEXT // 1_000_000} MB: import it in parts")
        try:
            text = text_of(data, self.how.encoding, self.guesses)
        except Unreadable as error:
            raise RefusedError(f"line {error.line}: {error}") from None
        if not text.strip():
            raise RefusedError("the file is empty")
        for line, message in conflicts(text.split("\n")) if "\n>>>>>>>" in text else ():
            raise RefusedError(f"line {line}: {message}")
        return text

    @property
    def page(self) -> str:
        """The text of a document, at most 2 MB. Raises RefusedError if it is longer, or no text."""
        if len(self.table) > LARGEST_PAGE:
            raise RefusedError(f"the page is longer than {LARGEST_PAGE // 1_000_000} MB: import it in parts")
        return self.table

    def _bytes(self, most: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise RefusedError(f"the file cannot be read: {error.strerror}") from None


@dataclass(frozen=True)
class ImportKind:
    """A kind of file: its name, a description, its file endings, if another file `claims` to be one, and its reader.

    The pictures of a text lie beside it; a package holds its own.
    """

    name: str
    what: str
    suffixes: tuple[str, ...]
    claims: Callable[[ImportFile], bool]
    read: Callable[[ImportFile], Reading]
    is_text: bool = True


def _page(name: str, what: str, claims: Callable[[str], bool], read: Callable[[str], Reading]) -> ImportKind:
    """A kind of page, which is known by its text alone."""
    return ImportKind(name, what, (), lambda source: claims(source.page), lambda source: read(source.page))


KINDS = (
    ImportKind(
        "anki",
        "an Anki package",
        (".apkg", ".colpkg"),
        lambda source: source.head.startswith(b"PK\3\4"),
        lambda source: read_anki(source.path, source.scratch),
        is_text=False,
    ),
    ImportKind(
        "csv",
        "a table with a question and an answer in each row",
        (".csv", ".tsv"),
        lambda source: source.table.startswith("#separator:"),
        lambda source: read_table(source.table, source.how.header),
    ),
    ImportKind(
        "mochi",
        "a package of Mochi",
        (".mochi",),
        lambda _: False,
        lambda source: read_mochi(source.path),
        is_text=False,
    ),
    ImportKind(
        "json",
        "cards that recur export wrote as JSON",
        (),
        lambda it: claims_json(it.table),
        lambda it: read_json(it.table),
    ),
    _page("flashcards", "a pasted flashcard deck: number, Q, front, A, back", claims_flashcards, read_flashcards),
    _page("theory", "questions as Q1: …, each with Answer", claims_theory, read_theory),
    _page("questions", "a numbered list of questions, each with Answer: …", claims_questions, read_questions),
    replace(_page("org", "notes of Org mode, a question a heading", claims_org, read_org), suffixes=(".org",)),
    _page("hashcards", "a deck of hashcards: Q: …, A: …, C: …", claims_hashcards, read_hashcards),
    _page("remnote", "a list of RemNote: - front >> back", claims_remnote, read_remnote),
    _page("obsidian", "notes of Obsidian: question::answer, or a line ? between", claims_obsidian, read_obsidian),
    _page("markdown", "a Markdown or MyST page, a question a heading", claims_markdown, read_markdown),
)


def find_kind(name: str) -> ImportKind:
    """Return the kind of that name. Raises RefusedError if there is none."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    names = [kind.name for kind in KINDS]
    raise RefusedError(
        f"there is no kind {name!r}; there are {', '.join(names)}.{did_you_mean(name, names)}".rstrip(".")
    )


def kind_of(source: ImportFile) -> ImportKind:
    """Find out a file's kind from its ending, or else from its content. Raises RefusedError if it is none of them."""
    suffix = source.path.suffix.lower()
    for kind in KINDS:
        if suffix in kind.suffixes:
            return kind
    for kind in KINDS:
        if kind.claims(source):
            return kind
    if claims_table(source.table):
        return find_kind("csv")
    known = "; ".join(f"{kind.name} ({kind.what})" for kind in KINDS)
    raise RefusedError(f"it looks like none of the kinds that can be imported: {known}. Name one with --kind")
