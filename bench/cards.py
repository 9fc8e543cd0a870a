"""Databases and content folders of any size, made for measuring."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select

from app.cards.load.load import load
from app.database import Database
from app.models import Card, CardSource, CardTag, Deck, Topic
from app.tables import CARD

CARDS_A_TOPIC = 100
LEVELS = ("easy", "medium", "hard")


def database_with_cards(path: Path, count: int) -> list[int]:
    """A migrated SQLite file with `count` cards in deck `bench`; returns their ids."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    with database.write() as session:
        session.add(Deck(id=1, name="bench", title="Bench"))
        topics = range(1, (count - 1) // CARDS_A_TOPIC + 2)
        session.flush()
        session.execute(
            insert(Topic),
            [
                {
                    "id": t,
                    "deck_id": 1,
                    "name": f"topic-{t}",
                    "path": f"bench/topic-{t}.md",
                    "title": f"Topic {t}",
                    "place": f"{t:06d}/topic-{t}",
                    "explanation_html": "",
                    "key_points_html": "",
                    "sources": [],
                }
                for t in topics
            ],
        )
        session.execute(
            insert(Card),
            [
                {
                    "id": i,
                    "deck_id": 1,
                    "topic_id": (t := (i - 1) // CARDS_A_TOPIC + 1),
                    "name": f"card-{i}",
                    "is_named": True,
                    "place": f"{t:06d}/topic-{t}/{i % CARDS_A_TOPIC:05d}",
                    "line": 1,
                    "question": f"What is number {i}?",
                    "question_html": f"What is number {i}?",
                    "short_html": f"<p>It is {i}.</p>",
                    "answer_html": "<p>The longer answer, with a sentence or two of text.</p>" * 4,
                    "level": LEVELS[i % len(LEVELS)],
                    "content_hash": "",
                    "answer_hash": "",
                }
                for i in range(1, count + 1)
            ],
        )
        # A hundredth of the cards each.
        session.execute(insert(CardTag), [{"card_id": i, "tag": f"tag-{i % 100}"} for i in range(1, count + 1)])
        session.execute(insert(CardSource), [{"card_id": i, "item": f"book-{i % 100}"} for i in range(1, count + 1)])
    database.close()
    return list(range(1, count + 1))


MARKDOWN = """## What is the state of unit {n} after step {m}? {{#unit-{n}-{m}}}
The state is the activation of its pre-activation, here number {n} of {m}.

It follows $h_t = \\tanh(W_x x_t + W_h h_{{t-1}} + b_{{{n}}})$, so with **both** weights small it stays near 0,
and with *large* ones it saturates.

- first, the sum is formed;
- then, the activation is applied.

Level: medium

"""


def loaded(folder: Path, count: int) -> list[int]:
    """Content files with `count` cards in folder/content, loaded into folder/recur.sqlite; returns the cards' ids."""
    content = content_folder(folder / "content", files=-(-count // CARDS_A_TOPIC), cards_a_file=CARDS_A_TOPIC)
    database = Database(f"sqlite:///{folder / 'recur.sqlite'}")
    database.migrate()
    load(database, content, datetime.now(UTC))
    with database.read() as session:
        ids = session.connection().execute(select(CARD.c.id).order_by(CARD.c.place)).scalars().all()
    database.close()
    return list(ids)


def content_folder(folder: Path, files: int, cards_a_file: int) -> Path:
    """A content folder with one deck of `files` × `cards_a_file` cards, each with a formula and a list."""
    deck = folder / "bench"
    deck.mkdir(parents=True)
    (folder / "sources.yaml").write_text("documents: []\n")
    for n in range(files):
        body = "".join(MARKDOWN.format(n=n, m=m) for m in range(cards_a_file))
        (deck / f"topic-{n:05d}.md").write_text(f"---\ntitle: Topic {n}\norder: {n}\n---\nAn explanation.\n\n{body}")
    return folder
