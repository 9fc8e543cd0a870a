"""Cards as CSV, for spreadsheets, and as JSON, for programs."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.exchange.exports.cards import ExportedDeck

COLUMNS = ("deck", "topic", "id", "question", "answer", "tags", "level", "sources", "demos")
# Spreadsheets run what begins so as a formula; the last four are the full-width forms.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(path: Path, decks: Sequence[ExportedDeck]) -> None:
    """One row a card: question and answer in Markdown, several tags or sources with ", " between, addresses of demos.

    A cell that a spreadsheet would run as a formula begins with an apostrophe instead. UTF-8 with a byte-order mark,
    without which Excel reads another encoding.
    """
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for card in (card for deck in decks for card in deck.cards):
            demos = " ".join(link.address for link in card.demos)
            many = (", ".join(card.tags), card.level or "", ", ".join(card.sources), demos)
            table.writerow(map(safe_cell, (card.deck, card.topic, card.id, card.question, card.answer, *many)))


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_RUN) else text


def write_json(path: Path, decks: Sequence[ExportedDeck]) -> None:
    """{"format": "recur-cards", "version": 1, "decks": [{"name", "title", "cards": [the fields of ExportedCard]}]}."""
    whole = {"format": "recur-cards", "version": 1, "decks": [asdict(deck) for deck in decks]}
    with path.open("x", encoding="utf-8") as file:
        json.dump(whole, file, ensure_ascii=False, indent=1)
        file.write("\n")
