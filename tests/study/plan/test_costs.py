"""What answers cost: learned from the learner's own, beginning with a guess."""

from datetime import UTC, datetime, timedelta

import pytest

from app.study.plan.costs import GUESS, GUESSED_ANSWERS, LONGEST, AnswerKind, kind, learned, seconds
from app.study.schedule.scheduler import CountedRating, State, after

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def rating(value: int, days: int = 0, minutes: int = 0) -> CountedRating:
    at = AT + timedelta(days=days, minutes=minutes)
    return CountedRating(1, value, at, at, at, at.date(), 0.9)


def test_kinds_follow_a_card_through_its_days() -> None:
    """Missed at first sight, back twice, remembered two days later, missed nine days later."""
    given = [rating(1), rating(4, 0, 5), rating(4, 0, 20), rating(3, 2), rating(2, 9)]
    state: State | None = None
    kinds = []
    for one in given:
        kinds.append(kind(state, one))
        state = after(state, 1, one)
    again = AnswerKind.AGAIN
    assert kinds == [AnswerKind.NEW_MISSED, again, again, AnswerKind.REMEMBERED, AnswerKind.MISSED]
    assert kind(None, rating(5)) is AnswerKind.NEW_KNOWN


def test_seconds_are_those_between_the_question_and_the_rating() -> None:
    assert seconds(AT, AT + timedelta(seconds=12.5)) == 12.5
    assert seconds(AT, AT + timedelta(hours=3)) == LONGEST  # they went for lunch
    assert seconds(None, AT) is None
    assert seconds(AT, AT - timedelta(seconds=1)) is None  # a clock was set back


def test_nothing_but_the_guess_without_answers() -> None:
    assert learned([]) == GUESS


def test_answers_move_the_guess_and_many_replace_it() -> None:
    few = learned([(AnswerKind.REMEMBERED, 40.0)] * GUESSED_ANSWERS)
    assert few.remembered == pytest.approx((GUESS.remembered + 40) / 2)
    assert few.missed == GUESS.missed
    assert learned([(AnswerKind.REMEMBERED, 40.0)] * 10_000).remembered == pytest.approx(40, abs=0.1)
    assert learned([(AnswerKind.REMEMBERED, 9_999.0)] * 10_000).remembered <= LONGEST


def test_returns_are_counted_by_missed_card() -> None:
    """Each of 1000 missed cards came back twice, 8 seconds each time: 16 seconds a card."""
    answers = (
        [(AnswerKind.NEW_MISSED, 50.0)] * 600 + [(AnswerKind.MISSED, 35.0)] * 400 + [(AnswerKind.AGAIN, 8.0)] * 2000
    )
    assert learned(answers).again == pytest.approx(16, abs=0.1)
