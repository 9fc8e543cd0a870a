"""The rows of files, decks and topics: what the last load left, which files have changed since, and writing them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, text, update

from app.cards.file.files import OpenedFile, TopicFile
from app.cards.file.mistake import Mistake
from app.cards.render.prepare import ReadyFile
from app.demos.machine.drawing import in_gate_colours
from app.demos.registry import gates_of
from app.tables import CARD, CARD_LINK, CONTENT_FILE, DECK, TOPIC, chunks

_LOCK = text("LOCK TABLE content_file IN SHARE ROW EXCLUSIVE MODE")
UNJUDGED = ""
"""The digest of a file with numbers that are still to be computed: the next load reads it again."""


@dataclass(frozen=True)
class FileRow:
    """A file as a load left it. Rows that differ in `looked_at` alone are equal."""

    digest: str
    size: int
    mtime_ns: int
    looked_at: datetime = field(compare=False)
    mistakes: tuple[Mistake, ...] = ()


def is_good(row: FileRow) -> bool:
    """True if the file was judged, and had no mistake."""
    return not row.mistakes and row.digest != UNJUDGED


def read_file_rows(connection: Connection) -> dict[str, FileRow]:
    """Every file of the last load, by path."""
    c = CONTENT_FILE.c
    rows = connection.execute(select(c.path, c.digest, c.size, c.mtime_ns, c.looked_at, c.mistakes))
    return {
        path: FileRow(
            digest, size, mtime_ns, looked_at, tuple(Mistake(path, one["line"], one["message"]) for one in mistakes)
        )
        for path, digest, size, mtime_ns, looked_at, mistakes in rows
    }


def lock_files(connection: Connection) -> None:
    """Let no other load write until the transaction ends. SQLite has only one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK)


def digests(connection: Connection) -> dict[str, str]:
    """Every file's digest, by path. If they are the same, no other load came between."""
    return {path: digest for path, digest in connection.execute(select(CONTENT_FILE.c.path, CONTENT_FILE.c.digest))}  # noqa: C416


def unsettled(files: Iterable[TopicFile], rows: Mapping[str, FileRow]) -> list[TopicFile]:
    """The files that must be opened: all but those that had no mistake and certainly have not changed."""
    return [file for file in files if not _is_settled(file, rows.get(file.path))]


def _is_settled(file: TopicFile, row: FileRow | None) -> bool:
    if row is None or not is_good(row) or (row.size, row.mtime_ns) != (file.size, file.mtime_ns):
        return False
    # Two saves within a tick of the clock leave the same time: some systems count whole seconds only.
    tick = 2_000_000_000 if file.mtime_ns % 1_000_000_000 == 0 else 100_000_000
    return row.looked_at.timestamp() * 1e9 - file.mtime_ns > tick


def compare(
    opened: Iterable[OpenedFile], rows: Mapping[str, FileRow], now: datetime
) -> tuple[list[OpenedFile], dict[str, FileRow]]:
    """Return the files that changed or had a mistake, and the rows of other files whose times are news, by path."""
    changed, touched = [], {}
    for one in opened:
        before = rows.get(one.file.path)
        if before is None or before.mistakes or before.digest != one.digest:
            changed.append(one)
            continue
        row = FileRow(one.digest, one.file.size, one.file.mtime_ns, now)
        if row != before or _is_settled(one.file, row):
            touched[one.file.path] = row
    return changed, touched


def linking_files(connection: Connection, addresses: Sequence[str]) -> set[str]:
    """The files whose live cards, explanation or key points link to one of the addresses in the app."""
    found: set[str] = set()
    for start in range(0, len(addresses), 50):  # few at once: each is looked for in every text
        hrefs = [f'href="{address}"' for address in addresses[start : start + 50]]
        cards, topics = (
            or_(*(column.contains(href, autoescape=True) for href in hrefs for column in columns))
            for columns in (
                (CARD.c.short_html, CARD.c.answer_html),
                (TOPIC.c.explanation_html, TOPIC.c.key_points_html),
            )
        )
        of_cards = select(TOPIC.c.path).join_from(CARD, TOPIC).where(CARD.c.retired_at.is_(None), cards)
        of_topics = select(TOPIC.c.path).where(TOPIC.c.retired_at.is_(None), topics)
        found.update(connection.execute(of_cards.union(of_topics)).scalars())
    return found


def files_with_dead_links(connection: Connection) -> set[str]:
    """The files whose live cards link to a card that is not live."""
    target = CARD.alias()
    is_live = select(target.c.id).join(DECK, DECK.c.id == target.c.deck_id)
    is_live = is_live.where(DECK.c.name == CARD_LINK.c.deck, target.c.name == CARD_LINK.c.name)
    linking = select(TOPIC.c.path).join_from(CARD, TOPIC).join(CARD_LINK, CARD_LINK.c.card_id == CARD.c.id)
    dead = ~is_live.where(target.c.retired_at.is_(None)).exists()
    return set(connection.execute(linking.where(CARD.c.retired_at.is_(None), dead).distinct()).scalars())


def write_file_rows(
    connection: Connection, rows: Mapping[str, FileRow], before: Mapping[str, FileRow], removed: Iterable[str]
) -> None:
    """Write the rows of files, by path, and delete those of removed files."""
    written = [
        {
            "path": path,
            "digest": row.digest,
            "size": row.size,
            "mtime_ns": row.mtime_ns,
            "looked_at": row.looked_at,
            "mistakes": [{"line": mistake.line, "message": mistake.message} for mistake in row.mistakes],
        }
        for path, row in rows.items()
    ]
    if known := [values | {"the_path": values["path"]} for values in written if values["path"] in before]:
        connection.execute(_UPDATE, known)
    if new := [values for values in written if values["path"] not in before]:
        connection.execute(insert(CONTENT_FILE), new)
    for path in removed:
        connection.execute(delete(CONTENT_FILE).where(CONTENT_FILE.c.path == path))


_UPDATE = (
    update(CONTENT_FILE)
    .where(CONTENT_FILE.c.path == bindparam("the_path"))
    .values({column.name: bindparam(column.name) for column in CONTENT_FILE.columns})
)


def read_decks(connection: Connection) -> dict[str, tuple[int, str]]:
    """Each deck's id and title, by name."""
    rows = connection.execute(select(DECK.c.name, DECK.c.id, DECK.c.title))
    return {name: (deck_id, title) for name, deck_id, title in rows}


def write_deck(connection: Connection, name: str, title: str, before: tuple[int, str] | None) -> int:
    """Write a deck's title; `before` is its row. Returns its id."""
    if before is None:
        return int(connection.execute(insert(DECK).values(name=name, title=title).returning(DECK.c.id)).scalar_one())
    deck_id, old_title = before
    if old_title != title:
        connection.execute(update(DECK).where(DECK.c.id == deck_id).values(title=title))
    return deck_id


def write_topics(
    connection: Connection, deck_id: int, files: Sequence[ReadyFile], removed: Iterable[str], now: datetime
) -> dict[int, ReadyFile]:
    """Write each file's topic, and retire those of the removed files. Returns the files by their topics' ids."""
    known: dict[str, int] = {}
    for names in chunks(file.found.name for file in files):
        here = select(TOPIC.c.name, TOPIC.c.id).where(TOPIC.c.deck_id == deck_id, TOPIC.c.name.in_(names))
        known.update((name, topic_id) for name, topic_id in connection.execute(here))
    new = []
    for file in files:
        gates = gates_of({link.target.name for link in file.links if link.target.kind == "demo"})
        values = {
            "path": file.found.path,
            "title": file.title,
            "place": file.place,
            "explanation_html": in_gate_colours(file.explanation_html, gates),
            "key_points_html": in_gate_colours(file.key_points_html, gates),
            "sources": file.sources,
            "retired_at": None,
        }
        if file.found.name in known:
            connection.execute(update(TOPIC).where(TOPIC.c.id == known[file.found.name]).values(**values))
        else:
            new.append({"deck_id": deck_id, "name": file.found.name, **values})
    if new:
        made = connection.execute(insert(TOPIC).returning(TOPIC.c.name, TOPIC.c.id), new)
        known.update((name, topic_id) for name, topic_id in made)
    for path in removed:
        gone = (TOPIC.c.deck_id == deck_id, TOPIC.c.path == path, TOPIC.c.retired_at.is_(None))
        connection.execute(update(TOPIC).where(*gone).values(retired_at=now))
    return {known[file.found.name]: file for file in files}
