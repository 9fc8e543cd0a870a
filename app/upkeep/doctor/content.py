"""Whether the stored cards are those that the content files make, and the search index is that of the cards."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, insert, select, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from app.cards.load import search
from app.cards.load.load import load
from app.cards.render.prepare import hash_of_text
from app.database import Database
from app.tables import CARD, CARD_DEMO, CARD_LINK, CARD_SOURCE, CARD_TAG, CARD_VERSION, CONTENT_FILE, DECK, TOPIC
from app.upkeep.doctor.finding import Cure, Finding, number, some

_NOT_OF_THE_FILE = {"id", "deck_id", "topic_id", "card_id", "seed", "retired_at"}
_UNKNOWN: dict[str, Any] = {"digest": "", "size": -1, "mtime_ns": 0, "mistakes": []}
_OWNED = (CARD_SOURCE, CARD_TAG, CARD_DEMO, CARD_LINK)
_LACKS_VERSION = CARD.c.text_hash.is_not(None) & ~exists().where(
    CARD_VERSION.c.card_id == CARD.c.id, CARD_VERSION.c.text_hash == CARD.c.text_hash
)
Rows = dict[str, dict[str, Any]]
"""What a content file makes, by the file's path and then by a name within it."""


def files(connection: Connection, content_dir: Path, now: datetime) -> Iterator[Finding]:
    """Cards and topics that are not what their files say. The files are loaded into a new database, and compared.

    A file that has a mistake or was saved since it was loaded is left out, and so are cards that are in no file.
    """
    if not content_dir.is_dir():
        yield Finding(f"There is no content folder {content_dir}.", None, "Set RECUR_CONTENT_DIR.")
        return
    wrong = differing(connection, content_dir, now)
    for path, names in sorted(wrong.items()):
        yield Finding(f"What {path} says is stored otherwise: {some(sorted(names))}.", Cure.LOAD)


def differing(connection: Connection, content_dir: Path, now: datetime) -> dict[str, set[str]]:
    """The names of what is stored otherwise than its file says, by the file's path."""
    with TemporaryDirectory() as folder:
        fresh = Database(f"sqlite:///{Path(folder) / 'fresh.sqlite'}")
        try:
            with fresh.engine.begin() as new:
                SQLModel.metadata.create_all(new)
                search.create(new)
            load(fresh, content_dir, now)
            with fresh.engine.connect() as new:
                files_now, right = _files(new), _rows(new)
        finally:
            fresh.close()
    loaded, stored = _files(connection), _rows(connection)
    found: dict[str, set[str]] = {}
    for path in sorted({*right, *stored, *files_now}):
        now_there, then = files_now.get(path), loaded.get(path)
        if then is None:
            found[path] = {"the file itself"}
        elif now_there is None or now_there.has_mistakes or now_there.stamp != then.stamp:
            continue  # its last good version stays, or it was saved since
        elif now_there != then:
            found[path] = {"the file itself"}
        else:
            there, should = stored.get(path, {}), right.get(path, {})
            names = {name for name in there.keys() | should.keys() if there.get(name) != should.get(name)}
            if names:
                found[path] = names
    return found


def versions(connection: Connection) -> Iterator[Finding]:
    """Versions of cards that are not what was loaded, and cards whose text is not their latest version."""
    c = CARD_VERSION.c
    wrong = [
        number_ for number_, markdown, text_hash in connection.execute(select(c.id, c.markdown, c.text_hash))
        if hash_of_text(markdown) != text_hash
    ]  # fmt: skip
    if wrong:
        what = (
            f"The text of {number(len(wrong), 'version')} of cards is not what was loaded (card_version {some(wrong)})."
        )
        yield Finding(what, None, "Nothing else holds it, except perhaps git; it is kept as it is.")
    lacking = connection.execute(select(CARD.c.name).where(_LACKS_VERSION, CARD.c.retired_at.is_(None))).scalars().all()
    if lacking:
        yield Finding(f"The text of {number(len(lacking), 'card')} is in no version: {some(lacking)}.", Cure.LOAD)


def forget_differing(connection: Connection, content_dir: Path, now: datetime) -> int:
    """Make the next load read every file that is stored otherwise. Returns how many there are."""
    wrong = set(differing(connection, content_dir, now))
    lacking = select(TOPIC.c.path).join(CARD, CARD.c.topic_id == TOPIC.c.id).where(_LACKS_VERSION)
    wrong.update(connection.execute(lacking).scalars())
    connection.execute(update(CARD).where(_LACKS_VERSION).values(text_hash=None))
    for path in wrong:
        connection.execute(delete(CONTENT_FILE).where(CONTENT_FILE.c.path == path))
        # With a row that fits no file: a file that is gone is then retired, and any other is read.
        connection.execute(insert(CONTENT_FILE), _UNKNOWN | {"path": path, "looked_at": now})
        of_file = select(TOPIC.c.id).where(TOPIC.c.path == path)
        connection.execute(update(CARD).where(CARD.c.topic_id.in_(of_file)).values(content_hash=""))
    return len(wrong)


def index(database: Database, connection: Connection) -> Iterator[Finding]:
    """Cards that the search index lacks, has too many, or has with other words than theirs."""
    try:
        wrong: dict[str, list[int]] = defaultdict(list)
        for card, how in search.differing(connection).items():
            wrong[how].append(card)
        for how, cards in wrong.items():
            what = f"{number(len(cards), 'entry').replace('entrys', 'entries')} of the search index"
            yield Finding(f"{what} {'is' if len(cards) == 1 else 'are'} {how} (card {some(cards)}).", Cure.SEARCH)
        if not wrong:
            with database.write() as session:
                search.check(session.connection())
    except DatabaseError as error:
        yield Finding(f"The search index is damaged: {error.orig}.", Cure.SEARCH)


@dataclass(frozen=True)
class _File:
    """A file as it was loaded. One that was saved since has another `stamp`."""

    digest: str
    stamp: tuple[int, int]
    has_mistakes: bool


def _files(connection: Connection) -> dict[str, _File]:
    c = CONTENT_FILE.c
    rows = connection.execute(select(c.path, c.digest, c.size, c.mtime_ns, c.mistakes))
    return {path: _File(digest, (size, mtime), bool(mistakes)) for path, digest, size, mtime, mistakes in rows}


def _rows(connection: Connection) -> dict[str, Rows]:
    """What is stored of each file."""
    found: dict[str, Rows] = defaultdict(dict)
    topics = select(DECK.c.title.label("deck_title"), TOPIC).join(DECK, DECK.c.id == TOPIC.c.deck_id)
    for row in connection.execute(topics.where(TOPIC.c.retired_at.is_(None))).mappings():
        found[row["path"]]["its topic"] = _said(row)
    cards: dict[int, dict[str, Any]] = {}
    live = select(TOPIC.c.path, CARD).join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
    for row in connection.execute(live.where(CARD.c.retired_at.is_(None))).mappings():
        cards[row["id"]] = found[row["path"]][row["name"]] = _said(row)
    for table in _OWNED:
        for row in connection.execute(select(table).order_by(*table.primary_key)).mappings():
            if row["card_id"] in cards:
                cards[row["card_id"]].setdefault(table.name, []).append(_said(row))
    return found


def _said(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_OF_THE_FILE}
