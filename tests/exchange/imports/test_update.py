"""Files that are imported again: what is new, changed, gone, or edited here meanwhile."""

from pathlib import Path

import pytest

from app.cards.check.check import check_content
from app.exchange.imports.came_from import LIST, read_list
from app.exchange.imports.draft import RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.write import Imported

HEAD = "question,answer,id\n"
ROWS = {
    "one": "What is one?,The first number.,one\n",
    "two": "What is two?,The second.,two\n",
    "three": "And three?,Third.,\n",
}


@pytest.fixture
def again(tmp_path: Path):
    """Imports rows as a new version of one table; gives what it did, and the content file's text."""

    def run(*rows: str, name: str = "t.csv", into: str = "") -> tuple[Imported, str]:
        (tmp_path / name).write_text(HEAD + "".join(rows))
        (tmp_path / "content" / "d").mkdir(parents=True, exist_ok=True)
        _kind, done = import_cards(tmp_path / name, tmp_path / "content", into or "d")
        assert [str(one) for one in check_content(tmp_path / "content").mistakes] == []
        return done, file(tmp_path).read_text()

    return run


def file(tmp_path: Path) -> Path:
    return tmp_path / "content/d/t.md"


def outcome(done: Imported) -> tuple[int, int, int, int, int]:
    return len(done.update.new), done.update.updated, done.update.unchanged, done.update.kept, done.update.gone


def test_the_same_file_again_changes_nothing(again, tmp_path):
    done, text = again(*ROWS.values())
    assert outcome(done) == (3, 0, 0, 0, 0)
    listed = (tmp_path / "content/d" / LIST).read_bytes()
    done, same = again(*ROWS.values())
    assert (outcome(done), done.files, same) == ((0, 0, 3, 0, 0), [], text)
    assert (tmp_path / "content/d" / LIST).read_bytes() == listed


def test_changed_rows_are_updated_in_place_and_new_ones_added(again):
    again(*ROWS.values())
    done, text = again(ROWS["one"], "What is two?,The one after one.,two\n", ROWS["three"], "Four?,Yes.,four\n")
    assert outcome(done) == (1, 1, 2, 0, 0)
    assert [line for line in text.splitlines() if line] == [
        *("---", 'title: "t"', "---"),
        *("## What is one? {#one}", "The first number.", "## What is two? {#two}", "The one after one."),
        *("## And three? {#and-three}", "Third.", "## Four? {#four}", "Yes."),
    ]
    assert ("line 3", "the card two at d/t.md:7 is updated") in done.told


def test_what_was_edited_here_stays_and_both_versions_are_named(again, tmp_path):
    again(*ROWS.values())
    mine = file(tmp_path).read_text().replace("The second.", "My own words.")
    file(tmp_path).write_text(mine)
    done, text = again(*ROWS.values())
    assert (outcome(done), text) == ((0, 0, 3, 0, 0), mine)
    done, text = again(ROWS["one"], "What is two?,Something new.,two\n", ROWS["three"])
    assert (outcome(done), text) == ((0, 0, 2, 1, 0), mine)
    assert done.told == [
        (
            "line 3",
            "the card two was edited at d/t.md:7, and stays as it is there; here it says: What is two? Something new.",
        )
    ]


def test_what_is_gone_is_marked_and_comes_back(again):
    _done, whole = again(*ROWS.values())
    done, text = again(ROWS["one"], ROWS["three"])
    assert outcome(done) == (0, 0, 2, 0, 1)
    assert "The second.\n\nDraft: yes, no longer in t.csv\n\n## And three?" in text
    assert outcome(again(ROWS["one"], ROWS["three"])[0]) == (0, 0, 2, 0, 0)
    done, text = again(*ROWS.values())
    assert (outcome(done), text) == ((0, 1, 2, 0, 0), whole)


def test_a_card_that_was_removed_here_does_not_come_back(again, tmp_path):
    _done, whole = again(*ROWS.values())
    file(tmp_path).write_text(whole.replace("## What is two? {#two}\nThe second.\n\n", ""))
    done, text = again(*ROWS.values())
    assert outcome(done) == (0, 0, 2, 1, 0)
    assert "#two" not in text
    assert done.told[0][1].startswith("the card two was removed here, so it is not added again")


def test_a_card_that_was_moved_is_updated_where_it_is(again, tmp_path):
    _done, whole = again(*ROWS.values())
    card = "## What is two? {#two}\nThe second.\n\n"
    file(tmp_path).write_text(whole.replace(card, ""))
    (tmp_path / "content/d/other.md").write_text(f"---\ntitle: O\n---\n\n{card}")
    assert outcome(again(ROWS["one"], ROWS["two"].replace("second", "2nd"), ROWS["three"])[0]) == (0, 1, 2, 0, 0)
    assert "The 2nd." in (tmp_path / "content/d/other.md").read_text()


def test_another_file_of_the_same_name_is_not_touched(again, tmp_path):
    (tmp_path / "content/d").mkdir(parents=True)
    file(tmp_path).write_text("---\ntitle: T\n---\n\n## Why? {#why}\nSo.\n")
    with pytest.raises(RefusedError, match="already exists, and no import wrote it"):
        again(*ROWS.values())


def test_the_same_card_is_written_once_and_known_in_another_file(again):
    done, text = again(ROWS["one"], ROWS["three"], ROWS["three"], "And three?,Another.,\n")
    assert text.count("## And three?") == 2
    assert ("line 4", "the same card as at line 3, so it is not written twice") in done.told
    assert done.written == done.read["words"]
    done, _text = again(ROWS["three"], name="u.csv")
    assert outcome(done) == (0, 0, 1, 0, 0)


def test_many_losses_in_an_update_make_drafts_of_the_cards_alone(again):
    _done, text = again(*ROWS.values())
    done, text = again(*ROWS.values(), *(f"Which {at}?,![p](p.png),\n" for at in range(4)))
    assert done.is_draft
    assert "draft: yes" not in text
    assert text.count("Draft: yes") == 4


def test_a_damaged_list_is_refused_by_line(again, tmp_path):
    again(*ROWS.values())
    path = tmp_path / "content/d" / LIST
    path.write_text(f"<<<<<<< HEAD\n{path.read_text()}")
    with pytest.raises(RefusedError, match=r"imported.jsonl:1: this is not an entry"):
        again(*ROWS.values())
    assert len(read_list(tmp_path / "content/nothing")) == 0
