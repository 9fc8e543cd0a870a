"""Reset: a card is as if never seen, by undoing what stands, and a replay says the same."""

import random
from typing import TYPE_CHECKING

import pytest

from app.study.schedule import reset
from app.study.schedule.reset import Ratings, to_take_back
from app.study.selection import marks

if TYPE_CHECKING:
    from tests.study.conftest import Study

TOTALS = ("day_total", "month_total")
COUNTS = "SELECT count(rating), count(undoes_id) FROM review"


def do_reset(study: "Study", *cards: int, token: str = "reset") -> Ratings:
    with study.database.write() as session:
        return reset.reset(session, study.prefs, cards, token, study.now)


def asked(study: "Study", *cards: int, learner: int = 1) -> Ratings:
    with study.database.read() as session:
        return to_take_back(session, learner, cards)


def test_a_reset_card_is_new_and_the_others_stay_as_they_were(study: "Study") -> None:
    for card, rating in ((1, 4), (2, 5), (3, 1)):
        study.rate(card, rating)
    study.later(days=2)
    study.rate(1, 3)
    kept = [row for row in study.states() if row[1] == 2]
    assert asked(study, 1, 3, 4) == Ratings(3, 2)
    assert do_reset(study, 1, 3, 4, 99) == Ratings(3, 2)
    assert study.states() == kept
    assert study.rows(COUNTS) == [(4, 3)]
    assert study.next() == 1, "the oldest unseen card is the first again"
    assert asked(study, 1, 3, 4) == Ratings(0, 0)


def test_a_replay_gives_the_same_whatever_came_before(study: "Study") -> None:
    rng = random.Random(11)
    for n in range(60):
        study.rate(rng.randint(1, 10), rng.randint(1, 5))
        study.later(minutes=rng.choice([2, 700, 5_000]))
        if rng.random() < 0.3:
            study.undo()
        if rng.random() < 0.15:
            do_reset(study, *rng.sample(range(1, 11), 4), token=f"reset-{n}")
    assert study.rows("SELECT count(*) FROM review WHERE token LIKE 'reset-%'")[0][0] > 10
    kept = study.states(), [study.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in TOTALS]
    assert all(kept[1])
    study.replay()
    assert (study.states(), [study.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in TOTALS]) == kept


def test_a_reset_card_is_rated_as_if_for_the_first_time(study: "Study") -> None:
    study.rate(2, 4)
    study.later(days=9)
    study.rate(2, 1)
    do_reset(study, 2)
    study.later(days=1)
    study.rate(1, 4)
    study.rate(2, 4)
    one, two = study.rows("SELECT stability, difficulty, reviews, lapses, introduced_on FROM card_state")
    assert two == one


def test_undo_after_a_reset_takes_back_the_last_rating_of_another_card(study: "Study") -> None:
    study.rate(1, 4)
    study.rate(2, 4)
    do_reset(study, 2)
    undone = study.undo()
    assert undone is not None
    assert undone.card_id == 1
    assert study.states() == []
    assert study.undo() is None


def test_the_same_form_again_takes_nothing_back(study: "Study") -> None:
    study.rate(1, 4)
    assert do_reset(study, 1) == Ratings(1, 1)
    study.rate(2, 4)
    assert do_reset(study, 1) == Ratings(0, 0)
    assert study.rows(COUNTS) == [(2, 1)]


def test_another_learners_ratings_and_ones_own_marks_stay(study: "Study") -> None:
    study.rate(1, 4)
    with study.database.write() as session:
        marks.flag(session, 1, [1])
    study.prefs, first = type(study.prefs)(2, study.prefs.zone, 4, 20, 0.9), study.prefs
    study.rate(1, 5)
    study.prefs = first
    do_reset(study, 1)
    assert study.states() == []
    assert len(study.states(2)) == 1
    assert study.rows("SELECT is_flagged FROM card_mark") == [(1,)]


def test_more_cards_than_one_statement_takes(study: "Study", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tables.AT_ONCE", 3)
    for card in range(1, 11):
        study.rate(card, 4)
    assert asked(study, *range(1, 11)) == Ratings(10, 10)
    assert do_reset(study, *range(1, 11)) == Ratings(10, 10)
    assert study.states() == []


@pytest.mark.parametrize("token", ["", "a b", "x" * 41])
def test_a_malformed_token_changes_nothing(study: "Study", token: str) -> None:
    study.rate(1, 4)
    with pytest.raises(ValueError, match="token"):
        do_reset(study, 1, token=token)
    assert study.rows(COUNTS) == [(1, 0)]
