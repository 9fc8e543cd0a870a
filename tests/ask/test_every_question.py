"""What must hold for every question, those still to be written included."""

import json
import math
import random

import pytest

from app.ask.judge import judge, read
from app.ask.question import FEWEST, Instance, Value, written
from app.ask.questions.registry import about, all_questions, find
from app.ask.typed import Shape
from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.prediction import Parting
from app.demos.registry import all_demos
from app.settings import ROOT
from app.web.frame.pages import environment
from tests.ask.spellings import of_number, of_shape
from tests.demos.machine.test_formulas import check
from tests.examples import share_of

QUESTIONS = sorted(all_questions())
TOPICS = {path.stem for path in (ROOT / "content" / "rnn").glob("*.md")}
DRAWS = 1_000
WITHOUT_A_LINE = ("That is the number of windows.", "That is the number of cuts.", "Padding does not erase the state.")
"""The slips that part from no line of the working: other things are counted, or there is no padding after the state."""


def sample(name: str, number: int = 12) -> list[Instance]:
    """This lane's share of a question's instances; in the longest lane all, and what a thousand more draws give."""
    question, share = find(name), share_of(number)
    found = list(question.instances())
    if share <= len(found):
        return found[:share]
    rng = random.Random(f"more of {name}")
    drawn = [question.draw(rng) for _ in range(DRAWS)]
    more = (Instance(question, one, task) for one in drawn if (task := question.ask(one)))
    return [*found, *(one for one in more if one.is_sound)]


def typed(value: Value) -> str:
    """A value as it is typed, to its last digit."""
    return repr(float(value)) if isinstance(value, int | float) else written(value)


def spellings(instance: Instance) -> list[str]:
    """Ten or more spellings of the right answer."""
    answer = instance.task.answer
    if isinstance(answer, str):
        return [answer, f" {answer} ", answer.upper(), f"“{answer}”", f'"{answer}"', f"'{answer}'", f"«{answer}»",
                " ".join(answer), answer.title(), f"`{answer}`"]  # fmt: skip
    if isinstance(answer, tuple):
        return of_shape(answer)
    found = of_number(answer, instance.is_whole)
    if instance.task.unit:
        found += [f"{answer} {instance.task.unit}{'s' * (answer != 1)}"]
    return found


def near_misses(instance: Instance) -> list[str]:
    """Answers that are wrong by one, by a unit, by the sign, or by the order of a shape."""
    answer = instance.task.answer
    if isinstance(answer, str):
        return [answer[:-1] + "~", answer + answer[-1], answer[1:] or "~"]
    if isinstance(answer, tuple):
        turned: Shape = (*answer[1:], answer[0])
        more = [one + 1 if one else 2 for one in answer]
        others: list[Shape] = [turned, answer[::-1], (*answer, 1), (1, *answer), answer[:-1], tuple(more)]
        return [written(one) for one in others if one and one != answer]
    wrong = [100 * answer, answer / 100, 1000 * answer, answer * 1024, -answer, answer * 8] if answer else []
    if instance.question.tolerance.is_exact:
        wrong += [answer - 1, answer + 1, answer + 0.5]
    return [repr(float(one)) for one in wrong]


@pytest.mark.parametrize("name", QUESTIONS)
def test_there_are_fifty_instances_or_more_and_no_two_alike(name: str) -> None:
    found = find(name).instances()
    assert len(found) >= FEWEST
    prompts = {(one.task.asks, *one.task.givens) for one in found}
    assert len(prompts) == len(found)
    answers = {typed(one.task.answer) for one in found}
    assert len(answers) >= (2 if name == "order-matters" else 3)  # there: the words are for it or against it


@pytest.mark.proof
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_spelling_of_the_right_answer_is_right(name: str) -> None:
    for one in sample(name):
        assert len(set(spellings(one))) >= 10
        for spelling in spellings(one):
            assert judge(one, spelling).is_right, (one.task, spelling)


@pytest.mark.proof
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_slip_is_refused_and_named(name: str) -> None:
    for one in sample(name):
        sentences = {says for _, says in one.task.slips}
        assert len(sentences) >= 3, one.task
        for value, says in one.task.slips:
            judged = judge(one, typed(value))
            assert judged.verdict == "slip", (one.task, value)
            first = next(says for other, says in one.task.slips if other == value)
            assert judged.says == first, (one.task, value, says)
            if not isinstance(value, str | tuple) and not isinstance(one.task.answer, str | tuple):
                assert one.gap(value) > 2
            lines = [at for at in (judged.line, judged.parts) if at is not None]
            assert len(lines) == 1 or isinstance(judged.says, Parting)
            assert all(1 <= at <= len(one.task.working) for at in lines), (one.task, says)
            assert lines or judged.says.startswith(WITHOUT_A_LINE), (one.task, says)


@pytest.mark.proof
@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_wrong_by_one_or_by_a_unit_is_refused(name: str) -> None:
    for one in sample(name):
        for miss in near_misses(one):
            assert not judge(one, miss).is_right, (one.task, miss)


@pytest.mark.proof
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_working_leads_line_by_line_to_the_answer(name: str) -> None:
    for one in sample(name):
        working = one.task.working
        assert working
        lines = [line for line in working if isinstance(line, Arithmetic)]
        for line in lines:
            check(line)
        if isinstance(one.task.answer, int | float):
            assert lines[-1].result == pytest.approx(one.task.answer, rel=1e-9, abs=1e-12), one.task
        for line in lines:
            judged = judge(one, repr(float(line.result)))
            assert judged.verdict != "wrong" or judged.line or isinstance(one.task.answer, str | tuple)


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_instance_is_the_same_again_from_its_parameters(name: str) -> None:
    question = find(name)
    for one in sample(name, 6):
        again = question.made(json.loads(json.dumps(dict(one.parameters))))
        assert (again.task.asks, again.task.givens, again.task.answer) == (
            one.task.asks,
            one.task.givens,
            one.task.answer,
        )


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_givens_do_not_give_the_answer_away(name: str) -> None:
    for one in sample(name, 40):
        answer = one.task.answer
        if isinstance(answer, float) and not answer.is_integer():
            assert written(answer) not in " ".join((one.task.asks, *one.task.givens)).split()


def test_every_topic_has_a_question_and_every_question_a_topic() -> None:
    assert {question.topic for question in all_questions().values()} == TOPICS
    assert len(TOPICS) == 19


def test_every_demo_asks() -> None:
    for name in all_demos():
        assert about(name).demo == name
    for question in all_questions().values():
        assert not question.demo or question.demo in all_demos()


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_typed_is_read_as_the_kind_that_is_asked(name: str) -> None:
    one = find(name).instance(0)
    value = read(one, spellings(one)[0])
    assert one.accepts(value)
    assert one.gap(value) <= 1e-3
    assert not math.isnan(one.gap(value))


@pytest.mark.parametrize("name", QUESTIONS)
def test_its_working_is_shown_line_by_line(name: str) -> None:
    working = environment("v").get_template("ask/answer.html").module.working  # type: ignore[attr-defined]
    for instance in sample(name, 3):
        assert working(instance.task).count("<li") == len(instance.task.working)
