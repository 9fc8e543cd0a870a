"""Reads an Anki package: a draft for each card of each note."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import groupby
from pathlib import Path

from app.exchange.imports.anki.archive import Package
from app.exchange.imports.anki.collection import Collection, Note, NoteType
from app.exchange.imports.anki.own_notes import FIELDS, draft_of
from app.exchange.imports.anki.template import answer_of, cloze_numbers, deleted, hints_of, question_of
from app.exchange.imports.draft import Draft, Item, Notice, Reading, Skipped
from app.exchange.imports.markdown.from_html import markdown_of, plain_of
from app.exchange.imports.words import named, words


def read_anki(path: Path, scratch: Path) -> Reading:
    """Return the cards in the order of their notes. The notes' database is unpacked into the empty folder `scratch`.

    Raises RefusedError if the package is damaged, hostile, or not Anki's.
    """
    database = scratch / "collection"
    counts: Counter[str] = Counter()
    with ExitStack() as opened:
        package = opened.enter_context(closing(Package(path)))
        package.unpack(database)
        collection, media = opened.enter_context(closing(Collection(database))), package.media
        return Reading("", _items(collection, counts, opened.pop_all()), counts=counts, media=media)


def _items(collection: Collection, counts: Counter[str], opened: ExitStack) -> Iterator[Item]:
    with opened:
        for _id, cards in groupby(collection.notes(), key=lambda note: note.id):
            notes = list(cards)
            kind = collection.types.get(notes[0].type_id)
            items = [item for note in notes for item in _cards(note, kind)]
            counts["notes"] += 1
            counts["fields"] += sum(bool(field.strip()) for field in notes[0].fields or ())
            yield from items
            if kind is None or kind.fields != FIELDS:  # our own say their address and id to no one
                yield from _unshown(notes[0], items, counts)


def _unshown(note: Note, items: Sequence[Item], counts: Counter[str]) -> Iterator[Notice]:
    """Name the words of a note's fields that none of its cards shows, as Anki does not show them either."""
    shown: Counter[str] = Counter()
    for item in items:
        shown += words(f"{item.text or item.own_text} {' '.join(item.left_out)}" if isinstance(item, Draft) else "")
    fields = [deleted(field, 0, False) for field in note.fields or () if "image-occlusion:" not in field]
    missing = words("\n".join(map(plain_of, fields))) - shown
    if missing:
        counts["words"] += missing.total()
        yield Notice(f"note {note.id}", f"fields that no card shows: {named(missing)}")


def _cards(note: Note, kind: NoteType | None) -> Iterator[Item]:
    where = f"note {note.id}"
    if note.fields is None:
        yield Skipped(where, "its fields are too long, or no text")
    elif kind is None:
        yield Skipped(where, "its note type is missing")
    elif note.card is None:
        yield Skipped(where, "it has no cards")
    elif kind.fields == FIELDS and "/" in note.fields[-1]:
        yield draft_of(where, note.fields, note.tags, note.key)
    elif any("image-occlusion:" in field for field in note.fields):
        yield _occlusion(note, note.fields, kind, where)
    elif (templates := kind.templates.get(0 if kind.is_cloze else note.card)) is None:
        yield Skipped(where, f"its note type {kind.name} has no card {note.card + 1}")
    elif kind.is_cloze and not any(note.card + 1 in cloze_numbers(field) for field in note.fields):
        yield Skipped(where, f"it has no deletion c{note.card + 1}")
    else:
        try:
            yield _card(note, note.fields, kind, templates, where)
        except ValueError as error:
            yield Skipped(where, str(error))


def _card(
    note: Note, fields: tuple[str, ...], kind: NoteType, templates: tuple[str, str], where: str
) -> Draft | Skipped:
    by_name = dict(zip(kind.fields, fields, strict=False))
    cloze = (note.card or 0) + 1 if kind.is_cloze else 0
    asked, answered = question_of(templates[0], by_name, cloze), answer_of(templates[1], by_name, cloze)
    answered += "".join(f"<p>Hint: {hint}</p>" for hint in hints_of(templates, by_name))
    question, answer = markdown_of(asked), markdown_of(answered)
    if not question.strip() and not answer.strip():
        return Skipped(where, "both of its sides are empty")
    return Draft(where, question, answer, tags=note.tags, key=note.key, topic=note.deck)


def _occlusion(note: Note, fields: tuple[str, ...], kind: NoteType, where: str) -> Draft:
    """A draft of a card that hides a part of a picture: the words around the picture are kept."""
    told = "it asks for a part of a picture, which cards do not hide"
    shown = [markdown_of(field) for field in fields if "image-occlusion:" not in field]
    shown.sort(key=lambda text: text.startswith("!["))
    question, *below = [text for text in shown if text.strip()] or [f"What is hidden? ({where})"]
    answer = "\n\n".join(below)
    return Draft(where, question, answer, tags=note.tags, left_out=(told,), key=note.key, topic=note.deck)
