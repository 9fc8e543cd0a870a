"""Marks and notes of both places are kept."""

from datetime import date

from tests.exchange.history.places import Place


def test_of_two_notes_both_are_kept(three: list[Place]) -> None:
    here, there, _bare = three
    here.mark("d/a", date(2025, 6, 2), False, True, "Ours.")
    here.mark("d/b", None, True, False, "")
    there.mark("d/a", None, True, False, "Theirs.")
    there.mark("d/b", date(2025, 6, 3), False, False, "Only there.")
    for _twice in range(2):
        there.take(here.export())
        here.take(there.export())
    assert there.said()[0] == [
        ("d/a", "2025-06-02", 1, 1, "Theirs.\n---\nOurs."),
        ("d/b", "2025-06-03", 1, 0, "Only there."),
    ]
    assert here.said() == there.said()
    assert there.take(here.export()).marks == 0


def test_marks_find_a_card_that_was_renamed(three: list[Place]) -> None:
    here, there, _bare = three
    here.rate("d/a", 4)
    there.take(here.export())
    here.mark("d/a", None, False, True, "Mine.")
    here.quiz(["d/a"], 0)
    file = there.content / "d" / "a.md"
    file.write_text(file.read_text().replace("{#a}", "{#z}"))
    there.load()
    cards = there.rows("SELECT count(*) FROM card")
    assert there.take(here.export()).placeholders == []
    assert there.said()[0] == [("d/z", None, 0, 1, "Mine.")]
    assert there.said()[3][0][2] == "d/z"
    assert there.rows("SELECT count(*) FROM card") == cards


def test_a_card_that_was_only_marked_is_kept_too(three: list[Place]) -> None:
    here, _there, bare = three
    here.mark("d/a", None, False, True, "Mine.")
    here.tag("d/b", "hard")
    here.quiz(["d/c"], 0)
    assert bare.take(here.export()).placeholders == ["d/a", "d/b", "d/c"]
    bare.load()
    assert bare.said() == here.said()
    assert bare.rows("SELECT count(*) FROM card WHERE retired_at IS NOT NULL") == [(0,)]
