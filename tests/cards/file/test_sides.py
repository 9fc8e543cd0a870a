"""Reversed cards and hidden parts: which cards a card of the file becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.parse import parse
from app.cards.file.sides import Hidden, hidden_parts, sides


def sides_of(card: str) -> list[tuple[str, str, str]]:
    """(name, question, first paragraph) of each side."""
    parsed = parse("rnn/t.md", f"---\ntitle: T\norder: 1\n---\n{card}\n")
    assert parsed.mistakes == []
    [written] = parsed.cards
    found = sides(written, parsed.references)
    assert found.mistakes == ()
    return [(side.name, side.question_markdown, side.short[0].text) for side in found.cards]


def test_a_card_without_marks_is_itself() -> None:
    assert sides_of("## What? {#w}\nThat, where a == b.") == [("w", "What?", "That, where a == b.")]


def test_a_reversed_card_is_asked_both_ways() -> None:
    assert sides_of("## What is $h_t$? {#h}\nThe hidden\nstate.\n\nMore.\n\nReversed: yes") == [
        ("h", "What is $h_t$?", "The hidden\nstate."),
        ("h~reversed", "The hidden state.", "What is $h_t$?"),
    ]


def test_each_hidden_part_of_the_answer_is_a_card() -> None:
    assert sides_of("## The cell {#cell}\nThe ==forget gate== scales ==the cell==.") == [
        ("cell~c1", "The cell: The […] scales the cell.", "The **forget gate** scales the cell."),
        ("cell~c2", "The cell: The forget gate scales […].", "The forget gate scales **the cell**."),
    ]


def test_parts_with_one_number_are_hidden_together_and_a_hint_is_shown() -> None:
    assert sides_of("## {{c2::GRU}} has {{c1::two::how many?}} gates; {{c1::LSTM}} more. {#g}\nBecause.") == [
        ("g~c1", "GRU has [how many?] gates; […] more.", "GRU has **two** gates; **LSTM** more."),
        ("g~c2", "[…] has two gates; LSTM more.", "**GRU** has two gates; LSTM more."),
    ]


def test_a_formula_hides_a_part_with_braces_in_it() -> None:
    [(_, question, short)] = sides_of("## Update {#u}\n$h_t = \\tanh({{c1::W_{hh}}} h_{t-1} + x_{{{t}}} == 0)$.")
    assert question == "Update: $h_t = \\tanh([\\,\\ldots\\,] h_{t-1} + x_{{{t}}} == 0)$."
    assert short == "$h_t = \\tanh(W_{hh} h_{t-1} + x_{{{t}}} == 0)$."


@pytest.mark.parametrize(
    "text", ["`a ==b== c`", "``{{c1::x}} ` ``", "a ==b", "== b ==", "$a ==b== c$", "{{c1::x}", "a == b == c"]
)
def test_code_comparisons_and_marks_that_are_not_closed_are_text(text: str) -> None:
    assert hidden_parts(text) == [text]


@given(st.text(alphabet="ab={}c1:$`\\ \n", max_size=30))
def test_no_text_is_lost(text: str) -> None:
    """What is written is there again, with the marks around the hidden parts."""
    left = text
    for part in hidden_parts(text):
        if isinstance(part, Hidden):
            starts = [
                f"=={part.text}==",
                f"{{{{c{part.number}::{part.text}}}}}",
                f"{{{{c{part.number}::{part.text}::{part.hint}}}}}",
            ]
            start = next(one for one in starts if left.startswith(one))
        else:
            start = part
            assert left.startswith(part)
        left = left[len(start) :]
    assert left == ""


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("## ==a== {#x}\nThe ==b==.", "not in both"),
        ("## a {#x}\nThe ==b==.\n\nReversed: yes", "cannot be reversed too"),
        ("## a {#x}\n- A list.\n\nReversed: yes", "begin the answer with one"),
    ],
)
def test_what_cannot_be_meant_is_named(card: str, says: str) -> None:
    parsed = parse("rnn/t.md", f"---\ntitle: T\norder: 1\n---\n{card}\n")
    [(line, message)] = sides(parsed.cards[0], {}).mistakes
    assert line == 5
    assert says in message


def test_reversed_takes_yes_alone() -> None:
    [mistake] = parse("rnn/t.md", "---\ntitle: T\norder: 1\n---\n## a {#x}\nB.\n\nReversed: no\n").mistakes
    assert "Reversed: must be yes" in mistake.message
