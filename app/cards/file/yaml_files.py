"""What authors write in YAML: sources.yaml, each deck's deck.yaml, and front matter. The one door to PyYAML."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import yaml

from app.cards.file.conflicts import conflicts
from app.cards.file.files import Unreadable, read_text
from app.cards.file.mistake import Mistake
from app.nearest import did_you_mean

DECK = "deck.yaml"
SOURCES = "sources.yaml"
LAST = 999_999
"""The order of a topic that states none."""
LONGEST_NUMBER = 40
LONGEST_MACRO = 500
MOST_MACROS = 200
MOST_VALUES = 20_000
"""Of one text, with its names: they take a second to read."""
# A name and a number, or a text that YAML cannot take for anything else.
_SIMPLE = re.compile(
    r"(title|order): (?:(0|[1-9]\d{0,5})|((?!(?i:yes|no|on|off|y|n|true|false|null)\b)[A-Za-z](?:[\w ,.()/-]*[\w.)])?))"
)
_PAPER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEYS = ("key", "title", "what", "items")
_PAPER_KEYS = ("authors", "year", "title", "venue")


@dataclass(frozen=True)
class Entry:
    """A value and the line of its key, from 1. `item_lines` are those of a list's items or a mapping's names."""

    value: object
    line: int
    item_lines: tuple[int, ...] = ()


class YamlError(ValueError):
    """YAML that is not a mapping of plain names; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _PlainLoader(yaml.SafeLoader):
    """Reads what people write by hand. A few lines of aliases stand for gigabytes, and a long number for minutes."""

    values = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.values += 1
        if (is_alias := self.check_event(yaml.AliasEvent)) or self.values > MOST_VALUES:
            problem = "a value that begins with * is an alias: write the value itself, or put quotes around it"
            problem = problem if is_alias else f"more than {MOST_VALUES:,} values and names: split the file"
            raise yaml.composer.ComposerError(None, None, problem, self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[str] = set()
        for key, _value in node.value:
            if key.value in seen:
                problem = f"{key.value!r} appears twice: remove one"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def bounded_int(self, node: yaml.ScalarNode) -> int:
        return self.construct_yaml_int(self._bounded(node))

    def bounded_float(self, node: yaml.ScalarNode) -> float:
        return self.construct_yaml_float(self._bounded(node))

    def _bounded(self, node: yaml.ScalarNode) -> yaml.ScalarNode:
        if len(node.value) > LONGEST_NUMBER:
            problem = (
                f"a number has at most {LONGEST_NUMBER} characters: put quotes around text that looks like a number"
            )
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return node


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.bounded_int)
_PlainLoader.add_constructor("tag:yaml.org,2002:float", _PlainLoader.bounded_float)


def read_mapping(text: str, first_line: int = 1) -> Mapping[str, Entry]:
    """Read the top-level keys of a YAML mapping; an empty text is an empty mapping.

    Raises YamlError when the text is not YAML, is not a mapping, or has a key twice (which PyYAML accepts).
    """
    lines = text.split("\n")
    if all(simple := [_SIMPLE.fullmatch(line) for line in lines]):
        # Front matter is most often so, and read a hundred times as fast.
        found = [(one[1], int(one[2]) if one[2] else one[3], n) for n, one in enumerate(simple, first_line) if one]
        if len({name for name, _value, _line in found}) == len(found):
            return {name: Entry(value, line) for name, value, line in found}
    for line, message in conflicts(lines):
        raise YamlError(first_line - 1 + line, message)
    try:
        return _entries(_PlainLoader(_WITH_ARGUMENTS.sub(_quoted, text)), first_line)
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(first_line + (mark.line if mark else 0), f"not valid YAML: {_with_remedy(error)}") from error
    except yaml.reader.ReaderError as error:
        line = first_line + text.count("\n", 0, error.position)
        raise YamlError(line, f"not valid YAML: character U+{error.character:04X} is not allowed") from error
    except RecursionError:
        raise YamlError(first_line, "not valid YAML: nested too deeply") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise YamlError(first_line, f"not valid YAML: {error}") from error


# In a macro, #1 behind a space is an argument; to YAML, it would begin a comment.
_WITH_ARGUMENTS = re.compile(r"^([ \t]+\\?[a-zA-Z]+:[ \t]+)([^\s'\"|>#].*\s#[1-9].*)$", re.MULTILINE)


def _quoted(found: re.Match[str]) -> str:
    escaped = found[2].rstrip().replace("'", "''")
    return f"{found[1]}'{escaped}'"


def _with_remedy(error: yaml.MarkedYAMLError) -> str:
    """What is wrong and, for the commonest mistakes, what to do."""
    problem = error.problem or "it cannot be read"
    if problem.startswith("mapping values"):
        return f'{problem}: a value with ": " in it needs quotes'
    if "expected <block end>" in problem or "expected ',' or" in problem or "cannot start any token" in problem:
        return f"{problem}: a value that begins with a sign such as [ {{ * & needs quotes, and a tab is not a space"
    return problem


def _entries(loader: yaml.SafeLoader, first_line: int) -> Mapping[str, Entry]:
    node = loader.get_single_node()
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise YamlError(first_line, "this must be lines of the form name: value")
    entries: dict[str, Entry] = {}
    for key, value in node.value:
        line = first_line + key.start_mark.line
        name = loader.construct_object(key, deep=True)
        if not isinstance(name, str):
            raise YamlError(line, "a name must be a word")
        if name in entries:
            raise YamlError(line, f"{name!r} appears twice: remove one")
        items = value.value if isinstance(value, yaml.CollectionNode) else ()
        marks = (item[0].start_mark if isinstance(item, tuple) else item.start_mark for item in items)
        item_lines = tuple(first_line + mark.line for mark in marks)
        entries[name] = Entry(loader.construct_object(value, deep=True), line, item_lines)
    return entries


def one_line(value: object) -> str | None:
    """The value as one line of printable text, or None when it is empty or not text."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if text and text.isprintable() else None


def unknown_keys(entries: Mapping[str, Entry], known: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The line of each key that is not known, and a message."""
    for key, entry in entries.items():
        if key not in known:
            yield entry.line, f"unknown key {key!r}.{did_you_mean(key, known)}".rstrip(".")


def read_title(entries: Mapping[str, Entry]) -> tuple[str | None, list[tuple[int, str]]]:
    """The value of `title`, and otherwise its line and a message."""
    entry = entries.get("title", Entry(None, 1))
    title = one_line(entry.value)
    return title, [] if title else [(entry.line, "a title is needed, as one line of text")]


@dataclass(frozen=True)
class Macro:
    r"""A command of an author's own for formulas: its name without \, what it stands for, and the line of it."""

    name: str
    body: str
    line: int


def _read_macros(entries: Mapping[str, Entry]) -> tuple[tuple[Macro, ...], list[tuple[int, str]]]:
    """The macros of a file or a deck, and the lines and messages of those that are none."""
    entry = entries.get("macros", Entry({}, 1))
    if not isinstance(entry.value, dict):
        return (), [(entry.line, r"macros must be lines of the form R: \mathbb{R}, each with spaces before it")]
    found, problems = [], []
    for (name, body), line in zip(entry.value.items(), entry.item_lines, strict=True):
        name = str(name).removeprefix("\\")
        if not re.fullmatch("[a-zA-Z]+", name):
            problems.append((line, f"the macro name {name!r} can contain only letters"))
        elif not isinstance(body, str) or not body.strip() or len(body) > LONGEST_MACRO:
            problems.append(
                (line, f"the macro {name} needs LaTeX as one line of text, in quotes if it begins with a sign")
            )
        else:
            found.append(Macro(name, body.strip(), line))
    return tuple(found[:MOST_MACROS]), problems


@dataclass(frozen=True)
class Front:
    """A topic's title, order and macros; without an order it comes last. If it `is_draft`, all its cards are."""

    title: str
    order: int = LAST
    is_draft: bool = False
    macros: tuple[Macro, ...] = ()


def read_front(path: str, lines: Sequence[str]) -> tuple[Front | None, int, list[Mistake]]:
    """Read a topic's front matter. Returns it (None if it has mistakes), the number of its lines, and its mistakes."""
    if lines[0].rstrip() != "---":
        message = "the file must begin with front matter: a line ---, title: …, order: …, and a line ---"
        return None, 0, [Mistake(path, 1, message)]
    end = next((index for index, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return None, len(lines), [Mistake(path, 1, "the front matter is not closed: end it with a line ---")]
    try:
        entries = read_mapping("\n".join(lines[1:end]), first_line=2)
    except YamlError as error:
        return None, end + 1, [Mistake(path, error.line, f"front matter: {error}")]
    title, problems = read_title(entries)
    macros, wrong = _read_macros(entries)
    problems += [*wrong, *unknown_keys(entries, ("title", "order", "draft", "macros"))]
    order = entries.get("order", Entry(LAST, 1))
    number = order.value if type(order.value) is int else -1  # isinstance() takes a bool for an int
    if not 0 <= number <= LAST:
        problems.append((order.line, f"order must be a whole number from 0 to {LAST}"))
    draft = entries.get("draft", Entry(False, 1))
    if not isinstance(draft.value, bool):
        problems.append((draft.line, "draft must be yes or no"))
    mistakes = [Mistake(path, line, f"front matter: {message}") for line, message in problems]
    front = Front(title, number, draft.value is True, macros) if title and not problems else None
    return front, end + 1, mistakes


@dataclass(frozen=True)
class DeckFile:
    """What deck.yaml says of a deck. If it is `strict`, a number of one random draw is a mistake, else a warning."""

    title: str
    strict: bool = False
    macros: tuple[Macro, ...] = ()


def read_deck(content_dir: Path, name: str) -> tuple[DeckFile, list[Mistake]]:
    """Read a deck's optional deck.yaml. The title is the folder's name by default. Returns it, and the mistakes."""
    path = f"{name}/{DECK}"
    if not (content_dir / path).exists():
        return DeckFile(name), []
    try:
        entries = read_mapping(read_text(content_dir, path))
    except (Unreadable, YamlError) as error:
        return DeckFile(name), [Mistake(path, error.line, str(error))]
    title, problems = read_title(entries)
    macros, wrong = _read_macros(entries)
    problems += [*wrong, *unknown_keys(entries, ["title", "numbers", "macros"])]
    numbers = entries.get("numbers", Entry("any", 1))
    if numbers.value not in ("any", "over draws"):
        problems.append((numbers.line, "numbers must be any, or over draws: then one random draw proves nothing"))
    deck = DeckFile(title or name, strict=numbers.value == "over draws", macros=macros)
    return deck, [Mistake(path, line, message) for line, message in problems]


@dataclass(frozen=True)
class Document:
    """A source document; `items` maps each item's id to what it asks or says."""

    key: str
    title: str
    what: str
    items: Mapping[str, str]


@dataclass(frozen=True)
class Paper:
    """A paper that cards may cite."""

    authors: str
    year: int
    title: str
    venue: str


@dataclass(frozen=True)
class Sources:
    """The documents that the cards draw on, and the papers they may cite, by key."""

    documents: tuple[Document, ...]
    papers: Mapping[str, Paper] = field(default_factory=dict)

    @cached_property
    def items(self) -> Mapping[str, str]:
        """What each item of every document asks or says, in the documents' order."""
        return {item: says for document in self.documents for item, says in document.items.items()}


def documents(content_dir: Path) -> tuple[Document, ...]:
    """The documents of sources.yaml; empty when it has mistakes."""
    sources, _mistakes = read_sources(content_dir)
    return sources.documents if sources else ()


def by_document(content_dir: Path, items: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Group items under their documents' titles; an item of no document is its own title."""
    titles = {item: one.title for one in documents(content_dir) for item in one.items}
    grouped: dict[str, list[str]] = {}
    for item in items:
        grouped.setdefault(titles.get(item, item), []).append(item)
    return list(grouped.items())


def read_sources(content_dir: Path) -> tuple[Sources | None, list[Mistake]]:
    """Read sources.yaml; a missing file lists nothing. Returns None and the mistakes when it has any."""
    try:
        text = read_text(content_dir, SOURCES) if (content_dir / SOURCES).exists() else "documents: []"
    except Unreadable as error:
        return None, [Mistake(SOURCES, error.line, str(error))]
    sources, mistakes = _parse_sources(text)
    return sources, list(mistakes)


@lru_cache(maxsize=4)  # the list seldom changes, and a saved card must not wait for it
def _parse_sources(text: str) -> tuple[Sources | None, tuple[Mistake, ...]]:
    try:
        entries = read_mapping(text)
    except YamlError as error:
        return None, (Mistake(SOURCES, error.line, str(error)),)
    mistakes = [Mistake(SOURCES, line, message) for line, message in unknown_keys(entries, ["documents", "papers"])]
    entry = entries.get("documents", Entry(None, 1))
    if not isinstance(entry.value, list):
        return None, (*mistakes, Mistake(SOURCES, entry.line, "documents must be a list of documents, or []"))
    documents = []
    seen: set[str] = set()
    for number, (given, at) in enumerate(zip(entry.value, entry.item_lines, strict=True), 1):
        try:
            documents.append(_document(given, seen))
        except ValueError as error:
            mistakes.append(Mistake(SOURCES, at, f"document {number}: {error}"))
    papers, wrong = _papers(entries.get("papers", Entry({}, 1)))
    mistakes += wrong
    return (None if mistakes else Sources(tuple(documents), papers)), tuple(mistakes)


def _papers(entry: Entry) -> tuple[dict[str, Paper], list[Mistake]]:
    """Read the papers by key, and name each that is not whole."""
    if not isinstance(entry.value, dict):
        return {}, [Mistake(SOURCES, entry.line, "papers must be lines of the form key: with the paper below it")]
    papers, mistakes = {}, []
    for (key, given), line in zip(entry.value.items(), entry.item_lines, strict=True):
        texts = [one_line(given.get(name)) for name in ("authors", "title", "venue")] if isinstance(given, dict) else []
        if not (isinstance(key, str) and _PAPER.fullmatch(key)):
            problem = "a paper's key must be lower-case letters, digits and hyphens"
        elif not isinstance(given, dict) or set(given) != set(_PAPER_KEYS) or not all(texts):
            problem = f"must have exactly {', '.join(_PAPER_KEYS)}, each on a line of its own"
        elif type(given["year"]) is not int or not 1000 <= given["year"] <= 9999:
            problem = "year must be a number such as 1997"
        else:
            papers[key] = Paper(str(texts[0]), given["year"], str(texts[1]), str(texts[2]))
            continue
        mistakes.append(Mistake(SOURCES, line, f"paper {key}: {problem}"))
    return papers, mistakes


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
            raise ValueError(f"item {item!r} appears twice")
        seen.add(item)
        items[item] = " ".join(says.split())
    return Document(key, title, what, items)
