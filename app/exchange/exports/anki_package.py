"""Cards as an Anki package: the one door to genanki."""

import hashlib
import itertools
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import genanki  # type: ignore[import-untyped]

from app.exchange.exports.cards import ExportedCard, ExportedDeck

# The names of fields and the number of the note type stand in people's collections: another set is another number.
NOTE_TYPE = 1_700_330_471
FIELDS = ("Question", "Answer", "More", "Level", "Sources", "Page", "Id")
_FRONT = "{{Question}}"
_BACK = """\
{{FrontSide}}
<hr id="answer">
{{Answer}}
{{#More}}<div class="more">{{More}}</div>{{/More}}
<p class="about">{{#Level}}{{Level}} · {{/Level}}{{#Sources}}{{Sources}} · {{/Sources}}
<a href="{{Page}}">Open in Recur</a></p>
"""
_CSS = """\
.card { font-family: system-ui, sans-serif; font-size: 18px; line-height: 1.5; max-width: 42em; margin: auto; }
pre { padding: .6em; overflow-x: auto; border: 1px solid #8888; font-size: 15px; }
table { border-collapse: collapse; } th, td { padding: .2em .6em; border: 1px solid #8888; }
.wide { overflow-x: auto; } .about { font-size: 14px; opacity: .8; }
"""
_MATHS = re.compile(
    r'<math(?: display="(?P<display>\w+)")?[^>]*>.*?'
    r'<annotation encoding="application/x-tex">(?P<latex>.*?)</annotation></semantics></math>',
    re.DOTALL,
)
# Within \[ \] MathJax takes the inner forms alone.
_ALIGN = re.compile(r"\\(begin|end)\s*\{align\*?\}")


def write_anki(path: Path, decks: Sequence[ExportedDeck], now: datetime) -> None:
    """Write a package with a deck for each of ours, a note and its card for each card, in learning order.

    A note's guid depends on the deck's and the card's names alone: imported again, it updates the note that is there
    and leaves its scheduling. Anki takes the newer of two versions, so `now` (aware) is when the notes changed.
    """
    note_type = genanki.Model(
        NOTE_TYPE,
        "Recur",
        fields=[{"name": name} for name in FIELDS],
        templates=[{"name": "Card", "qfmt": _FRONT, "afmt": _BACK}],
        css=_CSS,
    )
    made = [_deck(deck, note_type) for deck in decks]
    moment = now.timestamp()
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder) / "collection.anki2"
        # genanki's own write_to_file leaves its copy of the database behind.
        with closing(sqlite3.connect(collection)) as connection:
            genanki.Package(made).write_to_db(connection.cursor(), moment, itertools.count(int(moment * 1000)))
            connection.commit()
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as package:
            package.write(collection, collection.name)
            package.writestr("media", "{}")


def _deck(deck: ExportedDeck, note_type: genanki.Model) -> genanki.Deck:
    # "::" would make a deck within a deck.
    made = genanki.Deck(2**30 + _number(deck.name) % 2**30, re.sub(":{2,}", ":", deck.title))
    for position, card in enumerate(deck.cards):
        made.add_note(_note(card, note_type, position))
    return made


def _note(card: ExportedCard, note_type: genanki.Model, position: int) -> genanki.Note:
    levels = [f"level::{card.level}"] if card.level else []
    tags = [*(tag.replace(" ", "-") for tag in card.tags), *levels, f"topic::{card.topic}"]
    rendered = (mathjax(part) for part in (card.question_html, card.short_html, card.answer_html))
    fields = [*rendered, card.level or "", ", ".join(card.sources), card.address, f"{card.deck}/{card.id}"]
    return genanki.Note(note_type, fields, tags=tags, guid=guid(card.deck, card.id), due=position)


def guid(deck: str, card: str) -> str:
    """What makes a note of one export the same note in the next: from the names alone."""
    return f"{_number(f'{deck}/{card}'):016x}"


def mathjax(rendered: str) -> str:
    r"""Rendered HTML whose formulas are LaTeX between \( and \), or \[ and \], as Anki shows them."""
    return _MATHS.sub(_as_latex, rendered)


def _as_latex(found: re.Match[str]) -> str:
    latex = _ALIGN.sub(r"\\\1{aligned}", found["latex"])
    return rf"\[{latex}\]" if found["display"] == "block" else rf"\({latex}\)"


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
