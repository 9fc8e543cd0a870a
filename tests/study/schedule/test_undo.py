"""Undo: exactly, as one step, to any depth."""

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.study.conftest import Study


def test_undo_restores_the_very_rows_to_any_depth(study: "Study") -> None:
    rng = random.Random(7)
    snapshots = []
    for _ in range(40):
        snapshots.append((study.states(), study.next(), study.progress()))
        study.rate(rng.randint(1, 6), rng.randint(1, 5))
        study.later(minutes=rng.choice([0, 3, 700, 5_000]))
    study.now = study.now.replace(year=study.now.year + 1)
    for before, _, _ in reversed(snapshots):
        undone = study.undo()
        assert undone is not None
        assert not undone.repeated
        assert study.states() == before
    assert study.undo() is None
    assert study.rows("SELECT count(*), count(undoes_id), count(rating) FROM review") == [(80, 40, 40)]
    assert study.next() == 1


def test_rating_and_undoing_in_turns_takes_back_the_latest_that_stands(study: "Study") -> None:
    study.rate(1, 4)
    one = study.states()
    study.rate(2, 4)
    study.undo()
    study.rate(3, 1)
    two = study.states()
    study.rate(3, 5)
    study.undo()
    assert study.states() == two
    study.undo()
    assert study.states() == one
    study.undo()
    assert study.states() == []


def test_the_same_undo_token_twice_undoes_once(study: "Study") -> None:
    study.rate(1, 4)
    study.rate(2, 4)
    first, again = study.undo("once"), study.undo("once")
    assert first is not None
    assert again is not None
    assert (first.card_id, again.card_id) == (2, 2)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.review.model_dump() == again.review.model_dump()
    assert len(study.states()) == 1


def test_an_undone_new_card_is_new_again_and_counts_against_no_limit(study: "Study") -> None:
    for card in (1, 2, 3):
        assert study.next() == card
        study.rate(card, 4)
    before = study.progress()
    study.undo()
    assert study.next() == 3
    assert study.progress().new == before.new + 1
