"""Search: any text is a query, what is loaded is found, and the index is what the cards say."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from sqlalchemy import column, insert, select, table, text, update
from sqlmodel import SQLModel

from app.cards.load import search
from app.cards.load.load import load
from app.cards.load.search import asked, matches, words
from app.database import Database
from tests.examples import examples

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLES = SQLModel.metadata.tables
SLOW = examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
NO_NUL = st.characters(codec="utf-8", exclude_characters="\0")
"""The loader refuses a file with a NUL, and PostgreSQL a text with one."""
ALL = {
    True: "SELECT rowid, question, tags, sources, answer FROM card_search ORDER BY rowid",
    False: "SELECT card_id, document FROM card_search ORDER BY card_id",
}
"""Everything in the index, of SQLite or not."""


def add_card(connection: Any, number: int, question: str, answer: str = "", tags: tuple[str, ...] = ()) -> None:
    values = {
        "id": number, "deck_id": 1, "topic_id": 1, "name": f"c{number}", "is_named": True, "place": f"{number:04}",
        "line": 1, "question": question, "question_html": "", "short_html": "", "answer_html": answer,
        "content_hash": "", "answer_hash": "",
    }  # fmt: skip
    # Of an old table too, which has none of the later columns.
    connection.execute(insert(table("card", *map(column, values))), values)
    for tag in tags:
        connection.execute(insert(TABLES["card_tag"]), {"card_id": number, "tag": tag})


@pytest.fixture
def deck(database: Database) -> Database:
    """A database with a deck, a topic and no cards."""
    with database.write() as session:
        connection = session.connection()
        connection.execute(insert(TABLES["deck"]), {"id": 1, "name": "d", "title": "D"})
        topic = {"id": 1, "deck_id": 1, "name": "t", "path": "d/t.md", "title": "T", "place": "1", "sources": []}
        connection.execute(insert(TABLES["topic"]), topic | {"explanation_html": "", "key_points_html": ""})
    return database


def find(connection: Any, typed: str) -> list[int]:
    """Ids, the best first."""
    found = matches(connection, asked(typed)).subquery()
    return list(connection.execute(select(found.c.card_id).order_by(found.c.rank, found.c.card_id)).scalars())


ODD = st.sampled_from(
    ['"', "'", "*", "-", "^", ":", "(", ")", "AND", "OR", "NOT", "NEAR(", "🎹", "\0", "{", "card_search"]
)
TYPED = st.one_of(st.text(), st.lists(st.one_of(ODD, st.text(max_size=5)), max_size=12).map(" ".join))


@given(typed=TYPED)
@example(typed="x" * 10_000)
@example(typed='" AND NOT *' * 1_000)
@SLOW
def test_any_text_is_a_query(deck: Database, typed: str) -> None:
    with deck.read(changes=True) as session:
        add_card(session.connection(), 1, "Why do gradients vanish?")
        search.index(session.connection(), [1])
        assert find(session.connection(), typed) in ([], [1])


@given(question=st.text(NO_NUL, min_size=1), data=st.data())
@SLOW
def test_what_is_in_the_index_is_found_by_each_of_its_words_and_their_beginnings_and_retired_it_is_not(
    deck: Database, question: str, data: st.DataObject
) -> None:
    with deck.read(changes=True) as session:
        connection = session.connection()
        add_card(connection, 1, question)
        search.index(connection, [1])
        every = words(question)
        if every:
            word = data.draw(st.sampled_from(every))
            assert find(connection, word) == [1]
            assert find(connection, word[: data.draw(st.integers(1, len(word)))]) == [1]
        if words(question[: search.LONGEST_QUERY]):
            assert find(connection, question) == [1]
        search.forget(connection, [1])
        assert find(connection, question) == []


LETTERS = st.text("abé _", max_size=12)


@given(cards=st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=5), typed=LETTERS)
@SLOW
def test_what_is_found_is_what_a_plain_reading_finds(deck: Database, cards: list[tuple[str, str]], typed: str) -> None:
    def holds(part: str, phrase: list[str]) -> bool:
        there = part.replace("é", "e").replace("_", " ").split()
        starts = range(len(there) - len(phrase) + 1)
        *whole, last = phrase
        return any(there[at : at + len(whole)] == whole and there[at + len(whole)].startswith(last) for at in starts)

    phrases = [p for typed_part in typed.split() if (p := typed_part.replace("é", "e").replace("_", " ").split())]
    expected = [
        number
        for number, parts in enumerate(cards, 1)
        if phrases and all(any(holds(part, phrase) for part in parts) for phrase in phrases)
    ]
    with deck.read(changes=True) as session:
        connection = session.connection()
        for number, (question, answer) in enumerate(cards, 1):
            add_card(connection, number, question, answer)
        search.index(connection, range(1, len(cards) + 1))
        assert sorted(find(connection, typed)) == expected


UNSPACED = [
    "注意力机制是什么?",
    "アテンションガイド",
    "주의 메커니즘이란",
    "กลไกความสนใจ",
    "ការយកចិត្តទុកដាក់",
    "𠮷野家で机制",
]


@pytest.mark.parametrize("question", UNSPACED)
def test_a_script_without_spaces_is_found_by_any_part_of_a_run(deck: Database, question: str) -> None:
    """Of two letters or more; a query ends with the beginning of a word, and here each letter is one."""
    with deck.read(changes=True) as session:
        connection = session.connection()
        add_card(connection, 1, question)
        add_card(connection, 2, "Why do gradients vanish?")
        search.index(connection, [1, 2])
        for run in re.findall(r"\w[\w\u0e00-\u17ff]*", question):
            for start in range(len(run)):
                for end in range(start + 1, len(run) + 1):
                    if words(run[start:end]):
                        assert find(connection, run[start:end]) == [1], run[start:end]
        assert find(connection, "".join(words(question)[1::-1])) == [], "in another order"


TOPIC = """---
title: T
order: 1
---
## Why do vanishing gradients *van*ish? {#why}
Because of $W_{hh}$ and the hidden state, says Élise.

A `tanh_layer(x)` and bold &amp; more, naïve.

Tags: lstm-cells
Source: book-1

## What is a gate? {#gate}
Something between 0 and 1 that keeps gradients.
"""


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("vanish grad", ["why"]),
        ("VANISHING", ["why"]),
        ("hidden state", ["why"]),
        ("W_hh", ["why"]),
        ("W_{hh}", ["why"]),
        ("w_h", ["why"]),
        ("hh_W", []),
        ("elise NAIVE", ["why"]),
        ("élise", ["why"]),
        ("tanh_layer(x)", ["why"]),
        ("lstm", ["why"]),
        ("book-1", ["why"]),
        ("book-2", []),
        ("keeps gradient", ["gate"]),
        ("gradient", ["why", "gate"]),
        ("anishing", []),
        ("mi mrow", []),
        ("", []),
        ("?!", []),
    ],
)
def test_words_tags_sources_and_formulas_are_found_as_they_are_written(
    database: Database, content: Path, write: Callable[..., Path], typed: str, found: list[str]
) -> None:
    write("d/t.md", TOPIC)
    assert not load(database, content, NOW).mistakes
    with database.read() as session:
        names: dict[int, str] = dict(session.connection().execute(text("SELECT id, name FROM card")).all())
        assert [names[card] for card in find(session.connection(), typed)] == found


def test_the_question_weighs_more_than_the_answer(deck: Database) -> None:
    with deck.read(changes=True) as session:
        add_card(session.connection(), 1, "What is a cell?", "A gate, a gate, and once more a gate.")
        add_card(session.connection(), 2, "What is a gate and what is it for in such a network?", "A number.")
        add_card(session.connection(), 3, "Which part of the cell is it that is closed first?", "This.", tags=("gate",))
        search.index(session.connection(), [1, 2, 3])
        assert find(session.connection(), "gate") == [2, 3, 1]


def test_a_card_that_leaves_the_files_is_not_found_until_it_comes_back(
    database: Database, content: Path, write: Callable[..., Path]
) -> None:
    def found() -> int:
        load(database, content, NOW)
        with database.read() as session:
            return len(find(session.connection(), "gate"))

    file = write("d/t.md", TOPIC)
    assert found() == 1
    write("d/t.md", TOPIC.split("## What")[0])
    assert found() == 0
    write("d/t.md", TOPIC)
    assert found() == 1
    file.unlink()
    assert found() == 0


def test_after_any_edits_the_index_is_that_which_is_made_anew(
    database: Database, content: Path, write: Callable[..., Path]
) -> None:
    rng = random.Random(5)
    files: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for step in range(40):
        cards = files[rng.choice("abc")]
        if cards and rng.random() < 0.5:
            card = cards.pop(rng.randrange(len(cards)))
            if rng.random() < 0.5:
                files[rng.choice("abc")].append(card.replace("word", f"w{step}") if rng.random() < 0.5 else card)
        else:
            tag = f"\n\nTags: t{step % 3}" if rng.random() < 0.5 else ""
            cards.append(f"## Question {step}? {{#c{step}}}\nA word, $x_{step}$.{tag}\n")
        for name, those in files.items():
            draft = "" if those else f"## Nothing yet {{#none-{name}}}\nNo.\n\nDraft: yes\n"
            write(f"d/{name}.md", f"---\ntitle: {name}\norder: 1\n---\n" + "\n".join(those) + draft)
        report = load(database, content, NOW + timedelta(minutes=step))
        assert not report.mistakes
        with database.read() as session:
            connection = session.connection()
            kept = connection.execute(text(ALL[database.is_sqlite])).all()
            assert len(kept) == sum(map(len, files.values()))
            search.rebuild(connection)
            assert connection.execute(text(ALL[database.is_sqlite])).all() == kept


def test_cards_from_before_the_index_are_in_it_once_migrated(deck: Database) -> None:
    deck.migrate("0003")
    with deck.write() as session:
        add_card(session.connection(), 1, "Why do gradients vanish?")
        add_card(session.connection(), 2, "Why do gradients burst?")
        session.connection().execute(update(TABLES["card"]).where(TABLES["card"].c.id == 2).values(retired_at=NOW))
    deck.migrate()
    with deck.read(changes=True) as session:
        assert find(session.connection(), "gradients") == [1]


def test_a_card_longer_than_an_index_can_hold_is_found_by_its_beginning(deck: Database) -> None:
    with deck.read(changes=True) as session:
        connection = session.connection()
        add_card(connection, 1, "Long?", "alpha " + "ω" * 5_000 + " " + "many " * 40_000 + "omega")
        search.index(connection, [1])
        assert find(connection, "alpha") == find(connection, "ω" * 5_000) == [1]
        assert find(connection, "omega") == []
