"""A database that was lived in: two learners with reviews, undos, marks, long notes, tags and quizzes."""

import random
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlmodel import SQLModel

from app.cards.load.load import load
from app.database import Database
from app.models import CardMark, Learner, OwnTag, Quiz, QuizItem
from app.study.forecast.checkpoints import KeepUp
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from app.study.schedule.reset import reset
from app.study.schedule.review_log import stored_state
from app.study.schedule.undo import undo
from app.tables import CARD, REVIEW
from app.upkeep.doctor.examine import Examined, examine
from app.upkeep.doctor.finding import Finding
from app.upkeep.doctor.mend import mend
from tests.examples import share_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OF_PEOPLE = ("review", "learner", "card_mark", "own_tag", "quiz", "quiz_item")
SOURCES = "documents:\n  - {key: book, title: A book, what: a book, items: {book-1: one, book-2: two, book-3: three}}\n"
LONG = "Söme words, and more of them. "


@dataclass
class Place:
    """A copy of the lived-in database, to be damaged."""

    file: Path
    content: Path

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Change or read it as a person with a tool for SQLite would."""
        with sqlite3.connect(self.file) as connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The rows of a table, in order."""
        return sorted(self.run(f'SELECT * FROM "{table}"'), key=repr)

    def examine(self) -> list[Finding]:
        """What the doctor finds."""
        database = Database(f"sqlite:///{self.file}")
        try:
            return examine(Examined(database, self.content, NOW))
        finally:
            database.close()

    def mend(self) -> list[Finding]:
        """What the doctor still finds after it has mended what it can."""
        database = Database(f"sqlite:///{self.file}")
        what = Examined(database, self.content, NOW)
        try:
            found = examine(what)
            for _round in range(3):
                if any(one.cure for one in found):
                    mend(what, found)
                    found = examine(what)
        finally:
            database.close()
        return found


def some_of(cases: list[Any], number: int) -> list[Any]:
    """About `number` of the cases in `make test`, and all of them in `make proof`."""
    return cases[:: max(1, len(cases) // share_of(number))]


def write_content(folder: Path) -> None:
    """Four topics of twelve cards, with tags, sources, links, demos, formulas, and a long answer here and there."""
    (folder / "rnn").mkdir(parents=True)
    (folder / "sources.yaml").write_text(SOURCES)
    for topic in range(4):
        cards = [
            f"## Question {n} of topic {topic}? {{#q-{topic}-{n}}}\nThe answer is $h_{{{n}}}$.\n\n"
            f"{LONG * (1 + n**3 // 4)}\n\nSee [another](card:q-{(topic + 1) % 4}-{n}) and "
            f"[watch it](demo:gradient-flow?steps={n + 2}).\n\n"
            f"Level: easy\nTags: tag-{n % 5}\nSource: book-{1 + n % 3}\n"
            for n in range(12)
        ]
        text = f"---\ntitle: Topic {topic}\norder: {topic}\n---\n{LONG}\n\n" + "\n".join(cards)
        (folder / "rnn" / f"topic-{topic}.md").write_text(text)


def lived(folder: Path, reviews: int = 700) -> Place:
    """Live in a new database in `folder`, beside its content."""
    write_content(folder / "content")
    place = Place(folder / "recur.sqlite", folder / "content")
    database = Database(f"sqlite:///{place.file}")
    database.migrate()
    assert load(database, place.content, NOW).mistakes == ()
    rng = random.Random(5)
    with database.write() as session:
        session.connection().execute(
            insert(SQLModel.metadata.tables["learner"]), Learner(id=2, name="Ada").model_dump()
        )
        cards = list(session.connection().execute(select(CARD.c.id).order_by(CARD.c.id)).scalars())
    people = [Preferences(n, ZoneInfo("Europe/Berlin"), 4, 20, 0.9) for n in (1, 2)]
    now = NOW - timedelta(days=200)
    with database.write() as session:
        for n in range(reviews):
            now += timedelta(minutes=rng.randint(1, 400), microseconds=n)
            learner, card = rng.choice(people), rng.choice(cards[:40])
            state = stored_state(session.connection(), learner.learner_id, card)
            typed = LONG * rng.choice([1, 1, 1, 3, 100]) if n % 5 == 0 else None
            shown = now - timedelta(seconds=rng.randint(5, 90))
            after = state.last_review_id if state else 0
            sitting = "topic=a" if n % 3 else None
            answer = Answer(card, rng.randint(1, 5), f"token-{n}", after, shown, now, typed, sitting)
            rate(session, learner, answer, now)
            if n % 11 == 0:
                undo(session, learner, f"undo-{n}", now + timedelta(seconds=3))
            if n % 200 == 199:
                reset(session, learner, cards[:5], f"reset-{n}", now + timedelta(seconds=4))
    with database.write() as session:
        for learner in people:
            for card in cards[::2]:
                note = LONG * rng.choice([0, 1, 200])
                mark = CardMark(learner_id=learner.learner_id, card_id=card, is_flagged=card % 3 == 0, note=note)
                session.add(mark)
                session.add(OwnTag(learner_id=learner.learner_id, card_id=card, tag=f"tag-{card % 7}"))
        rows = session.connection().execute(select(REVIEW).where(REVIEW.c.rating.is_not(None))).mappings().all()
        for n in range(12):
            learner_id = 1 + n % 2
            quiz = Quiz(
                learner_id=learner_id, deck_id=1, name=f"quiz-{n}", kind="chosen", title=LONG, started_at=now,
                ended_at=now,
            )  # fmt: skip
            session.add(quiz)
            session.flush()
            given = {
                row["card_id"]: row["token"] for row in rows[n * 50 : n * 50 + 50] if row["learner_id"] == learner_id
            }
            for position, (card, token) in enumerate(given.items()):
                session.add(QuizItem(quiz_id=quiz.id, position=position, card_id=card, expected=0.9, token=token))
    KeepUp(database).look()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return place


def copy_of(place: Place, folder: Path) -> Place:
    """A copy, to be damaged. The content is shared."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place.file, folder / "recur.sqlite")
    return Place(folder / "recur.sqlite", place.content)
