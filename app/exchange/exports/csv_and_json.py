"""Writes cards as CSV, for spreadsheets, and as JSON, for programs."""

import csv
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.exchange.exports.cards import ExportedDeck
from app.exchange.imports.own_json import FORMAT, VERSION

COLUMNS = (
    "deck",
    "topic",
    "id",
    "question",
    "answer",
    "tags",
    "level",
    "sources",
    "demos",
    "reversed",
    "asks",
    "corrected",
    "points",
)
# Spreadsheets run a cell that begins like this as a formula; the last four are full-width forms.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(path: Path, decks: Sequence[ExportedDeck]) -> None:
    """Write a row for each card: question and answer in Markdown, tags and sources separated by ", ", demo addresses,
    points one on a line.

    A card with several sides has one row, as in its file: with yes in the column reversed if it is, and in asks and
    corrected what its lines `Ask:` and `Corrected:` say. A cell that a spreadsheet would run as a formula gets an
    apostrophe in front. The encoding is UTF-8 with a byte-order mark, without which Excel assumes another one.
    """
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        rows = {(card.deck, card.side_of or card.id): card for deck in decks for card in deck.cards}
        for (_deck, name), card in rows.items():
            demos = " ".join(link.address for link in card.demos)
            many = (
                ", ".join(card.tags),
                card.level or "",
                ", ".join(card.sources),
                demos,
                "yes" if card.is_reversed else "",
                card.asks,
                card.corrected,
                "\n".join(card.points),
            )
            table.writerow(map(safe_cell, (card.deck, card.topic, name, card.question, card.answer, *many)))


def safe_cell(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_RUN) else text


def write_json(path: Path, decks: Sequence[ExportedDeck]) -> None:
    """Write {"format": "recur-cards", "version": 1, "decks": [a deck, …]}.

    A deck is {"name", "title", "topics": [ExportedTopic], "files": {name: base64}, "cards": [ExportedCard]}, where the
    files are the pictures and sounds that its cards show.
    """
    whole = {"format": FORMAT, "version": VERSION, "decks": [_deck(deck) for deck in decks]}
    with path.open("x", encoding="utf-8") as file:
        json.dump(whole, file, ensure_ascii=False, indent=1)
        file.write("\n")


def _deck(deck: ExportedDeck) -> dict[str, Any]:
    shown = "".join(f"{card.question_html}{card.short_html}{card.answer_html}" for card in deck.cards)
    files = {deck.names[digest]: full for digest, full in deck.media.items() if f"/pictures/{digest}/" in shown}
    return {
        "name": deck.name,
        "title": deck.title,
        "topics": [asdict(topic) for topic in deck.topics],
        "files": {name: b64encode(full.read_bytes()).decode() for name, full in files.items()},
        "cards": [asdict(card) for card in deck.cards],
    }
