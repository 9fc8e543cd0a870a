"""How often a password may be wrong, counted in the database: all processes agree, and a restart forgets nothing."""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from app.tables import GUESS

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Bound:
    """So many wrong passwords at once, and then one in each `every`."""

    at_once: int
    every: timedelta

    @property
    def debt(self) -> timedelta:
        """How far ahead of now what was guessed may reach for one more guess."""
        return (self.at_once - 1) * self.every


OF_AN_ACCOUNT = Bound(20, timedelta(minutes=1))
"""From browsers that the account does not know: 80 in the first hour, 60 in each other."""
OF_A_DEVICE = Bound(10, timedelta(minutes=1))
"""From one that it knows. What others guess elsewhere does not count here."""
OF_AN_ADDRESS = Bound(50, timedelta(seconds=10))
"""For all accounts together: a class may sit behind one address."""

OF_JOINING = Bound(30, timedelta(minutes=1))
"""For the names that somebody with a link tries: a refused one tells that it is taken."""


def key_of(kind: str, value: str) -> str:
    """The key of what is counted. It is a hash, since people type passwords where their name belongs."""
    return hashlib.sha256(f"{kind}\0{value}".encode("utf-8", "surrogatepass")).hexdigest()


def network_of(client: str) -> str:
    """The address of a client, or the part of one that a provider gives to a single customer."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else client


def take_turn(session: Session, counted: Mapping[str, Bound], now: datetime) -> timedelta:
    """Count one guess for each of these keys, before it is looked at. Call it in a write session.

    Returns 0, or how long to wait if there were too many for one of them; then nothing is counted.
    """
    connection = session.connection()
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(GUESS)
    keys = sorted(counted)  # in one order, so that no two wait for each other
    connection.execute(insert.on_conflict_do_nothing(), [{"key": key, "until": now} for key in keys])
    rows = connection.execute(select(GUESS).where(GUESS.c.key.in_(keys)).order_by(GUESS.c.key).with_for_update())
    until = {row.key: max(row.until, now) for row in rows}
    wait: timedelta = max(until[key] - now - counted[key].debt for key in keys)
    if wait > ZERO:
        return wait
    for key in keys:
        connection.execute(update(GUESS).where(GUESS.c.key == key).values(until=until[key] + counted[key].every))
    return ZERO


def give_back(session: Session, counted: Mapping[str, Bound]) -> None:
    """Count a guess no more: it was the password. Call it in a write session."""
    connection = session.connection()
    rows = connection.execute(
        select(GUESS).where(GUESS.c.key.in_(counted)).order_by(GUESS.c.key).with_for_update()
    ).all()
    for row in rows:
        until = row.until - counted[row.key].every
        connection.execute(update(GUESS).where(GUESS.c.key == row.key).values(until=until))


def forget_old(session: Session, now: datetime) -> None:
    """Delete what counts no more. Call it in a write session."""
    old = select(GUESS.c.key).where(GUESS.c.until < now).order_by(GUESS.c.key).with_for_update(skip_locked=True)
    session.connection().execute(delete(GUESS).where(GUESS.c.key.in_(old)))
