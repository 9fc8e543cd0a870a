"""A file's text becomes a topic and its cards, with the lines that the author sees."""

from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.files import decode
from app.cards.file.parse import NAME, parse, slug
from tests.examples import examples

TEXT = """\
---
title: Vanishing gradients
order: 60
---
Prose with a [link][there].

Source: dsi-vanishing, study-key-5

## Key points
- One point. Source: study-key-1
- Another
  Source: study-key-2, study-key-3

## Why do *gradients* vanish in $h_t$? {#vanishing-why}
The short answer,
on two lines.

The longer one.

    ## no heading

Level: medium
Source: theory-14, dsi-vanishing,
lecture10-07
Tags: training, long memory

## And then?
Yes.

[there]: https://example.org
"""


def test_every_part_is_found_on_its_line():
    parsed = parse("d/a.md", TEXT)
    assert parsed.mistakes == []
    assert parsed.front is not None
    assert (parsed.front.title, parsed.front.order) == ("Vanishing gradients", 60)
    assert [block.line for block in parsed.explanation] == [5]
    assert parsed.sources == [
        ("dsi-vanishing", 7),
        ("study-key-5", 7),
        ("study-key-1", 10),
        ("study-key-2", 12),
        ("study-key-3", 12),
    ]
    first, second = parsed.cards
    assert (first.name, first.is_named, first.line) == ("vanishing-why", True, 14)
    assert first.question == "Why do gradients vanish in h_t?"
    assert [block.line for block in first.short] == [15]
    assert [block.line for block in first.rest] == [18, 20]
    assert first.metadata.level == "medium"
    assert first.metadata.sources == [("theory-14", 23), ("dsi-vanishing", 23), ("lecture10-07", 23)]
    assert first.metadata.tags == ["training", "long memory"]
    assert first.answer == "The short answer,\non two lines.\n\nThe longer one.\n\n    ## no heading"
    assert (second.name, second.is_named, second.line) == ("and-then", False, 27)


def test_the_answer_is_what_is_below_the_question_alone():
    def card(text: str):
        return parse("d/a.md", text).cards[0]

    base = card(TEXT)
    same = [
        TEXT.replace("Why do", "How do"),
        TEXT.replace("{#vanishing-why}", ""),
        TEXT.replace("Level: medium", "Level: hard"),
        TEXT.replace("The longer one.", "The longer one.  "),
    ]
    assert {card(text).answer for text in same} == {base.answer}
    assert card(TEXT.replace("longer", "shorter")).answer != base.answer


@examples(300)
@given(
    st.text(max_size=200) | st.lists(st.sampled_from([*TEXT.splitlines(), "---", "```", "$", "## {#"])).map("\n".join)
)
def test_any_text_parses_and_mistakes_have_lines_of_it(text):
    parsed = parse("d/a.md", decode(text.encode("utf-8", "replace").replace(b"\0", b"")))
    assert parsed.mistakes == sorted(parsed.mistakes)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for mistake in parsed.mistakes:
        assert 1 <= mistake.line <= lines
        assert str(mistake) == f"d/a.md:{mistake.line}: {mistake.message}"
    if not parsed.mistakes:
        assert all(NAME.fullmatch(card.name) for card in parsed.cards)


@examples(100)
@given(st.text(max_size=120))
def test_a_slug_is_a_name_and_depends_on_the_question_alone(question):
    assert NAME.fullmatch(slug(question))
    assert len(slug(question)) <= 70
    assert slug(question) == slug(question)


def test_slugs_tell_long_and_foreign_questions_apart():
    assert slug("Why, in a plain RNN, do gradients vanish?") == "why-in-a-plain-rnn-do-gradients-vanish"
    assert slug("Qu’est-ce qu’un réseau?") == "quest-ce-quun-reseau"
    long = "Why " + "very " * 40
    assert slug(long + "1") != slug(long + "2")
    assert slug("何") != slug("誰")


def test_one_line_at_the_top_makes_every_card_of_a_file_a_draft():
    text = "---\ntitle: T\ndraft: {}\n---\n\n## One?\nA.\n\n## Two?\nB.\n\nDraft: yes, the picture is missing\n"
    drafts = {
        said: [card.metadata.is_draft for card in parse("d/a.md", text.format(said)).cards] for said in ("yes", "no")
    }
    assert drafts == {"yes": [True, True], "no": [False, True]}
    assert parse("d/a.md", text.format("no")).cards[1].metadata.why_draft == "the picture is missing"
    (mistake,) = parse("d/a.md", text.format("later")).mistakes
    assert str(mistake) == "d/a.md:3: front matter: draft must be yes or no"
