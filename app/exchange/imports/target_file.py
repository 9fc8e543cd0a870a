"""Where imported cards go: a new file of a deck, and ids that are free in it."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.cards.file.files import TopicFile, Unreadable, find_files, read_text
from app.cards.file.parse import NAME, parse, slug
from app.exchange.imports.came_from import Before, CameFrom, Present, read_list, write_list
from app.exchange.imports.draft import RefusedError
from app.whole_file import replace_file

_FOLDER = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


@dataclass(frozen=True)
class TargetFile:
    """content_dir/deck/name.md. It exists already if the import updates what an earlier one wrote.

    `before` are the cards of the deck, `there` the texts of the files with cards of that import, by path.
    """

    content_dir: Path
    deck: str
    name: str
    before: Before = field(default_factory=Before)
    there: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The deck's folder, which may not exist yet."""
        return self.content_dir / self.deck

    @property
    def taken(self) -> set[str]:
        """The names that cards of the deck have or had."""
        return {*self.before.cards, *(one.card for one in self.before.imported)}

    def store(self, parts: Mapping[str, Path], texts: Mapping[str, str], entries: Iterable[CameFrom]) -> list[Path]:
        """Move new files in, replace the texts of others by path, and write the list of imported cards.

        All or nothing. Returns all files that were written. Raises RefusedError.
        """
        moved = self.move_in(parts)
        replaced: dict[Path, bytes] = {}
        try:
            for path, text in texts.items():
                full = self.content_dir / path
                before = full.read_bytes()
                replace_file(full, text.encode())
                replaced[full] = before
            write_list(self.folder, entries)
        except BaseException as error:
            for full, data in replaced.items():
                replace_file(full, data)
            for full in moved:
                full.unlink()
            if isinstance(error, OSError):
                raise RefusedError(f"{self.folder} cannot be written: {error.strerror}") from None
            raise
        return [*replaced, *moved]

    def free(self, wanted: str) -> str:
        """`wanted` if there is no file of that name and the import is new, otherwise with the first free number."""
        number, name = 1, wanted
        while self.there and (self.folder / f"{name}.md").exists():
            number += 1
            name = f"{wanted}-{number}"
        return name

    def move_in(self, parts: Mapping[str, Path]) -> list[Path]:
        """Move files into the deck, by their paths in its folder: all or none.

        Raises RefusedError if one would be overwritten, or written through a link.
        """
        moved: list[Path] = []
        made: list[Path] = []
        try:
            for name, part in parts.items():
                target = self.folder / name
                for folder in (self.folder, target.parent):
                    if not folder.exists():
                        folder.mkdir()
                        made.append(folder)
                if target.parent != self.folder and target.parent.is_symlink():
                    raise RefusedError(f"{target.parent} is a link: put a folder in its place")
                _place(part, target)
                moved.append(target)
        except BaseException as error:
            for done in moved:
                done.unlink()
            for folder in reversed(made):
                if not any(folder.iterdir()):
                    folder.rmdir()
            if isinstance(error, FileExistsError):
                raise RefusedError(f"{target} already exists; nothing is overwritten") from None
            if isinstance(error, OSError):
                raise RefusedError(f"{self.folder} cannot be written: {error.strerror}") from None
            raise
        return moved


def _place(part: Path, target: Path) -> None:
    """Give a file a second name. Raises FileExistsError if the name is taken; a move would replace that file."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with target.open("xb") as file:
            file.write(part.read_bytes())


def target_file(content_dir: Path, into: str, source: Path) -> TargetFile:
    """Return the target for `into`: "", a deck, deck/name, or the path of a file in the content folder.

    By default, the deck is the only one there is, and the name is that of `source`. Raises RefusedError.
    """
    if not content_dir.is_dir():
        raise RefusedError(f"there is no content folder {content_dir}: set RECUR_CONTENT_DIR")
    files = find_files(content_dir)
    decks = sorted({found.deck for found in files})
    deck, name = _parts(content_dir, into)
    if not deck:
        if len(decks) != 1:
            raise RefusedError(
                f"say which deck with --into DECK or --into DECK/NAME; there are {', '.join(decks) or 'none'}"
            )
        deck = decks[0]
    name = name or slug(source.stem)
    for what, given in (("deck", deck), ("file", name)):
        if not _FOLDER.fullmatch(given):
            raise RefusedError(f"the {what} name {given!r} must be lower-case letters, digits and hyphens")
    imported = read_list(content_dir / deck)
    cards, texts = cards_of(content_dir, deck, files)
    homes = {cards[one.card].path for one in imported if one.origin == name and one.card in cards}
    there = {path: text for path, text in texts.items() if path in homes}
    same = [path for path in texts if re.fullmatch(rf"{deck}/{name}(-\d+)?\.md", path)]
    if same and not there:
        first, rule = content_dir / same[0], f"say another name with --into {deck}/NAME"
        raise RefusedError(f"{first} already exists, and no import wrote it; {rule}")
    return TargetFile(content_dir, deck, name, Before(cards, imported), there)


def cards_of(content_dir: Path, deck: str, files: Sequence[TopicFile]) -> tuple[dict[str, Present], dict[str, str]]:
    """Return a deck's cards by their names, drafts too, and its files' texts by their paths. Raises RefusedError."""
    cards: dict[str, Present] = {}
    texts: dict[str, str] = {}
    for found in files:
        if found.deck == deck:
            try:
                texts[found.path] = text = read_text(content_dir, found.path)
            except Unreadable as error:
                raise RefusedError(f"{found.full}: {error}. Its ids must be known: fix it first") from None
            cards |= {card.name: Present(found.path, card) for card in parse(found.path, text).cards}
    return cards, texts


def _parts(content_dir: Path, into: str) -> tuple[str, str]:
    """Return the deck and the name in `into`, each "" if it is missing."""
    path = Path(into)
    if into and path.resolve().is_relative_to(content_dir.resolve()):
        path = path.resolve().relative_to(content_dir.resolve())
    parts = path.with_suffix("").parts if path.suffix == ".md" else path.parts
    if len(parts) > 2 or path.is_absolute() or ".." in parts:
        raise RefusedError(f"--into {into}: write DECK or DECK/NAME, a file of the content folder {content_dir}")
    return (parts[0] if parts else ""), (parts[1] if len(parts) > 1 else "")


@dataclass
class FreeIds:
    """Gives out ids that are free in a deck."""

    taken: set[str]
    next: Counter[str] = field(default_factory=Counter)

    def free(self, wanted: str, otherwise: str) -> str:
        """Take `wanted` if it is a valid id, else `otherwise`, with the first free number appended if it is taken."""
        name = wanted if NAME.fullmatch(wanted) else otherwise
        free = name
        while free in self.taken:
            self.next[name] += 1
            free = f"{name}-{self.next[name] + 1}"
        self.taken.add(free)
        return free
