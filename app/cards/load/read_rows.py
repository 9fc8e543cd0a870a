"""What the database knows of the content: files, decks and cards, as far as a load compares them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from app.cards.file.mistake import Mistake
from app.tables import CARD, CONTENT_FILE, DECK, TOPIC, chunks


class Seen(NamedTuple):
    """A file as the last load left it."""

    digest: str
    size: int
    mtime_ns: int
    looked_at: datetime
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Row:
    """A card's row. `path` is its topic's file."""

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
    retired_at: datetime | None


def seen_files(connection: Connection) -> dict[str, Seen]:
    """Every file of the last load, by path."""
    rows = connection.execute(select(CONTENT_FILE.c.path, *(CONTENT_FILE.c[name] for name in Seen._fields)))
    return {
        path: Seen(
            digest, size, mtime_ns, looked_at, tuple(Mistake(path, one["line"], one["message"]) for one in wrong)
        )
        for path, digest, size, mtime_ns, looked_at, wrong in rows
    }


def digests(connection: Connection) -> dict[str, str]:
    """Every file's digest: while they are the same, no load came between."""
    return {path: digest for path, digest in connection.execute(select(CONTENT_FILE.c.path, CONTENT_FILE.c.digest))}  # noqa: C416


def decks(connection: Connection) -> dict[str, tuple[int, str]]:
    """Each deck's id and title, by name."""
    rows = connection.execute(select(DECK.c.name, DECK.c.id, DECK.c.title))
    return {name: (deck_id, title) for name, deck_id, title in rows}


def known_hashes(connection: Connection, paths: Iterable[str]) -> dict[str, set[str]]:
    """The content hashes of the cards of each file's topic, the retired ones too."""
    hashes: dict[str, set[str]] = {}
    query = select(TOPIC.c.path, CARD.c.content_hash).join_from(CARD, TOPIC)
    for some in chunks(paths):
        for path, content_hash in connection.execute(query.where(TOPIC.c.path.in_(some))):
            hashes.setdefault(path, set()).add(content_hash)
    return hashes


def rows_of(connection: Connection, deck_id: int, names: Iterable[str], paths: Iterable[str]) -> dict[int, Row]:
    """The deck's rows that have one of the names or belong to one of the files, by id."""
    columns = (TOPIC.c.path if field.name == "path" else CARD.c[field.name] for field in fields(Row))
    query = select(*columns).join_from(CARD, TOPIC).where(CARD.c.deck_id == deck_id)
    rows: dict[int, Row] = {}
    for column, values in ((CARD.c.name, names), (TOPIC.c.path, paths)):
        for some in chunks(values):
            rows.update((found.id, Row(*found)) for found in connection.execute(query.where(column.in_(some))))
    return rows


def live_names(connection: Connection, deck: str) -> list[tuple[str, str]]:
    """(name, path) of every live card of a deck."""
    query = select(CARD.c.name, TOPIC.c.path).join_from(CARD, TOPIC).join(DECK, DECK.c.id == CARD.c.deck_id)
    live = query.where(DECK.c.name == deck, CARD.c.retired_at.is_(None))
    return [(name, path) for name, path in connection.execute(live)]


def live_names_of(connection: Connection, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(path, name) of every live card of these files."""
    query = select(TOPIC.c.path, CARD.c.name).join_from(CARD, TOPIC).where(CARD.c.retired_at.is_(None))
    for some in chunks(paths):
        yield from map(tuple, connection.execute(query.where(TOPIC.c.path.in_(some))))


def linking_files(connection: Connection, addresses: Iterable[str]) -> Iterator[str]:
    """The files whose live cards, explanation or key points link to one of the addresses in the app."""
    for some in chunks(addresses):
        # Few at once: each is looked for in every text.
        for start in range(0, len(some), 50):
            hrefs = [f'href="{address}"' for address in some[start : start + 50]]
            cards, topics = (
                or_(*(column.contains(href, autoescape=True) for href in hrefs for column in columns))
                for columns in (
                    (CARD.c.short_html, CARD.c.answer_html),
                    (TOPIC.c.explanation_html, TOPIC.c.key_points_html),
                )
            )
            of_cards = select(TOPIC.c.path).join_from(CARD, TOPIC).where(CARD.c.retired_at.is_(None), cards)
            of_topics = select(TOPIC.c.path).where(TOPIC.c.retired_at.is_(None), topics)
            yield from connection.execute(of_cards.union(of_topics)).scalars()
