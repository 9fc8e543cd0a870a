"""Where imported cards go, and under which ids."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.imports.draft import RefusedError
from app.exchange.imports.target_file import FreeIds, target_file
from tests.examples import examples


def test_a_deck_must_be_named_where_there_are_several(tmp_path):
    for deck in ("one", "two"):
        (tmp_path / deck).mkdir()
        (tmp_path / deck / "a.md").write_text("---\ntitle: A\n---\n## Why? {#why}\nSo.\n")
    with pytest.raises(RefusedError, match="there are one, two"):
        target_file(tmp_path, "", Path("x.txt"))
    assert target_file(tmp_path, "two", Path("A Page.md")).taken == {"why"}
    assert target_file(tmp_path, "two", Path("A Page.md")).name == "a-page"


def test_files_are_moved_in_all_or_none(tmp_path):
    target = target_file(tmp_path, "d/new", Path("x"))
    parts = {"new-1.md": tmp_path / "1", "new-2.md": tmp_path / "2"}
    for part in parts.values():
        part.write_text("new")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "new-2.md").write_text("in the way")
    with pytest.raises(RefusedError, match=r"new-2\.md already exists"):
        target.move_in(parts)
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["new-2.md"]
    assert (tmp_path / "d" / "new-2.md").read_text() == "in the way"


@examples(100)
@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "b", "No id"]), max_size=30))
def test_ids_are_unique(wanted):
    names = FreeIds({"a-4"})
    given_ = [names.free(one, "otherwise") for one in wanted]
    assert len({*given_, "a-4"}) == len(given_) + 1
