"""Which stored card has a name: of two cards that claim it in the files, the other is the copy."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.cards.check.judge import Holder, Others
from app.cards.load.card_rows import holders
from app.database import UnusableDatabaseError


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
