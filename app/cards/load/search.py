"""Full-text search over the cards: the one module that knows how each database does it.

SQLite has the FTS5 table `card_search`, PostgreSQL a table of that name with a tsvector under a GIN index. Both hold
the words that `words()` makes, so that what is found does not depend on the database.
"""

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Select,
    String,
    TypeDecorator,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.tables import CARD, CARD_SOURCE, CARD_TAG, chunks, insert_rows

LONGEST_WORD = 60
# Of one card. A tsvector counts positions up to 16,383, and holds a million bytes.
MOST_WORDS, MOST_BYTES = 16_000, 500_000
MOST_ASKED = 16  # words of a query; the rest is ignored
LONGEST_QUERY = 400

_SQLITE = table("card_search", *(column(name) for name in ("rowid", "question", "tags", "sources", "answer", "rank")))
_SERVER = table("card_search", column("card_id"), column("document"))
# A hit in the question weighs most, then tags, then sources, then the answer.
_BM25 = "bm25(8.0, 4.0, 3.0, 1.0)"
_WEIGHTS: ColumnElement[Any] = literal_column("CAST('{0.125, 0.375, 0.5, 1.0}' AS real[])")  # of D, C, B, A

_FORMULA = re.compile(r"<math\b.*?<annotation[^>]*>(.*?)</annotation>.*?</math>", re.DOTALL)
_PICTURE = re.compile(r'<(?:img|audio)\b[^>]*? (?:alt|aria-label)="([^"]*)"[^>]*>')
_WITHIN_A_WORD = re.compile(r"</?(?:em|strong|s|code|span|a)\b[^>]*>")
_TAG_MARK = re.compile(r"<[^>]*>")
# Scripts without spaces between words, and Korean, whose compounds have none: each character is a word, and a run of
# them a phrase, which is found wherever it stands.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "\uac00-\ud7a3"  # Korean
)
_WORD = re.compile(rf"(?=[^\W_])(?:[{_UNSPACED}]|[^\W_{_UNSPACED}]+)")

_ASCII_WORD = re.compile(f"([a-z0-9]{{1,{LONGEST_WORD}}})[a-z0-9]*")


def words(written: str) -> list[str]:
    """The words of a text as they are compared: lower case without accents. W_hh is two words, W and hh."""
    if written.isascii():  # most texts are, and nothing is to be folded in them
        return _ASCII_WORD.findall(written.lower())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", written).casefold())
    kept = "".join(character for character in folded if unicodedata.category(character)[0] != "M")
    # Syllables of Korean are put together again.
    return [word[:LONGEST_WORD] for word in _WORD.findall(unicodedata.normalize("NFC", kept))]


def text_of_html(rendered: str) -> str:
    """The text of a card's HTML; a formula is its LaTeX, a picture or sound what its author says of it."""
    if "<math" in rendered:
        rendered = _FORMULA.sub(r" \1 ", rendered)
    if "<img" in rendered or "<audio" in rendered:
        rendered = _PICTURE.sub(r" \1 ", rendered)
    return html.unescape(_TAG_MARK.sub(" ", _WITHIN_A_WORD.sub("", rendered)))


@dataclass(frozen=True)
class Asked:
    """A query as phrases: `W_hh` is one of two words. The last word of a phrase may be the beginning of a word."""

    phrases: tuple[tuple[str, ...], ...]

    def for_sqlite(self) -> str:
        """The query for FTS5. Words are letters and digits only, so they contain no operators."""
        return " ".join(f'"{" ".join(phrase)}" *' for phrase in self.phrases) or '""'

    def for_server(self) -> str:
        """The query for PostgreSQL's tsquery."""
        return " & ".join(" <-> ".join(f"'{word}'" for word in phrase) + ":*" for phrase in self.phrases)


def asked(typed: str) -> Asked:
    """Read what a person typed. Any text is a query; one without letters and digits has no phrases."""
    phrases: list[tuple[str, ...]] = []
    left = MOST_ASKED
    for part in typed[:LONGEST_QUERY].split():
        if phrase := tuple(words(part)[:left]):
            phrases.append(phrase)
            left -= len(phrase)
        if not left:
            break
    return Asked(tuple(phrases))


def matches(connection: Connection, query: Asked) -> Select[Any]:
    """Select `card_id` and `rank` of the cards that contain every phrase; a smaller rank is better."""
    if connection.dialect.name == "sqlite":
        found = text("card_search MATCH :search AND rank MATCH :search_rank").bindparams(
            search=query.for_sqlite(), search_rank=_BM25
        )
        return select(_SQLITE.c.rowid.label("card_id"), _SQLITE.c.rank).select_from(_SQLITE).where(found)
    terms = cast(bindparam("search", query.for_server()), TSQUERY)
    rank = (-func.ts_rank(_WEIGHTS, _SERVER.c.document, terms)).label("rank")
    return select(_SERVER.c.card_id, rank).where(_SERVER.c.document.op("@@")(terms))


class _AsAsked(TypeDecorator[str]):
    """What a person typed, in the form that each database's search expects."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        query = asked(value or "")
        return query.for_sqlite() if dialect.name == "sqlite" else query.for_server()


class is_found(FunctionElement[bool]):  # noqa: N801 (it reads as SQL)
    """is_found(card_id, "typed"): True if the card contains every phrase of the parameter `typed`."""

    name = "is_found"  # of no type: a Boolean would be compared with 1, and SQLite use no index for that
    inherit_cache = True

    def __init__(self, card_id: ColumnElement[int], typed: str) -> None:
        super().__init__(card_id, bindparam(typed, type_=_AsAsked()))


@compiles(is_found)
def _is_found_by_server(element: is_found, compiler: SQLCompiler, **how: Any) -> str:
    card_id, typed = element.clauses
    found = _SERVER.c.document.op("@@")(cast(typed, TSQUERY))
    return compiler.process(card_id.in_(select(_SERVER.c.card_id).where(found)), **how)


@compiles(is_found, "sqlite")
def _is_found_by_sqlite(element: is_found, compiler: SQLCompiler, **how: Any) -> str:
    card_id, typed = element.clauses
    found = literal_column("card_search").op("MATCH")(typed)
    return compiler.process(card_id.in_(select(_SQLITE.c.rowid).select_from(_SQLITE).where(found)), **how)


def index(connection: Connection, card_ids: Iterable[int]) -> None:
    """Index these live cards. Call it after their tags and sources are written."""
    for ids in chunks(card_ids):
        forget(connection, ids)
        if made := _made(connection, ids):
            _write(connection, made)


def index_new(connection: Connection, cards: Mapping[int, tuple[str, Collection[str], Collection[str], str]]) -> None:
    """Index new live cards by id, each by its question, tags, sources and the HTML of its answer."""
    made = {
        card: _parts(question, " ".join(sorted(tags)), " ".join(sorted(sources)), text_of_html(answer))
        for card, (question, tags, sources, answer) in cards.items()
    }
    if made:
        _write(connection, made)


def forget(connection: Connection, card_ids: Iterable[int]) -> None:
    """Remove cards from the index, such as retired ones."""
    is_sqlite = connection.dialect.name == "sqlite"
    the_table, key = (_SQLITE, _SQLITE.c.rowid) if is_sqlite else (_SERVER, _SERVER.c.card_id)
    for ids in chunks(card_ids):
        connection.execute(delete(the_table).where(key.in_(ids)))


def make_anew(connection: Connection) -> None:
    """Drop the index, whatever is in it, and make it from the cards."""
    connection.execute(text("DROP TABLE IF EXISTS card_search"))
    create(connection)
    rebuild(connection)


def rebuild(connection: Connection) -> None:
    """Rebuild the whole index from the cards."""
    connection.execute(delete(_SQLITE if connection.dialect.name == "sqlite" else _SERVER))
    index(connection, connection.execute(select(CARD.c.id).where(CARD.c.retired_at.is_(None))).scalars().all())


def exists(connection: Connection) -> bool:
    """True if the search's table is there, with its index."""
    names = {"card_search"} if connection.dialect.name == "sqlite" else {"card_search", "ix_card_search_document"}
    return names <= set(connection.execute(_NAMES[connection.dialect.name]).scalars())


def create(connection: Connection) -> None:
    """Create what is missing of the search's table and its index, empty."""
    if connection.dialect.name == "sqlite":
        connection.execute(_CREATE_IN_SQLITE)
    else:
        connection.execute(_CREATE_IN_SERVER)
        connection.execute(_CREATE_SERVER_INDEX)


def differing(connection: Connection) -> dict[int, str]:
    """The cards whose entry in the index is not what their row says, by id: «missing», «wrong» or «left over»."""
    is_sqlite = connection.dialect.name == "sqlite"
    key = _SQLITE.c.rowid if is_sqlite else _SERVER.c.card_id
    there = set(connection.execute(select(key)).scalars())
    live = connection.execute(select(CARD.c.id).where(CARD.c.retired_at.is_(None))).scalars().all()
    found = dict.fromkeys(sorted(there.difference(live)), "left over")
    for ids in chunks(live):
        for card, parts in _made(connection, ids).items():
            if card not in there:
                found[card] = "missing"
            elif is_sqlite:
                if connection.execute(_ENTRY, {"card": card}).mappings().one() != _joined(parts):
                    found[card] = "wrong"
            elif connection.execute(_DIFFERS, {"card": card, "words": _tsvector(parts)}).scalar():
                found[card] = "wrong"
    return found


def check(connection: Connection) -> None:
    """Have FTS5 compare its index with its own texts. Raises DatabaseError if they differ. Takes the lock to write."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO card_search(card_search) VALUES ('integrity-check')"))


_NAMES = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'table'"),
    "postgresql": text("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"),
}
_CREATE_IN_SQLITE = text(
    "CREATE VIRTUAL TABLE IF NOT EXISTS card_search USING fts5("
    "question, tags, sources, answer, tokenize = 'ascii', prefix = '1 2 3')"
)
_CREATE_IN_SERVER = text(
    "CREATE TABLE IF NOT EXISTS card_search ("
    "card_id INTEGER PRIMARY KEY REFERENCES card (id), document TSVECTOR NOT NULL)"
)
_CREATE_SERVER_INDEX = text("CREATE INDEX IF NOT EXISTS ix_card_search_document ON card_search USING gin (document)")
_TEXTS = select(CARD.c.id, CARD.c.question, CARD.c.short_html, CARD.c.answer_html)


def _made(connection: Connection, card_ids: Sequence[int]) -> dict[int, "_Parts"]:
    """The words of those of these cards that are live, by id."""
    rows = connection.execute(_TEXTS.where(CARD.c.id.in_(card_ids), CARD.c.retired_at.is_(None))).all()
    tags, sources = (_of_cards(connection, *of, card_ids) for of in ((CARD_TAG, "tag"), (CARD_SOURCE, "item")))
    return {
        card: _parts(question, tags[card], sources[card], text_of_html(f"{short} {rest}"))
        for card, question, short, rest in rows
    }


def _of_cards(connection: Connection, owned: Any, name: str, ids: Sequence[int]) -> dict[int, str]:
    """Each card's tags or sources as one text."""
    texts: dict[int, str] = defaultdict(str)
    query = (
        select(owned.c.card_id, owned.c[name]).where(owned.c.card_id.in_(ids)).order_by(owned.c.card_id, owned.c[name])
    )
    for card, one in connection.execute(query):
        texts[card] += f" {one}"
    return texts


_Parts = tuple[list[str], list[str], list[str], list[str]]
_PARTS = ("question", "tags", "sources", "answer")


def _parts(question: str, tags: str, sources: str, answer: str) -> _Parts:
    """The words of each part of a card, up to what every database accepts."""
    found = [words(part) for part in (question, tags, sources, answer)]
    whole = "".join((question, tags, sources, answer))
    if len(whole) < MOST_WORDS and whole.isascii():  # it cannot be too much
        return found[0], found[1], found[2], found[3]
    words_left, bytes_left = MOST_WORDS, MOST_BYTES
    parts = []
    for part in found:
        kept = []
        for word in part:
            words_left -= 1
            bytes_left -= len(word.encode())
            if words_left < 0 or bytes_left < 0:
                break
            kept.append(word)
        parts.append(kept)
    return parts[0], parts[1], parts[2], parts[3]


def _joined(parts: _Parts) -> dict[str, str]:
    return {name: " ".join(part) for name, part in zip(_PARTS, parts, strict=True)}


def _write(connection: Connection, made: Mapping[int, _Parts]) -> None:
    if connection.dialect.name == "sqlite":
        texts = [{"rowid": card, **_joined(parts)} for card, parts in made.items()]
        insert_rows(connection, _SQLITE, texts)
    else:
        connection.execute(_ADD_TO_SERVER, [{"card": card, "words": _tsvector(of)} for card, of in made.items()])


_ADD_TO_SERVER = text("INSERT INTO card_search (card_id, document) VALUES (:card, CAST(:words AS tsvector))")

_ENTRY = select(*(_SQLITE.c[name] for name in _PARTS)).where(_SQLITE.c.rowid == bindparam("card"))
_DIFFERS = text("SELECT document <> CAST(:words AS tsvector) FROM card_search WHERE card_id = :card")


def _tsvector(parts: _Parts) -> str:
    """The words with their positions, in PostgreSQL's notation: its own parser would split some words."""
    places: list[str] = []
    at = 0
    for part, weight in zip(parts, "ABCD", strict=True):
        at += 1  # a gap, so that no phrase continues in the next part
        for word in part:
            at += 1
            places.append(f"'{word}':{at}{weight}")
    return " ".join(places)
