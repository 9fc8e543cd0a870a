"""The path of topics, and a topic with its figures and its cards between the paragraphs."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import ROOT
from app.web.course.topics import first_sentence, seconds_to_read, with_cards
from tests.examples import examples

TOPICS = sorted((ROOT / "content/rnn").glob("*.md"))
LINK = '<p><a href="/cards/d/{0}" class="card-link">Why {0}?</a></p>'
ONE_SENTENCE = re.compile(r"[A-Z][^\n]{30,150}[.?]")


def cards(*names: str) -> Any:
    return [SimpleNamespace(name=name) for name in names]


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_a_shipped_topic_begins_with_one_sentence_and_has_a_figure_and_cards_of_its_own(path: Path) -> None:
    text = path.read_text()
    explanation = text.split("---\n", 2)[2].split("\n## ")[0]
    assert ONE_SENTENCE.fullmatch(explanation.split("\n\n")[0].strip())
    assert re.search(r"^!\[[^\]]+\]\(demo:", explanation, re.MULTILINE)
    placed = re.findall(r"^\[[^\]]+\]\(card:([\w-]+)\)$", explanation, re.MULTILINE)
    assert placed
    assert set(placed) <= set(re.findall(r"^## .* \{#([\w-]+)\}$", text, re.MULTILINE))


@given(st.lists(st.sampled_from(("<p>Text.</p>", "a", "b", "c", "elsewhere")), max_size=8))
@examples(50)
def test_pieces_are_the_text_with_each_card_where_it_is_named_first(parts: list[str]) -> None:
    whole = "\n".join(part if part.startswith("<") else LINK.format(part) for part in parts)
    own = cards("a", "b", "c")
    pieces = with_cards(whole, "d", own)
    names = [piece.name for piece in pieces if not isinstance(piece, str)]
    assert names == list(dict.fromkeys(part for part in parts if part in ("a", "b", "c")))
    text = "".join(piece if isinstance(piece, str) else LINK.format(piece.name) for piece in pieces)
    assert "".join(text.split()) == "".join(whole.split())


@pytest.mark.parametrize(
    "html", ['<p>See <a href="/cards/d/a" class="card-link">a</a></p>', LINK.format("a").replace("/d/", "/other/")]
)
def test_a_link_within_a_sentence_or_to_another_deck_stays_a_link(html: str) -> None:
    assert with_cards(html, "d", cards("a")) == [html]


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("", ""),
        ("<ul><li>Only a list.</li></ul>", ""),
        ("<p>No full stop</p>", "No full stop"),
        ("<p>One &amp; two. Three.</p><p>Four.</p>", "One & two."),
        ("<p>At 0.9 it <em>shrinks</em>.</p>", "At 0.9 it shrinks."),
        ("<p>With <math><mi>x</mi><annotation>x. y</annotation></math> it works. So.</p>", "With x it works."),
    ],
)
def test_the_first_sentence(html: str, sentence: str) -> None:
    assert first_sentence(html) == sentence


def test_four_hundred_words_take_two_minutes() -> None:
    assert seconds_to_read("<p>" + "word " * 400 + "</p>") == 120
