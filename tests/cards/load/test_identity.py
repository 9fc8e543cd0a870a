"""Which card is which row: the rules, one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.cards.load import identity
from app.cards.load.identity import CardRow, FileCard, Stored
from app.cards.render.prepare import ReadyCard

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
ELSEWHERE = "d/elsewhere.md"
"""A file that the load does not read."""


def row(id: int, name: str, answer: str, question: str = "", is_named: bool = False, path: str = "d/a.md") -> CardRow:
    return CardRow(id, 1, 1, path, name, is_named, "", 1, question or name, "", answer, "", None)


def card(
    name: str, answer: str, question: str = "", is_named: bool = False, path: str = "d/a.md"
) -> tuple[str, ReadyCard]:
    return path, ReadyCard(name, is_named, None, 1, question or name, None, (), (), None, "", answer, "", "", None)


def match(cards: Sequence[tuple[str, ReadyCard]], rows: Sequence[CardRow]) -> dict[str, int]:
    leaving = {one.path for one in rows} - {ELSEWHERE}
    matches = identity.match([FileCard(*one) for one in cards], Stored(rows, leaving))
    return {name: found.id for (_deck, name), found in matches.rows.items()}


def test_a_name_is_found_wherever_it_is_now():
    rows = [row(1, "a", "x", path="d/old.md"), row(2, "b", "y", path=ELSEWHERE)]
    assert match([card("b", "new", path="d/new.md"), card("a", "new")], rows) == {"a": 1, "b": 2}


def test_a_reworded_question_keeps_the_row_of_its_answer():
    assert match([card("new", "x"), card("kept", "y")], [row(1, "old", "x"), row(2, "kept", "y")]) == {
        "new": 1,
        "kept": 2,
    }


def test_a_written_id_keeps_the_row():
    rows = [row(1, "why-so", "x", question="Why so?")]
    assert match([card("so", "x", "Why so?", is_named=True)], rows) == {"so": 1}
    assert match([card("so", "reworded", "Why so?", is_named=True)], rows) == {"so": 1}
    assert match([card("so", "x", "Why, then?", is_named=True)], rows) == {"so": 1}


def test_a_changed_or_removed_id_keeps_the_row():
    rows = [row(1, "so", "x", "Why so?", is_named=True)]
    assert match([card("thus", "x", "Why so?", is_named=True)], rows) == {"thus": 1}
    assert match([card("why-so", "x", "Why so?")], rows) == {"why-so": 1}
    assert match([card("thus", "y", "Why so?", is_named=True)], rows) == {}


def test_a_changed_id_and_question_are_followed_by_the_answer_and_said():
    rows = [row(1, "so", "x", "Why so?", is_named=True)]
    assert match([card("thus", "x", "Why not?", is_named=True)], rows) == {"thus": 1}
    assert match([card("new", "x", "New?")], rows) == {"new": 1}
    said = identity.match([FileCard(*card("thus", "x", "Why not?", is_named=True))], Stored(rows, {"d/a.md"})).decided
    assert said == ["d/a.md:1: thus keeps the history of so, with the same answer."]


def test_a_row_that_still_has_its_card_is_not_taken():
    retired = replace(row(1, "old", "x"), retired_at=NOW)
    assert match([card("new", "x")], [row(1, "old", "x", path=ELSEWHERE)]) == {}
    assert match([card("new", "x")], [retired]) == {}
    assert match([card("old", "x"), card("new", "x")], [row(1, "old", "x")]) == {"old": 1}


def test_where_two_could_be_meant_none_is_guessed():
    two = [row(1, "old", "x"), row(2, "older", "x")]
    assert match([card("new", "x")], two) == {}
    assert match([card("new", "x"), card("newer", "x")], two) == {}
    assert match([card("new", "x"), card("newer", "x")], two[:1]) == {}


def test_the_same_file_decides_between_two():
    two = [row(1, "old", "x", path="d/a.md"), row(2, "older", "x", path="d/b.md")]
    cards = [card("new", "x", path="d/b.md"), card("newer", "x", path="d/a.md")]
    assert match(cards, two) == {"new": 2, "newer": 1}


def test_two_reworded_cards_each_keep_their_own():
    rows = [row(1, "one", "x"), row(2, "two", "y")]
    assert match([card("uno", "x"), card("due", "y")], rows) == {"uno": 1, "due": 2}


def test_the_first_sign_decides_and_a_row_is_taken_once():
    rows = [row(1, "why-so", "x", question="Why so?"), row(2, "old", "y")]
    assert match([card("so", "y", "Why so?", is_named=True)], rows) == {"so": 1}
    assert match([card("so", "y", "Why so?", is_named=True), card("new", "x")], rows) == {"so": 1}
