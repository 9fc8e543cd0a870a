"""Everything that `recur export` can write. The ending of the file's name decides the format."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.database import Database
from app.exchange.exports.anki_package import write_anki
from app.exchange.exports.cards import ExportedDeck, MistakesError, collect
from app.exchange.exports.csv_and_json import write_csv, write_json
from app.exchange.exports.new_file import ExportError, new_file
from app.exchange.history.export_history import ExportedHistory, write_history

__all__ = ["CARDS", "HISTORY", "ExportError", "MistakesError", "collect", "export_cards", "export_history", "kind"]

HISTORY = ".jsonl"
CARDS = (".csv", ".json", ".apkg")


def kind(path: Path) -> str:
    """Return the file's ending, one of CARDS or HISTORY. Raises ExportError."""
    ending = path.suffix.lower()
    if ending not in (*CARDS, HISTORY):
        raise ExportError(f"{path.name}: name a file that ends in {', '.join(CARDS)} (cards) or {HISTORY} (a history).")
    return ending


def export_cards(path: Path, decks: Sequence[ExportedDeck], now: datetime, force: bool) -> int:
    """Write the cards of these decks (from `collect`) to a new file, and return their number. Raises ExportError.

    `now` (aware) is when an Anki package's notes changed.
    """
    with new_file(path, force) as file:
        match kind(path):
            case ".csv":
                write_csv(file, decks)
            case ".json":
                write_json(file, decks)
            case _:
                write_anki(file, decks, now)
    return sum(len(deck.cards) for deck in decks)


def export_history(path: Path, database: Database, learner_id: int, now: datetime, force: bool) -> ExportedHistory:
    """Write a learner's whole history to a new file. Raises ExportError."""
    with new_file(path, force) as file:
        return write_history(file, database, learner_id, now)
