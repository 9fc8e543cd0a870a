"""The rows of cards: finding those that the files' cards may be, and writing them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from app.cards.check.judge import Holder
from app.cards.load import search
from app.cards.load.follow import MoveCards, aliases_named, follow, keep_names, studied_cards, take_over
from app.cards.load.identity import (
    CardRow,
    FileCard,
    Home,
    Key,
    Matches,
    Stored,
    former_key,
    match,
    names_to_find,
    questions,
)
from app.cards.load.versions import Version, append_versions
from app.cards.render.prepare import ReadyCard, ReadyFile
from app.demos.machine.drawing import in_gate_colours
from app.demos.registry import gates_of
from app.tables import CARD, CARD_DEMO, CARD_LINK, CARD_SOURCE, CARD_TAG, CARD_VERSION, DECK, TOPIC, chunks, insert_rows

_ROWS = select(*(TOPIC.c.path if field.name == "path" else CARD.c[field.name] for field in fields(CardRow))).join_from(
    CARD, TOPIC
)


def read_cards(connection: Connection, deck_id: int, names: Iterable[str], paths: Iterable[str]) -> list[CardRow]:
    """The deck's cards that have one of the names or belong to one of the files."""
    rows: dict[int, CardRow] = {}
    for column, values in ((CARD.c.name, names), (TOPIC.c.path, paths)):
        for some in chunks(values):
            here = _ROWS.where(CARD.c.deck_id == deck_id, column.in_(some))
            rows.update((found.id, CardRow(*found)) for found in connection.execute(here))
    return list(rows.values())


@dataclass(frozen=True)
class DeckFiles:
    """The files of a deck that are stored now, by their topics' ids, and the paths of those that are gone.

    Those that are `waiting` are gone too, and keep the cards that no other file takes. If the deck `is_new`, no card of
    it can have been here before.
    """

    deck_id: int
    topics: Mapping[int, ReadyFile]
    removed: Collection[str]
    waiting: Collection[str] = ()
    is_new: bool = False

    @property
    def leaving(self) -> set[str]:
        """The files whose rows may lose their cards."""
        return {*self.removed, *self.waiting, *(file.found.path for file in self.topics.values())}


class Identified(NamedTuple):
    """Which row each card is, the rows that may be meant, and the earlier names that may be."""

    matches: Matches
    rows: Collection[CardRow]
    aliases: Mapping[Key, int]


def identify(connection: Connection, decks: Iterable[DeckFiles]) -> Identified:
    """Find which row each card of the files is."""
    found: list[FileCard] = []
    rows: dict[int, CardRow] = {}
    leaving: set[str] = set()
    for deck in (deck for deck in decks if not deck.is_new):
        here = [FileCard(file.found.path, card) for file in deck.topics.values() for card in file.cards]
        names = (one.card.name for one in here)
        rows.update((row.id, row) for row in read_cards(connection, deck.deck_id, names, deck.leaving))
        found += here
        leaving |= deck.leaving
    aliases: dict[Key, int] = {}
    studied: set[int] = set()
    names_elsewhere = names_to_find(found, rows.values(), leaving)
    if names_elsewhere and connection.execute(select(CARD.c.id).limit(1)).first():
        aliases = aliases_named(connection, names_elsewhere)
        rows |= rows_named(connection, names_elsewhere)
        for ids in chunks(aliases.values()):
            rows.update((row.id, CardRow(*row)) for row in connection.execute(_ROWS.where(CARD.c.id.in_(ids))))
        studied = studied_cards(connection, rows)
    return Identified(match(found, Stored(rows.values(), leaving, aliases, studied)), rows.values(), aliases)


def rows_named(connection: Connection, names: Iterable[str]) -> dict[int, CardRow]:
    """The cards of any deck that have one of the names, by id."""
    decks = connection.execute(select(DECK.c.id)).scalars().all()
    named = [_ROWS.where(CARD.c.deck_id.in_(decks), CARD.c.name.in_(some)) for some in chunks(names)]
    return {row.id: CardRow(*row) for query in named for row in connection.execute(query)}


@dataclass
class Stocked:
    """How many cards were added, changed, and so on, and what is to be said of their histories."""

    count: Counter[str] = field(default_factory=Counter)
    decided: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def add(self, other: "Stocked") -> None:
        """Add what another part of the load did."""
        self.count += other.count
        self.decided += other.decided
        self.asked += other.asked


def store_cards(
    connection: Connection, decks: Sequence[DeckFiles], commits: Mapping[str, str], now: datetime, move_cards: MoveCards
) -> Stocked:
    """Write the cards of these files, and what follows them.

    `commits` are the commits of files that were read as they are in git, by path.
    """
    known = identify(connection, decks)
    pairs = known.matches.taken_over
    former_names = take_over(connection, pairs, move_cards) if pairs else {}
    count: Counter[str] = Counter()
    every = {deck.deck_id: compare_cards(deck, known) for deck in decks}
    moved = {card: homes for changes in every.values() for card, homes in changes.moved.items()}
    if moved:
        move_cards(connection, moved)
    for changes in every.values():
        write_cards(connection, changes, commits, now)
        count += changes.count
        former_names |= changes.former_names
    cards = {
        (file.found.deck, card.name): card for deck in decks for file in deck.topics.values() for card in file.cards
    }
    taken = {*cards, *(row.key for row in known.rows)}
    stated = {was: key for key, card in cards.items() if (was := former_key(key[0], card.was)) and was not in taken}
    again = known.aliases.keys() & cards.keys()
    names = {key: card for key, card in former_names.items() if key not in cards}
    stated = {was: key for was, key in stated.items() if was not in known.aliases}
    if again or names or stated:
        keep_names(connection, again, names, stated)
    in_order = ("added", "retired", "returned", "moved")
    emptied = {deck for deck, one in every.items() if any(one.count[name] for name in in_order)}
    if emptied or pairs:
        follow(connection, {row.id: (row.home, to.home) for row, to in pairs} | moved, emptied)
    return Stocked(count, known.matches.decided, known.matches.asked)


def open_questions(connection: Connection) -> list[str]:
    """What the loads have asked and nobody has answered: which cards may be ones that are gone and have a history.

    A question is closed once a line Was: answers it, the card that is gone returns, or a learner has rated the new one.
    """
    gone = [CardRow(*row) for row in connection.execute(_ROWS.where(CARD.c.retired_at.is_not(None)))]
    studied = studied_cards(connection, (row.id for row in gone if row.answer_hash))
    gone = [row for row in gone if row.id in studied]
    live: dict[int, CardRow] = {}
    for column, values in (
        (CARD.c.name, (row.name for row in gone)),
        (CARD.c.answer_hash, (row.answer_hash for row in gone)),
    ):
        for some in chunks(values):
            found = connection.execute(_ROWS.where(CARD.c.retired_at.is_(None), column.in_(some)))
            live.update((row.id, CardRow(*row)) for row in found)
    studied = studied_cards(connection, live)
    c = CARD_VERSION.c
    since: dict[int, datetime] = {}
    for ids in chunks(live):
        first = select(c.card_id, func.min(c.loaded_at)).where(c.card_id.in_(ids)).group_by(c.card_id)
        since.update((card_id, loaded_at) for card_id, loaded_at in connection.execute(first))

    def at_once(one: CardRow, row: CardRow) -> bool | None:
        assert row.retired_at is not None  # noqa: S101 - it is gone
        came = since.get(one.id)
        return None if came is None or came < row.retired_at else came == row.retired_at

    return list(questions((row for row in live.values() if row.id not in studied), gone, at_once))


def holders(connection: Connection, deck: str, names: Collection[str], leaving: Collection[str]) -> dict[str, Holder]:
    """The live card of a deck that has each of these names. One of the files `leaving` may lose its name."""
    deck_id = connection.execute(select(DECK.c.id).where(DECK.c.name == deck)).scalar()
    rows = () if deck_id is None else read_cards(connection, deck_id, names, ())
    live = (row for row in rows if row.retired_at is None)
    return {row.name: Holder(row.path, row.line, row.answer_hash, row.path not in leaving) for row in live}


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


def answers_of(connection: Connection, paths: Iterable[str]) -> set[str]:
    """The hashes of the answers of these files' live cards."""
    query = select(CARD.c.answer_hash).join_from(CARD, TOPIC).where(CARD.c.retired_at.is_(None))
    return {one for some in chunks(paths) for one in connection.execute(query.where(TOPIC.c.path.in_(some))).scalars()}


def content_hashes(connection: Connection, paths: Iterable[str]) -> dict[str, set[str]]:
    """The content hashes of every card, live or retired, by file."""
    hashes: dict[str, set[str]] = defaultdict(set)
    query = select(TOPIC.c.path, CARD.c.content_hash).join_from(CARD, TOPIC)
    for some in chunks(paths):
        for path, content_hash in connection.execute(query.where(TOPIC.c.path.in_(some))):
            hashes[path].add(content_hash)
    return hashes


@dataclass
class CardChanges:
    """What a load does to a deck's cards. Values are a row's columns; `row` is the id of one that is updated.

    `moved` are the ids of cards that change their topic, with the ids of both decks and topics, and `former_names` are
    those of cards that change their deck or name.
    """

    added: list[tuple[ReadyCard, dict[str, Any]]] = field(default_factory=list)
    changed: list[tuple[ReadyCard, dict[str, Any]]] = field(default_factory=list)
    placed: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[int, tuple[Home, Home]] = field(default_factory=dict)
    former_names: dict[Key, int] = field(default_factory=dict)
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
            self.moved[row.id] = row.home, (place["deck_id"], place["topic_id"])
        if (row.deck_id, row.name) != (place["deck_id"], card.name):
            self.former_names[row.key] = row.id
        if row.retired_at is not None:
            self.returned.append(row.id)
        is_elsewhere = (row.deck_id, row.place) != (place["deck_id"], place["place"])
        self.count["moved"] += row.retired_at is None and is_elsewhere
        self.count["changed"] += row.content_hash != card.content_hash and row.deck_id == place["deck_id"]
        self.count["renamed"] += row.name != card.name


def compare_cards(deck: DeckFiles, known: Identified) -> CardChanges:
    """Compare the files' cards with the rows, and retire the rows that no file holds any more."""
    changes, matches = CardChanges(), known.matches
    for topic_id, file in deck.topics.items():
        topic_place = file.place
        for index, card in enumerate(file.cards):
            place = {
                "deck_id": deck.deck_id,
                "topic_id": topic_id,
                "name": card.name,
                "is_named": card.is_named,
                "place": f"{topic_place}/{index:05d}",
                "line": card.line,
                "text_hash": card.text_hash,
                "retired_at": None,
            }
            changes.take(card, file.found.path, matches.rows.get((file.found.deck, card.name)), place)
    kept = {row.id for row in matches.rows.values()} | {one.id for pair in matches.taken_over for one in pair}
    leaving = deck.leaving.difference(deck.waiting)
    gone = (row.id for row in known.rows if row.path in leaving and row.retired_at is None)
    changes.retired = [row_id for row_id in gone if row_id not in kept]
    for name in ("added", "retired", "returned"):
        changes.count[name] = len(getattr(changes, name))
    return changes


def _text(card: ReadyCard) -> dict[str, Any]:
    assert card.html is not None  # noqa: S101 - a card is left unrendered only if its row has the same text
    gates = gates_of({name for name, _query, _label in card.html.demos}) if card.html.demos else ""
    return {
        "question": card.question,
        "question_html": in_gate_colours(card.html.question_html, gates),
        "short_html": in_gate_colours(card.html.short_html, gates),
        "answer_html": in_gate_colours(card.html.answer_html, gates),
        "points": [[text, in_gate_colours(point, gates)] for text, point in card.html.points],
        "side_of": card.side_of,
        "asks": card.asks,
        "level": card.level,
        "corrected_on": card.corrected[0] if card.corrected else None,
        "correction": card.corrected[1] if card.corrected else None,
        "content_hash": card.content_hash,
        "answer_hash": card.answer_hash,
    }


def write_cards(connection: Connection, changes: CardChanges, commits: Mapping[str, str], now: datetime) -> None:
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
    added = _insert(connection, changes.added)
    append_versions(connection, changes.versions, {card.name: row for card, row in added}, commits, now)
    _write_children(connection, [*written, *added])
    search.forget(connection, changes.retired)
    search.index(connection, {*(card_id for _card, card_id in written), *changes.returned})
    html = ((row, card, card.html) for card, row in added if card.html)
    search.index_new(
        connection,
        {row: (card.question, card.tags, card.sources, f"{to.short_html} {to.answer_html}") for row, card, to in html},
    )


def _insert(connection: Connection, added: Sequence[tuple[ReadyCard, dict[str, Any]]]) -> list[tuple[ReadyCard, int]]:
    """Add the cards. Returns each with its row's id."""
    if not added:
        return []
    if connection.dialect.name == "sqlite":  # nobody else writes: so the ids are known, and need not be read back
        last = connection.execute(select(func.coalesce(func.max(CARD.c.id), 0))).scalar_one()
        numbered = [(card, values | {"id": row}) for row, (card, values) in enumerate(added, last + 1)]
        insert_rows(connection, CARD, [values for _card, values in numbered])
        return [(card, values["id"]) for card, values in numbered]
    statement = insert(CARD).returning(CARD.c.name, CARD.c.id)
    ids = {name: row for name, row in connection.execute(statement, [values for _card, values in added])}  # noqa: C416
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
        insert_rows(connection, table, rows)
