"""Dated copies: one a day, and one before what is risky; as many are kept as was asked."""

from datetime import timedelta

import pytest

from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies
from tests.upkeep.conftest import NOW

pytestmark = pytest.mark.sqlite("about the files of a copy")


def test_as_many_of_each_kind_are_kept_as_was_asked(copies: DatedCopies) -> None:
    few = DatedCopies(copies.database, copies.folder, 2)
    (few.folder).mkdir()
    others = [few.folder / name for name in ("notes.sqlite", "recur-2026-03-02-daily.sqlite", "other-2026.sqlite")]
    for path in others:
        path.touch()
    for day in range(4):
        few.make("daily", NOW + timedelta(days=day))
        few.make("by-hand", NOW + timedelta(days=day))
    few.make("before-migration", NOW)
    assert [path.name for path in few.all("daily")] == [
        "recur-2026-03-05T09-00-00Z-daily.sqlite",
        "recur-2026-03-04T09-00-00Z-daily.sqlite",
    ]
    assert [len(few.all(why)) for why in ("by-hand", "before-migration", None)] == [4, 1, 7]
    assert all(path.exists() for path in others)


def test_two_copies_of_one_second_have_two_names(copies: DatedCopies) -> None:
    made = [copies.make("daily", NOW).path for _ in range(12)]
    assert len(set(made)) == 12
    assert copies.all("daily") == made[::-1][:7]


def test_a_copy_is_due_a_day_after_the_last(copies: DatedCopies) -> None:
    assert copies.is_due(NOW)
    copies.make("by-hand", NOW)
    assert copies.is_due(NOW)
    copies.make("daily", NOW)
    assert not copies.is_due(NOW + timedelta(hours=23, minutes=59))
    assert copies.is_due(NOW + timedelta(hours=24))
    assert copies.is_due(NOW - timedelta(seconds=1)), "a clock that was wrong must not stop the copies"
    assert not DatedCopies(copies.database, copies.folder, 0).is_due(NOW + timedelta(days=9))


def test_a_folder_that_cannot_be_made_is_named(copies: DatedCopies) -> None:
    copies.folder.touch()
    with pytest.raises(CopyError, match=r"backups cannot be made: .*RECUR_BACKUP_DIR"):
        copies.make("daily", NOW)
