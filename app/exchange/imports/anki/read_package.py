"""Reads an Anki package: a draft for each card of each note."""

from collections.abc import Iterator
from pathlib import Path

from app.exchange.imports.anki.archive import unpack
from app.exchange.imports.anki.collection import Collection, Note, NoteType
from app.exchange.imports.anki.own_notes import FIELDS, draft_of
from app.exchange.imports.anki.template import answer_of, cloze_numbers, question_of
from app.exchange.imports.draft import Draft, Item, Notice, Reading, Skipped
from app.exchange.imports.markdown.from_html import markdown_of


def read_anki(path: Path, scratch: Path) -> Reading:
    """Return the cards in the order of their notes. The notes' database is unpacked into the empty folder `scratch`.

    Raises RefusedError if the package is damaged, hostile, or not Anki's.
    """
    database = scratch / "collection"
    media = unpack(path, database)
    return Reading("", _items(Collection(database), media))


def _items(collection: Collection, media: list[str]) -> Iterator[Item]:
    try:
        for note in collection.notes():
            yield from _cards(note, collection.types.get(note.type_id))
    finally:
        collection.close()
    if media:
        some = ", ".join(sorted(media)[:5]) + (", …" if len(media) > 5 else "")
        yield Notice(
            f"{len(media)} media file{'s' if len(media) > 1 else ''}",
            f"cards show no pictures and play no sounds: {some}",
        )


def _cards(note: Note, kind: NoteType | None) -> Iterator[Item]:
    where = f"note {note.id}"
    if note.fields is None:
        yield Skipped(where, "its fields are too long, or no text")
    elif kind is None:
        yield Skipped(where, "its note type is missing")
    elif note.card is None:
        yield Skipped(where, "it has no cards")
    elif kind.fields == FIELDS and "/" in note.fields[-1]:
        yield draft_of(where, note.fields, note.tags)
    elif any("image-occlusion:" in field for field in note.fields):
        yield Skipped(where, "it asks for parts of a picture")
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
    told: list[str] = []
    question = markdown_of(question_of(templates[0], by_name, cloze), told)
    answer = markdown_of(answer_of(templates[1], by_name, cloze), told)
    for side, text in (("front", question), ("back", answer)):
        if not text.strip():
            return Skipped(where, f"its {side} is empty{': ' if told else ''}{'; '.join(dict.fromkeys(told))}")
    return Draft(where, question, answer, tags=note.tags, left_out=tuple(dict.fromkeys(told)), key=note.key)
