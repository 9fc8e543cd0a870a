"""Writes what a reader found into new content files: all of them, or none."""

import bisect
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.cards.check.judge import Around, outside_mistakes
from app.cards.file.files import OpenedFile, TopicFile
from app.cards.file.yaml_files import Sources
from app.cards.render.prepare import prepare
from app.exchange.imports.draft import Draft, Reading, RefusedError, Skipped
from app.exchange.imports.markdown.mend import mend, mend_question, split_question
from app.exchange.imports.piece import FilePiece, file_text, name_of, piece_of, title_of
from app.exchange.imports.target_file import FreeIds, TargetFile

CARDS_A_FILE = 200
BYTES_A_FILE = 500_000
MOST_TOLD = 1_000


@dataclass
class Imported:
    """What an import did. `drafts` counts the cards without an answer.

    `told` holds (place in the file, sentence), up to a thousand; `sentences` counts all of them.
    """

    title: str
    files: list[Path] = field(default_factory=list)
    cards: int = 0
    drafts: int = 0
    skipped: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    sentences: int = 0

    def tell(self, where: str, sentence: str) -> None:
        """Add a sentence that the author should read."""
        self.sentences += 1
        if len(self.told) < MOST_TOLD:
            self.told.append((where, sentence))


def write(
    reading: Reading, target: TargetFile, sources: Sources | None, progress: Callable[[int], None] = lambda _done: None
) -> Imported:
    """Write every draft. `progress` is called with the number of items read, every hundred. Raises RefusedError."""
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target.content_dir) as scratch:
        writer = _Writer(Path(scratch), target, sources, Imported(title_of(reading.title) or target.name))
        writer.begin(reading)
        for number, item in enumerate(reading.items, 1):
            writer.take(item)
            if number % 100 == 0:
                progress(number)
        writer.finish()
        if not writer.done.cards and not writer.done.drafts:
            raise NothingFoundError(writer.done)
        writer.done.files = target.move_in(writer.parts)
    return writer.done


class NothingFoundError(RefusedError):
    """A file without any question; `done` says what was skipped."""

    def __init__(self, done: Imported) -> None:
        super().__init__("no question was found in it")
        self.done = done


class _Writer:
    def __init__(self, scratch: Path, target: TargetFile, sources: Sources | None, done: Imported) -> None:
        self.scratch, self.target, self.sources, self.done = scratch, target, sources, done
        self.items: Collection[str] = sources.items if sources else ()
        self.names = FreeIds(set(target.taken))
        self.parts: list[Path] = []
        self.pieces: list[FilePiece] = []
        self.size = 0

    def begin(self, reading: Reading) -> None:
        """Write the topic's own text at the top of the first file."""
        for heading, source in (("", reading.explanation), ("## Key points", reading.key_points)):
            if source.strip():
                told: list[str] = []
                body = mend(source, told)
                where = "the key points" if heading else "the text before the questions"
                if body.strip():
                    self.pieces.append(FilePiece(where, heading, body, told=told, source=source))

    def take(self, item: Draft | Skipped) -> None:
        """Add one draft, or report what was skipped."""
        if isinstance(item, Skipped):
            self.done.skipped += 1
            self.done.tell(item.where, item.why)
            return
        told = list(item.left_out)
        asked, rest = split_question(item.question)
        if rest:
            told.append("the question is more than a line of text: the rest stands at the head of its answer")
            item = replace(item, question=asked, answer=f"{rest}\n\n{item.answer}" if item.answer.strip() else "")
        question = mend_question(asked, told)
        name = name_of(question)
        if not name:
            self.done.skipped += 1
            self.done.tell(item.where, "the question has no words")
            return
        piece = piece_of(item, question, self.items, told)
        if piece.is_draft:
            self.done.drafts += 1
            told.append("no answer: a draft, which learners do not see until it has one")
        else:
            self.done.cards += 1
        piece.name = self.names.free(item.name, name)
        self.pieces.append(piece)
        self.size += len(piece.text)
        if len(self.pieces) >= CARDS_A_FILE or self.size >= BYTES_A_FILE:
            self.finish()

    def finish(self) -> None:
        """Write the file in progress."""
        if not self.pieces:
            return
        number = len(self.parts) + 1
        title = self.done.title if number == 1 else f"{self.done.title}, part {number}"
        self._mend(title, self.pieces)
        for piece in self.pieces:
            for sentence in dict.fromkeys(piece.told):
                self.done.tell(piece.where, sentence)
        self.parts.append(self.scratch / f"{number}.md")
        self.parts[-1].write_text(file_text(title, self.pieces)[0], encoding="utf-8", newline="\n")
        self.pieces, self.size = [], 0

    def _mend(self, title: str, pieces: Sequence[FilePiece]) -> None:
        """Find mistakes as `recur check` does, and write the text that causes them as plain text."""
        risky = [piece for piece in pieces if not piece.is_plain]
        for is_last_try in (False, True):
            mistakes = self._mistakes(title, risky)
            for at, line in sorted(mistakes):
                risky[at].give_way(line, is_last_try)
                risky[at].told.append(f"shown as it is written: {mistakes[at, line]}")
            if not mistakes:
                return
        for (at, _line), message in self._mistakes(title, risky).items():
            risky[at].told.append(f"to be mended by hand: {message}")

    def _mistakes(self, title: str, pieces: Sequence[FilePiece]) -> dict[tuple[int, int], str]:
        """Return the first mistake on each line, by the index of its piece and the line within it, both from 0."""
        text, starts = file_text(title, pieces)
        path = f"{self.target.deck}/{self.target.name}.md"
        ready = prepare(OpenedFile(TopicFile(path, "", 0, 0), text.encode()))
        cards = {self.target.deck: self.names.taken}
        around = Around(self.target.folder, lambda deck: cards.get(deck, ()))
        found = [(one.line, one.message) for one in [*ready.mistakes, *outside_mistakes(ready, self.sources, around)]]
        begun = {card.line for card in (*ready.cards, *ready.drafts)}
        meant = {start for start, piece in zip(starts, pieces, strict=True) if piece.name}
        found += [(line, "it would begin a card") for line in begun - meant]
        found += [(line - 1, "it would swallow the next card") for line in meant - begun]
        first: dict[tuple[int, int], str] = {}
        for line, message in sorted(found):
            at = max(bisect.bisect_right(starts, line) - 1, 0)
            first.setdefault((at, line - starts[at]), message)
        return first
