"""Marks: what a learner says of cards, against a dictionary kept beside the table."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import Session

from app.study.selection import marks
from app.study.selection.marks import LONGEST_NOTE, LONGEST_TAG, Marks, marks_of, own_tag

if TYPE_CHECKING:
    from tests.study.conftest import Study

DAY = date(2025, 6, 2)
ROWS = "SELECT count(*) FROM card_mark"


def do(study: "Study", work: Callable[..., int], *arguments: Any, learner: int = 1) -> int:
    with study.database.write() as session:
        return work(session, learner, *arguments)


def of(study: "Study", card: int, learner: int = 1) -> Marks:
    with study.database.read() as session:
        return marks_of(session, learner, card)


@pytest.mark.parametrize(
    ("mark", "unmark", "name", "value"),
    [
        (marks.suspend, marks.resume, "is_suspended", True),
        (marks.flag, marks.unflag, "is_flagged", True),
        (partial(marks.bury, until=DAY), marks.unbury, "buried_until", DAY),
    ],
)
def test_a_mark_is_set_and_taken_on_many_and_says_how_many_changed(
    study: "Study", mark: Callable[..., int], unmark: Callable[..., int], name: str, value: Any
) -> None:
    assert do(study, mark, [1, 2, 2, 99]) == 2, "twice named is one card, and 99 does not exist"
    assert do(study, mark, [2, 3]) == 1
    assert [getattr(of(study, card), name) for card in (1, 2, 3)] == [value] * 3
    assert of(study, 4) == Marks()
    assert of(study, 1, learner=2) == Marks()
    assert do(study, unmark, [1, 2, 4]) == 2
    assert do(study, unmark, [3], learner=2) == 0
    assert of(study, 3) == Marks(**{name: value})
    assert do(study, unmark, range(1, 11)) == 1
    assert study.rows(ROWS) == [(0,)], "a row that says nothing is not kept"


def test_a_card_is_buried_for_longer_or_shorter(study: "Study") -> None:
    assert do(study, marks.bury, [1], DAY) == 1
    assert do(study, marks.bury, [1, 2], DAY + timedelta(days=1)) == 2
    assert of(study, 1).buried_until == DAY + timedelta(days=1)


def test_marks_do_not_touch_each_other(study: "Study") -> None:
    do(study, marks.suspend, [1])
    do(study, marks.flag, [1])
    do(study, marks.bury, [1], DAY)
    do(study, marks.write_note, 1, "  Two lines,\r\nno more. ")
    do(study, marks.add_tag, [1], "hard")
    assert of(study, 1) == Marks(DAY, True, True, "Two lines,\nno more.", ("hard",))
    do(study, marks.unflag, [1])
    do(study, marks.resume, [1])
    do(study, marks.write_note, 1, " ")
    assert of(study, 1) == Marks(DAY, tags=("hard",))


def test_own_tags_are_added_and_removed_on_many(study: "Study") -> None:
    assert do(study, marks.add_tag, [1, 2, 99], " To  Read ") == 2
    assert do(study, marks.add_tag, [2, 3], "to read") == 1
    do(study, marks.add_tag, [2], "again")
    assert of(study, 2).tags == ("again", "to read")
    assert do(study, marks.remove_tag, [1, 2, 4], "TO READ") == 2
    assert [of(study, card).tags for card in (1, 2, 3)] == [(), ("again",), ("to read",)]
    assert of(study, 2, learner=2).tags == ()


@pytest.mark.parametrize("tag", ["", "   ", "a,b", "x" * (LONGEST_TAG + 1), "a\0b", "a\u202eb"])
def test_what_cannot_be_a_tag_is_named(study: "Study", tag: str) -> None:
    with pytest.raises(ValueError, match="no comma, unlike"):
        do(study, marks.add_tag, [1], tag)
    assert study.rows("SELECT count(*) FROM own_tag") == [(0,)]


def test_letters_of_any_language_make_a_tag() -> None:
    assert own_tag("Für E\u0301lise 🎹") == "für élise 🎹"


@pytest.mark.parametrize("text", ["x" * (LONGEST_NOTE + 1), "a\0b"])
def test_a_note_that_cannot_be_kept_changes_nothing(study: "Study", text: str) -> None:
    do(study, marks.write_note, 1, "before")
    with pytest.raises(ValueError, match="A note has at most"):
        do(study, marks.write_note, 1, text)
    assert of(study, 1).note == "before"


def test_more_cards_than_one_statement_takes(study: "Study", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tables.AT_ONCE", 3)
    assert do(study, marks.suspend, range(1, 11)) == 10
    assert do(study, marks.add_tag, range(1, 11), "all") == 10
    assert do(study, marks.remove_tag, range(1, 9), "all") == 8
    assert do(study, marks.resume, range(1, 11)) == 10


def test_any_order_of_marking_leaves_what_a_dictionary_would_hold(study: "Study") -> None:
    rng = random.Random(3)
    kept: dict[int, Marks] = dict.fromkeys(range(1, 11), Marks())

    def change(session: Session) -> None:
        ids = rng.sample(range(1, 11), rng.randint(1, 6))
        what = rng.choice(["suspend", "resume", "flag", "unflag", "bury", "unbury", "write_note", "add_tag"])
        more: list[Any] = []
        if what == "bury":
            more = [DAY + timedelta(days=rng.randint(0, 2))]
        if what == "write_note":
            ids, more = ids[:1], [rng.choice(["", "a", "b"])]
        if what == "add_tag":
            more = [rng.choice("ab")]
        new = {
            "suspend": {"is_suspended": True}, "resume": {"is_suspended": False}, "flag": {"is_flagged": True},
            "unflag": {"is_flagged": False}, "bury": {"buried_until": [*more, None][0]},
            "unbury": {"buried_until": None}, "write_note": {"note": [*more, ""][0]}, "add_tag": {},
        }[what]  # fmt: skip
        before = dict(kept)
        for card in ids:
            kept[card] = replace(kept[card], **new)
            if what == "add_tag":
                kept[card] = replace(kept[card], tags=tuple(sorted({*kept[card].tags, *more})))
        named = ids[0] if what == "write_note" else ids
        assert getattr(marks, what)(session, 1, named, *more) == sum(before[card] != kept[card] for card in ids)

    for _ in range(150):
        with study.database.write() as session:
            change(session)
    assert {card: of(study, card) for card in kept} == kept
    without_tags = sum(replace(one, tags=()) != Marks() for one in kept.values())
    assert study.rows(ROWS) == [(without_tags,)]
