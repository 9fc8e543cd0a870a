"""One content file as it is now, rendered as its cards and its topic's page will look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.cards.check.check import check_content
from app.cards.check.check_cache import CheckCache
from app.cards.file.files import OpenedFile, find_files, open_file
from app.cards.file.mistake import Mistake
from app.cards.file.pictures import find_pictures
from app.cards.file.yaml_files import read_deck
from app.cards.render.prepare import ReadyCard, ReadyFile, prepare, usable_macros
from app.demos.registry import FindDemo, find


@dataclass(frozen=True)
class Preview:
    """The file with its HTML, and all its mistakes."""

    file: ReadyFile
    mistakes: Sequence[Mistake]

    @property
    def cards(self) -> list[ReadyCard]:
        """Cards and drafts, in the order of the file."""
        return sorted((*self.file.cards, *self.file.drafts), key=lambda card: card.line)

    def card(self, name: str) -> ReadyCard | None:
        """The card with this name, or None."""
        return next((card for card in self.cards if card.name == name), None)

    def card_at(self, line: int) -> ReadyCard | None:
        """The card that a line of the file belongs to; None above the first one."""
        first_lines = {card.line: card for card in reversed(self.cards)}  # of the sides of a card, the first
        return first_lines.get(max((start for start in first_lines if start <= line), default=0))

    def mistakes_of(self, card: ReadyCard) -> Iterator[Mistake]:
        """The mistakes from its question to the next one."""
        after = min((other.line for other in self.cards if other.line > card.line), default=None)
        for mistake in self.mistakes:
            if card.line <= mistake.line and (after is None or mistake.line < after):
                yield mistake


def content_file(content_dir: Path, path: str) -> OpenedFile | None:
    """The content file with this path, or None. Its digest changes with the file."""
    try:
        found = next((file for file in find_files(content_dir) if file.path == path), None)
        if not found:
            return None
        deck, _mistakes = read_deck(content_dir, found.deck)
        pictures = find_pictures(content_dir, found.deck)
        return open_file(replace(found, macros=usable_macros(path, deck.macros)[0], pictures=pictures))
    except OSError:
        return None


def preview(content_dir: Path, opened: OpenedFile, cache: CheckCache, find_demo: FindDemo = find) -> Preview:
    """Render the file, saved or not, and check it among the others, which `cache` may hold."""
    mistakes = check_content(content_dir, find_demo, cache, waits=False, unsaved=opened).mistakes
    return Preview(prepare(opened), [mistake for mistake in mistakes if mistake.path == opened.file.path])
