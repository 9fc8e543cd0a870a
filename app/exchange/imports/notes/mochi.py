"""Reads a package of Mochi: a zip with data.json, and a card's sides with a line --- between them.

https://mochi.cards/docs/import-and-export/mochi-format
"""

import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from app.cards.file.pictures import LARGEST_PICTURE
from app.exchange.imports.anki.archive import check_directory
from app.exchange.imports.draft import Draft, Harmless, Item, NoPictureError, Reading, RefusedError, Skipped
from app.exchange.imports.notes.hidden import MARKED, hiding
from app.exchange.imports.words import words

LARGEST = 16_000_000  # bytes that one reads in seconds: of {} alone they take 25 times as much memory
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_SIDES = re.compile(r"^[ \t]*-{3,}[ \t]*$", re.MULTILINE)


def read_mochi(path: Path) -> Reading:
    """Return the cards in the order of their decks. Raises RefusedError if the package is damaged, or not Mochi's."""
    try:
        with path.open("rb") as file:
            check_directory(file)
        package = zipfile.ZipFile(path)  # open for as long as there are pictures to read
        names = package.namelist()
        if "data.json" not in names:
            raise RefusedError("there is no data.json in it: export the deck from Mochi as JSON")
        if package.getinfo("data.json").file_size > LARGEST:
            raise RefusedError(f"its data.json is larger than {LARGEST // 1_000_000} MB: export it in parts")
        with package.open("data.json") as file:
            found = _plain(json.loads(file.read(LARGEST)))
    except _DAMAGED as error:
        raise RefusedError(f"the package is damaged: {error}") from None
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"its data.json is damaged: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("decks"), list):
        raise RefusedError("its data.json has no decks: this is not a Mochi package")
    counts: Counter[str] = Counter()
    media = {f"@media/{name}": partial(_file, package, name) for name in names if name != "data.json"}
    decks = [deck for deck in found["decks"] if isinstance(deck, dict)]
    title = str(decks[0].get("name", "")) if len(decks) == 1 else ""
    return Reading(title, _items(found, decks, counts), counts=counts, media=media, links=True)


def _file(package: zipfile.ZipFile, name: str) -> bytes:
    """A file of the package; if it is larger than a picture may be, no more than tells so."""
    try:
        with package.open(name) as file:
            return file.read(LARGEST_PICTURE + 1)
    except (*_DAMAGED, OSError) as error:
        raise NoPictureError(f"the package is damaged: {error}") from None


def _plain(value: object) -> object:
    """Undo Transit's marks: ~:name is a keyword, and {"~#list": […]} a list."""
    if isinstance(value, dict):
        plain = {str(key).removeprefix("~:"): _plain(one) for key, one in value.items()}
        return next(iter(plain.values())) if set(plain) <= {"~#list", "~#set"} and plain else plain
    if isinstance(value, list):
        return [_plain(one) for one in value]
    # Half of a character fits into no file.
    return value.removeprefix("~:").encode(errors="replace").decode() if isinstance(value, str) else value


def _items(found: Mapping[str, object], decks: Sequence[Mapping[str, object]], counts: Counter[str]) -> Iterator[Item]:
    names = {str(deck.get("id")): str(deck.get("name", "")) for deck in decks}
    cards = [(str(deck.get("name", "")), card) for deck in decks for card in _list(deck.get("cards"))]
    cards += [
        (names.get(str(card.get("deck-id")), ""), card) for card in _list(found.get("cards")) if isinstance(card, dict)
    ]
    for number, (deck, card) in enumerate(cards, 1):
        counts["cards"] += 1
        where = f"card {number}" + (f" of {deck}" if deck else "")
        if not isinstance(card, dict) or not (text := _text(card).strip()):
            yield Skipped(where, "it has no text")
            continue
        key = f"id:mochi/{card.get('id')}" if card.get("id") else ""
        tags = tuple(str(tag) for tag in (_list(card.get("tags")) or _list(card.get("manual-tags"))))
        sides = [side.strip() for side in _SIDES.split(text)]
        hidden = list(hiding(where, text, MARKED, deck)) if len(sides) == 1 else []
        name = str(card.get("name") or "")
        told = (Harmless(f"its name is left out: {name}"),) if words(name) - words(text) else ()
        for at, draft in enumerate(hidden or [Draft(where, sides[0], "\n\n".join(sides[1:]), topic=deck)]):
            left_out = told if at == 0 else ()
            yield replace(draft, tags=tags, key=key, left_out=left_out)


def _text(card: Mapping[str, object]) -> str:
    """A card's text; of one with a template, its fields in their order, each a side."""
    content, fields = card.get("content"), card.get("fields")
    if content or not isinstance(fields, dict):
        return str(content or "")
    values = [str(one.get("value", "")) for one in fields.values() if isinstance(one, dict)]
    return "\n---\n".join(filter(None, values))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
