"""Databases with lives of their own, between which histories are carried."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text, update
from sqlmodel import SQLModel

from app.cards.load.load import load
from app.database import Database
from app.exchange.history.export_history import write_history
from app.exchange.history.import_history import ImportedHistory, import_history
from app.models import CardMark, OwnTag
from app.study.learner.preferences import Preferences
from app.study.schedule.checksum import altered
from app.study.schedule.rate import Answer, rate
from app.study.schedule.review_log import stored_state
from app.study.schedule.undo import undo
from app.tables import QUIZ_ITEM
from tests.databases import as_stored

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
CARDS = ("d/a", "d/b", "d/c", "e/a")
REVIEWS = """\
SELECT deck.name || '/' || card.name, review.token, review.rating, undone.token, review.shown_at, review.revealed_at,
review.rated_at, review.day, review.desired_retention, review.counts_at
FROM review JOIN card ON card.id = review.card_id JOIN deck ON deck.id = card.deck_id
LEFT JOIN review undone ON undone.id = review.undoes_id WHERE review.learner_id = :learner
ORDER BY review.counts_at, review.token"""
STATES = """\
SELECT deck.name || '/' || card.name AS name, stability, difficulty, due_on, due_at, introduced_on, reviewed_on,
reviews, lapses, last_review_id = (
    SELECT max(review.id) FROM review LEFT JOIN review undoing ON undoing.undoes_id = review.id
    WHERE review.learner_id = card_state.learner_id AND review.card_id = card_state.card_id
    AND review.rating IS NOT NULL AND undoing.id IS NULL)
FROM card_state JOIN card ON card.id = card_state.card_id JOIN deck ON deck.id = card.deck_id
WHERE card_state.learner_id = :learner ORDER BY name"""
"""The last review is the last to be stored, so histories that hold the same may differ in it."""
MARKS = """\
SELECT deck.name || '/' || card.name AS name, buried_until, is_suspended, is_flagged, note
FROM card_mark JOIN card ON card.id = card_mark.card_id JOIN deck ON deck.id = card.deck_id
WHERE learner_id = :learner AND (buried_until IS NOT NULL OR is_suspended OR is_flagged OR note != '') ORDER BY name"""
TAGS = """\
SELECT deck.name || '/' || card.name AS name, tag
FROM own_tag JOIN card ON card.id = own_tag.card_id JOIN deck ON deck.id = card.deck_id
WHERE learner_id = :learner ORDER BY name, tag"""
QUIZZES = """\
SELECT quiz.name, deck.name, kind, quiz.title, started_at, seconds, ended_at
FROM quiz JOIN deck ON deck.id = quiz.deck_id WHERE learner_id = :learner ORDER BY quiz.name"""
ITEMS = """\
SELECT quiz.name, position, deck.name || '/' || card.name, is_follow_up, expected, token
FROM quiz_item JOIN quiz ON quiz.id = quiz_id JOIN card ON card.id = quiz_item.card_id
JOIN deck ON deck.id = card.deck_id WHERE learner_id = :learner ORDER BY quiz.name, position"""


@dataclass
class Place:
    """A database somewhere, and a learner who studies there."""

    database: Database
    content: Path
    tokens: Iterator[str]
    now: datetime = NOW
    prefs: Preferences = field(default_factory=lambda: Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9))

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """As SQLite stores them, to the bit."""
        with self.database.read() as session:
            rows = session.connection().execute(text(query), values)
            return [tuple(map(as_stored, row)) for row in rows]

    def reviews(self, learner: int = 1) -> list[tuple[Any, ...]]:
        return self.rows(REVIEWS, learner=learner)

    def altered(self) -> list[int]:
        """The reviews whose checksum is wrong."""
        with self.database.read() as session:
            return list(altered(session.connection()))

    def states(self, learner: int = 1) -> list[tuple[Any, ...]]:
        return self.rows(STATES, learner=learner)

    def said(self, learner: int = 1) -> list[list[tuple[Any, ...]]]:
        """Marks, own tags, quizzes and their items."""
        return [self.rows(query, learner=learner) for query in (MARKS, TAGS, QUIZZES, ITEMS)]

    def put(self, table: str, **values: Any) -> None:
        with self.database.write() as session:
            made = SQLModel.metadata.tables[table]
            session.connection().execute(insert(made), values)

    def mark(self, name: str, buried_until: date | None, suspended: bool, flagged: bool, note: str) -> None:
        with self.database.write() as session:
            key: dict[str, Any] = {"learner_id": self.prefs.learner_id, "card_id": self.card_id(name)}
            said: dict[str, Any] = {
                "buried_until": buried_until,
                "is_suspended": suspended,
                "is_flagged": flagged,
                "note": note,
            }
            session.merge(CardMark(**key, **said))

    def tag(self, name: str, tag: str) -> None:
        with self.database.write() as session:
            session.merge(OwnTag(learner_id=self.prefs.learner_id, card_id=self.card_id(name), tag=tag))

    def quiz(self, names: list[str], answered: int) -> str:
        """A quiz of these cards, of which so many are answered; the last ends it."""
        quiz = next(self.tokens)
        deck = self.rows("SELECT id FROM deck WHERE name = 'd'")[0][0]
        ended_at = self.now if answered >= len(names) else None
        values = {"name": quiz, "learner_id": self.prefs.learner_id, "deck_id": deck, "kind": "chosen", "title": "D"}
        self.put("quiz", **values, started_at=self.now, seconds=600 if answered else None, ended_at=ended_at)
        quiz_id = self.rows("SELECT id FROM quiz WHERE name = :name", name=quiz)[0][0]
        for position, name in enumerate(names):
            token = self.rate(name, 3) if position < answered else None
            item = {"quiz_id": quiz_id, "position": position, "card_id": self.card_id(name), "token": token}
            self.put("quiz_item", **item, is_follow_up=position == 1, expected=None if position else 0.1 + 0.2)
        return quiz

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.rows(f'SELECT * FROM "{name}"') for name in SQLModel.metadata.tables}

    def card_id(self, name: str) -> int:
        deck, card = name.split("/")
        query = "SELECT card.id FROM card JOIN deck ON deck.id = deck_id WHERE deck.name = :deck AND card.name = :card"
        return int(self.rows(query, deck=deck, card=card)[0][0])

    def rate(self, name: str, rating: int, lag: int = 0) -> str:
        revealed_at = self.now - timedelta(minutes=lag, microseconds=7)
        with self.database.write() as session:
            state = stored_state(session.connection(), self.prefs.learner_id, self.card_id(name))
            after = state.last_review_id if state else 0
            token = next(self.tokens)
            shown_at = None if rating == 1 else revealed_at - timedelta(seconds=3)
            answer = Answer(self.card_id(name), rating, token, after, shown_at, revealed_at)
            rate(session, self.prefs, answer, self.now)
        return token

    def undo(self) -> str:
        with self.database.write() as session:
            token = next(self.tokens)
            undo(session, self.prefs, token, self.now)
        return token

    def live(self, events: list[Any]) -> None:
        """Study as the events say, with pauses, changed settings and clocks set back."""
        for kind, *details in events:
            if kind == "change":
                retention, zone, learner = details
                self.prefs = replace(self.prefs, desired_retention=retention, zone=zone, learner_id=learner)
                continue
            self.now += timedelta(minutes=details[0], microseconds=details[0] % 997)
            getattr(self, kind)(*details[1:])

    def export(self, learner: int = 1) -> bytes:
        path = self.content.parent / "history.jsonl"
        path.unlink(missing_ok=True)
        write_history(path, self.database, learner, self.now)
        return path.read_bytes()

    def take(self, history: bytes, learner: int = 1) -> ImportedHistory:
        return import_history(self.database, io.BytesIO(history), learner, self.now)

    def load(self) -> None:
        report = load(self.database, self.content, NOW)
        assert report.mistakes == ()


def write_content(folder: Path) -> Path:
    for deck, names in (("d", "abc"), ("e", "a")):
        (folder / deck).mkdir(parents=True)
        for name in names:
            file = f"---\ntitle: Topic {name}\n---\n\n## What is {name}? {{#{name}}}\nThis.\n\nAnd that.\n"
            (folder / deck / f"{name}.md").write_text(file)
    (folder / "sources.yaml").write_text("documents: []\n")
    return folder


def lived(place: Place) -> bytes:
    """A history with every kind of line: 4 cards (2-5), 5 ratings and 1 undo (6-11), 2 marks, a quiz of 2 (12-16)."""
    place.prefs = replace(place.prefs, desired_retention=1 / 3 + 0.5)
    for name, rating in (("d/a", 4), ("d/b", 1), ("e/a", 5), ("d/c", 3)):
        place.now += timedelta(days=3, microseconds=1)
        place.rate(name, rating, lag=5)
    place.undo()
    answer = place.rate("d/a", 2)
    place.mark("d/a", date(2025, 6, 20), False, True, "Look this up.")
    place.tag("d/b", "hard")
    quiz = place.quiz(["d/a", "d/b"], 0)
    with place.database.write() as session:
        session.connection().execute(update(QUIZ_ITEM).where(QUIZ_ITEM.c.position == 0).values(token=answer))
    assert quiz
    return place.export()


def changed(history: bytes, number: int, **values: Any) -> bytes:
    """The file with other values on one of its lines."""
    lines = history.split(b"\n")
    lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **values}).encode()
    return b"\n".join(lines)


def moved(history: bytes, number: int, to: int | None = None) -> bytes:
    """The file with one line elsewhere, or gone."""
    lines = history.split(b"\n")
    line = lines.pop(number - 1)
    return b"\n".join(lines if to is None else [*lines[: to - 1], line, *lines[to - 1 :]])


def learner_with(history: bytes, **values: Any) -> bytes:
    """The file of a learner with other preferences."""
    return changed(history, 1, learner=json.loads(history.split(b"\n")[0])["learner"] | values)


def forget_reviews(history: bytes) -> list[bytes]:
    """The lines of a history without its reviews."""
    lines = [json.loads(line) for line in history.splitlines()]
    lines = [line for line in lines if line["kind"] != "review"]
    lines[-1]["reviews"] = 0
    return [json.dumps(line).encode() for line in lines]
