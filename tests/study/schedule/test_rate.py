"""Rating: once a token, at the date shown, and a clear refusal instead of a guess."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.study.learner.preferences import Preferences
from app.study.schedule.rate import (
    Answer,
    OldFormError,
    StaleFormError,
    UndoneTokenError,
    UnknownCardError,
    rated_since,
)
from app.study.schedule.review_log import stored_state

if TYPE_CHECKING:
    from tests.study.conftest import Study


def reviews(study: "Study") -> int:
    return int(study.rows("SELECT count(*) FROM review")[0][0])


def test_a_rating_is_stored_as_pressed(study: "Study") -> None:
    shown, revealed = study.now - timedelta(seconds=50), study.now - timedelta(seconds=20)
    rated = study.rate(3, 2, token="abc_-9", shown_at=shown, revealed_at=revealed)
    with study.database.read() as session:
        stored = session.get(type(rated.review), rated.review.id)
    assert stored is not None
    assert stored.model_dump() == rated.review.model_dump()
    assert (stored.rating, stored.token, stored.card_id, stored.undoes_id) == (2, "abc_-9", 3, None)
    assert (stored.shown_at, stored.revealed_at, stored.rated_at) == (shown, revealed, study.now)


def test_the_same_token_twice_is_one_review_answered_the_same(study: "Study") -> None:
    answer = study.answer(1, 4)
    first = study.send(answer)
    study.later(hours=20)
    again = study.send(answer)
    assert (again.review.model_dump(), again.state) == (first.review.model_dump(), first.state)
    assert (first.repeated, again.repeated) == (False, True)
    assert reviews(study) == 1

    study.rate(1, 1)
    assert study.send(answer).state == first.state, "what it led to then, not what came later"
    assert reviews(study) == 2


def test_the_token_of_an_undone_review_counts_no_more(study: "Study") -> None:
    answer = study.answer(1, 4)
    rated = study.send(answer)
    study.undo()
    with pytest.raises(UndoneTokenError, match="undone") as refused:
        study.send(answer)
    assert refused.value.review.id == rated.review.id
    assert study.states() == []


def test_a_form_made_before_another_review_says_what_happened(study: "Study") -> None:
    early = study.answer(1, 4)
    other = study.rate(1, 2)
    with pytest.raises(StaleFormError, match="rated elsewhere") as refused:
        study.send(early)
    assert refused.value.last is not None
    assert refused.value.last.model_dump() == other.review.model_dump()
    assert not refused.value.undone
    assert reviews(study) == 1


def test_a_form_that_builds_on_an_undone_review_is_stale_and_the_one_before_it_holds_again(study: "Study") -> None:
    study.rate(1, 4)
    study.later(days=3)
    before = study.answer(1, 5)
    study.rate(1, 3)
    after = study.answer(1, 5)
    study.undo()
    with pytest.raises(StaleFormError, match="undone") as refused:
        study.send(after)
    assert refused.value.undone
    assert refused.value.last is not None
    assert refused.value.last.rating == 4
    assert study.send(before).state.reviews == 2

    study.undo()
    study.undo()
    with pytest.raises(StaleFormError) as refused:
        study.send(study.answer(1, 5, after=1))
    assert refused.value.last is None


def test_an_unknown_card_and_a_retired_one(study: "Study") -> None:
    with pytest.raises(UnknownCardError, match="99"):
        study.rate(99, 4)
    with pytest.raises(UnknownCardError):
        study.rate(10**30, 4, after=0)
    open_form = study.answer(2, 4)
    study.retire(2)
    assert study.send(open_form).state.reviews == 1


def test_the_date_shown_holds_when_the_day_turns_before_the_press(study: "Study") -> None:
    revealed = datetime.fromisoformat("2025-06-10T03:59:00+02:00")
    shown = study.offer(1, revealed).choices
    study.now = revealed + timedelta(minutes=2)
    assert study.prefs.day(study.now) > study.prefs.day(revealed)
    assert study.rate(1, 5, revealed_at=revealed).state.due_on == shown[4].due_on


def test_a_form_older_than_twelve_hours_is_refused(study: "Study") -> None:
    revealed = study.now
    study.later(hours=12, microseconds=1)
    with pytest.raises(OldFormError, match="12 hours"):
        study.rate(1, 4, revealed_at=revealed)
    assert reviews(study) == 0
    study.later(microseconds=-1)
    assert study.rate(1, 4, revealed_at=revealed).state.reviews == 1


def test_a_reveal_in_the_future_counts_as_now(study: "Study") -> None:
    """The clock was set back since."""
    far = datetime.fromisoformat("9999-12-31T23:59:59-12:00")
    rated = study.rate(1, 4, revealed_at=study.now + timedelta(days=40), shown_at=far)
    assert rated.review.revealed_at == rated.review.shown_at == study.now
    assert rated.review.day == study.prefs.day(study.now)


@pytest.mark.parametrize(
    "changes",
    [
        {"rating": 0},
        {"rating": 6},
        {"token": ""},
        {"token": "x" * 65},
        {"token": "a b"},
        {"token": "a\n"},
        {"token": "é"},
        {"token": "a\0"},
        {"revealed_at": datetime(2025, 6, 1)},  # noqa: DTZ001
    ],
)
def test_what_no_form_sends_is_refused_before_anything_is_read(study: "Study", changes: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "card_id": 1,
        "rating": 4,
        "token": "t",
        "after": 0,
        "shown_at": None,
        "revealed_at": study.now,
    }
    with pytest.raises(ValueError, match=r"must be|time zone"):
        Answer(**values | changes)


def test_a_token_of_an_undo_or_of_another_learner_is_refused(study: "Study") -> None:
    study.rate(1, 4, token="mine")
    study.undo("taken")
    with pytest.raises(ValueError, match="used by an undo"):
        study.rate(1, 4, token="taken")
    with pytest.raises(ValueError, match="used by a rating"):
        study.undo("mine")
    mine = study.prefs
    study.prefs = Preferences(2, mine.zone, 4, 20, 0.9)
    with pytest.raises(ValueError, match="not this learner's"):
        study.rate(1, 4, token="mine")


@pytest.mark.parametrize(
    ("rating", "delay", "label"), [(1, timedelta(minutes=1), "1 min"), (2, timedelta(minutes=10), "10 min")]
)
def test_a_missed_card_comes_back_within_the_sitting(study: "Study", rating: int, delay: timedelta, label: str) -> None:
    choice = study.offer(1).choices[rating - 1]
    state = study.rate(1, rating).state
    assert (state.due_at, state.due_on) == (study.now + delay, study.prefs.day(study.now))
    assert (choice.label, choice.due_at, choice.due_on) == (label, state.due_at, state.due_on)


def test_a_lapse_is_a_miss_after_having_known(study: "Study") -> None:
    lapses = []
    for rating in (1, 2, 4, 1, 1, 3, 5, 2):
        lapses.append(study.rate(1, rating).state.lapses)
        study.later(minutes=1)
    assert lapses == [0, 0, 0, 1, 1, 1, 1, 2]


@pytest.mark.parametrize("rating", [1, 3, 5])
def test_a_second_look_within_the_minute_is_kept_and_moves_nothing(study: "Study", rating: int) -> None:
    first = study.rate(1, 4).state
    study.later(seconds=59)
    offer = study.offer(1)
    assert not offer.counts
    assert {(choice.due_on, choice.due_at, choice.label) for choice in offer.choices} == {
        (first.due_on, None, "2 days")
    }
    second = study.rate(1, rating)
    assert second.state._replace(last_review_id=first.last_review_id) == first
    assert second.review.rating == rating
    study.later(seconds=1)
    assert study.offer(1).counts, "the minute runs from the look that counted"


def test_a_missed_card_that_comes_back_at_once_is_no_second_look(study: "Study") -> None:
    study.rate(1, 1)
    study.later(seconds=5)
    assert study.offer(1).counts
    assert study.rate(1, 4).state.due_at is None


def test_an_early_recall_counts_for_what_it_is_worth(study: "Study") -> None:
    """A recall on the day that it was due lengthens the next interval more than one given early."""
    study.rate(1, 4)
    study.rate(2, 4)
    study.later(days=1)
    early = study.rate(1, 4).state.stability
    study.later(days=1)
    assert study.rate(2, 4).state.stability > early


def test_what_was_typed_and_the_filters_are_kept_with_the_review(study: "Study") -> None:
    review = study.rate(1, 4, typed="A product of Jacobians.", sitting="tag=lstm").review
    stored = study.rows("SELECT typed, sitting FROM review")
    assert stored == [(review.typed, review.sitting)] == [("A product of Jacobians.", "tag=lstm")]
    with pytest.raises(ValueError, match="4000 characters"):
        study.answer(2, 4, typed="x" * 4_001)


def test_the_five_buttons_of_a_new_card(study: "Study") -> None:
    offer = study.offer(1)
    assert offer.after == 0
    assert [choice.rating.word for choice in offer.choices] == [
        "Not at all",
        "Hardly",
        "With effort",
        "Well",
        "Perfectly",
    ]
    assert [choice.label for choice in offer.choices] == ["1 min", "10 min", "1 day", "2 days", "9 days"]


def test_a_page_is_outdated_by_a_rating_after_it_was_shown_and_not_by_one_at_that_very_time(study: "Study") -> None:
    """The page that answers a rating is shown at the time of the rating, and may ask the same card again."""

    def since(shown_at: datetime) -> int | None:
        with study.database.read() as session:
            connection = session.connection()
            review = rated_since(connection, stored_state(connection, 1, 1), shown_at)
            return review.rating if review else None

    assert since(study.now) is None
    rated_at = study.rate(1, 2).review.rated_at
    assert since(rated_at - timedelta(microseconds=1)) == 2
    assert since(rated_at) is None
    study.undo()
    assert since(rated_at - timedelta(hours=1)) is None
