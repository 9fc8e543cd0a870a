"""Which stored card has a name: of two cards that claim it in the files, the other is the copy."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.cards.check.judge import Holder, Others
from app.cards.load.card_rows import read_cards
from app.cards.load.file_rows import read_decks
from app.database import UnusableDatabaseError


def holders(connection: Connection, deck: str, names: Collection[str], leaving: Collection[str]) -> dict[str, Holder]:
    """The live card of a deck that has each of these names. One of the files `leaving` may lose its name."""
    decks = read_decks(connection)
    rows = read_cards(connection, decks[deck][0], names, ()) if deck in decks else ()
    live = (row for row in rows if row.retired_at is None)
    return {row.name: Holder(row.path, row.line, row.answer_hash, row.path not in leaving) for row in live}


class StoredHolders(Others):
    """For a check of the whole content. `read` begins a session; a database that cannot be read knows nothing."""

    def __init__(self, read: Callable[[], AbstractContextManager[Session]]) -> None:
        self._read = read

    def holders(self, deck: str, names: Collection[str]) -> Mapping[str, Holder]:
        """The live card that has each of these names."""
        try:
            with self._read() as session:
                found = holders(session.connection(), deck, names, ())
        except (SQLAlchemyError, UnusableDatabaseError):
            return {}
        return {name: holder._replace(stays=False) for name, holder in found.items()}
