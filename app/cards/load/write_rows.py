"""Writes a deck's files into the database, within the caller's transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from app.cards.load import search
from app.cards.load.identity import Incoming, Known, match
from app.cards.load.read_rows import Row, Seen, rows_of
from app.cards.render.prepare import ReadyCard, ReadyFile
from app.tables import (
    CARD,
    CARD_DEMO,
    CARD_LINK,
    CARD_SOURCE,
    CARD_TAG,
    CONTENT_FILE,
    DECK,
    NEW_CARD_CURSOR,
    TOPIC,
    chunks,
)

MoveCards = Callable[[Connection, int, Mapping[int, tuple[int, int]]], None]
"""Told, before it happens, which cards of a deck (by id) leave which topic for which (by both ids)."""
# What may change while the card's text stays as it is.
_PLACED = ("topic_id", "name", "is_named", "place", "line", "retired_at")


def write_file(connection: Connection, path: str, seen: Seen, is_new: bool) -> None:
    """Remember how a file was found."""
    mistakes = [{"line": mistake.line, "message": mistake.message} for mistake in seen.mistakes]
    values = {**seen._asdict(), "mistakes": mistakes}
    connection.execute(
        insert(CONTENT_FILE).values(path=path, **values) if is_new else _at(CONTENT_FILE, path).values(**values)
    )


def _at(table: Table, path: str) -> Any:
    return update(table).where(table.c.path == path)


def forget_files(connection: Connection, paths: Iterable[str]) -> None:
    """Drop the rows of files that are gone."""
    for path in paths:
        connection.execute(delete(CONTENT_FILE).where(CONTENT_FILE.c.path == path))


def write_deck(connection: Connection, name: str, title: str, known: tuple[int, str] | None) -> int:
    """Write a deck's title. Returns its id."""
    if known is None:
        return int(connection.execute(insert(DECK).values(name=name, title=title).returning(DECK.c.id)).scalar_one())
    if known[1] != title:
        connection.execute(update(DECK).where(DECK.c.id == known[0]).values(title=title))
    return known[0]


def write_topics(
    connection: Connection, deck_id: int, files: Sequence[ReadyFile], removed: Sequence[str], now: datetime
) -> dict[str, int]:
    """Write each file's topic and retire those of the removed files. Returns the topics' ids by path."""
    known: dict[str, int] = {}
    for names in chunks(file.found.name for file in files):
        here = select(TOPIC.c.name, TOPIC.c.id).where(TOPIC.c.deck_id == deck_id, TOPIC.c.name.in_(names))
        known.update((name, topic_id) for name, topic_id in connection.execute(here))
    ids = {}
    for file in files:
        values = {
            "path": file.found.path,
            "title": file.title,
            "place": topic_place(file),
            "explanation_html": file.explanation_html,
            "key_points_html": file.key_points_html,
            "sources": file.sources,
            "retired_at": None,
        }
        topic_id = known.get(file.found.name)
        if topic_id is None:
            made = insert(TOPIC).values(deck_id=deck_id, name=file.found.name, **values).returning(TOPIC.c.id)
            topic_id = int(connection.execute(made).scalar_one())
        else:
            connection.execute(update(TOPIC).where(TOPIC.c.id == topic_id).values(**values))
        ids[file.found.path] = topic_id
    for path in removed:
        gone = (TOPIC.c.deck_id == deck_id, TOPIC.c.path == path, TOPIC.c.retired_at.is_(None))
        connection.execute(update(TOPIC).where(*gone).values(retired_at=now))
    return ids


def topic_place(file: ReadyFile) -> str:
    """Sorts topics by their order, then by name."""
    return f"{file.order:06d}/{file.found.name}"


def write_cards(
    connection: Connection,
    deck_id: int,
    files: Sequence[ReadyFile],
    removed: Sequence[str],
    topics: Mapping[str, int],
    now: datetime,
    move_cards: MoveCards,
) -> Counter[str]:
    """Write the files' cards over the rows that they are; retire the rows that no file holds any more.

    Returns how many cards were added, changed, moved, renamed, retired and returned.
    """
    leaving = {*removed, *(file.found.path for file in files)}
    rows = rows_of(connection, deck_id, (card.name for file in files for card in file.cards), leaving)
    incoming = [
        Incoming(card.name, card.is_named, file.found.path, card.question, card.answer_hash)
        for file in files
        for card in file.cards
    ]
    matched = match(incoming, [_known(row, leaving) for row in rows.values()])
    count: Counter[str] = Counter()
    new, changed, placed, returned = [], [], [], []
    moved: dict[int, tuple[int, int]] = {}
    for file in files:
        for index, card in enumerate(file.cards):
            row = rows.get(matched.get(card.name, 0))
            place = {
                "topic_id": topics[file.found.path],
                "name": card.name,
                "is_named": card.is_named,
                "place": f"{topic_place(file)}/{index:05d}",
                "line": card.line,
                "retired_at": None,
            }
            if row is None:
                new.append((card, {"deck_id": deck_id, **place, **_text(card)}))
            elif row.content_hash != card.content_hash:
                changed.append((card, {"row": row.id, **place, **_text(card)}))
            elif any(getattr(row, name) != value for name, value in place.items()):
                placed.append({"row": row.id, **place})
            if row is not None:
                if row.topic_id != place["topic_id"]:
                    moved[row.id] = row.topic_id, topics[file.found.path]
                count["renamed"] += row.name != card.name
                returned += [row.id] if row.retired_at is not None else []
                count["moved"] += row.retired_at is None and row.place != place["place"]
    kept = set(matched.values())
    retired = [row.id for row in rows.values() if row.path in leaving and row.retired_at is None and row.id not in kept]
    count.update(added=len(new), changed=len(changed), retired=len(retired), returned=len(returned))
    if moved:
        move_cards(connection, deck_id, moved)
    _retire(connection, retired, now)
    _update(connection, [values for _card, values in changed])
    _update(connection, placed)
    for table in (CARD_SOURCE, CARD_TAG, CARD_DEMO, CARD_LINK):
        _each(connection, delete(table).where(table.c.card_id == bindparam("row")), [v for _card, v in changed], "row")
    owned = [(card, int(values["row"])) for card, values in changed] + _insert(connection, new)
    _write_children(connection, owned)
    search.forget(connection, retired)
    search.index(connection, {*(card_id for _card, card_id in owned), *returned})
    if count["added"] or count["retired"] or count["returned"] or count["moved"]:
        connection.execute(delete(NEW_CARD_CURSOR).where(NEW_CARD_CURSOR.c.deck_id == deck_id))
    return count


def _known(row: Row, leaving: set[str]) -> Known:
    is_leaving = row.retired_at is None and row.path in leaving
    return Known(row.id, row.name, row.is_named, row.path, row.question, row.answer_hash, is_leaving)


def _text(card: ReadyCard) -> dict[str, Any]:
    assert card.html is not None  # noqa: S101 - a card is left unrendered only where its row has the same text
    return {
        "question": card.question,
        "question_html": card.html.question_html,
        "short_html": card.html.short_html,
        "answer_html": card.html.answer_html,
        "level": card.level,
        "content_hash": card.content_hash,
        "answer_hash": card.answer_hash,
    }


def _insert(connection: Connection, new: Sequence[tuple[ReadyCard, dict[str, Any]]]) -> list[tuple[ReadyCard, int]]:
    if not new:
        return []
    made = connection.execute(insert(CARD).returning(CARD.c.name, CARD.c.id), [values for _card, values in new])
    ids = {name: card_id for name, card_id in made}  # noqa: C416
    return [(card, ids[card.name]) for card, _values in new]


def _update(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        named: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "row"}
        _each(connection, update(CARD).where(CARD.c.id == bindparam("row")).values(named), rows)


def _retire(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    retired = update(CARD).where(CARD.c.id == bindparam("row")).values(retired_at=now)
    _each(connection, retired, [{"row": row} for row in ids])


def _each(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]], *only: str) -> None:
    if rows:
        connection.execute(statement, [{name: row[name] for name in only or row} for row in rows])


def _write_children(connection: Connection, owned: Sequence[tuple[ReadyCard, int]]) -> None:
    sources = [{"card_id": row, "item": item} for card, row in owned for item in card.sources]
    tags = [{"card_id": row, "tag": tag} for card, row in owned for tag in card.tags]
    demos = [
        {"card_id": row, "position": position, "demo": demo, "query": query, "label": label}
        for card, row in owned
        for position, (demo, query, label) in enumerate(card.html.demos if card.html else ())
    ]
    links = [
        {"card_id": row, "position": position, "deck": deck, "name": name, "is_follow_up": is_follow_up}
        for card, row in owned
        for position, (deck, name, is_follow_up) in enumerate(card.html.links if card.html else ())
    ]
    for table, rows in ((CARD_SOURCE, sources), (CARD_TAG, tags), (CARD_DEMO, demos), (CARD_LINK, links)):
        if rows:
            connection.execute(insert(table), rows)
