"""Whether the reviews are as they were written, and were written by a clock that was right."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects import sqlite

from app.database import Database
from app.study.schedule.checksum import altered, is_intact
from app.study.schedule.review_log import COUNTED, LATEST_FIRST, STANDS
from app.tables import CARD, DECK, REVIEW
from app.upkeep.doctor.finding import Cure, Finding, number, some
from app.upkeep.doctor.pages import TABLE_LEAF, Pages, UnreadableError, Values, record
from app.upkeep.doctor.storage import written_otherwise

A_DAY = timedelta(days=1)
MOST_NAMED = 20
SQLITE = sqlite.dialect()
_CONVERT = {c.name: c.type.dialect_impl(SQLITE).result_processor(SQLITE, None) for c in REVIEW.columns}
_RATINGS = (
    select(REVIEW.c.learner_id, DECK.c.name, CARD.c.name, REVIEW.c.shown_at, REVIEW.c.revealed_at, REVIEW.c.rated_at)
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id).join(DECK, DECK.c.id == CARD.c.deck_id))
    .where(STANDS)
    .order_by(*LATEST_FIRST)
    .execution_options(yield_per=1_000)
)


def changed(database: Database, connection: Connection) -> Iterator[Finding]:
    """Reviews that are not what was written, by their checksums."""
    wrong = list(altered(connection))
    back = set(flipped(database, connection, wrong[:MOST_NAMED]))
    for review_id in wrong[:MOST_NAMED]:
        what = f"Review {review_id} is not what was written: its checksum is another."
        if review_id in back:
            yield Finding(f"{what} A single bit of it has flipped.", Cure.FLIPPED)
        else:
            yield Finding(what, None, "It is kept as it is; a copy of the database or an exported history may hold it.")
    for review_id in _written_otherwise(connection):
        yield Finding(f"Review {review_id} has a time that is written otherwise than Recur writes it.", Cure.FLIPPED)
    if len(wrong) > MOST_NAMED:
        what = f"{number(len(wrong) - MOST_NAMED, 'more review')} are not what was written."
        yield Finding(what, None, "They are kept as they are.")


def _written_otherwise(connection: Connection) -> list[int]:
    """Reviews that are what was written, except for how a time or a date is written in SQLite's file."""
    if connection.dialect.name != "sqlite":
        return []
    odd = connection.exec_driver_sql(f"SELECT id FROM review WHERE {written_otherwise(REVIEW)}")  # noqa: S608
    return sorted({row[0] for row in odd} - set(altered(connection)))


def flipped(database: Database, connection: Connection, review_ids: list[int]) -> dict[int, dict[str, Any]]:
    """The right values of those of these reviews of which one bit has flipped in the file, by id; raw, as stored."""
    if not database.is_sqlite or not review_ids or database.file is None:
        return {}
    pages = Pages.of(database.file)
    root = connection.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'review'")).scalar_one()
    names = [row[1] for row in connection.execute(text("PRAGMA table_info(review)"))]
    tokens = {row[0]: row[1] for row in connection.execute(select(REVIEW.c.id, REVIEW.c.token))}
    found = {}
    for leaf in pages.tree(root):
        for cell in pages.rows(leaf) if pages.kind(leaf) == TABLE_LEAF else ():
            if cell.rowid in review_ids and cell.whole:
                right = with_bit_set_back(cell.payload, names, tokens)
                if right is not None:
                    found[cell.rowid] = right
    return found


def with_bit_set_back(payload: bytes, names: list[str], tokens: Mapping[int, str]) -> dict[str, Any] | None:
    """The values of a stored review with one bit set back, so that its checksum is right; None if no bit does it.

    `tokens` are those of the reviews that it may undo, by their ids.
    """
    for at in range(len(payload)):
        for bit in range(8):
            tried = bytearray(payload)
            tried[at] ^= 1 << bit
            try:
                values = record(bytes(tried))
                row = dict(zip(names, values, strict=True))
                if is_intact(typed(names, values), tokens.get(row["undoes_id"])):
                    return {name: value for name, value in row.items() if name != "id"}
            except (UnreadableError, ValueError, TypeError):
                continue
    return None


def typed(names: list[str], values: Values) -> dict[str, Any]:
    """A review's stored values as they are in Python. Raises ValueError or TypeError for a date that is none."""
    row = dict(zip(names, values, strict=False))
    for name, convert in _CONVERT.items():
        if convert is not None and row.get(name) is not None:
            row[name] = convert(row[name])
    return row


def clocks(connection: Connection, now: datetime) -> Iterator[Finding]:
    """Ratings that a wrong clock must have dated, among those that count."""
    future, disordered, backwards = set(), set(), set()
    next_at: dict[int, datetime] = {}
    for learner, deck, card, shown_at, revealed_at, rated_at in connection.execute(_RATINGS):
        name = f"{deck}/{card}"
        if rated_at > now + A_DAY:
            future.add(name)
        elif rated_at > next_at.get(learner, rated_at) + A_DAY:
            disordered.add(name)
        if not (shown_at or revealed_at or rated_at) <= (revealed_at or rated_at) <= rated_at:
            backwards.add(name)
        next_at[learner] = min(rated_at, next_at.get(learner, rated_at))
    for cards, what in (
        (future, "later than it is now"),
        (disordered, "more than a day later than ratings that came after them"),
    ):
        if cards:
            names = sorted(cards)
            address = f"/browse?cards={','.join(name.partition('/')[2] for name in names[:MOST_NAMED])}"
            yield Finding(
                f"Ratings of {number(len(names), 'card')} are dated {what}: {some(names)}. "
                "The clock was wrong then, and these cards may return much too late.",
                None,
                f"To take the ratings back, reset the cards on {address}.",
            )
    if backwards:
        what = f"Ratings of {number(len(backwards), 'card')} are dated before their question or answer was shown"
        yield Finding(f"{what}: {some(sorted(backwards))}.", None, "They count as they are.")


def set_back(database: Database, connection: Connection) -> int:
    """Set flipped bits back. Returns in how many reviews."""
    odd = _written_otherwise(connection)
    for review_id in odd:
        row = connection.execute(select(REVIEW).where(REVIEW.c.id == review_id)).mappings().one()
        connection.execute(update(REVIEW).where(REVIEW.c.id == review_id).values(**row))
    right = flipped(database, connection, list(altered(connection)))
    for review_id, values in right.items():
        names = ", ".join(f'"{name}" = ?' for name in values)
        connection.exec_driver_sql(f"UPDATE review SET {names} WHERE id = ?", (*values.values(), review_id))  # noqa: S608
    return len(right) + len(odd)
