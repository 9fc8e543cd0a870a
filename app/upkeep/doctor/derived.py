"""Whether what is derived from the reviews is what a replay of them gives."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Select, String, Table, except_, exists, select, text, type_coerce

from app.database import Database
from app.study.forecast.checkpoints import wrong_checkpoints
from app.study.schedule.replay import replay
from app.tables import CARD, CARD_STATE, DAY_TOTAL, DECK, FORECAST, MONTH_TOTAL, NEW_CARD_CURSOR
from app.upkeep.doctor.finding import FIRST, Cure, Finding, number, some
from app.upkeep.doctor.storage import is_time

WHAT = {CARD_STATE: "state of a card", DAY_TOTAL: "total of a day", MONTH_TOTAL: "total of a month"}
_PLURALS = {CARD_STATE: "states of cards", DAY_TOTAL: "totals of days", MONTH_TOTAL: "totals of months"}
_KEPT = (*WHAT, NEW_CARD_CURSOR, FORECAST)


@dataclass(frozen=True)
class Deviation:
    """How a table differs from a replay: rows that are missing, left over and wrong, and the cards that they are of."""

    table: Table
    missing: int
    left_over: int
    wrong: int
    cards: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Such as «2 states of cards are wrong and 1 is missing (rnn/a, rnn/b)»."""
        counts = [(self.wrong, "wrong"), (self.missing, "missing"), (self.left_over, "left over")]
        parts = [f"{count:,} {'is' if count == 1 else 'are'} {how}" for count, how in counts if count]
        cards = f" ({some(self.cards)})" if self.cards else ""
        return f"Of the {_PLURALS[self.table]} ({self.table.name}), {' and '.join(parts)}{cards}"


def deviations(database: Database) -> list[Deviation]:
    """Compare the derived tables with a replay of the reviews. Nothing is changed, and nobody waits for it.

    The replay writes into temporary tables, which hide those of the same names.
    """
    with database.read(changes=True) as session:
        connection = session.connection()
        schema = "main" if database.is_sqlite else connection.execute(select(text("current_schema()"))).scalar_one()
        hiding = MetaData()
        made = {table: _copy(table, hiding, prefixes=["TEMPORARY"]) for table in _KEPT}
        hiding.create_all(connection, checkfirst=False)
        if not database.is_sqlite:
            connection.execute(text("DISCARD PLANS"))  # those of statements that were prepared for the real tables
        replay(session)
        found = [_compare(connection, table, made[table], schema) for table in WHAT]
        session.rollback()  # the temporary tables go with it
    return [one for one in found if one is not None]


def projections(database: Database) -> Iterator[Finding]:
    """States and totals that are not what the reviews say."""
    for one in deviations(database):
        yield Finding(f"{one}, compared with a replay of the reviews.", Cure.REPLAY)


def forecasts(connection: Connection) -> Iterator[Finding]:
    """Checkpoints of what ratings have taught that a fold of the reviews does not give."""
    wrong = [f"learner {learner} after {ratings:,} ratings" for learner, ratings in wrong_checkpoints(connection)]
    if wrong:
        counted = number(len(wrong), "checkpoint")
        yield Finding(f"forecast is wrong in {counted}: {some(wrong)}.", Cure.REPLAY)


def cursors(connection: Connection) -> Iterator[Finding]:
    """Hints that would hide a new card: the card's place is before the one from which new cards are looked for."""
    seen = exists().where(CARD_STATE.c.learner_id == NEW_CARD_CURSOR.c.learner_id, CARD_STATE.c.card_id == CARD.c.id)
    hidden = (
        select(NEW_CARD_CURSOR.c.learner_id, DECK.c.name, CARD.c.name)
        .join(CARD, CARD.c.deck_id == NEW_CARD_CURSOR.c.deck_id)
        .join(DECK, DECK.c.id == CARD.c.deck_id)
        .where(CARD.c.retired_at.is_(None), CARD.c.place < NEW_CARD_CURSOR.c.place, ~seen)
        .order_by(NEW_CARD_CURSOR.c.learner_id, CARD.c.place)
    )
    names = [f"{deck}/{card} from learner {learner}" for learner, deck, card in connection.execute(hidden)]
    if names:
        yield Finding(f"new_card_cursor hides {number(len(names), 'new card')}: {some(names)}.", Cure.REPLAY)


def _copy(table: Table, metadata: MetaData, **more: Any) -> Table:
    """A table of the same name and columns that refers to no other."""
    columns = (
        Column(c.name, c.type, primary_key=c.primary_key, nullable=c.nullable, autoincrement=False)
        for c in table.columns
    )
    return Table(table.name, metadata, *columns, **more)


def _compare(connection: Connection, table: Table, right: Table, schema: str) -> Deviation | None:
    stored = _copy(table, MetaData(), schema=schema)
    keys = [column.name for column in table.primary_key]

    def only_in(one: Table, other: Table) -> set[tuple[Any, ...]]:
        rows = except_(_plain(one), _plain(other)).subquery()
        return {tuple(row) for row in connection.execute(select(*(rows.c[name] for name in keys)))}

    should_be, is_there = only_in(right, stored), only_in(stored, right)
    if not should_be and not is_there:
        return None
    both = should_be & is_there
    cards: tuple[str, ...] = ()
    if "card_id" in keys:
        ids = Counter(row[keys.index("card_id")] for row in sorted(should_be | is_there, key=str))
        cards = tuple(_name(connection, card) if n < FIRST else str(card) for n, card in enumerate(ids))
    return Deviation(table, len(should_be - both), len(is_there - both), len(both), cards)


def _plain(table: Table) -> Select[Any]:
    """The rows with every date as it is stored, even if it is none any more."""
    return select(*(type_coerce(c, String()).label(c.name) if is_time(c) else c for c in table.columns))


def _name(connection: Connection, card_id: int) -> str:
    named = select(DECK.c.name, CARD.c.name).join(DECK, DECK.c.id == CARD.c.deck_id).where(CARD.c.id == card_id)
    found = connection.execute(named).one_or_none()
    return f"card {card_id}" if found is None else "/".join(found)
