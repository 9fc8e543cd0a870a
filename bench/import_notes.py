"""Importing 20,000 notes from CSV and loading them, beside Anki's own import of the same file."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from app.cards.load.load import load
from app.database import Database
from app.exchange.imports.import_cards import import_cards
from bench.figures import Timing, heading, ratio, row, timed

NOTES = 20_000


def run() -> None:
    """Print both times and their ratio."""
    heading(f"Importing {NOTES:,} notes from CSV")
    try:
        from anki.collection import Collection, ImportCsvRequest
    except ImportError:
        sys.exit("This benchmark needs the package anki: make setup-test installs it.")
    with TemporaryDirectory() as name:
        folder = Path(name)
        notes = folder / "notes.csv"
        write_notes(notes)
        content = folder / "content"
        content.mkdir()
        database = Database(f"sqlite:///{folder}/recur.sqlite")
        database.migrate()
        ours = Timing("recur import", [timed(lambda: import_cards(notes, content, "notes"))])
        now = datetime.now(UTC)
        loaded = Timing("recur load of what it wrote", [timed(lambda: load(database, content, now))])
        database.close()
        collection = Collection(str(folder / "collection.anki2"))
        metadata = collection.get_csv_metadata(str(notes), None)
        request = ImportCsvRequest(path=str(notes), metadata=metadata)
        theirs = Timing("Anki's import of the same file", [timed(lambda: collection.import_csv(request))])
        imported = collection.note_count()
        collection.close()
    for timing in (ours, loaded, theirs):
        row(timing)
    if imported != NOTES:
        sys.exit(f"Anki imported {imported:,} notes of {NOTES:,}: this is no comparison.")
    ratio("load over Anki's import", loaded.median / theirs.median, 10)
    ratio("import and load over Anki's import", (ours.median + loaded.median) / theirs.median, None)


def write_notes(path: Path) -> None:
    """A CSV file of questions and answers, with a formula in every second note and a list in every third."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        for n in range(NOTES):
            answer = [f"It is the activation of its pre-activation, here number {n} of {NOTES}."]
            if n % 2 == 0:
                answer.append(f"It follows $h_t = \\tanh(W_x x_t + W_h h_{{t-1}} + b_{{{n}}})$.")
            if n % 3 == 0:
                answer.append("- first the sum is formed,\n- then the activation is applied.")
            table.writerow([f"What is the state of unit {n}?", "\n\n".join(answer), "rnn"])
