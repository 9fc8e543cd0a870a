"""How the instances of a question come: their order, constraints, and parameters that are kept."""

import json
from collections.abc import Mapping

import pytest

from app.ask.question import FEWEST, MOST, BadConstraintError, Question, Task, asks, text_of, written
from app.ask.questions.registry import UnknownQuestionError, find
from app.demos.machine.prediction import EXACT


@asks("topic", "in your head", EXACT, a=tuple(range(1, 11)), b=tuple(range(1, 21)), way=("plus", "minus"), x=((1, 2),))
def sum_of_two(a: int, b: int, way: str, x: tuple[int, ...]) -> Task | None:
    """A sum of two numbers.

    More words.
    """
    if a == b:
        return None
    answer = a + b if way == "plus" else a - b
    return Task(f"{a} {way} {b}?", (), answer, [(a * b, "A product."), (a, "One."), (b, "The other.")], [])


def test_a_question_takes_its_name_and_title_from_its_function() -> None:
    assert (sum_of_two.name, sum_of_two.title, sum_of_two.version) == ("sum-of-two", "A sum of two numbers", 1)


def test_every_instance_comes_once_before_any_comes_again() -> None:
    found = sum_of_two.instances()
    assert len(found) == MOST
    asked = [sum_of_two.instance(seed).task.asks for seed in range(2 * MOST)]
    assert len(set(asked[:MOST])) == MOST
    assert asked[:MOST] == asked[MOST:]
    assert all(one.is_sound for one in found)
    assert not any(one.parameters["a"] == one.parameters["b"] for one in found)


def test_a_constraint_fixes_a_parameter() -> None:
    found = sum_of_two.instances({"way": "minus"})
    assert {one.parameters["way"] for one in found} == {"minus"}
    assert sum_of_two.choices["way"] == ["minus", "plus"]
    assert list(sum_of_two.choices["a"]) == [str(a) for a in range(1, 11)]
    assert "x" not in sum_of_two.choices


@pytest.mark.parametrize(
    ("constraints", "says"),
    [
        ({"wey": "minus"}, "sum-of-two has no 'wey' to fix, only a, b, way. Did you mean way?"),
        ({"way": "times"}, "way of sum-of-two is 'times', but must be one of minus, plus."),
        ({"a": "3"}, rf"with a = 3; wanted at least {FEWEST}\."),
        ({"a": "3", "way": "plus"}, "with a = 3 and way = plus"),
    ],
)
def test_a_constraint_that_cannot_be_is_told(constraints: Mapping[str, str], says: str) -> None:
    with pytest.raises(BadConstraintError, match=says):
        sum_of_two.instances(constraints)


def test_an_instance_is_made_again_from_what_is_kept() -> None:
    for seed in range(20):
        one = sum_of_two.instance(seed)
        again = sum_of_two.made(json.loads(json.dumps(one.parameters)))
        assert again.task == one.task


@pytest.mark.parametrize("parameters", [{}, {"a": "1"}, {"a": "1", "b": "99", "way": "plus", "x": "1,2"}, {"c": "1"}])
def test_parameters_of_another_question_are_refused(parameters: Mapping[str, str]) -> None:
    with pytest.raises(ValueError, match=r"are no parameters of sum-of-two\."):
        sum_of_two.made(parameters)
    with pytest.raises(ValueError, match=r"is not asked with"):
        sum_of_two.made({"a": "1", "b": "1", "way": "plus", "x": "1,2"})


def test_a_search_for_instances_ends() -> None:
    few = Question("few", "Few", "topic", "by hand", EXACT, lambda _: {"a": "1"}, lambda _: None, str)
    with pytest.raises(BadConstraintError, match="few has 0 different instances with no constraint"):
        few.instances()


def test_parameters_are_texts_as_an_address_holds_them() -> None:
    texts = [text_of(one) for one in (0.5, 3, "lstm", (1, 2), ((1, 2), (3, 0.5)))]
    assert texts == ["0.5", "3", "lstm", "1,2", "1,2;3,0.5"]


def test_answers_are_written_for_readers() -> None:
    texts = [written(one) for one in (0.25, 1120, "ab", (None, 8), (3,))]
    assert texts == ["0.25", "1,120", "“ab”", "(None, 8)", "(3,)"]


def test_an_unknown_question_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownQuestionError) as caught:
        find("layershapes")
    assert caught.value.nearest == "layer-shapes"
