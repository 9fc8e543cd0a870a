"""Each layout is known for what it is, and becomes content."""

from pathlib import Path

import pytest

from app.cards.check.check import check_content
from app.exchange.imports.from_text import (
    claims_flashcards,
    claims_questions,
    claims_theory,
)
from app.exchange.imports.import_cards import import_cards
from tests.exchange.imports.pages import FLASHCARDS, METHOD, OWN, PAGE, THEORY


@pytest.mark.parametrize("text", [THEORY, FLASHCARDS, METHOD, PAGE, OWN])
def test_each_layout_is_claimed_by_its_reader_and_not_by_those_before_it(text):
    claims = [claims_flashcards(text), claims_theory(text), claims_questions(text)]
    assert claims == [text is FLASHCARDS, text is THEORY, text is METHOD]


@pytest.mark.parametrize(
    ("name", "text", "kind", "cards", "unanswered"),
    [
        ("a.txt", THEORY, "theory", 2, 1),
        ("b.txt", FLASHCARDS, "flashcards", 3, 1),
        ("c.txt", METHOD, "questions", 2, 2),
        ("d.txt", PAGE, "markdown", 2, 2),
        ("e.md", OWN, "markdown", 1, 0),
    ],
)
def test_every_layout_becomes_content_without_a_mistake(tmp_path, name, text, kind, cards, unanswered):
    content = tmp_path / "content"
    content.mkdir()
    source = tmp_path / name
    source.write_text(text.replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    found, done = import_cards(source, content, "d")
    checked = check_content(content)
    assert found.name == kind
    assert (done.cards, done.drafts) == (cards, unanswered) == (checked.cards, checked.drafts)
    assert [str(one) for one in checked.mistakes] == []
    assert done.files == [content / "d" / f"{Path(name).stem}.md"]


def test_the_same_question_twice_gets_two_ids(tmp_path):
    (tmp_path / "b.txt").write_text(FLASHCARDS)
    _kind, done = import_cards(tmp_path / "b.txt", tmp_path, "d")
    text = done.files[0].read_text()
    assert "## Tree {#tree}\n" in text
    assert "## Tree {#tree-2}\n" in text
