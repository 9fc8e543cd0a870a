"""Pages of plain text, each in its layout."""

from app.exchange.imports.draft import Skipped
from app.exchange.imports.from_text import (
    read_flashcards,
    read_questions,
    read_theory,
)
from tests.exchange.imports.pages import FLASHCARDS, METHOD, THEORY, parts


def test_theory():
    cards, skipped, reading = parts(THEORY, read_theory)
    assert reading.title == "Trees in questions"
    assert [(card.where, card.question) for card in cards] == [
        ("line 5", "What is a *leaf*?"),
        ("line 17", "Why balance a tree?\n\n\nWhat does it cost?"),
        ("line 29", "What is pruning?"),
    ]
    assert cards[0].answer.startswith("A node without children:\n\n- it ends a path,\n  - every path,\n- it holds")
    assert cards[0].answer.endswith("\n\nSource: trees.example.org")
    assert cards[2].answer == ""
    assert skipped == []


def test_flashcards():
    cards, skipped, reading = parts(FLASHCARDS, read_flashcards)
    assert (reading.title, reading.explanation) == ("Lecture 3 Flashcards", "Trees and forests")
    assert [(card.where, card.question, card.answer) for card in cards] == [
        ("line 5", "Tree", "A graph\nwithout cycles."),
        ("line 23", "Forest", "- Many trees, each\non its own bootstrap sample\n- Votes"),
        ("line 41", "Tree", "Parameters: 2\nExample:\n3"),
        ("line 51", "What is left over?", ""),
    ]
    assert skipped == [Skipped("line 40", "is between a card's rating and the next card", "an advertisement")]


def test_the_four_parts_of_a_study_page():
    cards, skipped, reading = parts(METHOD, read_questions)
    assert reading.title == "Decision trees"
    assert reading.explanation == "A tree asks one thing at a time.\n\nIt costs $5 nothing."
    assert reading.key_points == "- Trees split.\n- Trees overfit."
    assert [(card.question, card.answer) for card in cards] == [
        ("What is a split?", ""),
        ("When does one stop?", ""),
        ("How is a split chosen?", "By the purity gained:\n  1. try each feature,\n  2. keep the best."),
        ("What is entropy?", "A measure of disorder."),
    ]
    assert [item.where for item in skipped] == ["lines 5–8", "lines 14–17"]


def test_a_plain_list_of_questions():
    text = "1. What?\n\nAnswer: This.\nAnd that.\n2) Why is it so\nand not otherwise?\nAnswer: Because.\n"
    cards, skipped, _reading = parts(text, read_questions)
    assert [(card.where, card.question, card.answer) for card in cards] == [
        ("line 1", "What?", "This.\nAnd that."),
        ("line 5", "Why is it so\nand not otherwise?", "Because."),
    ]
    assert skipped == []
