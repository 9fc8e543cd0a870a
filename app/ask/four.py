"""A choice of four: the right answer among wrong ones that are slips of the instance."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from app.ask.question import Instance, Value, written
from app.ask.typed import Shape
from app.demos.machine.arithmetic import Arithmetic

CHOICES = 4
APART = 2.0
"""Two choices are at least so many tolerances from each other."""


@dataclass(frozen=True)
class OneOfFour:
    """One of four: as the page shows it, and as its form sends it, so that the judge reads exactly this value."""

    value: Value
    shown: str
    sent: str


def four(instance: Instance) -> tuple[OneOfFour, ...]:
    """The right answer and three wrong ones, in an order that follows from the instance.

    The wrong ones are its slips. Where fewer than three differ from each other, lines of the working stand in, and
    then answers that are wrong by one, by a factor, by the sign or by the order of a shape.
    """
    question = instance.question
    rng = random.Random(f"{question.name} {sorted(instance.parameters.items())}")  # noqa: S311  (an exercise)
    found: list[Value] = [instance.task.answer]
    for value in _wrong(instance, rng):
        if len(found) == CHOICES:
            break
        if all(_differ(instance, value, other) for other in found):
            found.append(value)
    rng.shuffle(found)
    return tuple(OneOfFour(value, written(value), typed_as(value)) for value in found)


def typed_as(value: Value) -> str:
    """A value as somebody could type it, to its last digit."""
    return written(value) if isinstance(value, str | tuple) else repr(float(value)).removesuffix(".0")


def _wrong(instance: Instance, rng: random.Random) -> Iterator[Value]:
    """Wrong answers that could be taken for the right one, the best first."""
    slips = [value for value, _ in instance.task.slips]
    lines = [line.result for line in instance.task.working if isinstance(line, Arithmetic)]
    near = list(_near(instance.task.answer))
    rng.shuffle(slips)
    rng.shuffle(near)
    return (value for value in (*slips, *lines, *near) if _could_be(instance, value))


def _could_be(instance: Instance, value: Value) -> bool:
    """True for an answer of the kind that is asked: a word, a shape, a whole number, or any number."""
    answer = instance.task.answer
    if isinstance(answer, str | tuple) or isinstance(value, str | tuple):
        return isinstance(value, type(answer)) and bool(value)
    return math.isfinite(value) and (not instance.is_whole or value == int(value))


def _near(answer: Value) -> Iterator[Value]:
    """Answers near the right one."""
    if isinstance(answer, str):
        yield from (answer + answer[-1], answer[1:] + answer[0], answer[::-1], answer[:-1], f"{answer}{answer[0]}")
    elif isinstance(answer, tuple):
        more: Shape = tuple(one + 1 if one else one for one in answer)
        yield from ((*answer[1:], answer[0]), answer[::-1], (*answer, 1), (1, *answer), more)
    else:
        yield from (answer + 1, answer - 1, 2 * answer, -answer, answer + 2, 3 * answer)
        yield answer / 2


def _differ(instance: Instance, value: Value, other: Value) -> bool:
    """True if neither value would be accepted for the other, and they look different."""
    apart = min(instance.gap(value, other), instance.gap(other, value))
    return apart > APART and written(value) != written(other)
