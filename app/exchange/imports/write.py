"""Writes what a reader found into new content files: all of them, or none."""

import bisect
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from pathlib import Path

from app.cards.check.judge import Around, outside_mistakes
from app.cards.file.files import OpenedFile, TopicFile
from app.cards.file.yaml_files import Sources
from app.cards.render.prepare import prepare
from app.exchange.imports.draft import Draft, Harmless, Item, Reading, RefusedError, Skipped
from app.exchange.imports.markdown.mend import mend, mend_question, split_question
from app.exchange.imports.piece import FilePiece, file_text, name_of, piece_of, title_of
from app.exchange.imports.target_file import FreeIds, TargetFile
from app.exchange.imports.words import by_line, named, words

CARDS_A_FILE = 200
BYTES_A_FILE = 500_000
FEWEST_LOSSES, SHARE_OF_LOSSES = 3, 0.2
"""An import is one draft if so many of its cards, and such a share of them, have lost something."""


@dataclass
class Imported:
    """What an import did. `drafts` counts the cards that are not whole, and `lossy` those that lost something.

    `told` holds (place in the file, sentence). `read` counts rows, cells, notes and so on, and words; `written` is how
    many of these words the files hold: the others are in the sentences. If `is_draft`, all files are drafts.
    """

    title: str
    files: list[Path] = field(default_factory=list)
    cards: int = 0
    drafts: int = 0
    lossy: int = 0
    skipped: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    written: int = 0
    is_draft: bool = False


class NothingFoundError(RefusedError):
    """A file without any question; `done` says what was skipped."""

    def __init__(self, done: Imported) -> None:
        super().__init__("no question was found in it")
        self.done = done


def write(
    reading: Reading, target: TargetFile, sources: Sources | None, progress: Callable[[int], None] = lambda _done: None
) -> Imported:
    """Write every draft. `progress` is called with the number of items read, every hundred. Raises RefusedError."""
    writer = _Writer(target, sources, title_of(reading.title) or target.name)
    writer.begin(reading)
    for number, item in enumerate(reading.items, 1):
        writer.take(item)
        if number % 100 == 0:
            progress(number)
    done = writer.finish(reading)
    if not done.cards and not done.drafts:
        raise NothingFoundError(done)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target.content_dir) as scratch:
        parts = []
        for number, part in enumerate(writer.parts(), 1):
            title = done.title if number == 1 else f"{done.title}, part {number}"
            parts.append(Path(scratch) / f"{number}.md")
            text, _starts = file_text(title, part, done.is_draft)
            parts[-1].write_text(text, encoding="utf-8", newline="\n")
        done.files = target.move_in(parts)
    return done


class _Writer:
    def __init__(self, target: TargetFile, sources: Sources | None, title: str) -> None:
        self.target, self.sources, self.done = target, sources, Imported(title)
        self.items: Collection[str] = sources.items if sources else ()
        self.names = FreeIds(set(target.taken))
        self.taken: list[FilePiece | tuple[str, str]] = []  # pieces, and sentences with their places
        self.seen: Counter[str] = Counter()

    @property
    def pieces(self) -> list[FilePiece]:
        """All pieces so far, in order."""
        return [one for one in self.taken if isinstance(one, FilePiece)]

    def begin(self, reading: Reading) -> None:
        """Take the topic's own text, which stands at the top of the first file."""
        self.seen += words(reading.title)
        lost = words(reading.title) - words(self.done.title)
        self.done.written = (words(reading.title) - lost).total() if reading.text else 0
        if lost:
            self.taken.append(("the title", f"left out, since it is too long: {named(lost)}"))
        for heading, source in (("", reading.explanation), ("## Key points", reading.key_points)):
            self.seen += words(source)
            told: list[str] = []
            body = mend(source, told)
            if body.strip():
                where = "the key points" if heading else "the text before the questions"
                self.taken.append(FilePiece(where, heading, body, told=told, source=source, words=words(source)))

    def take(self, item: Item) -> None:
        """Add one draft, or what is to be said of the file."""
        if not isinstance(item, Draft):
            says = item.why if isinstance(item, Skipped) else item.says
            self.done.skipped += isinstance(item, Skipped)
            self.taken.append((item.where, says))
            self.seen += words(says) + words(item.text if isinstance(item, Skipped) else "")
            return
        text = item.own_text if item.text is None else item.text
        self.seen += words("\n".join((text, item.name, item.level, *item.tags, *item.sources)))
        told = list(item.left_out)
        self.seen += words("\n".join(told))
        asked, rest = split_question(item.question)
        if rest:
            told.append(Harmless("the question is more than a line of text: the rest stands at the head of its answer"))
            item = replace(item, question=asked, answer=f"{rest}\n\n{item.answer}".rstrip(), text=text)
        question = mend_question(asked, told)
        name = name_of(question)
        if not name:
            told.append("the question has no words")
            question = f"A card without a question, {item.where}"
        piece = piece_of(item, question, self.items, told)
        piece.name = self.names.free(item.name, name or name_of(question))
        self.taken.append(piece)

    def finish(self, reading: Reading) -> Imported:
        """Mend all pieces, compare what was read with what is written, and tell every difference."""
        for part in self.parts():
            self._mend(part)
        total = 0
        for piece in self.pieces:
            made_from, held = piece.name_missing()
            total += made_from
            self.done.written += held
        if reading.text:
            all_words = words(reading.text) - words("\n".join(reading.layout))
            total = all_words.total()
            for line, missing in by_line(reading.text, all_words - self.seen):
                self.done.skipped += 1
                self.taken.append((f"line {line}", f"left out: {named(missing)}"))
        self._hide_behind_drafts()
        self.done.read = reading.counts + Counter(words=total)
        cards = [piece for piece in self.pieces if piece.name]
        self.done.drafts = sum(piece.is_draft for piece in cards)
        self.done.cards = len(cards) - self.done.drafts
        self.done.lossy = sum(piece.has_lost for piece in cards) + self.done.skipped
        self.done.is_draft = self.done.lossy >= max(FEWEST_LOSSES, SHARE_OF_LOSSES * (len(cards) + self.done.skipped))
        for one in self.taken:
            several = [one] if isinstance(one, tuple) else [(one.where, says) for says in dict.fromkeys(one.told)]
            self.done.told += several
        return self.done

    def parts(self) -> Iterator[list[FilePiece]]:
        """Yield the pieces of one file after the other."""
        part: list[FilePiece] = []
        size = 0
        for piece in self.pieces:
            part.append(piece)
            size += len(piece.text)
            if len(part) >= CARDS_A_FILE or size >= BYTES_A_FILE:
                yield part
                part, size = [], 0
        if part:
            yield part

    def _mend(self, pieces: Sequence[FilePiece]) -> None:
        """Find mistakes as `recur check` does, and write the text that causes them as plain text."""
        risky = [piece for piece in pieces if not piece.is_plain]
        for is_last_try in (False, True):
            mistakes = self._mistakes(risky, self.names.taken)
            for at, line in sorted(mistakes):
                risky[at].give_way(line, is_last_try)
                risky[at].told.append(f"shown as it is written: {mistakes[at, line]}")
            if not mistakes:
                return
        for (at, _line), message in self._mistakes(risky, self.names.taken).items():
            risky[at].told.append(f"to be mended by hand: {message}")

    def _hide_behind_drafts(self) -> None:
        """Make a card a draft if it links to a draft: a learner could not follow the link."""
        linking = [piece for piece in self.pieces if "(card:" in piece.body]
        for is_last_try in chain([False], repeat(True)):
            drafts = {piece.name for piece in self.pieces if piece.is_draft}
            live = [piece for piece in linking if not piece.is_draft]
            found = self._mistakes(live, self.names.taken - drafts)
            if not found:
                return
            for (at, line), message in found.items():
                live[at].told.append(message)
                if not live[at].name:
                    live[at].give_way(line, is_last_try)

    def _mistakes(self, pieces: Sequence[FilePiece], there: Collection[str]) -> dict[tuple[int, int], str]:
        """Return the first mistake on each line, by the index of its piece and the line within it, both from 0.

        `there` are the names of the deck's cards that they may link to.
        """
        text, starts = file_text("T", pieces)
        path = f"{self.target.deck}/{self.target.name}.md"
        ready = prepare(OpenedFile(TopicFile(path, "", 0, 0), text.encode()), show=False)
        cards, any_card = {self.target.deck: there}, {self.target.deck: self.names.taken}
        around = Around(self.target.folder, lambda deck: cards.get(deck, ()), lambda deck: any_card.get(deck, ()))
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
