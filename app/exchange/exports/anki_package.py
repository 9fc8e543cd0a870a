"""Cards as an Anki package: a zip with an SQLite database of schema 11, Anki's own format for its older versions.

https://github.com/ankidroid/Anki-Android/wiki/Database-Structure
"""

import hashlib
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from pathlib import Path
from urllib.parse import unquote

from app.cards.file.parse import slug
from app.cards.render.maths import unglued
from app.exchange.exports.anki_schedule import Learned
from app.exchange.exports.cards import ExportedCard, ExportedDeck
from app.exchange.imports.anki.own_notes import FIELDS, points_of_note

# People's collections know the note type by its number and its fields. If you change FIELDS, change the number.
NOTE_TYPE = 1_700_330_471
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
# What Anki expects beside what we decide, as in a new collection.
_FIELD = {"font": "Liberation Sans", "size": 20, "rtl": False, "sticky": False, "media": []}
_TEMPLATE = {"bqfmt": "", "bafmt": "", "bfont": "", "bsize": 0, "did": None}
_TODAY = dict.fromkeys(("newToday", "revToday", "lrnToday", "timeToday"), (0, 0))
_DECK = {"conf": 1, "desc": "", "dyn": 0, "collapsed": False, "extendNew": 0, "extendRev": 50} | _TODAY
_NEW = {"bury": True, "delays": [1, 10], "initialFactor": 2500, "ints": [1, 4, 7], "order": 1, "perDay": 20}
_REVIEW = {"bury": True, "ease4": 1.3, "fuzz": 0.05, "ivlFct": 1, "maxIvl": 36500, "minSpace": 1, "perDay": 100}
_LAPSE = {"delays": [10], "leechAction": 0, "leechFails": 8, "minInt": 1, "mult": 0}
_KINDS = {"new": _NEW | {"separate": True}, "rev": _REVIEW, "lapse": _LAPSE}
_OPTIONS = {"id": 1, "name": "Default", "mod": 0, "usn": 0, "autoplay": True, "maxTaken": 60, "timer": 0} | _KINDS
# The defaults are those of a new card and a note without flags.
_SCHEMA = """\
CREATE TABLE col (
    id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL, scm integer NOT NULL,
    ver integer NOT NULL DEFAULT 11, dty integer NOT NULL DEFAULT 0, usn integer NOT NULL DEFAULT 0,
    ls integer NOT NULL DEFAULT 0, conf text NOT NULL DEFAULT '{"nextPos": 1, "curDeck": 1, "activeDecks": [1]}',
    models text NOT NULL, decks text NOT NULL, dconf text NOT NULL, tags text NOT NULL DEFAULT '{}'
);
CREATE TABLE notes (
    id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL, mod integer NOT NULL,
    usn integer NOT NULL DEFAULT -1, tags text NOT NULL, flds text NOT NULL, sfld integer NOT NULL,
    csum integer NOT NULL DEFAULT 0, flags integer NOT NULL DEFAULT 0, data text NOT NULL DEFAULT ''
);
CREATE TABLE cards (
    id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL DEFAULT 0,
    mod integer NOT NULL, usn integer NOT NULL DEFAULT -1, type integer NOT NULL DEFAULT 0,
    queue integer NOT NULL DEFAULT 0, due integer NOT NULL, ivl integer NOT NULL DEFAULT 0,
    factor integer NOT NULL DEFAULT 0, reps integer NOT NULL DEFAULT 0, lapses integer NOT NULL DEFAULT 0,
    left integer NOT NULL DEFAULT 0, odue integer NOT NULL DEFAULT 0, odid integer NOT NULL DEFAULT 0,
    flags integer NOT NULL DEFAULT 0, data text NOT NULL DEFAULT ''
);
CREATE TABLE revlog (
    id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL, ivl integer NOT NULL,
    lastIvl integer NOT NULL, factor integer NOT NULL, time integer NOT NULL, type integer NOT NULL
);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_notes_csum ON notes (csum);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_revlog_cid ON revlog (cid);
"""


@dataclass(frozen=True)
class History:
    """A learner's cards by the names of deck and card, and the learner's day: its date, start, hour and zone.

    `first` is the start of `today`, in seconds, from which Anki counts due days.
    """

    cards: Mapping[tuple[str, str], Learned]
    today: date
    first: int
    conf: Mapping[str, object] = field(default_factory=dict)


_MATHS = re.compile(
    r'<math(?: display="(?P<display>\w+)")?[^>]*>.*?'
    r'<annotation encoding="application/x-tex">(?P<latex>.*?)</annotation></semantics></math>',
    re.DOTALL,
)
_MEDIA = re.compile(
    r'<(?P<tag>img|audio)(?: controls="")?(?: preload="none")? src="[^"]*/pictures/(?P<digest>\w+)/'
    r'(?P<name>[^"]+)\.(?P<ending>\w+)"'
    r"(?P<rest>[^>]*)>(?:</audio>)?"
)
# Within \[ \] MathJax takes the inner forms alone.
_ALIGN = re.compile(r"\\(begin|end)\s*\{align\*?\}")


def write_anki(path: Path, decks: Sequence[ExportedDeck], now: datetime, history: History | None = None) -> None:
    """Write a package with a deck for each of ours, and a note with one card for each card, in learning order.

    A note's guid depends on the names of the deck and the card alone: a second import updates the note and leaves its
    scheduling. Anki keeps the newer of two versions; `now` (aware) is when the notes changed. With a learner's
    `history`, the cards stand where they stand for the learner, and the review log has their reviews.
    """
    with tempfile.TemporaryDirectory() as folder:
        collection = Path(folder) / "collection.anki2"
        with closing(sqlite3.connect(collection)) as connection:
            connection.executescript(_SCHEMA)
            cards = _write_collection(connection, decks, now)
            if history:
                _write_history(connection, cards, history)
            connection.commit()
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as package:
            package.write(collection, collection.name)
            names: dict[str, str] = {}
            for digest, name in _media_of(decks).items():
                names[str(len(names))] = name
                package.write(next(deck.media[digest] for deck in decks if digest in deck.media), str(len(names) - 1))
            package.writestr("media", json.dumps(names))


def _write_collection(
    connection: sqlite3.Connection, decks: Sequence[ExportedDeck], now: datetime
) -> dict[tuple[str, str], int]:
    """Write decks, notes and new cards. Returns the numbers of the cards, by the names of deck and card."""
    numbers: dict[tuple[str, str], int] = {}
    seconds, milliseconds = int(now.timestamp()), int(now.timestamp() * 1000)
    made = [_deck(1, "Default"), *(_deck(deck_id(deck.name), deck.title) for deck in decks)]
    tables = ([_note_type(seconds)], made, [_OPTIONS])
    connection.execute(
        "INSERT INTO col (id, crt, mod, scm, models, decks, dconf) VALUES (1, ?, ?, ?, ?, ?, ?)",
        (seconds, milliseconds, milliseconds, *(json.dumps({one["id"]: one for one in table}) for table in tables)),
    )
    ids = count(milliseconds)
    for deck in decks:
        for position, card in enumerate(deck.cards):
            note, fields = next(ids), _fields(card)
            connection.execute(
                "INSERT INTO notes (id, guid, mid, mod, tags, flds, sfld) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (note, guid(card.deck, card.id), NOTE_TYPE, seconds, _tags(card), "\x1f".join(fields), fields[0]),
            )
            numbers[card.deck, card.id] = number = next(ids)
            connection.execute(
                "INSERT INTO cards (id, nid, did, mod, due) VALUES (?, ?, ?, ?, ?)",
                (number, note, deck_id(deck.name), seconds, position),
            )
    return numbers


def _write_history(connection: sqlite3.Connection, cards: Mapping[tuple[str, str], int], history: History) -> None:
    """Write where the cards stand, and their reviews."""
    used: set[int] = set()
    connection.execute("UPDATE col SET crt = ?, conf = ?", (history.first, json.dumps(history.conf)))
    for name in cards.keys() & history.cards.keys():
        learned = history.cards[name]
        for column, value in learned.standing(history.today).items():
            connection.execute(f"UPDATE cards SET {column} = ? WHERE id = ?", (value, cards[name]))  # noqa: S608
        for row in learned.log():
            while row["id"] in used:  # Anki numbers reviews by their milliseconds
                row["id"] += 1
            used.add(row["id"])
            names = ("id", "ease", "ivl", "lastIvl", "factor", "time", "type")
            values = [row[one] for one in names]
            connection.execute(
                "INSERT INTO revlog VALUES (?, ?, -1, ?, ?, ?, ?, ?, ?)", (values[0], cards[name], *values[1:])
            )


def _note_type(changed: int) -> dict[str, object]:
    return {
        "id": NOTE_TYPE,
        "name": "Recur",
        "mod": changed,
        "usn": -1,
        "did": None,
        "type": 0,  # one card a template, not cloze
        "sortf": 0,
        "req": [[0, "all", [0]]],  # template 0 makes a card where field 0, the question, is not empty
        "flds": [_FIELD | {"name": name, "ord": at} for at, name in enumerate(FIELDS)],
        "tmpls": [_TEMPLATE | {"name": "Card", "ord": 0, "qfmt": _FRONT, "afmt": _BACK}],
        "css": _CSS,
        "latexPre": "\\documentclass[12pt]{article}\n\\usepackage{amssymb,amsmath}\n\\begin{document}\n",
        "latexPost": "\\end{document}",
        "tags": [],
        "vers": [],
    }


def _deck(number: int, title: str) -> dict[str, object]:
    # "::" would make a deck within a deck.
    return _DECK | {"id": number, "name": re.sub(":{2,}", ":", title), "mod": 0, "usn": -1}


def _media_of(decks: Sequence[ExportedDeck]) -> dict[str, str]:
    """The digests of the pictures and sounds that cards show, and how they are named in a collection."""
    cards = (card for deck in decks for card in deck.cards)
    shown = (part for card in cards for part in (card.question_html, card.short_html, card.answer_html))
    return {found["digest"]: _media_name(found) for part in shown for found in _MEDIA.finditer(part)}


def _media_name(found: re.Match[str]) -> str:
    return f"recur-{found['digest']}-{slug(unquote(found['name']).rpartition('/')[2])}.{found['ending'].lower()}"


def with_media(rendered: str) -> str:
    """Name the pictures and sounds in rendered HTML as a collection does, whose files lie beside its notes."""
    return _MEDIA.sub(_as_media, rendered)


def _as_media(found: re.Match[str]) -> str:
    name = _media_name(found)
    return (
        f'<img src="{name}"{found["rest"]}>' if found["tag"] == "img" else f"<span{found['rest']}>[sound:{name}]</span>"
    )


def _fields(card: ExportedCard) -> list[str]:
    rendered = [with_media(mathjax(part)) for part in (card.question_html, card.short_html, card.answer_html)]
    if card.points_html:
        rendered[2] += points_of_note(map(mathjax, card.points_html))
    return [*rendered, card.level or "", ", ".join(card.sources), card.address, f"{card.deck}/{card.id}"]


def _tags(card: ExportedCard) -> str:
    levels = [f"level::{card.level}"] if card.level else []
    tags = [*(tag.replace(" ", "-") for tag in card.tags), *levels, f"topic::{card.topic}"]
    return f" {' '.join(tags)} "  # Anki finds whole tags by the spaces around them


def deck_id(deck: str) -> int:
    """The number of a deck in a collection, from its name alone."""
    return 2**30 + _number(deck) % 2**30


def guid(deck: str, card: str) -> str:
    """The identity of a note in a collection, from the names alone."""
    return f"{_number(f'{deck}/{card}'):016x}"


def mathjax(rendered: str) -> str:
    r"""Replace the MathML in rendered HTML by LaTeX between \( and \), or \[ and \], as Anki expects it."""
    return _MATHS.sub(_as_latex, unglued(rendered))


def _as_latex(found: re.Match[str]) -> str:
    latex = _ALIGN.sub(r"\\\1{aligned}", found["latex"])
    return rf"\[{latex}\]" if found["display"] == "block" else rf"\({latex}\)"


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
