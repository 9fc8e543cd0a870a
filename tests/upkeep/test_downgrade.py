"""Before an older schema drops what a learner wrote, it is copied out, and can be brought back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.upkeep.copy_error import CopyError
from app.upkeep.dated_copies import DatedCopies
from app.upkeep.downgrade import downgrade
from app.upkeep.in_use import InUseError, in_use
from tests.conftest import Ended
from tests.exchange.history.places import Place
from tests.upkeep.conftest import NOW


def test_what_is_dropped_is_named_and_comes_back(
    studied: Place, copies: DatedCopies, run_recur: Callable[..., Ended]
) -> None:
    said, states, reviews = studied.said(), studied.states(), studied.reviews()
    as_before = _as_older_versions_have_them(studied)
    studied.database.close()
    ended = run_recur("downgrade", "0002", RECUR_BACKUP_DIR=str(copies.folder))
    (copy,) = copies.all()
    history = copy.with_name(f"{copy.stem}-learner-1.jsonl")
    assert ended.out.splitlines()[0].startswith("The schema is back at 0002.")
    dropped = [line.rpartition(": ")[2] for line in ended.out.splitlines() if line.startswith("  dropped")]
    assert sorted(dropped) == ["1 × card_mark", "1 × own_tag", "1 × quiz", "2 × quiz_item", "4 × card_version"]
    assert f"  recur import {history} --learner 1" in ended.out.splitlines()
    assert _as_older_versions_have_them(studied) == as_before
    assert [json.loads(line)["kind"] for line in history.read_text().splitlines()].count("mark") == 2
    studied.database.close()
    assert run_recur("import", history, RECUR_BACKUP_DIR=str(copies.folder)).code == 0
    assert (studied.said(), studied.states(), studied.reviews()) == (said, states, reviews)


def _as_older_versions_have_them(place: Place) -> list[tuple[Any, ...]]:
    query = "SELECT card_id, token, rating, undoes_id, shown_at, revealed_at, rated_at, day FROM review ORDER BY id"
    with place.database.read() as session:
        return [tuple(row) for row in session.connection().exec_driver_sql(query)]


def test_a_step_that_drops_nothing_says_nothing(studied: Place, copies: DatedCopies) -> None:
    done = downgrade(copies, "0006", NOW)
    assert (done.dropped, done.histories) == ({}, {})
    assert done.copy.exists()


def test_a_preference_counts_as_dropped_only_if_it_was_chosen(studied: Place, copies: DatedCopies) -> None:
    with studied.database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET theme = 'dark', types_answers = true")
    done = downgrade(copies, "0002", NOW)
    assert {name: number for name, number in done.dropped.items() if "." in name} == {
        "learner.theme": 1,
        "learner.types_answers": 1,
    }


@pytest.mark.parametrize(("revision", "says"), [("9", "is not a revision before"), ("base", "There are: 00")])
def test_an_unknown_revision_is_named(studied: Place, copies: DatedCopies, revision: str, says: str) -> None:
    with pytest.raises(CopyError, match=says):
        downgrade(copies, revision, NOW)
    assert copies.all() == []


def test_nothing_changes_where_no_copy_can_be_made(studied: Place, copies: DatedCopies) -> None:
    before = studied.everything()
    with in_use(studied.database), pytest.raises(InUseError):
        downgrade(copies, "0002", NOW)
    copies.folder.touch()
    with pytest.raises(CopyError):
        downgrade(copies, "0002", NOW)
    assert studied.everything() == before


@pytest.mark.sqlite("about files")
def test_the_revisions_are_listed(run_recur: Callable[..., Ended], tmp_path: Path) -> None:
    assert run_recur("downgrade").out.splitlines()[-1] == "0001  The first tables"
    assert not (tmp_path / "recur.sqlite").exists()
