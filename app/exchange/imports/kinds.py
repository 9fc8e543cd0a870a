"""The kinds of source that become content files: one table."""

from collections.abc import Callable
from dataclasses import dataclass

from app.cards.file.mistake import nearest
from app.exchange.imports.draft import Reading, RefusedError
from app.exchange.imports.from_anki import read_anki
from app.exchange.imports.from_csv import claims_table, read_table
from app.exchange.imports.from_flashcards import claims_flashcards, read_flashcards
from app.exchange.imports.from_markdown import claims_markdown, read_markdown
from app.exchange.imports.from_questions import claims_questions, read_questions
from app.exchange.imports.from_theory import claims_theory, read_theory
from app.exchange.imports.source import Source


@dataclass(frozen=True)
class Kind:
    """A kind of source: what it is, how its files' names end, whether another file looks like it, how it is read."""

    name: str
    what: str
    suffixes: tuple[str, ...]
    claims: Callable[[Source], bool]
    read: Callable[[Source], Reading]


KINDS = (
    Kind(
        "anki",
        "an Anki package",
        (".apkg", ".colpkg"),
        lambda source: source.head.startswith(b"PK\3\4"),
        lambda source: read_anki(source.path, source.scratch),
    ),
    Kind(
        "csv",
        "a table with a question and an answer in each row",
        (".csv", ".tsv"),
        lambda source: source.table.startswith("#separator:"),
        lambda source: read_table(source.table),
    ),
    Kind(
        "flashcards",
        "a pasted flashcard deck: number, Q, front, A, back",
        (),
        lambda source: claims_flashcards(source.page),
        lambda source: read_flashcards(source.page),
    ),
    Kind(
        "theory",
        "questions as Q1: …, each with Answer",
        (),
        lambda source: claims_theory(source.page),
        lambda source: read_theory(source.page),
    ),
    Kind(
        "questions",
        "a numbered list of questions, each with Answer: …",
        (),
        lambda source: claims_questions(source.page),
        lambda source: read_questions(source.page),
    ),
    Kind(
        "markdown",
        "a Markdown or MyST page, a question a heading",
        (),
        lambda source: claims_markdown(source.page),
        lambda source: read_markdown(source.page),
    ),
)


def find_kind(name: str) -> Kind:
    """The kind of that name. Raises RefusedError."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    names = [kind.name for kind in KINDS]
    raise RefusedError(f"there is no kind {name!r}; there are {', '.join(names)}.{nearest(name, names)}".rstrip("."))


def kind_of(source: Source) -> Kind:
    """What a file is, by its name's end or else by what is in it. Raises RefusedError when it is none of the kinds."""
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
