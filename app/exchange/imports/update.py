"""Decides what becomes of each imported card: new, updated, as it was, or left as the author has edited it."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from app.exchange.imports.came_from import Before, CameFrom, Present, text_hash
from app.exchange.imports.piece import FilePiece
from app.exchange.imports.words import words

_UNSEEN = re.compile(r"(?<=\])\((?:<[^<>\n]*>|[^()\s]*)\)|^ *```.*$|\\(?:begin|end)\{[^{}]*\}", re.MULTILINE)
"""Addresses of links, languages of code, and the names of LaTeX's environments."""


@dataclass
class Update:
    """What an import changes. `new` are cards for the end of a file, `changed` the texts that replace others, by path.

    `entries` is the deck's new list of imported cards; `told` are sentences with their places.
    """

    new: list[FilePiece] = field(default_factory=list)
    changed: dict[str, list[tuple[Present, str]]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[tuple[str, str], CameFrom] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    gone: int = 0

    def enter(self, known: CameFrom, text: str | None = None) -> None:
        """List a card, with the hash of its new `text` if it has one."""
        entry = known if text is None else replace(known, text=text)
        self.entries[known.origin, known.key] = entry


def decide(pieces: Sequence[FilePiece], before: Before, origin: str, file: str) -> Update:
    """Compare the cards of an import with those of the deck. `origin` is its name, `file` that of the imported file."""
    done = Update(entries={(one.origin, one.key): one for one in before.imported})
    seen: set[CameFrom] = set()
    for piece in pieces:
        known = before.entry(origin, piece.key)
        there = before.cards.get(piece.name)
        if known:
            seen.add(known)
        if there is None and known is None:
            done.new.append(piece)
            done.enter(CameFrom(origin, piece.key, piece.name, text_hash(piece.text)))
        elif there is None:
            done.kept += 1
            done.told.append(
                (piece.where, f"the card {piece.name} was removed here, so it is not added again: {piece.says}")
            )
        else:
            _compare(done, piece, there, known or CameFrom(origin, piece.key, piece.name, ""))
    _mark_gone(done, before, {origin, *(one.origin for one in seen)}, seen, file)
    return done


def _compare(done: Update, piece: FilePiece, there: Present, known: CameFrom) -> None:
    """Update a card that nobody has edited since it was imported. Otherwise name both versions."""
    here, comes = text_hash(there.card.markdown), text_hash(piece.text)
    if here == comes or known.text == comes or _says_the_same(there, piece, known):
        done.unchanged += 1
        done.enter(known, comes if known.text == comes else here)
    elif here == known.text:
        done.updated += 1
        done.changed[there.path].append((there, piece.text))
        done.enter(known, comes)
        done.told.append((piece.where, f"the card {piece.name} at {there.place} is updated"))
    else:
        done.kept += 1
        done.enter(known)
        said = (
            f"the card {piece.name} was edited at {there.place}, and stays as it is there; here it says: {piece.says}"
        )
        done.told.append((piece.where, said))


def _says_the_same(there: Present, piece: FilePiece, known: CameFrom) -> bool:
    """True for a card that was not imported, and shows the words that come: no other program keeps all of a link."""
    here, comes = f"{there.card.question_markdown}\n{there.card.answer}", f"{piece.heading}\n{piece.body}"
    return not known.text and words(_UNSEEN.sub("", here)) == words(_UNSEEN.sub("", comes))


def _mark_gone(done: Update, before: Before, origins: Collection[str], seen: Collection[CameFrom], file: str) -> None:
    """Make a draft of each card that came from an earlier version of the file, and is not in it any more."""
    gone: Iterable[CameFrom] = (one for one in before.imported if one.origin in origins and one not in seen)
    times = Counter(one.card for one in before.imported)
    for one in gone:
        there = before.cards.get(one.card)
        if times[one.card] > 1:  # another file has it too
            del done.entries[one.origin, one.key]
            continue
        if there is None or there.card.metadata.is_draft:
            continue
        done.gone += 1
        if text_hash(there.card.markdown) != one.text:
            done.told.append(
                (there.place, f"the card {one.card} is no longer in {file}; it was edited here, so it stays")
            )
            continue
        has_tail = there.card.metadata.line is not None
        text = f"{there.card.markdown}\n{'' if has_tail else chr(10)}Draft: yes, no longer in {file}\n\n"
        done.changed[there.path].append((there, text))
        done.enter(one, text_hash(text))
        done.told.append((there.place, f"the card {one.card} is no longer in {file}: it is a draft now"))


def spliced(text: str, changes: Sequence[tuple[Present, str]]) -> str:
    """A file's text with new texts for some of its cards."""
    lines = text.split("\n")
    for present, new in sorted(changes, key=lambda one: -one[0].card.line):
        start = present.card.line - 1
        end = present.card.end - 1
        lines[start:end] = new.rstrip("\n").split("\n") + ([""] if end < len(lines) else [])
    return "\n".join(lines).rstrip("\n") + "\n"
