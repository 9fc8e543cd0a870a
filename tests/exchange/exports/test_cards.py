"""Cards as CSV and JSON: what the author wrote, safe in a spreadsheet, and whole or not at all."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.file.parse import parse
from app.exchange.export import export_cards, kind
from app.exchange.exports.cards import MistakesError, collect
from app.exchange.exports.csv_and_json import safe_cell, write_csv
from app.exchange.exports.new_file import ExportError, new_file
from app.settings import ROOT

BASE = "http://127.0.0.1:8000"
FIRST = """\
---
title: Second topic
order: 20
---

## What is $x^2$ for `x = 3`? {#square}
- It is nine.

Because $3 \\cdot 3 = 9$; see [the other](card:other) and [a page](https://example.org/a?b=1&c=2).

$$a < b$$

[Watch](demo:unrolled-rnn?units=1&step=2)

Level: easy
Tags: powers, whole numbers
Source: book-1
"""
SECOND = """\
---
title: First topic
order: 10
---

## Why, "really"? {#other}
=1+1 is no formula here.
"""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    for path, text in (("d/a.md", FIRST), ("d/b.md", SECOND), ("e/c.md", SECOND)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def export(path: Path, content: Path, deck: str | None = None, base_url: str = BASE, force: bool = False) -> int:
    return export_cards(path, content, deck, base_url, datetime(2025, 6, 1, tzinfo=UTC), force)


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
    cards = [card for deck in decks for card in deck["cards"]]
    assert len(cards) >= 65
    for card in cards:
        text = f"---\ntitle: T\n---\n\n## {card['question']} {{#{card['id']}}}\n{card['answer']}\n"
        parsed = parse("d/t.md", text)
        assert parsed.mistakes == []
        assert [(one.name, one.question_markdown, one.answer) for one in parsed.cards] == [
            (card["id"], card["question"], card["answer"])
        ]


@given(st.text(max_size=20) | st.from_regex(r"[=+\-@\t\r\n＝＋－＠'].{0,9}"))
def test_no_cell_begins_as_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not re.match(r"[=+\-@\t\r\n＝＋－＠]", cell)
    assert cell in (text, f"'{text}")


def test_nothing_is_overwritten_unless_told_to(tmp_path: Path, content: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text("mine")
    file.chmod(0o640)
    with pytest.raises(ExportError, match=r"there already.*--force"):
        export(file, content)
    assert file.read_text() == "mine"
    export(file, content, force=True)
    assert len(rows_of(file)) == 3
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "out" / "cards.csv"
    file.parent.mkdir()
    file.write_text("mine")

    def fail(beside: Path) -> None:
        write_csv(beside, [])
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"), new_file(file, force=True) as beside:
        fail(beside)
    assert [(path.name, path.read_text()) for path in file.parent.iterdir()] == [("cards.csv", "mine")]


def test_a_file_made_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"

    def be_late(beside: Path) -> None:
        write_csv(beside, [])
        file.write_text("quicker")

    with pytest.raises(ExportError, match="there already"), new_file(file, force=False) as beside:
        be_late(beside)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith("csv") or path.name.startswith(".")] == [
        "cards.csv"
    ]
    assert file.read_text() == "quicker"


@pytest.mark.parametrize(
    ("where", "says"), [("nowhere/cards.csv", "There is no folder"), ("content", "is a folder: name a file")]
)
def test_a_place_that_takes_no_file_is_named(tmp_path: Path, content: Path, where: str, says: str) -> None:
    with pytest.raises(ExportError, match=says), new_file(tmp_path / where, force=True):
        pass


def test_drafts_stay_at_home(content: Path) -> None:
    file = content / "d/b.md"
    file.write_text(SECOND + "\nDraft: yes\n\n## Done? {#done}\nYes.\n")
    (deck,) = collect(content, BASE, "d")
    assert [card.id for card in deck.cards] == ["done", "square"]


def test_content_with_mistakes_is_not_exported_in_part(tmp_path: Path, content: Path) -> None:
    (content / "d/a.md").write_text(FIRST.replace("$a < b$", "$a < $b"))
    (content / "e/d.md").write_bytes(b"\xff\xfe")
    with pytest.raises(MistakesError) as refused:
        export(tmp_path / "cards.json", content)
    assert {(mistake.path, mistake.line) for mistake in refused.value.mistakes} >= {("d/a.md", 11), ("e/d.md", 1)}
    assert not (tmp_path / "cards.json").exists()


def test_two_cards_of_one_name_are_a_mistake(content: Path) -> None:
    (content / "d/z.md").write_text(SECOND)
    with pytest.raises(MistakesError):
        collect(content, BASE)


def test_an_unknown_deck_is_named_with_the_nearest(content: Path) -> None:
    with pytest.raises(ExportError, match=r"no deck 'dd'.*nearest is 'd'"):
        collect(content, BASE, "dd")


@pytest.mark.parametrize(
    "base", ["recur.example", "javascript:alert(1)", 'http://a"b', "http://", "http://a?b", "http://[a"]
)
def test_an_address_that_is_none_is_refused(content: Path, base: str) -> None:
    with pytest.raises(ExportError, match="is no address of the app"):
        collect(content, base)


def test_the_ending_decides() -> None:
    assert [kind(Path(f"a.{ending}")) for ending in ("csv", "JSON", "apkg", "jsonl")] == [
        ".csv",
        ".json",
        ".apkg",
        ".jsonl",
    ]
    with pytest.raises(ExportError, match=r"ends in \.csv"):
        kind(Path("cards.xlsx"))
