"""Cards as CSV and JSON: what the author wrote, safe in a spreadsheet."""

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.parse import parse
from app.exchange.exports.csv_and_json import safe_cell
from app.settings import ROOT
from tests.exchange.exports.conftest import BASE, export, rows_of


def test_csv_has_the_markdown_in_learning_order(tmp_path: Path, content: Path) -> None:
    assert export(tmp_path / "cards.csv", content) == 3
    other, square, elsewhere = rows_of(tmp_path / "cards.csv")
    assert (other["deck"], other["topic"], other["id"]) == ("d", "b", "other")
    assert (elsewhere["deck"], elsewhere["id"]) == ("e", "other")
    assert other["question"] == 'Why, "really"?'
    assert other["answer"] == "'=1+1 is no formula here."
    assert square["question"] == "What is $x^2$ for `x = 3`?"
    assert square["answer"].startswith("'- It is nine.\n\nBecause $3 \\cdot 3 = 9$; see [the other](card:other)")
    assert square["answer"].endswith("[Watch](demo:unrolled-rnn?units=1&step=2)")
    assert (square["tags"], square["level"], square["sources"]) == ("powers, whole numbers", "easy", "book-1")
    assert square["demos"] == f"{BASE}/demos/unrolled-rnn?units=1&step=2"
    assert (tmp_path / "cards.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_json_has_markdown_and_html_with_absolute_links(tmp_path: Path, content: Path) -> None:
    assert export(tmp_path / "cards.json", content, "d", "https://recur.example/app/") == 2
    whole = json.loads((tmp_path / "cards.json").read_text())
    assert (whole["format"], whole["version"], [deck["name"] for deck in whole["decks"]]) == ("recur-cards", 1, ["d"])
    square = whole["decks"][0]["cards"][1]
    assert square["answer"].startswith("- It is nine.")
    assert square["short_html"] == "<ul>\n<li>It is nine.</li>\n</ul>"
    assert "<math" in square["question_html"]
    links = re.findall(r'href="([^"]*)"', square["short_html"] + square["answer_html"])
    assert links == [
        "https://recur.example/app/cards/d/other",
        "https://example.org/a?b=1&amp;c=2",
        "https://recur.example/app/demos/unrolled-rnn?units=1&amp;step=2",
    ]
    demo = {"label": "Watch", "address": "https://recur.example/app/demos/unrolled-rnn?units=1&step=2"}
    assert square["demos"] == [demo]
    assert square["address"] == "https://recur.example/app/cards/d/square"


def test_an_exported_answer_parses_to_the_same_card(tmp_path: Path) -> None:
    """Our own content: question, id and answer of the JSON, written as a file again, are the same card."""
    export(tmp_path / "cards.json", ROOT / "content")
    decks = json.loads((tmp_path / "cards.json").read_text())["decks"]
    cards = [card for deck in decks for card in deck["cards"] if not card["side_of"]]
    assert len(cards) >= 140
    for card in cards:
        asks = f"\nAsk: {card['asks']}\n" if card["asks"] else ""
        text = f"---\ntitle: T\n---\n\n## {card['question']} {{#{card['id']}}}\n{card['answer']}\n{asks}"
        parsed = parse("d/t.md", text)
        assert parsed.mistakes == []
        (one,) = parsed.cards
        assert (one.name, one.question_markdown, one.answer) == (card["id"], card["question"], card["answer"])
        assert (one.metadata.ask or ("",))[0] == card["asks"]


@given(st.text(max_size=20) | st.from_regex(r"[=+\-@\t\r\n＝＋－＠'].{0,9}"))
def test_no_cell_begins_as_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not re.match(r"[=+\-@\t\r\n＝＋－＠]", cell)
    assert cell in (text, f"'{text}")
