"""What answers cost: learned from the learner's own, beginning with a guess."""

from datetime import UTC, datetime, timedelta

import pytest

from app.study.plan.costs import GUESS, GUESSED_ANSWERS, LONGEST, AnswerKind, Costs, from_totals, seconds

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def learned(answers: list[tuple[AnswerKind, float]]) -> Costs:
    count, total = dict.fromkeys(AnswerKind, 0), dict.fromkeys(AnswerKind, 0.0)
    for kind, took in answers:
        count[kind] += 1
        total[kind] += took
    return from_totals(count, total)


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


def test_returns_are_counted_by_missed_card() -> None:
    """Each of 1000 missed cards came back twice, 8 seconds each time: 16 seconds a card."""
    answers = (
        [(AnswerKind.NEW_MISSED, 50.0)] * 600 + [(AnswerKind.MISSED, 35.0)] * 400 + [(AnswerKind.AGAIN, 8.0)] * 2000
    )
    assert learned(answers).again == pytest.approx(16, abs=0.1)
