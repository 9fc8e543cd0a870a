"""Checks the whole content folder: its mistakes, and which source items it covers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from app.cards.check.check_cache import CheckCache
from app.cards.check.judge import Claim, Remarks, judge, open_content
from app.cards.file.files import OpenedFile, digest, no_folder, open_files
from app.cards.file.mistake import Mistake
from app.cards.file.yaml_files import Sources
from app.cards.render.prepare import ReadyFile, prepare_all, without_collecting
from app.demos.registry import FindDemo, find


@dataclass(frozen=True)
class Coverage:
    """What covers a source item: a card, or (if `card` is empty) the explanation or key points of a topic."""

    deck: str
    topic: str
    card: str
    title: str

    def __str__(self) -> str:
        return f"{self.deck}/{self.card}" if self.card else f"{self.deck}/{self.topic}.md"


@dataclass
class Checked:
    """The result of a check: every mistake, by file and line, and the files without their HTML.

    `pending` are the links whose numbers take long to compute, if the check did not wait for them.
    """

    mistakes: list[Mistake]
    sources: Sources | None = None
    files: list[ReadyFile] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    pending: list[Claim] = field(default_factory=list)

    @cached_property
    def covered(self) -> Mapping[str, list[Coverage]]:
        """For each source item that some content names, the places, in learning order. Drafts cover nothing."""
        found: dict[str, list[Coverage]] = {}
        for file in sorted(self.files, key=lambda file: (file.found.deck, file.place)):
            for item, place in () if file.is_draft else _coverage(file):
                found.setdefault(item, []).append(place)
        return found

    @property
    def uncovered(self) -> list[str]:
        """The source items that no content names, in the documents' order."""
        return [item for item in (self.sources.items if self.sources else ()) if item not in self.covered]

    @property
    def cards(self) -> int:
        """The number of cards, without drafts."""
        return sum(len(file.cards) for file in self.files)

    @property
    def drafts(self) -> int:
        """The number of drafts."""
        return sum(len(file.drafts) for file in self.files)


def _coverage(file: ReadyFile) -> Iterator[tuple[str, Coverage]]:
    for item in file.sources:
        yield item, Coverage(file.found.deck, file.found.name, "", file.title)
    for card in file.cards:
        for item in card.sources:
            yield item, Coverage(file.found.deck, file.found.name, card.name, card.question)


def coverage_table(checked: Checked) -> list[str]:
    """The lines of a table of document, item, and what covers it, in the documents' order."""
    rows = [
        (document.key, item, ", ".join(map(str, checked.covered.get(item, ()))) or "–")
        for document in (checked.sources.documents if checked.sources else ())
        for item in document.items
    ]
    head = ("document", "item", "cards, and topics that explain it")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in (0, 1)]
    return [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in (head, *rows)]


@without_collecting()
def check_content(
    content_dir: Path,
    find_demo: FindDemo = find,
    cache: CheckCache | None = None,
    waits: bool = True,
    unsaved: OpenedFile | None = None,
) -> Checked:
    """Read every content file, follow every link, and run every linked demo. One file may be `unsaved` as yet.

    `cache` may hold what earlier checks found in the same files; links and demos are tried at every check. If it
    `waits`, what demos compute over many draws is computed; else links to them are judged only if that is known.
    """
    try:
        content = open_content(content_dir)
    except OSError as error:
        return Checked([no_folder(content_dir, error)])
    cache = cache or CheckCache()
    opened = open_files(content.files, cache.context)
    if unsaved is not None:
        itself = replace(unsaved, digest=digest(unsaved.data, cache.context))
        opened = [itself if one.file.path == unsaved.file.path else one for one in opened]
    known = cache.recall(opened)
    news = prepare_all([one for one in opened if one.file.path not in known], show=False)
    by_path = known | {file.found.path: file for file in news}
    files = [by_path[file.path] for file in content.files]
    cache.keep(files, is_news=bool(news))
    remarks = Remarks(waits)
    of_files = judge(files, content, find_demo, cache.others, remarks)
    mistakes = {*content.mistakes, *(mistake for found in of_files.values() for mistake in found)}
    return Checked(sorted(mistakes), content.sources, files, sorted(set(remarks.warnings)), remarks.pending)
