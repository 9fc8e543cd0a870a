"""Writes what a reader found into new content files: all of them, or none."""

import bisect
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from app.cards.check.judge import Around, outside_mistakes
from app.cards.file.files import OpenedFile, TopicFile, read_text
from app.cards.file.parse import NAME, slug
from app.cards.file.pictures import find_pictures
from app.cards.file.sides import BETWEEN
from app.cards.file.yaml_files import LAST, Sources
from app.cards.render.prepare import prepare
from app.exchange.imports.came_from import text_hash
from app.exchange.imports.draft import Draft, Harmless, Item, Reading, RefusedError, Skipped
from app.exchange.imports.markdown.mend import Manner, mend, mend_question, split_question
from app.exchange.imports.pictures import Pictures
from app.exchange.imports.piece import FilePiece, file_text, name_of, piece_of, title_of
from app.exchange.imports.target_file import FreeIds, TargetFile
from app.exchange.imports.update import Update, decide, spliced
from app.exchange.imports.words import by_line, named, words

CARDS_A_FILE = 200
BYTES_A_FILE = 500_000
_CARD_LINK = re.compile(r"\[([^\[\]]+)\]\(card:([a-z0-9-]+)\)")
FEWEST_LOSSES, SHARE_OF_LOSSES = 3, 0.2
"""An import is one draft if so many of its cards, and such a share of them, have lost something."""


@dataclass
class Imported:
    """What an import did. `drafts` counts the cards that are not whole, and `lossy` those that lost something.

    `told` holds (place in the file, sentence). `read` counts rows, cells, notes and so on, and words; `written` is how
    many of these words the files hold: the others are in the sentences. If `is_draft`, all that is new is a draft.
    `update` says what became of cards that were there before. `pictures` counts the new files of pictures and sounds,
    `sides` those sides of cards of the deck that a package of our own brings back.
    """

    title: str
    deck: str = ""
    files: list[Path] = field(default_factory=list)
    cards: int = 0
    drafts: int = 0
    lossy: int = 0
    skipped: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    written: int = 0
    is_draft: bool = False
    update: Update = field(default_factory=Update)
    pictures: int = 0
    sides: int = 0


class NothingFoundError(RefusedError):
    """A file without any question; `done` says what was skipped."""

    def __init__(self, done: Imported) -> None:
        super().__init__("no question was found in it")
        self.done = done


def write(
    reading: Reading, target: TargetFile, sources: Sources | None, progress: Callable[[int], None] = lambda _done: None
) -> Imported:
    """Write every draft. `progress` is called with the number of items read, every hundred. Raises RefusedError."""
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target.content_dir) as scratch:
        pictures = Pictures(reading.media, find_pictures(target.content_dir, target.deck), Path(scratch))
        writer = _Writer(target, sources, title_of(reading.title) or target.name, pictures)
        writer.begin(reading)
        for number, item in enumerate(reading.items, 1):
            writer.take(item)
            if number % 100 == 0:
                progress(number)
        done = writer.finish(reading)
        if not done.cards and not done.drafts and not done.sides:
            raise NothingFoundError(done)
        cards = [piece for piece in writer.pieces if piece.name]
        done.update = decide(cards, target.before, target.name, reading.file)
        done.told += done.update.told
        _store(writer, Path(scratch))
    return done


def _store(writer: "_Writer", scratch: Path) -> None:
    """Write the texts of all files that are new or changed, and the pictures that they show."""
    target, done = writer.target, writer.done
    texts = {path: spliced(read_text(target.content_dir, path), new) for path, new in done.update.changed.items()}
    parts: dict[str, str] = {}
    for name, title, pieces in _files(writer, texts):
        order = writer.topics.get(pieces[0].topic, ("", LAST))[1]
        parts[f"{name}.md"], _starts = file_text(title, pieces, done.is_draft and not target.there, order)
    new = writer.pictures.shown_in("".join((*target.there.values(), *texts.values(), *parts.values())))
    done.pictures = len(new)
    for name, text in parts.items():
        new[name] = scratch / name
        new[name].write_text(text, encoding="utf-8", newline="\n")
    stored = target.store(new, texts, done.update.entries.values())
    done.files = [path for path in stored if path.suffix == ".md"]


def _files(writer: "_Writer", texts: dict[str, str]) -> Iterator[tuple[str, str, list[FilePiece]]]:
    """Yield the name, the title and the pieces of each new file, a topic after the other.

    What belongs to a topic that is in a file already is added to the file's text in `texts` instead.
    """
    target, done = writer.target, writer.done
    new = {id(piece) for piece in done.update.new}
    topics: dict[str, list[FilePiece]] = defaultdict(list)
    homes: dict[str, Counter[str]] = defaultdict(Counter)
    for piece in writer.pieces:
        if id(piece) in new or not (piece.name or target.there):
            topics[piece.topic].append(piece)
        elif there := target.before.cards.get(piece.name):
            homes[piece.topic][there.path] += 1
    several = len(topics.keys() | homes.keys()) > 1
    for topic, pieces in topics.items():
        home = next((path for path, _count in homes[topic].most_common(1) if path in target.there), "")
        added = "".join(piece.text for piece in pieces)
        if home and len(added) + len(target.there[home]) < BYTES_A_FILE:
            texts[home] = f"{texts.get(home, target.there[home]).rstrip()}\n\n{added.rstrip()}\n"
            continue
        stem = f"{target.name}-{slug(topic)}" if several and topic else target.name
        title = title_of(topic.replace("::", ": ")) if several and topic else done.title
        if topic in writer.topics:
            stem, title = topic, writer.topics[topic][0]
        parts = list(_parts(pieces))
        for number, part in enumerate(parts, 1):
            name = f"{stem}-{number:0{len(str(len(parts)))}}" if len(parts) > 1 else stem
            yield target.free(name), title if number == 1 else f"{title}, part {number}", part


def _parts(pieces: Sequence[FilePiece]) -> Iterator[list[FilePiece]]:
    """Yield the pieces of one file after the other."""
    part: list[FilePiece] = []
    size = 0
    for piece in pieces:
        part.append(piece)
        size += len(piece.text)
        if len(part) >= CARDS_A_FILE or size >= BYTES_A_FILE:
            yield part
            part, size = [], 0
    if part:
        yield part


class _Writer:
    def __init__(self, target: TargetFile, sources: Sources | None, title: str, pictures: Pictures) -> None:
        self.target, self.sources, self.done = target, sources, Imported(title, target.deck)
        self.pictures = pictures
        self.manner = Manner(pictures.shown)
        self.items: Collection[str] = sources.items if sources else ()
        self.names = FreeIds(set(target.taken))
        self.taken: list[FilePiece | tuple[str, str]] = []  # pieces, and sentences with their places
        self.seen: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()
        self.topics: Mapping[str, tuple[str, int]] = {}
        self.first: dict[tuple[str, str, tuple[str, ...]], FilePiece] = {}

    @property
    def pieces(self) -> list[FilePiece]:
        """All pieces so far, in order."""
        return [one for one in self.taken if isinstance(one, FilePiece)]

    def begin(self, reading: Reading) -> None:
        """Take the topic's own text, which stands at the top of the first file."""
        self.manner = replace(self.manner, hides=reading.hides, links=reading.links)
        self.topics = {topic: said for topic, said in reading.topics.items() if NAME.fullmatch(topic)}
        self.seen.update(words(reading.title))
        lost = words(reading.title) - words(self.done.title)
        if lost:
            self.taken.append(("the title", f"left out, since it is too long: {named(lost)}"))
        for heading, source in (("", reading.explanation), ("## Key points", reading.key_points)):
            self.seen.update(words(source))
            told: list[str] = []
            body = mend(source, told, self.manner)
            if body.strip():
                where = "the key points" if heading else "the text before the questions"
                self.taken.append(FilePiece(where, heading, body, told=told, source=source, words=words(source)))

    def take(self, item: Item) -> None:
        """Add one draft, or what is to be said of the file."""
        if not isinstance(item, Draft):
            says = item.why if isinstance(item, Skipped) else item.says
            self.done.skipped += isinstance(item, Skipped)
            self.taken.append((item.where, says))
            self.seen.update(words(says) + words(item.text if isinstance(item, Skipped) else ""))
            return
        text = item.own_text if item.text is None else item.text
        if (card := item.name.partition(BETWEEN)[0]) != item.name and card in self.target.before.cards:
            self.done.sides += 1
            self.taken.append((item.where, f"it is a side of the card {card}, which is here"))
            self.seen.update(words(text))
            return
        self.seen.update(
            words("\n".join((text, item.name, item.level, *item.tags, *item.sources, *item.stated, *item.points)))
        )
        told = list(item.left_out)
        self.seen.update(words("\n".join(told)))
        asked, rest = split_question(item.question)
        if rest:
            told.append(Harmless("the question is longer than a line: the rest is at the start of its answer"))
            item = replace(item, question=asked, answer=f"{rest}\n\n{item.answer}".rstrip(), text=text)
        question = mend_question(asked, told, self.manner)
        name = name_of(question)
        if not name:
            told.append("the question has no words")
            question = f"A card without a question, {item.where}"
        piece = piece_of(item, question, self.items, told, self.manner)
        whole = (question, piece.body, piece.tail)
        if first := self.first.get(whole):
            first.times += 1
            told.append(f"the same card as at {first.where}, so it is not written twice")
            self.taken += [(item.where, says) for says in told]
            return
        self.first[whole] = piece
        piece.key = self._key(item, question)
        piece.name = self._known_name(item.name, piece) or self.names.free(
            item.name.replace(BETWEEN, "-"), name or name_of(question)
        )
        if item.name and piece.name != item.name:
            told.append(Harmless(f"the id {item.name} is not kept: here it is {piece.name}"))
        self.taken.append(piece)

    def _key(self, item: Draft, question: str) -> str:
        """What names the card in its file: its own key or id, or else its question, counted."""
        key = item.key or (f"name:{item.name}" if item.name else f"question:{text_hash(question)}")
        self.keys[key] += 1
        return key if self.keys[key] == 1 else f"{key}/{self.keys[key]}"

    def _known_name(self, stated: str, piece: FilePiece) -> str:
        """The name of the card of the deck that came from the same entry, or says the same; "" if there is none."""
        before, question = self.target.before, piece.heading.removeprefix("## ")
        if known := before.entry(self.target.name, piece.key):
            return known.card
        if there := before.cards.get(stated):
            card = there.card
            if words(card.question_markdown) == words(question) or words(card.answer) == words(piece.body):
                return stated
        return before.same_as(question, piece.body)

    def finish(self, reading: Reading) -> Imported:
        """Mend all pieces, compare what was read with what is written, and tell every difference."""
        for part in _parts(self.pieces):
            self._mend(part)
        total = 0
        for piece in self.pieces:
            made_from, held = piece.name_missing()
            total += made_from
            self.done.written += held
        if reading.text:
            all_words = words(reading.text) - words("\n".join(reading.layout))
            total = all_words.total()
            on_cards = words(self.done.title)
            for piece in self.pieces:
                on_cards.update({word: number * piece.times for word, number in piece.held.items()})
            self.done.written = (all_words & on_cards).total()
            for line, missing in by_line(reading.text, all_words - self.seen):
                self.done.skipped += 1
                self.taken.append((f"line {line}", f"left out: {named(missing)}"))
        if unused := self.pictures.unused():
            some = f"{', '.join(unused[:20])}{', …' if len(unused) > 20 else ''}"
            says = f"no card shows them, so they are not brought in: {some}"
            self.taken.append((f"{len(unused)} media file{'s' if len(unused) > 1 else ''}", says))
        cards = [piece for piece in self.pieces if piece.name]
        self.done.lossy = sum(piece.has_lost for piece in cards) + self.done.skipped
        self.done.is_draft = self.done.lossy >= max(FEWEST_LOSSES, SHARE_OF_LOSSES * (len(cards) + self.done.skipped))
        if self.done.is_draft and self.target.there:  # one line at the top would hide what is live already
            for piece in [piece for piece in cards if piece.name not in self.target.before.cards]:
                piece.told.append("much was lost when it was imported: look it through")
        self._unlink_drafts()
        self.done.read = reading.counts + Counter(words=total)
        self.done.drafts = sum(piece.is_draft for piece in cards)
        self.done.cards = len(cards) - self.done.drafts
        for one in self.taken:
            self.done.told += [one] if isinstance(one, tuple) else [(one.where, says) for says in one.told]
        return self.done

    def _mend(self, pieces: Sequence[FilePiece]) -> None:
        """Find mistakes as `recur check` does, and write the text that causes them as plain text."""
        risky = [piece for piece in pieces if not piece.is_plain]
        for is_last_try in (False, True):
            mistakes = self._mistakes(risky)
            for at, line in sorted(mistakes):
                risky[at].give_way(line, is_last_try)
                risky[at].told.append(f"shown as it is written: {mistakes[at, line]}")
            if not mistakes:
                return
        for (at, _line), message in self._mistakes(risky).items():
            risky[at].told.append(f"to be fixed by hand: {message}")

    def _unlink_drafts(self) -> None:
        """Keep only the words of a link to a draft: a learner could not follow it."""
        drafts = {piece.name for piece in self.pieces if piece.is_draft}

        def words_of(link: re.Match[str], told: list[str]) -> str:
            if link[2] not in drafts:
                return link[0]
            told.append(Harmless(f"the link to card:{link[2]} is left out, its words kept: that card is a draft"))
            return link[1]

        for piece in self.pieces:
            if "(card:" in piece.body and not piece.is_draft:
                piece.body = _CARD_LINK.sub(partial(words_of, told=piece.told), piece.body)

    def _mistakes(self, pieces: Sequence[FilePiece]) -> dict[tuple[int, int], str]:
        """Return the first mistake on each line, by the index of its piece and the line within it, both from 0."""
        text, starts = file_text("T", pieces)
        path = f"{self.target.deck}/{self.target.name}.md"
        file = TopicFile(path, "", 0, 0, pictures=tuple(self.pictures.all))
        ready = prepare(OpenedFile(file, text.encode()), show=False)
        cards = {self.target.deck: self.names.taken}
        around = Around(self.target.folder, lambda deck: cards.get(deck, ()), lambda deck: cards.get(deck, ()))
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
