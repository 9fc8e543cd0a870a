"""What a learner says of cards apart from rating them: set aside, flagged, noted, tagged.

Every function takes cards by their ids; those that do not exist are passed over. Call the writing ones in a write
session. They return how many cards were not so before.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    select,
    update,
)
from sqlmodel import Session

from app.database import lock_learner
from app.study.selection.placeholder import in_sight
from app.tables import CARD, CARD_MARK, OWN_TAG, THE_LEARNER, chunks

LONGEST_NOTE = 4_000
LONGEST_TAG = 40
SAYS_SOMETHING = (
    CARD_MARK.c.buried_until.is_not(None) | CARD_MARK.c.is_suspended | CARD_MARK.c.is_flagged | (CARD_MARK.c.note != "")
)
"""For a row of `card_mark`: it holds a mark. Rows without one are deleted."""


@dataclass(frozen=True, slots=True)
class Marks:
    """One learner's marks on one card. `buried_until` is the learner's date from which it is asked again."""

    buried_until: date | None = None
    is_suspended: bool = False
    is_flagged: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()


def suspend(session: Session, learner_id: int, card_ids: Iterable[int]) -> int:
    """Ask these cards no more, until they are resumed."""
    return _mark(session, learner_id, card_ids, "is_suspended", True)


def resume(session: Session, learner_id: int, card_ids: Iterable[int]) -> int:
    """Ask these suspended cards again."""
    return _mark(session, learner_id, card_ids, "is_suspended", False)


def flag(session: Session, learner_id: int, card_ids: Iterable[int]) -> int:
    """Flag these cards, to be looked at later."""
    return _mark(session, learner_id, card_ids, "is_flagged", True)


def unflag(session: Session, learner_id: int, card_ids: Iterable[int]) -> int:
    """Take the flag from these cards."""
    return _mark(session, learner_id, card_ids, "is_flagged", False)


def bury(session: Session, learner_id: int, card_ids: Iterable[int], until: date) -> int:
    """Ask these cards from the learner's date `until` on, and not before."""
    return _mark(session, learner_id, card_ids, "buried_until", until)


def unbury(session: Session, learner_id: int, card_ids: Iterable[int]) -> int:
    """Ask these buried cards when they are due."""
    return _mark(session, learner_id, card_ids, "buried_until", None)


def write_note(session: Session, learner_id: int, card_id: int, text: str) -> int:
    """Make `text` the learner's private note on a card; an empty one removes it. Raises ValueError for a bad one."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE or "\0" in text:
        raise ValueError(f"A note has at most {LONGEST_NOTE:,} characters, and no NUL. This one has {len(text):,}.")
    return _mark(session, learner_id, [card_id], "note", text)


def add_tag(session: Session, learner_id: int, card_ids: Iterable[int], tag: str) -> int:
    """Put the learner's own `tag` on these cards. Raises ValueError for what cannot be a tag."""
    tag = own_tag(tag)
    connection = session.connection()
    lock_learner(connection, learner_id)
    has_it = exists().where(OWN_TAG.c.learner_id == learner_id, OWN_TAG.c.card_id == CARD.c.id, OWN_TAG.c.tag == tag)
    added = 0
    for some in chunks(card_ids):
        rows = select(literal(learner_id), CARD.c.id, literal(tag)).where(
            CARD.c.id.in_(some), ~has_it, in_sight(learner_id)
        )
        added += _insert(connection, OWN_TAG, ["learner_id", "card_id", "tag"], rows)
    return added


def remove_tag(session: Session, learner_id: int, card_ids: Iterable[int], tag: str) -> int:
    """Take the learner's own `tag` from these cards; the content's tags stay. Raises ValueError like `add_tag`."""
    mine = and_(OWN_TAG.c.learner_id == learner_id, OWN_TAG.c.tag == own_tag(tag))
    connection = session.connection()
    gone = (delete(OWN_TAG).where(mine, OWN_TAG.c.card_id.in_(some)) for some in chunks(card_ids))
    return sum(connection.execute(one).rowcount for one in gone)


def own_tag(text: str) -> str:
    """`text` as a tag: small letters, single spaces. Raises ValueError for what cannot be one."""
    tag = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if not 0 < len(tag) <= LONGEST_TAG or not tag.isprintable() or "," in tag:
        raise ValueError(f"A tag has 1 to {LONGEST_TAG} characters and no comma, unlike {text[:60]!r}.")
    return tag


_KEY = and_(CARD_MARK.c.learner_id == THE_LEARNER, CARD_MARK.c.card_id == bindparam("card"))
_MARKS = select(
    CARD_MARK.c.buried_until, CARD_MARK.c.is_suspended, CARD_MARK.c.is_flagged, CARD_MARK.c.note
).where(_KEY)  # fmt: skip
_TAGS = (
    select(OWN_TAG.c.tag)
    .where(OWN_TAG.c.learner_id == THE_LEARNER, OWN_TAG.c.card_id == bindparam("card"))
    .order_by(OWN_TAG.c.tag)
)


def marks_of(session: Session, learner_id: int, card_id: int) -> Marks:
    """The learner's marks on one card; none of them on a card that does not exist."""
    connection = session.connection()
    key = {"learner": learner_id, "card": card_id}
    row = connection.execute(_MARKS, key).one_or_none()
    tags = tuple(connection.execute(_TAGS, key).scalars())
    return Marks(tags=tags) if row is None else Marks(*row, tags=tags)


_NOTHING: dict[str, Any] = {"buried_until": None, "is_suspended": False, "is_flagged": False, "note": ""}


def _mark(session: Session, learner_id: int, card_ids: Iterable[int], name: str, value: Any) -> int:
    """Write one column of the cards' marks, where it is not so already."""
    connection = session.connection()
    lock_learner(connection, learner_id)
    return sum(_mark_some(connection, learner_id, some, name, value) for some in chunks(card_ids))


def _mark_some(connection: Connection, learner_id: int, some: Sequence[int], name: str, value: Any) -> int:
    these = and_(CARD_MARK.c.learner_id == learner_id, CARD_MARK.c.card_id.in_(some))
    differs = CARD_MARK.c[name].is_distinct_from(value)
    changed = connection.execute(update(CARD_MARK).where(these, differs).values({name: value})).rowcount
    if value == _NOTHING[name]:
        connection.execute(delete(CARD_MARK).where(these, ~SAYS_SOMETHING))
        return changed
    row = {"learner_id": learner_id, "card_id": CARD.c.id} | _NOTHING | {name: value}
    has_mark = exists().where(CARD_MARK.c.learner_id == learner_id, CARD_MARK.c.card_id == CARD.c.id)
    values = [value if isinstance(value, ColumnElement) else _typed(column, value) for column, value in row.items()]
    rows = select(*values).where(CARD.c.id.in_(some), ~has_mark, in_sight(learner_id))
    return changed + _insert(connection, CARD_MARK, list(row), rows)


def _insert(connection: Connection, table: Table, names: Sequence[str], rows: Select[Any]) -> int:
    # psycopg forgets how many there were, unless it is told.
    counted = insert(table).from_select(list(names), rows).execution_options(preserve_rowcount=True)
    return connection.execute(counted).rowcount


def _typed(column: str, value: Any) -> ColumnElement[Any]:
    return literal(value, CARD_MARK.c[column].type)
