"""A choice of four, for every question: one is right, no two are alike, and the wrong ones are slips."""

from itertools import combinations

import pytest

from app.ask.four import four
from app.ask.judge import judge, read
from app.ask.question import Instance, Question
from app.ask.questions.registry import all_questions, find
from tests.ask.test_every_question import QUESTIONS, sample
from tests.ask.test_judge import instance
from tests.examples import share_of


@pytest.mark.proof
@pytest.mark.parametrize("name", QUESTIONS)
def test_one_of_four_is_right_and_no_two_are_alike(name: str) -> None:
    for one in sample(name):
        choices = four(one)
        assert len(choices) == 4
        assert sum(judge(one, choice.sent).is_right for choice in choices) == 1
        assert len({choice.shown for choice in choices}) == 4
        for a, b in combinations(choices, 2):
            assert one.gap(a.value, b.value) > 2, (one.task, choices)
            assert one.gap(b.value, a.value) > 2, (one.task, choices)
        for choice in choices:
            assert one.gap(read(one, choice.sent), choice.value) < 1e-6
            if judge(one, choice.sent).verdict == "wrong":  # no slip: only where there are fewer than three
                assert len({value for value, _ in one.task.slips} & {c.value for c in choices}) < 3


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_order_follows_from_the_instance(name: str) -> None:
    for one in sample(name, 4):
        assert four(one) == four(find(name).made(dict(sorted(one.parameters.items(), reverse=True))))


def test_the_right_one_stands_everywhere_equally_often() -> None:
    places = [0, 0, 0, 0]
    for question in all_questions().values():
        for one in question.instances()[: share_of(10)]:
            places[next(i for i, choice in enumerate(four(one)) if judge(one, choice.sent).is_right)] += 1
    assert min(places) > 0.8 * sum(places) / 4


def test_three_wrong_ones_are_found_without_any_slip() -> None:
    for made in (instance(0.5), instance(0.0), instance(-3.0), instance((32, 10)), instance((8,)), instance("ab")):
        choices = four(made)
        assert len(choices) == 4
        assert sum(judge(made, choice.sent).is_right for choice in choices) == 1


def test_a_slip_that_is_no_whole_number_is_not_offered_for_one() -> None:
    whole: Question = find("second-bias")
    for one in whole.instances():
        assert all(choice.value == int(choice.value) for choice in four(one) if isinstance(choice.value, float | int))


def test_every_wrong_choice_of_most_questions_is_a_slip() -> None:
    def named(one: Instance) -> int:
        return sum(judge(one, choice.sent).verdict == "slip" for choice in four(one))

    found = [named(find(name).instance(0)) for name in QUESTIONS]
    assert sum(count == 3 for count in found) >= 65
