"""Predict first: a demo hides one of its numbers and asks. The answer is computed, not looked up."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.parameters import Parameters
from app.demos.machine.result import Result

P = TypeVar("P", bound=Parameters)


Slips = Sequence[tuple[float, str]]
"""The mistakes that people make: the number that each leads to, and what went wrong."""


@dataclass(frozen=True)
class Tolerance:
    """How near a guess must be. `near` is a relative distance; with `times`, right is within that factor.

    `why` ends the sentence that says so; it is the whole sentence where only the exact number is right.
    """

    near: float = 0.0
    times: float = 1.0
    why: str = ""

    @property
    def says(self) -> str:
        """The tolerance in words."""
        if self.times == 1 and not self.near:
            return f"{self.why}."
        within = f"a factor of {self.times:g}" if self.times > 1 else f"{self.near:g}"
        return f"Within {within} is right{self.why and ': '}{self.why}."

    def accepts(self, guess: float, answer: float) -> bool:
        """Whether the guess is right, as `says` tells it."""
        if not math.isfinite(guess):
            return False
        if self.times > 1:
            return guess > 0 and answer > 0 and abs(math.log(guess / answer)) <= math.log(self.times) + 1e-12
        return abs(guess - answer) <= self.near * max(1.0, abs(answer)) + 1e-12


@dataclass(frozen=True)
class Question:
    """One instance: what is asked, of which number, and what stands in the given state."""

    asks: str
    number: str
    givens: Sequence[str]


@dataclass(frozen=True)
class Judged:
    """The judgement of a guess, with the arithmetic of the right answer and, when it is known, the slip.

    Without a slip, `line` is the line of the arithmetic (from 1) up to which the guess came.
    """

    right: bool
    answer: float
    slip: str | None
    steps: Sequence[Arithmetic]
    line: int | None = None


@dataclass(frozen=True)
class Prediction(Generic[P]):
    """`change(rng)` makes the parameters of a new instance; the rest is told from them and from what they compute.

    `steps` are the working of the answer: cells of the tables (`"h,3"`, the third number of row h), or a function.
    """

    change: Callable[[random.Random], dict[str, str]]
    question: Callable[[P], Question]
    steps: Sequence[str] | Callable[[P, Result], Sequence[Arithmetic]]
    slips: Callable[[P, Result], Slips]
    tolerance: Tolerance

    def worked(self, parameters: P, result: Result) -> Sequence[Arithmetic]:
        """The working of the answer, line by line."""
        return self.steps(parameters, result) if callable(self.steps) else result.worked(*self.steps)

    def judge(self, parameters: P, result: Result, guess: float) -> Judged:
        """Whether `guess` is the hidden number of `result`; if not, which known slip leads nearest to it."""
        answer = result.numbers[self.question(parameters).number]
        right = self.tolerance.accepts(guess, answer)
        slips = () if right else self.slips(parameters, result)
        near = [slip for slip in slips if self.tolerance.accepts(guess, slip[0])]
        slip = min(near, key=lambda one: abs(one[0] - guess))[1] if near else None
        steps = self.worked(parameters, result)
        reached = [i for i, step in enumerate(steps, start=1) if math.isclose(guess, step.result, rel_tol=0.01)]
        return Judged(right, answer, slip, steps, reached[-1] if reached and not (right or slip) else None)
