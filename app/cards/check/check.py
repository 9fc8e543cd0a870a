"""Everything that is wrong in the content folder, in one run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from app.cards.check.check_cache import Memory
from app.cards.check.cross_file import draft_duplicates, duplicates, outside_mistakes
from app.cards.check.links import FindDemo, Neighbourhood
from app.cards.check.misplaced import strays
from app.cards.file.deck import read_deck
from app.cards.file.files import Found, Unreadable, find_files, no_folder, read_bytes
from app.cards.file.mistake import Mistake
from app.cards.file.sources import Sources, read_sources
from app.cards.render.prepare import ReadyFile, file_digest, unreadable
from app.cards.render.prepare_many import Job, prepare_all
from app.demos.registry import find


@dataclass
class Checked:
    """What a check found. `files` are without HTML."""

    mistakes: list[Mistake] = field(default_factory=list)
    sources: Sources | None = None
    files: list[ReadyFile] = field(default_factory=list)

    @property
    def covered(self) -> set[str]:
        """The source items that some content names; what only a draft names is not covered."""
        return {
            item
            for file in self.files
            if not file.is_draft
            for part in (file.sources, *(card.sources for card in file.cards))
            for item in part
        }

    @property
    def uncovered(self) -> list[str]:
        """Source items that no content names, in the documents' order."""
        covered = self.covered
        return [item for item in (self.sources.items if self.sources else ()) if item not in covered]

    @property
    def cards(self) -> int:
        """How many there are, without the drafts."""
        return sum(len(file.cards) for file in self.files)

    @property
    def drafts(self) -> int:
        """How many cards are drafts."""
        return sum(len(file.drafts) for file in self.files)


def check(content_dir: Path, find_demo: FindDemo = find) -> list[Mistake]:
    """Every mistake, by file and line."""
    return examine(content_dir, find_demo).mistakes


def examine(content_dir: Path, find_demo: FindDemo = find, memory: Memory | None = None) -> Checked:
    """Read every content file, follow every link, run every linked demo.

    `memory` may hold what earlier runs found in the very same files; links and demos are tried at every run.
    """
    try:
        found = find_files(content_dir)
    except OSError as error:
        return Checked([no_folder(content_dir, error)])
    sources, mistakes = read_sources(content_dir)
    mistakes += strays(content_dir)
    checked = Checked(mistakes, sources, _prepared(found, memory or Memory()))
    decks = {deck: list(group) for deck, group in groupby(checked.files, key=lambda file: file.found.deck)}
    cards = {deck: {card.name for file in group for card in file.cards} for deck, group in decks.items()}
    drafts = {deck: {card.name for file in group for card in file.drafts} for deck, group in decks.items()}
    for deck, group in decks.items():
        around = Neighbourhood(
            lambda name: cards.get(name, ()), content_dir / deck, deck, find_demo, lambda name: drafts.get(name, ())
        )
        mistakes += read_deck(content_dir, deck)[1]
        mistakes += duplicates(group, {}, {})
        mistakes += draft_duplicates(group)
        for file in group:
            mistakes += [*file.mistakes, *outside_mistakes(file, sources, around)]
    checked.mistakes = sorted(set(mistakes))
    return checked


def _prepared(files: Sequence[Found], memory: Memory) -> list[ReadyFile]:
    """Every file as it is now; those that the memory holds are not parsed again."""
    ready: dict[str, ReadyFile] = {}
    jobs = []
    for found in files:
        try:
            data = read_bytes(found.full)
        except Unreadable as error:
            ready[found.path] = unreadable(found, error, b"", "")
            continue
        if known := memory.recall(found, file_digest(data, memory.context)):
            ready[found.path] = known
        else:
            jobs.append(Job(found, data, memory.context, (), show=False))
    ready.update((file.found.path, file) for file in prepare_all(jobs))
    files_in_order = [ready[found.path] for found in files]
    memory.keep(files_in_order, is_news=bool(jobs))
    return files_in_order
