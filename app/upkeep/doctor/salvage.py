"""Puts every row that can be read from a damaged SQLite file into a new one, and derives the rest."""

import contextlib
import os
import shutil
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import SQLModel

from app.cards.load import search
from app.cards.load.load import load
from app.database import Database, UnusableDatabaseError
from app.study.schedule.checksum import checksum, is_intact
from app.study.schedule.replay import replay
from app.tables import CARD, LEARNER
from app.upkeep.doctor import owners
from app.upkeep.doctor.finding import number, some
from app.upkeep.doctor.pages import Pages
from app.upkeep.doctor.reviews import SQLITE, typed, with_bit_set_back
from app.upkeep.doctor.wreck import Remnant, Row, Wreck, shapes_of

PEOPLE = ("learner", "review", "card_mark", "own_tag", "quiz", "quiz_item")
"""What people wrote."""
KEPT = (
    "deck",
    "topic",
    "card",
    "card_version",
    "card_alias",
    *PEOPLE,
    "plan",
    "account",
    "school_class",
    "class_deck",
    "class_member",
    "class_date",
    "class_plan",
    "class_quiz",
    "class_quiz_taker",
    "class_topic",
    "evidence",
    "card_source",
    "card_tag",
    "card_demo",
    "card_link",
)
"""The tables that are read; every other is derived from them and from the content files."""
_WITH_ID = ("deck", "topic", "card", "quiz")


@dataclass
class Salvaged:
    """What was read and what was lost."""

    read: dict[str, int] = field(default_factory=dict)
    lost: dict[str, list[int]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """What was read of what there was, table by table for what people wrote."""
        done = []
        for table in PEOPLE:
            read, lost = self.read.get(table, 0), self.lost.get(table, [])
            of = f" of {read + len(lost):,}" if lost else ""
            what = f" Lost: {some(lost)}." if lost and table in ("review", "learner", "quiz") else ""
            done.append(f"{table}: {read:,}{of} {'row' if read == 1 else 'rows'} read.{what}")
        return done + self.said


def salvage(damaged: Path, into: Path, content_dir: Path, now: datetime) -> Salvaged:
    """Write a new database `into` a file with all that can be read of `damaged`, which is not changed.

    Raises UnusableDatabaseError if nothing that people wrote can be read, or if `into` exists.
    """
    if into.exists():
        raise UnusableDatabaseError(f"{into} exists already. Name a new file.")
    database = Database(f"sqlite:///{into}")
    try:
        database.migrate()
        with contextlib.closing(sqlite3.connect(into, isolation_level=None)) as connection:
            done = _Salvage(Wreck(Pages.of(damaged), shapes_of(connection)), connection, now).take()
        if not done.read.get("review") and not done.read.get("learner"):
            raise UnusableDatabaseError(f"Nothing can be read from {damaged}. Restore a copy of it.")
        with database.engine.begin() as new:
            new.execute(update(CARD).values(content_hash=""))  # so that each is made again
            new.execute(update(LEARNER).values(importing=None))  # what there is of an import stays
            done.said += [f"Put back: {one}." for one in owners.put_back(new, now)]
        load(database, content_dir, now)
        with database.write() as session:
            replay(session)
            search.make_anew(session.connection())
        with database.engine.connect() as new:
            new.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        database.close()
        _remove(into)
        raise
    database.close()
    return done


def replace(file: Path, content_dir: Path, now: datetime) -> list[str]:
    """Put a salvaged file in the place of `file`, which is kept beside it. Returns what was done."""
    new, kept = (_unused(file, what, now) for what in ("mended", "damaged"))
    done = salvage(file, new, content_dir, now)
    shutil.copymode(file, new)
    for end in ("-wal", ""):  # the file itself last: without its log it would be an older one
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{file}{end}", f"{kept}{end}")
    file.with_name(f"{file.name}-shm").unlink(missing_ok=True)
    os.rename(new, file)
    _remove(new)
    return [f"Put what could be read into a new file; the damaged one is {kept}.", *done.sentences()]


def _unused(file: Path, what: str, now: datetime) -> Path:
    """A name beside `file` that no file has."""
    stamp = f"{file.stem}-{what}-{now.astimezone(UTC):%Y%m%d-%H%M%S}"
    names = (file.with_name(f"{stamp}{more}{file.suffix}") for more in chain([""], (f"-{n}" for n in count(2))))
    return next(name for name in names if not name.exists())


def _remove(file: Path) -> None:
    for end in ("", "-wal", "-shm", ".starting"):
        Path(f"{file}{end}").unlink(missing_ok=True)


class _Salvage:
    def __init__(self, wreck: Wreck, connection: sqlite3.Connection, now: datetime) -> None:
        self.wreck, self.connection, self.now = wreck, connection, now
        self.done = Salvaged()
        self.known: dict[str, dict[int, Row]] = {table: self._known(table) for table in KEPT}

    def take(self) -> Salvaged:
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.connection.execute("BEGIN")
        self.connection.execute("DELETE FROM learner")  # a new database has one
        for table in KEPT:
            found = self._right_ids(table, list(self.wreck.rows(table)))
            if table == "review":
                self._reviews(found)
            else:
                rows = {one.row.get("id", one.cell.rowid): self._completed(table, one) for one in reversed(found)}
                self._insert(table, rows)
                self.done.lost[table] = sorted(self.known[table].keys() - rows.keys())
        for table in _WITH_ID:
            self._from_indices(table)
        self._own_tags()
        self._answers()
        self.connection.execute("COMMIT")
        return self.done

    def _known(self, table: str) -> dict[int, Row]:
        known: dict[int, Row] = defaultdict(dict)
        for rowid, row in self.wreck.keys(table):
            known[rowid] |= row
        return known

    def _completed(self, table: str, found: Remnant) -> Row:
        """The row, with empty texts for those that are lost with its end. A card's come again from its file."""
        if found.cell.whole or table == "card_version":
            return found.row
        lost = [column for column in self.wreck.shapes[table] if column.name not in found.row]
        row = found.row | {column.name: "" for column in lost if not column.may_be_null and str in column.kinds}
        if any(column.name == "retired_at" for column in lost):
            row["retired_at"] = _stored(table, {"retired_at": self.now})["retired_at"]  # its file brings it back
        self.done.said.append(f"A row of {table} had lost its end, and is shorter now.")
        return row

    def _right_ids(self, table: str, found: list[Remnant]) -> list[Remnant]:
        """Give a row whose id no index has the one lost id under which they have all the rest of it."""
        known = self.known[table]
        here = {one.cell.rowid for one in found}
        lost = {tuple(sorted(row.items(), key=str)): rowid for rowid, row in known.items() if rowid not in here}
        for one in found if lost and table in (*_WITH_ID, "review") else ():
            if one.cell.rowid not in known:
                columns = next(iter(known.values()))
                key = tuple(sorted(((name, one.row.get(name)) for name in columns), key=str))
                one.row["id"] = lost.get(key, one.row["id"])
        return found

    def _insert(self, table: str, rows: dict[int, Row]) -> int:
        """Insert the rows, and return how many the table took."""
        taken = 0
        for row in rows.values():
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" * len(row))
            statement = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 - our own names
            with contextlib.suppress(sqlite3.Error):
                taken += self.connection.execute(statement, tuple(row.values())).rowcount
        self.done.read[table] = self.done.read.get(table, 0) + taken
        return taken

    def _reviews(self, found: list[Remnant]) -> None:
        """Take the reviews that are as they were written first, so that they win over what is left of others."""
        known = self.known["review"]
        tokens = {one.row["id"]: one.row.get("token") for one in found} | {
            rowid: row["token"] for rowid, row in known.items() if "token" in row
        }
        intact: dict[int, Row] = {}
        others: dict[int, Row] = {}
        cut = back = 0
        for one in found:
            undoes = tokens.get(one.row.get("undoes_id"))
            if _is_intact(one.row, undoes):
                intact[one.row["id"]] = one.row
                continue
            names = self.wreck.columns("review")
            right = with_bit_set_back(one.cell.payload, names, tokens) if one.cell.whole else None
            if right is not None:
                intact.setdefault(one.row["id"], right | {"id": one.row["id"]})
                back += 1
            elif one.in_place and one.row.get("token"):
                cut += not one.cell.whole
                others.setdefault(one.row["id"], one.row if one.cell.whole else _sealed(one.row, undoes))
        rows = intact | {rowid: row for rowid, row in others.items() if rowid not in intact}
        undos = {rowid: row for rowid in known.keys() - rows.keys() if (row := self._undo(rowid, rows)) is not None}
        self._insert("review", rows | undos)
        self.done.lost["review"] = sorted(known.keys() - rows.keys() - undos.keys())
        for reviews, what in (
            (cut, "had lost its end (what was typed, or the filters); the rating is there"),
            (back, "had one bit flipped, which was set back"),
            (len(undos), "was an undo, put together again from the indices (its time may be that of the day)"),
        ):
            if reviews:
                self.done.said.append(f"{number(reviews, 'review')} of these {what}.")

    def _undo(self, rowid: int, rows: dict[int, Row]) -> Row | None:
        """A lost undo, as the indices know it."""
        known = self.known["review"][rowid]
        if known.get("undoes_id") is None or not {"learner_id", "card_id", "day", "token"} <= known.keys():
            return None
        undone = rows.get(known["undoes_id"], {})
        at = known.get("counts_at", f"{known['day']} 12:00:00.000000")
        row = {"id": rowid, "counts_at": at, **known, "rated_at": at, "desired_retention": 0.9}
        return _sealed(row, undone.get("token"))

    def _from_indices(self, table: str) -> None:
        """Put back rows that are lost, with what the indices know of them: above all a card's id and its name."""
        for rowid in self.done.lost[table]:
            known = self.known[table][rowid]
            made = owners.placeholder(SQLModel.metadata.tables[table], rowid, self.now)
            row = _stored(table, made) | known
            if self._insert(table, {rowid: row}):
                self.done.read[table] -= 1
                self.done.said.append(f"{table} {rowid} ({known.get('name', '')}) was put back from the indices.")

    def _own_tags(self) -> None:
        """An index has all of a learner's own tag."""
        lost = self.done.lost["own_tag"]
        whole = {rowid: self.known["own_tag"][rowid] for rowid in lost if len(self.known["own_tag"][rowid]) == 3}
        self._insert("own_tag", whole)
        self.done.lost["own_tag"] = [rowid for rowid in lost if rowid not in whole]

    def _answers(self) -> None:
        """The question of a quiz that was answered is known by its answer."""
        rows: dict[int, Row] = {}
        for rowid in self.done.lost["quiz_item"]:
            known = self.known["quiz_item"][rowid]
            answer = self.connection.execute("SELECT card_id FROM review WHERE token = ?", (known.get("token"),))
            for (card_id,) in answer.fetchall():
                rows[rowid] = {**known, "card_id": card_id, "is_follow_up": 0}
        self._insert("quiz_item", rows)
        self.done.lost["quiz_item"] = [rowid for rowid in self.done.lost["quiz_item"] if rowid not in rows]


def _stored(table: str, row: Row) -> Row:
    """The values as SQLite stores them."""
    columns = SQLModel.metadata.tables[table].columns
    convert = {name: columns[name].type.dialect_impl(SQLITE).bind_processor(SQLITE) for name in row}
    return {name: made(row[name]) if (made := convert[name]) else row[name] for name in row}


def _is_intact(row: Row, undoes: Any) -> bool:
    try:
        return is_intact(typed(list(row), list(row.values())), undoes)
    except (ValueError, TypeError, KeyError):
        return False


def _sealed(row: Row, undoes: Any) -> Row:
    """The row with the checksum of what is left of it."""
    with contextlib.suppress(ValueError, TypeError):
        return row | {"checksum": checksum(typed(list(row), list(row.values())), undoes)}
    return row
