"""Everything that `recur export` can write. The ending of the file's name decides the format."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlmodel import Session

from app.database import Database
from app.exchange.exports.anki_package import History, write_anki
from app.exchange.exports.anki_schedule import learned_cards
from app.exchange.exports.cards import ExportedDeck, MistakesError, collect
from app.exchange.exports.csv_and_json import write_csv, write_json
from app.exchange.exports.new_file import ExportError, new_file
from app.exchange.history.export_history import ExportedHistory, write_history
from app.study.learner.preferences import Preferences

__all__ = [
    "CARDS",
    "HISTORY",
    "ExportError",
    "MistakesError",
    "anki_history",
    "collect",
    "export_cards",
    "export_history",
    "kind",
]

HISTORY = ".jsonl"
CARDS = (".csv", ".json", ".apkg")


def kind(path: Path) -> str:
    """Return the file's ending, one of CARDS or HISTORY. Raises ExportError."""
    ending = path.suffix.lower()
    if ending not in (*CARDS, HISTORY):
        raise ExportError(f"{path.name}: name a file that ends in {', '.join(CARDS)} (cards) or {HISTORY} (a history).")
    return ending


def export_cards(
    path: Path, decks: Sequence[ExportedDeck], now: datetime, force: bool, history: History | None = None
) -> int:
    """Write the cards of these decks (from `collect`) to a new file, and return their number. Raises ExportError.

    `now` (aware) is when an Anki package's notes changed; with a learner's `history`, the package holds it too.
    """
    with new_file(path, force) as file:
        match kind(path):
            case ".csv":
                write_csv(file, decks)
            case ".json":
                write_json(file, decks)
            case _:
                write_anki(file, decks, now, history)
    return sum(len(deck.cards) for deck in decks)


def anki_history(session: Session, who: Preferences, now: datetime) -> History:
    """A learner's history, for an Anki package that is written `now` (aware)."""
    today = who.day(now)
    start = datetime.combine(today, time(who.day_starts_at), who.zone)
    west = -int((start.utcoffset() or timedelta(0)).total_seconds() // 60)
    conf = {"nextPos": 1, "curDeck": 1, "activeDecks": [1], "creationOffset": west, "rollover": who.day_starts_at}
    cards = learned_cards(session.connection(), who.learner_id)
    return History(cards, today, int(start.timestamp()), {**conf, "schedVer": 2})


def export_history(path: Path, database: Database, learner_id: int, now: datetime, force: bool) -> ExportedHistory:
    """Write a learner's whole history to a new file. Raises ExportError."""
    with new_file(path, force) as file:
        return write_history(file, database, learner_id, now)
