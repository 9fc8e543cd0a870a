"""The rows of cards: which card of the files is which row, so that its history stays with it, and writing them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.cards.file.parse import slug
from app.cards.load import search
from app.cards.load.versions import Version, append_versions
from app.cards.render.prepare import ReadyCard, ReadyFile
from app.tables import CARD, CARD_DEMO, CARD_LINK, CARD_SOURCE, CARD_TAG, DECK, NEW_CARD_CURSOR, TOPIC, chunks


@dataclass(frozen=True)
class CardRow:
    """A stored card. `path` is its topic's file."""

    id: int
    topic_id: int
    path: str
    name: str
    is_named: bool
    place: str
    line: int
    question: str
    content_hash: str
    answer_hash: str
    text_hash: str | None
    retired_at: datetime | None


def read_cards(connection: Connection, deck_id: int, names: Iterable[str], paths: Iterable[str]) -> list[CardRow]:
    """The deck's cards that have one of the names or belong to one of the files."""
    columns = (TOPIC.c.path if field.name == "path" else CARD.c[field.name] for field in fields(CardRow))
    query = select(*columns).join_from(CARD, TOPIC).where(CARD.c.deck_id == deck_id)
    rows: dict[int, CardRow] = {}
    for column, values in ((CARD.c.name, names), (TOPIC.c.path, paths)):
        for some in chunks(values):
            rows.update((found.id, CardRow(*found)) for found in connection.execute(query.where(column.in_(some))))
    return list(rows.values())


def live_names(connection: Connection, deck: str) -> list[tuple[str, str]]:
    """(name, path) of every live card of a deck."""
    query = select(CARD.c.name, TOPIC.c.path).join_from(CARD, TOPIC).join(DECK, DECK.c.id == CARD.c.deck_id)
    live = query.where(DECK.c.name == deck, CARD.c.retired_at.is_(None))
    return [(name, path) for name, path in connection.execute(live)]


def live_names_of(connection: Connection, paths: Iterable[str]) -> list[tuple[str, str]]:
    """(name, path) of every live card of these files."""
    query = select(CARD.c.name, TOPIC.c.path).join_from(CARD, TOPIC).where(CARD.c.retired_at.is_(None))
    found = [connection.execute(query.where(TOPIC.c.path.in_(some))) for some in chunks(paths)]
    return [(name, path) for rows in found for name, path in rows]


def content_hashes(connection: Connection, paths: Iterable[str]) -> dict[str, set[str]]:
    """The content hashes of every card, live or retired, by file."""
    hashes: dict[str, set[str]] = defaultdict(set)
    query = select(TOPIC.c.path, CARD.c.content_hash).join_from(CARD, TOPIC)
    for some in chunks(paths):
        for path, content_hash in connection.execute(query.where(TOPIC.c.path.in_(some))):
            hashes[path].add(content_hash)
    return hashes


def match(files: Iterable[ReadyFile], rows: Iterable[CardRow], leaving: Collection[str]) -> dict[str, CardRow]:
    """The row of each card, by the card's name; new cards have none. All are of one deck. Pure.

    `leaving` are the files whose rows may lose their cards: those that are loaded now, and those removed.

    A card is the row with its name, wherever its file is now. A card whose name no row has may be one that has just
    lost its own: because an id was written on it, because its id was changed and nothing else, or because it had no id
    and its question was reworded. It takes over that row only if nothing else can be meant.
    """
    by_name = {row.name: row for row in rows}
    cards = {card.name: (card, file.found.path) for file in files for card in file.cards}
    matched = {name: by_name[name] for name in cards if name in by_name}
    new = [one for name, one in cards.items() if name not in by_name]
    vanished = [
        row for row in by_name.values() if row.retired_at is None and row.path in leaving and row.name not in cards
    ]
    for of_card, of_row in _SIGNS if new and vanished else ():
        for with_path in (False, True):
            showing: dict[Hashable, tuple[list[str], list[CardRow]]] = defaultdict(lambda: ([], []))
            for card, path in new:
                if card.name not in matched and (sign := of_card(card)) is not None:
                    showing[sign, path if with_path else ""][0].append(card.name)
            taken = {row.id for row in matched.values()}
            for row in vanished:
                if row.id not in taken and (sign := of_row(row)) is not None:
                    showing[sign, row.path if with_path else ""][1].append(row)
            matched.update((names[0], gone[0]) for names, gone in showing.values() if len(names) == len(gone) == 1)
    return matched


# Each sign: what a card shows and what a row shows. They may be the same card if these are equal and not None.
_SIGNS: tuple[tuple[Callable[[ReadyCard], Hashable | None], Callable[[CardRow], Hashable | None]], ...] = (
    # An id was written: the row still has the name that its question gave it.
    (lambda card: slug(card.question) if card.is_named else None, lambda row: None if row.is_named else row.name),
    # An id was changed or removed, and nothing else.
    (lambda card: (card.question, card.answer_hash), lambda row: (row.question, row.answer_hash)),
    # The question of a card without an id was reworded, and perhaps an id was written too.
    (lambda card: card.answer_hash, lambda row: None if row.is_named else row.answer_hash),
)


@dataclass
class CardChanges:
    """What a load does to a deck's cards. Values are a row's columns; `row` is the id of one that is updated.

    `moved` are the ids of cards that change their topic, with the ids of both topics.
    """

    added: list[tuple[ReadyCard, dict[str, Any]]] = field(default_factory=list)
    changed: list[tuple[ReadyCard, dict[str, Any]]] = field(default_factory=list)
    placed: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)

    def take(self, card: ReadyCard, path: str, row: CardRow | None, place: dict[str, Any]) -> None:
        """Note what becomes of a card in the file `path`; `place` are the columns that may change alone."""
        if row is None or row.text_hash != card.text_hash:
            self.versions.append(Version(card, path, row.id if row else None))
        if row is None:
            self.added.append((card, place | _text(card)))
            return
        if row.content_hash != card.content_hash:
            self.changed.append((card, {"row": row.id, **place, **_text(card)}))
        elif any(getattr(row, name) != value for name, value in place.items()):
            self.placed.append({"row": row.id, **place})
        if row.topic_id != place["topic_id"]:
            self.moved[row.id] = row.topic_id, place["topic_id"]
        if row.retired_at is not None:
            self.returned.append(row.id)
        self.count["moved"] += row.retired_at is None and row.place != place["place"]
        self.count["renamed"] += row.name != card.name


def compare_cards(
    connection: Connection, deck_id: int, topics: Mapping[int, ReadyFile], removed: Iterable[str]
) -> CardChanges:
    """Compare the files' cards with the rows, and retire the rows that no file holds any more. `topics` are by id."""
    leaving = {*removed, *(file.found.path for file in topics.values())}
    rows = read_cards(connection, deck_id, (card.name for file in topics.values() for card in file.cards), leaving)
    matched = match(topics.values(), rows, leaving)
    changes = CardChanges()
    for topic_id, file in topics.items():
        topic_place = file.place
        for index, card in enumerate(file.cards):
            place = {
                "topic_id": topic_id,
                "name": card.name,
                "is_named": card.is_named,
                "place": f"{topic_place}/{index:05d}",
                "line": card.line,
                "text_hash": card.text_hash,
                "retired_at": None,
            }
            changes.take(card, file.found.path, matched.get(card.name), place)
    kept = {row.id for row in matched.values()}
    changes.retired = [row.id for row in rows if row.path in leaving and row.retired_at is None and row.id not in kept]
    for name in ("added", "changed", "retired", "returned"):
        changes.count[name] = len(getattr(changes, name))
    return changes


def _text(card: ReadyCard) -> dict[str, Any]:
    assert card.html is not None  # noqa: S101 - a card is left unrendered only if its row has the same text
    return {
        "question": card.question,
        "question_html": card.html.question_html,
        "short_html": card.html.short_html,
        "answer_html": card.html.answer_html,
        "level": card.level,
        "corrected_on": card.corrected[0] if card.corrected else None,
        "correction": card.corrected[1] if card.corrected else None,
        "content_hash": card.content_hash,
        "answer_hash": card.answer_hash,
    }


def write_cards(
    connection: Connection, deck_id: int, changes: CardChanges, commits: Mapping[str, str], now: datetime
) -> None:
    """Write the changes, with the cards' versions, tags, sources and links and the search index.

    `commits` are the commits of files that were read as they are in git, by path.
    """
    at_row = update(CARD).where(CARD.c.id == bindparam("row"))
    if changes.retired:
        connection.execute(at_row.values(retired_at=now), [{"row": card_id} for card_id in changes.retired])
    for rows in ([values for _card, values in changes.changed], changes.placed):
        if rows:
            connection.execute(at_row.values({name: bindparam(name) for name in rows[0] if name != "row"}), rows)
    written = [(card, int(values["row"])) for card, values in changes.changed]
    for table in (CARD_SOURCE, CARD_TAG, CARD_DEMO, CARD_LINK):
        if written:
            of_row = delete(table).where(table.c.card_id == bindparam("row"))
            connection.execute(of_row, [{"row": card_id} for _card, card_id in written])
    added = _insert(connection, deck_id, changes.added)
    append_versions(connection, changes.versions, {card.name: row for card, row in added}, commits, now)
    written += added
    _write_children(connection, written)
    search.forget(connection, changes.retired)
    search.index(connection, {*(card_id for _card, card_id in written), *changes.returned})
    if any(changes.count[name] for name in ("added", "retired", "returned", "moved")):
        connection.execute(delete(NEW_CARD_CURSOR).where(NEW_CARD_CURSOR.c.deck_id == deck_id))


def _insert(
    connection: Connection, deck_id: int, added: Sequence[tuple[ReadyCard, dict[str, Any]]]
) -> list[tuple[ReadyCard, int]]:
    """Add the cards. Returns each with its row's id."""
    if not added:
        return []
    statement = insert(CARD).returning(CARD.c.name, CARD.c.id)
    ids = {name: row for name, row in connection.execute(statement, [{"deck_id": deck_id, **v} for _card, v in added])}  # noqa: C416
    return [(card, ids[card.name]) for card, _values in added]


def _write_children(connection: Connection, written: Sequence[tuple[ReadyCard, int]]) -> None:
    sources = [{"card_id": row, "item": item} for card, row in written for item in card.sources]
    tags = [{"card_id": row, "tag": tag} for card, row in written for tag in card.tags]
    demos = [
        {"card_id": row, "position": position, "demo": demo, "query": query, "label": label}
        for card, row in written
        for position, (demo, query, label) in enumerate(card.html.demos if card.html else ())
    ]
    links = [
        {"card_id": row, "position": position, "deck": deck, "name": name, "is_follow_up": is_follow_up}
        for card, row in written
        for position, (deck, name, is_follow_up) in enumerate(card.html.links if card.html else ())
    ]
    for table, rows in ((CARD_SOURCE, sources), (CARD_TAG, tags), (CARD_DEMO, demos), (CARD_LINK, links)):
        if rows:
            connection.execute(insert(table), rows)
