"""The judgement of an answer: what is right, which slip is named, and what is neither."""

from collections.abc import Mapping

import pytest

from app.ask.judge import judge
from app.ask.question import Effort, Instance, Question, Task, Value
from app.ask.questions.registry import find
from app.demos.machine.arithmetic import Arithmetic, Formula
from app.demos.machine.prediction import EXACT, HUNDREDTH, Tolerance, parting


def instance(
    answer: Value, *slips: tuple[Value, str], tolerance: Tolerance = HUNDREDTH, effort: Effort = "by hand"
) -> Instance:
    working: list[Arithmetic | str] = [Formula("a", written="a", values={"a": 7.25}).worked_out(7.25, {}), "and so on"]
    asked = Task("What is it?", ("it is computed",), answer, slips, working, "byte")

    def ask(_: Mapping[str, str]) -> Task:
        return asked

    question = Question("it", "It", "topic", effort, tolerance, lambda _: {}, ask, dict)
    return Instance(question, {}, asked)


def test_within_the_tolerance_is_right_and_beyond_it_is_not() -> None:
    near = instance(0.3585)
    for typed in ("0.36", ".3585", "36 %", "0.3486", "0,3684"):
        assert judge(near, typed).is_right, typed
    for typed in ("0.34", "0.38", "-0.36", "3.585", "0"):
        assert judge(near, typed).verdict == "wrong", typed
    assert judge(instance(-250.0), "−252").is_right  # by one per cent
    assert not judge(instance(-250.0), "−253").is_right


def test_only_the_exact_count_is_right() -> None:
    count = instance(1120, (1088, "The biases are missing."), tolerance=EXACT)
    assert judge(count, "1,120 bytes").is_right
    for typed in ("1119", "1121", "1120.5", "1.12e4", "1120 %"):
        assert not judge(count, typed).is_right, typed
    assert judge(count, "1 088").says == "The biases are missing."


def test_the_nearest_slip_is_named_and_of_equal_ones_the_first() -> None:
    both = instance(0.9, (0.5, "First."), (0.5, "Second."), (0.515, "Third."))
    assert judge(both, "0.5").says == "First."
    assert judge(both, "0.512").says == "Third."
    assert judge(both, "0.515").verdict == "slip"
    assert judge(both, "0.6").verdict == "wrong"


def test_an_estimate_is_judged_by_its_order_and_the_number_itself_is_told() -> None:
    estimate = instance(-2.3, (-1.15, "Half."), tolerance=Tolerance(times=2), effort="an estimate")
    assert judge(estimate, "−2.1").is_right
    assert judge(estimate, "-2.6").is_right
    assert not judge(estimate, "-1.9").is_right
    assert judge(estimate, "-1.2").says == "Half."
    assert judge(estimate, "0.005").says == r"That is the number itself. Its $\log_{10}$ is asked."


def test_a_number_of_per_cent_without_its_sign_is_told() -> None:
    assert judge(instance(0.36), "36").says == "That is in per cent: write the sign behind it, or divide by 100."


def test_a_shape_is_right_in_any_brackets_and_told_in_another_order() -> None:
    shape = instance((None, 10, 8), ((None, 8), "That is the last step alone."))
    for typed in ("(None, 10, 8)", "none 10 8", "[?, 10, 8]", "None × 10 × 8"):
        assert judge(shape, typed).is_right, typed
    assert judge(shape, "(10, None, 8)").says == "These are the right sizes in another order."
    assert judge(shape, "(None, 8)").says == "That is the last step alone."
    assert judge(shape, "(None, 10, 9)").verdict == "wrong"
    assert judge(shape, "10").verdict == "wrong"
    assert judge(shape, "ten").verdict == "unreadable"


def test_letters_are_compared_without_case() -> None:
    said = instance("hello", ("helo", "A blank between them keeps two equal letters apart."))
    assert judge(said, "“Hello”").is_right
    assert judge(said, "HELO").says.startswith("A blank")
    assert judge(said, "jello").verdict == "wrong"


def test_who_stopped_on_the_way_is_told_at_which_line() -> None:
    assert judge(instance(0.5), "7.25").line == 1
    assert judge(instance(0.5), "9").line is None


def test_a_slip_names_the_line_at_which_it_parts() -> None:
    asked = instance(
        0.9,
        (0.1, "At the last."),
        (0.2, parting(1, "At the first.")),
        (0.3, parting(-2, "Before the last.")),
        (0.4, parting(0, "Nowhere for certain.")),
        (7.25, "That is the first line."),
    )
    judged = [judge(asked, typed) for typed in ("0.1", "0.2", "0.3", "0.4", "7.25")]
    assert [one.parts for one in judged] == [2, 1, 1, None, None]
    assert [one.line for one in judged] == [None, None, None, None, 1]
    assert judged[2].says == "Before the last."
    assert judge(instance(0.36), "36").parts is None


@pytest.mark.parametrize(
    ("slip", "line"),
    [("That is the bag", 2), ("The sign is wrong", 4)],
)
def test_a_slip_of_reading_parts_at_the_first_word_that_it_reads_another_way(slip: str, line: int) -> None:
    """Of “not slow but funny”: 0, 1, 1, 2."""
    asked = find("order-matters").made({"sentence": "slow", "order": "written", "rotate": "0", "seed": "1"})
    [value] = [value for value, says in asked.task.slips if says.startswith(slip)]
    assert judge(asked, str(value)).parts == line


@pytest.mark.parametrize(
    ("answer", "slip", "is_sound"),
    [
        (0.5, 0.53, True),
        (0.5, 0.515, False),
        (0.01, 0.9, False),
        (0.0, 0.5, True),
        (5.0, 5.09, False),
        (5.0, 5.2, True),
    ],
)
def test_an_instance_is_sound_if_no_slip_comes_near(answer: float, slip: float, is_sound: bool) -> None:
    assert instance(answer, (slip, "A slip.")).is_sound == is_sound


def test_letters_and_shapes_are_sound_if_the_slips_are_others() -> None:
    assert instance("ab", ("a", "A slip.")).is_sound
    assert not instance((3, 4), ((3, 4), "A slip.")).is_sound
    assert not instance(float("nan")).is_sound
