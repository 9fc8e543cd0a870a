"""One content file as it is now, rendered as its cards and its topic's page will look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cards.check.check import Checked, examine
from app.cards.check.check_cache import Memory
from app.cards.check.links import FindDemo
from app.cards.file.files import Found, Unreadable, find_files, read_bytes
from app.cards.file.mistake import Mistake
from app.cards.render.prepare import ReadyCard, ReadyFile, file_digest, prepare, unreadable
from app.demos.registry import find


@dataclass(frozen=True)
class Preview:
    """The file with its HTML, and all its mistakes, those that only other files show too."""

    file: ReadyFile
    mistakes: Sequence[Mistake]

    @property
    def cards(self) -> list[ReadyCard]:
        """Cards and drafts, in the order of the file."""
        return sorted((*self.file.cards, *self.file.drafts), key=lambda card: card.line)

    def card(self, name: str) -> ReadyCard | None:
        """The card of this name, or None."""
        return next((card for card in self.cards if card.name == name), None)

    def mistakes_of(self, card: ReadyCard) -> Iterator[Mistake]:
        """Those between its question and the next one."""
        after = min((other.line for other in self.cards if other.line > card.line), default=None)
        for mistake in self.mistakes:
            if card.line <= mistake.line and (after is None or mistake.line < after):
                yield mistake


def content_file(content_dir: Path, path: str) -> Found | None:
    """The file of this path, if it is one of the content."""
    try:
        return next((found for found in find_files(content_dir) if found.path == path), None)
    except OSError:
        return None


def version(found: Found) -> str:
    """Of the file's bytes: another one at every change."""
    try:
        return file_digest(read_bytes(found.full), "")
    except Unreadable as error:
        return file_digest(str(error).encode(), "")


def preview(content_dir: Path, found: Found, memory: Memory, find_demo: FindDemo = find) -> Preview:
    """Render the file. `memory` holds what is known of the others."""
    checked: Checked = examine(content_dir, find_demo, memory)
    try:
        file = prepare(found, read_bytes(found.full), "", ())
    except Unreadable as error:
        file = unreadable(found, error, b"", "")
    return Preview(file, [mistake for mistake in checked.mistakes if mistake.path == found.path])
