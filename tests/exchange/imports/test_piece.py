"""A card counts the words that it shows."""

import pytest

from app.exchange.imports.piece import FilePiece
from app.exchange.imports.words import words


@pytest.mark.parametrize(("stated", "missing"), [("", ["left out: a, gate"]), ("a-gate", [])])
def test_an_id_holds_words_only_if_the_file_stated_it(stated: str, missing: list[str]) -> None:
    source = words("A gate\nIt scales. A gate!")
    piece = FilePiece("line 1", "## A gate", "It scales.", name="a-gate", words=source, stated_name=stated)
    assert piece.name_missing() == (6, 6 - 2 * bool(missing))
    assert piece.told == missing
