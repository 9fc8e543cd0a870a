"""Judging a typed answer: right, a known slip, wrong, or not to be read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.ask import typed
from app.ask.question import Instance, Value
from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.prediction import Parting, parting

ANOTHER_ORDER = "These are the right sizes in another order."
Verdict = Literal["right", "slip", "wrong", "unreadable"]


@dataclass(frozen=True)
class Judged:
    """The judgement of an answer. `says` names the slip, or why it cannot be read.

    Of a wrong answer, `line` is the line of the working (from 1) whose number was given, `parts` the first line that
    a known slip has another way. At most one of them is known.
    """

    verdict: Verdict
    says: str = ""
    line: int | None = None
    parts: int | None = None

    @property
    def is_right(self) -> bool:
        """True if the answer is right."""
        return self.verdict == "right"


def judge(instance: Instance, text: str) -> Judged:
    """Judge what was typed. Of several slips the nearest is named; of equal ones, the first."""
    try:
        value = read(instance, text)
    except typed.BadAnswerError as error:
        return Judged("unreadable", str(error))
    if instance.accepts(value):
        return Judged("right")
    slips = [(instance.gap(value, slip), says) for slip, says in known_slips(instance)]
    gap, says = min(slips, key=lambda one: one[0], default=(math.inf, ""))
    if gap <= 1:
        return _slip(instance, value, says)
    answer = instance.task.answer
    if isinstance(value, tuple) and isinstance(answer, tuple) and sorted(map(str, value)) == sorted(map(str, answer)):
        return _slip(instance, value, ANOTHER_ORDER)
    return Judged("wrong", line=_line(instance, value))


def _slip(instance: Instance, value: Value, says: str) -> Judged:
    last = len(instance.task.working)
    if isinstance(says, Parting):
        return Judged("slip", says, parts=(says.line if says.line >= 0 else last + 1 + says.line) or None)
    line = _line(instance, value)
    return Judged("slip", says, line, None if line else last)


def read(instance: Instance, text: str) -> Value:
    """The value that was typed. Raises BadAnswerError."""
    match instance.task.answer:
        case str():
            return typed.word(text)
        case tuple():
            return typed.shape(text)
        case _:
            return typed.number(text, instance.is_whole, instance.task.unit)


def known_slips(instance: Instance) -> Sequence[tuple[Value, str]]:
    """Every slip of the instance that has a value of its own: those listed, and those of writing."""
    return (*instance.task.slips, *_of_writing(instance))


def _of_writing(instance: Instance) -> list[tuple[Value, str]]:
    """Slips that any question knows: of an estimate the number itself, of a share its number of per cent."""
    answer = instance.task.answer
    if isinstance(answer, str | tuple):
        return []
    if instance.question.effort == "an estimate":
        says = r"That is the number itself. Its $\log_{10}$ is asked."
        return [(10**answer, says)] if abs(answer) < 300 else []
    if 0 < answer < 1:
        return [(100 * answer, parting(0, "That is in per cent: write the sign behind it, or divide by 100."))]
    return []


def _line(instance: Instance, value: Value) -> int | None:
    if isinstance(value, str | tuple):
        return None
    working = enumerate(instance.task.working, start=1)
    reached = [
        i for i, line in working if isinstance(line, Arithmetic) and math.isclose(value, line.result, rel_tol=0.01)
    ]
    return reached[-1] if reached else None
