"""Templates and cloze deletions, filled as Anki fills them."""

import pytest

from app.exchange.imports.anki.template import answer_of, deleted, question_of


@pytest.mark.parametrize(
    ("text", "number", "question", "answer"),
    [
        ("{{c1::a}} b", 1, "[…] b", "<b>a</b> b"),
        ("{{c1::a::hint}} {{c2::b}}", 2, "a […]", "a <b>b</b>"),
        ("{{c1::a {{c2::b}} c}}", 2, "a […] c", "a <b>b</b> c"),
        ("{{c1::a {{c2::b}} c}}", 1, "[…]", "<b>a b c</b>"),
        ("{{c1,3::a}} {{c2::b}}", 3, "[…] b", "<b>a</b> b"),
        ("{{c1::never closed", 1, "never closed", "never closed"),
        ("a }} b", 1, "a }} b", "a }} b"),
    ],
)
def test_cloze_deletions(text, number, question, answer):
    assert deleted(text, number, asks=True) == question
    assert deleted(text, number, asks=False) == answer


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{A}} and {{ B }}", "a and "),
        ("{{#A}}yes {{#B}}not{{/B}}{{/A}}{{^B}}no B{{/B}}", "yes no B"),
        ("{{text:A}}{{hint:A}}{{tts en_US:A}}{{type:nc:A}}", "a"),
        ("{{nonsuch}}{{/A}}!", "!"),
    ],
)
def test_templates(template, shown):
    assert question_of(template, {"A": "a", "B": " "}, 0).replace(" ", "") == shown.replace(" ", "")


def test_an_answer_does_not_repeat_its_question():
    fields = {"Front": "f", "Back": "b", "Word": " 日本[にほん]"}
    assert answer_of('{{FrontSide}}<hr id="answer">{{Back}}', fields, 0) == "b"
    assert answer_of("{{FrontSide}} {{Back}}", fields, 0) == " b"
    assert answer_of("{{furigana:Word}}", fields, 0) == "日本 (にほん)"
