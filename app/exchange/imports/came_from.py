"""Remembers which card came from which entry of an imported file, so that a later version of the file updates it.

Each deck's folder holds a list, `.imported.jsonl`, which belongs into git with the cards.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.cards.file.parse import ParsedCard
from app.cards.render.prepare import hash_of_text
from app.exchange.imports.draft import RefusedError
from app.whole_file import replace_file

LIST = ".imported.jsonl"


@dataclass(frozen=True, order=True)
class CameFrom:
    """An imported card. `origin` is the name of the content file that the import made, `key` names the entry in the
    imported file, `card` is the card's name here, and `text` the hash of its Markdown as the import wrote it.

    A key that begins with "id:" holds wherever the entry is imported from, any other in its own file alone.
    """

    origin: str
    key: str
    card: str
    text: str


@dataclass(frozen=True)
class Present:
    """A card that is in a content file."""

    path: str
    card: ParsedCard

    @property
    def place(self) -> str:
        """Where it is, for a sentence."""
        return f"{self.path}:{self.card.line}"


@dataclass
class Before:
    """The cards of a deck by their names, and which of them were imported, before an import begins."""

    cards: Mapping[str, Present] = field(default_factory=dict)
    imported: Collection[CameFrom] = ()

    def __post_init__(self) -> None:
        self._by_key = {self._key(one.origin, one.key): one for one in self.imported}
        self._by_text = {same_text(one.card.question, one.card.answer): name for name, one in self.cards.items()}

    def entry(self, origin: str, key: str) -> CameFrom | None:
        """The card that came from an entry, if it was imported before."""
        return self._by_key.get(self._key(origin, key))

    def same_as(self, question: str, answer: str) -> str:
        """The name of the card with the same words, or ""."""
        return self._by_text.get(same_text(question, answer), "")

    @staticmethod
    def _key(origin: str, key: str) -> tuple[str, str]:
        return ("" if key.startswith("id:") else origin, key)


def same_text(question: str, answer: str) -> tuple[str, str]:
    """What two cards have in common that say the same, whatever their spaces."""
    return " ".join(question.split()), " ".join(answer.split())


def text_hash(markdown: str) -> str:
    """The hash of a card's Markdown, as the parser would find it in a file."""
    return hash_of_text("\n".join(line.rstrip() for line in markdown.split("\n")).strip())


def read_list(folder: Path) -> list[CameFrom]:
    """Read a deck's list. Raises RefusedError if it is damaged."""
    try:
        lines = (folder / LIST).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{folder / LIST} cannot be read: {error}") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            found.append(CameFrom(*(str(entry[name]) for name in ("origin", "key", "card", "text"))))
        except (ValueError, KeyError, TypeError):
            raise RefusedError(
                f"{folder / LIST}:{number}: this is not an entry of the list: fix or remove the line"
            ) from None
    return found


def write_list(folder: Path, entries: Iterable[CameFrom]) -> None:
    """Write a deck's list, sorted, a line for each card. Raises OSError."""
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in sorted(set(entries)))
    replace_file(folder / LIST, "".join(lines).encode())
    (folder / LIST).chmod(0o644)
