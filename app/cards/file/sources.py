"""content/sources.yaml: the documents that the cards draw on, and every item in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from app.cards.file.files import Unreadable, read_text
from app.cards.file.front_matter import one_line
from app.cards.file.mistake import Mistake, nearest
from app.cards.file.yaml_map import YamlError, read_mapping

NAME = "sources.yaml"
_KEYS = ("key", "title", "what", "items")


@dataclass(frozen=True)
class Document:
    """A source document; `items` maps each item's id to what it asks or says."""

    key: str
    title: str
    what: str
    items: Mapping[str, str]


@dataclass(frozen=True)
class Sources:
    """Every document; `items` are all of theirs together."""

    documents: tuple[Document, ...]

    @cached_property
    def items(self) -> Mapping[str, str]:
        """What each item asks or says, in the documents' order."""
        return {item: says for document in self.documents for item, says in document.items.items()}


def documents(content_dir: Path) -> tuple[Document, ...]:
    """The documents that are listed; none where the list cannot be relied on."""
    sources, _mistakes = read_sources(content_dir)
    return sources.documents if sources else ()


def by_document(content_dir: Path, items: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The items by document, each with the document's title; an item of none stands for itself."""
    titles = {item: one.title for one in documents(content_dir) for item in one.items}
    grouped: dict[str, list[str]] = {}
    for item in items:
        grouped.setdefault(titles.get(item, item), []).append(item)
    return list(grouped.items())


def read_sources(content_dir: Path) -> tuple[Sources | None, list[Mistake]]:
    """Read the list; no file is an empty list. None, with the mistakes, when it cannot be relied on."""
    try:
        sources, mistakes = _parse(read_text(content_dir / NAME) if (content_dir / NAME).exists() else "documents: []")
    except Unreadable as error:
        return None, [Mistake(NAME, error.line, str(error))]
    return sources, list(mistakes)


@lru_cache(maxsize=4)  # a saved card must not wait for this list, which seldom changes
def _parse(text: str) -> tuple[Sources | None, tuple[Mistake, ...]]:
    try:
        entries = read_mapping(text)
    except YamlError as error:
        return None, (Mistake(NAME, error.line, str(error)),)
    mistakes = [
        Mistake(NAME, entry.line, f"unknown key {name!r}.{nearest(name, ['documents'])}".rstrip("."))
        for name, entry in entries.items()
        if name != "documents"
    ]
    listed = entries["documents"].value if "documents" in entries else None
    line = entries["documents"].line if "documents" in entries else 1
    if not isinstance(listed, list):
        return None, (*mistakes, Mistake(NAME, line, "documents must be a list of documents, or []"))
    documents = []
    seen: set[str] = set()
    for number, (given, at) in enumerate(zip(listed, entries["documents"].item_lines, strict=True), 1):
        try:
            documents.append(_document(given, seen))
        except ValueError as error:
            mistakes.append(Mistake(NAME, at, f"document {number}: {error}"))
    return (None if mistakes else Sources(tuple(documents))), tuple(mistakes)


def _document(given: object, seen: set[str]) -> Document:
    if not isinstance(given, dict) or set(given) != set(_KEYS):
        raise ValueError(f"must have exactly {', '.join(_KEYS)}")
    key, title, what = (one_line(given[name]) for name in _KEYS[:3])
    if not (key and title and what):
        raise ValueError("key, title and what must each be a line of text")
    if not isinstance(given["items"], dict):
        raise ValueError("items must be lines of the form id: what it says")
    items = {}
    for item, says in given["items"].items():
        if not isinstance(item, str) or not one_line(says):
            raise ValueError(f"item {item!r} must be an id and a line of text")
        if item in seen:
            raise ValueError(f"item {item!r} stands here a second time")
        seen.add(item)
        items[item] = " ".join(says.split())
    return Document(key, title, what, items)
