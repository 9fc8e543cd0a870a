"""Predict first: a demo hides one of its numbers and asks. The answer is computed, not looked up; app/ask judges it."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.parameters import Parameters
from app.demos.machine.result import Result

P = TypeVar("P", bound=Parameters)


Slips = Sequence[tuple[float, str]]
"""The mistakes that people make: the number that each leads to, and what went wrong.

List a slip only where it can be made: where it makes a difference to this instance, or should.
"""


class Parting(str):
    """A slip's sentence that knows its `line`, as `parting` says it."""

    line: int


def parting(line: int, says: str) -> str:
    """The sentence about a slip that parts from the working before its last line.

    `line` is the first line that such an answer has another way, from 1, or from the end if it is negative; 0 if no
    line is the first for certain. Without it, it is the last line, or the one whose number was given as the answer.
    """
    made = Parting(says)
    made.line = line
    return made


def first_apart(right: Iterable[float], theirs: Iterable[float]) -> int:
    """The first line, from 1, at which the numbers of another working are not the right ones; 0 if there is none."""
    lines = enumerate(zip(right, theirs, strict=True), start=1)
    return next((at for at, (one, other) in lines if not math.isclose(one, other, abs_tol=1e-9)), 0)


@dataclass(frozen=True)
class Tolerance:
    """How near an answer must be: by `near`, and of an answer above 1 by that share of it.

    With `times` the answer is log₁₀ of a number, and right where the number is within that factor.
    `why` ends the sentence that says so; it is the whole sentence where only the exact number is right.
    """

    near: float = 0.0
    times: float = 1.0
    why: str = ""

    @property
    def is_exact(self) -> bool:
        """True if only the exact answer is right."""
        return self.times == 1 and not self.near

    @property
    def says(self) -> str:
        """The tolerance in words."""
        if self.is_exact:
            return f"{self.why}."
        if self.times > 1:
            return f"A hundredth is −2. Within {math.log10(self.times):.2g} is right, a factor of {self.times:g}."
        return f"Within {self.near:g} is right{self.why and ': '}{self.why}."

    def width(self, answer: float) -> float:
        """How far from the answer is still right."""
        return math.log10(self.times) if self.times > 1 else self.near * max(1.0, abs(answer))


EXACT = Tolerance(why="It is a whole number: only the exact one is right")
HUNDREDTH = Tolerance(near=0.01, why="two decimals are enough")


@dataclass(frozen=True)
class Question:
    """One instance: what is asked, of which number, and what stands in the given state."""

    asks: str
    number: str
    givens: Sequence[str]


@dataclass(frozen=True)
class Prediction(Generic[P]):
    """`change(rng)` makes the parameters of a new instance; the rest is told from them and from what they compute.

    `steps` are the working of the answer: cells of the tables (`"h,3"`, the third number of row h), or a function.
    `compute` makes the numbers that it needs, where the whole demo would take long.
    """

    change: Callable[[random.Random], dict[str, str]]
    question: Callable[[P], Question]
    steps: Sequence[str] | Callable[[P, Result], Sequence[Arithmetic]]
    slips: Callable[[P, Result], Slips]
    tolerance: Tolerance
    compute: Callable[[P], Result] | None = None

    def worked(self, parameters: P, result: Result) -> Sequence[Arithmetic]:
        """The working of the answer, line by line."""
        return self.steps(parameters, result) if callable(self.steps) else result.worked(*self.steps)
