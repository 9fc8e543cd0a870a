"""Which cards are exported, and what keeps them from it."""

from pathlib import Path

import pytest

from app.exchange.export import kind
from app.exchange.exports.cards import MistakesError, collect
from app.exchange.exports.new_file import ExportError
from tests.exchange.exports.conftest import BASE, FIRST, SECOND, export


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
