"""Which cards are exported, and what keeps them from it."""

from pathlib import Path

import pytest

from app.exchange.export import kind
from app.exchange.exports.cards import MistakesError, collect
from app.exchange.exports.new_file import ExportError
from app.exchange.imports.import_cards import import_cards
from tests.exchange.exports.conftest import BASE, FIRST, SECOND, export, rows_of


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
    with pytest.raises(ExportError, match="is not an address of the app"):
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


SIDES = """\
---
title: Sides
---

## What does a gate do? {#gate}
It ==multiplies== by a ==number==.

More.

## LSTM? {#lstm}
Long short-term memory.

Reversed: yes
"""


def test_a_card_with_several_sides_goes_out_as_all_of_them(tmp_path: Path, content: Path) -> None:
    (content / "e" / "c.md").write_text(SIDES)
    (deck,) = collect(content, BASE, "e")
    assert [card.id for card in deck.cards] == ["gate~c1", "gate~c2", "lstm", "lstm~reversed"]
    assert deck.cards[0].question_html == "What does a gate do? It […] by a number."
    assert "<strong>multiplies</strong>" in deck.cards[0].short_html
    assert deck.cards[3].question_html == "Long short-term memory."
    for ending in ("csv", "json", "apkg"):
        assert export(tmp_path / f"cards.{ending}", content, "e") == 4
    rows = [(row["id"], row["answer"], row["reversed"]) for row in rows_of(tmp_path / "cards.csv")]
    assert rows == [
        ("gate", "It ==multiplies== by a ==number==.\n\nMore.", ""),
        ("lstm", "Long short-term memory.", "yes"),
    ]


@pytest.mark.parametrize("ending", ["csv", "apkg"])
def test_sides_come_back_to_their_card(tmp_path: Path, content: Path, ending: str) -> None:
    (content / "e" / "c.md").write_text(SIDES)
    export(tmp_path / f"cards.{ending}", content, "e")
    _kind, done = import_cards(tmp_path / f"cards.{ending}", content, "e")
    assert (content / "e" / "c.md").read_text() == SIDES
    assert (done.files, done.cards + done.sides) == ([], 4 if ending == "apkg" else 2)
    (tmp_path / "empty").mkdir()
    _kind, done = import_cards(tmp_path / f"cards.{ending}", tmp_path / "empty", "e")
    text = done.files[0].read_text()
    if ending == "csv":
        assert text.partition("\n---\n")[2] == SIDES.partition("\n---\n\n")[2]
    else:
        assert "## What does a gate do? It […] by a number. {#gate-c1}\nIt **multiplies** by a number." in text
        assert (done.cards, done.drafts) == (4, 0)
