"""What a question is: how its numbers are drawn, what it asks of them, and the order in which its instances come."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, overload

from app.ask.remembered import recall, remember
from app.ask.typed import Shape
from app.demos.machine.arithmetic import Arithmetic, Formula
from app.demos.machine.numbers import plain, show
from app.demos.machine.prediction import Tolerance
from app.nearest import nearest

Effort = Literal["in your head", "by hand", "an estimate"]
"""How an answer is found within two minutes; an estimate asks for log₁₀ of a number."""
HEAD: Effort = "in your head"
HAND: Effort = "by hand"
ESTIMATE: Effort = "an estimate"
Value = float | Shape | str
Parameters = Mapping[str, str]
Slips = list[tuple[Value, str]]
"""The mistakes that people make: what each leads to, and what went wrong, as a sentence."""

FEWEST, MOST = 50, 128
"""A question has at least so many different instances, and keeps at most so many."""
IN_VAIN = 300
"""So many draws without a new instance end the search for more."""
MOST_CHOICES = 30


@dataclass(frozen=True)
class Task:
    """One instance in words and numbers. A whole number may carry its `unit`, in the singular."""

    asks: str
    givens: Sequence[str]
    answer: Value
    slips: Sequence[tuple[Value, str]]
    working: Sequence[Arithmetic | str]
    unit: str = ""


class BadConstraintError(ValueError):
    """A question cannot be asked as `Ask:` says; the message says which of its words is wrong."""


@dataclass(frozen=True, eq=False)
class Question:
    """A question by its name. `draw` makes the parameters of one instance, `ask` the instance of parameters.

    `ask` returns None for parameters that make no good question; `same` is what a reader tells two instances apart by.
    `version` grows with every change of what the question makes of the same parameters: it is kept with each answer.
    `demo` is the demo about the same thing, if there is one.
    """

    name: str
    title: str
    topic: str
    effort: Effort
    tolerance: Tolerance
    draw: Callable[[random.Random], Parameters]
    ask: Callable[[Parameters], Task | None]
    same: Callable[[Parameters], object]
    version: int = 1
    demo: str = ""

    def made(self, parameters: Parameters) -> "Instance":
        """The instance of these parameters, as they were kept. Raises ValueError where they are none of its own."""
        try:
            task = self.ask(parameters)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise ValueError(f"{dict(parameters)} are no parameters of {self.name}.") from error
        if task is None:
            raise ValueError(f"{self.name} is not asked with {dict(parameters)}.")
        return Instance(self, parameters, task)

    def instance(self, seed: int, constraints: Parameters | None = None) -> "Instance":
        """The instance of a seed from 0: seeds in a row ask every instance once, before any comes again.

        Raises BadConstraintError.
        """
        found = self.instances(constraints)
        return found[seed % len(found)]

    def instances(self, constraints: Parameters | None = None) -> Sequence["Instance"]:
        """All instances whose parameters have these values, in the order in which they are asked.

        Raises BadConstraintError, also where there are fewer than FEWEST.
        """
        wanted = dict(constraints or {})
        self.check(wanted)
        found = _instances(self, tuple(sorted(wanted.items())))
        if len(found) < FEWEST:
            raise BadConstraintError(
                f"{self.name} has {len(found)} different instances with {_told(wanted)}; wanted at least {FEWEST}. "
                "Leave a constraint out, or write the card with fixed numbers."
            )
        return found

    @cached_property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """The parameters that a constraint can fix, each with its values."""
        rng, seen = random.Random(self.name), dict[str, dict[str, None]]()  # noqa: S311  (an exercise, not a secret)
        for _ in range(600):
            for name, value in self.draw(rng).items():
                seen.setdefault(name, {})[value] = None
        return {name: sorted(values, key=_by_size) for name, values in seen.items() if 1 < len(values) <= MOST_CHOICES}

    def check(self, constraints: Parameters) -> None:
        """Raise BadConstraintError if one of them is no parameter that can be fixed, or has no such value."""
        for name, value in constraints.items():
            if name not in self.choices:
                known = ", ".join(self.choices)
                near = nearest(name, self.choices)
                hint = f" Did you mean {near}?" if near else ""
                raise BadConstraintError(f"{self.name} has no {name!r} to fix, only {known}.{hint}")
            if value not in self.choices[name]:
                values = ", ".join(self.choices[name])
                raise BadConstraintError(f"{name} of {self.name} is {value!r}, but must be one of {values}.")


@dataclass(frozen=True)
class Instance:
    """A question with its numbers. Name, version and parameters are what is kept of it; the rest follows from them."""

    question: Question
    parameters: Parameters
    task: Task

    @property
    def is_whole(self) -> bool:
        """True if a whole number is asked, and only the exact one is right."""
        answer = self.task.answer
        return isinstance(answer, int | float) and self.question.tolerance.is_exact and answer == int(answer)

    def accepts(self, value: Value) -> bool:
        """True if the value is right."""
        return self.gap(value) <= 1

    def gap(self, value: Value, other: Value | None = None) -> float:
        """How far a value is from the answer, or from another one, in tolerances: up to 1 is right."""
        answer = self.task.answer if other is None else other
        if isinstance(value, str | tuple) or isinstance(answer, str | tuple):
            return 0.0 if value == answer else math.inf
        if not math.isfinite(value):
            return math.inf
        return abs(value - answer) / (self.question.tolerance.width(answer) + 1e-9 * max(1.0, abs(answer)))

    @property
    def is_sound(self) -> bool:
        """True if no slip is near the answer, nor 0, the other sign or, of a share, its number of per cent."""
        answer = self.task.answer
        if isinstance(answer, str | tuple):
            return all(value != answer for value, _ in self.task.slips)
        if not math.isfinite(answer):
            return False
        if answer and not self.question.tolerance.is_exact and min(self.gap(0.0), self.gap(100 * answer)) <= 2:
            return False
        return all(self.gap(value) > 2 for value, _ in self.task.slips)


class Instances(Sequence[Instance]):
    """The instances of a question by their parameters. Each is made when it is looked at."""

    def __init__(self, question: Question, parameters: Sequence[Parameters], made: Sequence[Instance] = ()) -> None:
        self._question, self._parameters = question, parameters
        self._made = dict(enumerate(made))

    def __len__(self) -> int:
        return len(self._parameters)

    @overload
    def __getitem__(self, index: int) -> Instance: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Instance]: ...
    def __getitem__(self, index: int | slice) -> Instance | Sequence[Instance]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        if at not in self._made:
            self._made[at] = self._question.made(self._parameters[at])
        return self._made[at]


@lru_cache(maxsize=256)
def _instances(question: Question, constraints: tuple[tuple[str, str], ...]) -> Sequence[Instance]:
    key = ("instances", question.name, *map("=".join, constraints))
    known, found = recall(*key), list[Instance]()
    if known is None:
        found += _search(question, constraints)
        known = [dict(one.parameters) for one in found]
        remember(known, *key)
    return Instances(question, known, found)


def _search(question: Question, constraints: tuple[tuple[str, str], ...]) -> Sequence[Instance]:
    rng = random.Random(question.name)  # noqa: S311  (an exercise, not a secret)
    found, seen = list[Instance](), set[object]()
    in_vain = 0
    while in_vain < IN_VAIN * 2 ** len(constraints) and len(found) < MOST:
        parameters = question.draw(rng)
        in_vain += 1
        if any(parameters.get(name) != value for name, value in constraints):
            continue
        key = ("drawn", question.same(parameters))
        if key in seen:
            continue
        seen.add(key)
        task = question.ask(parameters)
        if task is None or (task.asks, *task.givens) in seen:
            continue
        seen.add((task.asks, *task.givens))
        if (instance := Instance(question, parameters, task)).is_sound:
            found.append(instance)
            in_vain = 0
    return tuple(found)


def asks(
    topic: str, effort: Effort, tolerance: Tolerance, version: int = 1, demo: str = "", **of: Sequence[Any]
) -> Callable[[Callable[..., Task | None]], Question]:
    """Make a question of the function beneath: its name, and the first line of its docstring for a title.

    Each parameter of the function is drawn from the values that `of` has for it.
    """
    by_text = {name: {text_of(value): value for value in values} for name, values in of.items()}
    texts = {name: tuple(values) for name, values in by_text.items()}

    def make(ask: Callable[..., Task | None]) -> Question:
        return Question(
            ask.__name__.replace("_", "-"),
            (ask.__doc__ or "").partition("\n")[0].removesuffix("."),
            topic,
            effort,
            tolerance,
            lambda rng: {name: rng.choice(values) for name, values in texts.items()},
            lambda parameters: ask(**{name: by_text[name][text] for name, text in parameters.items()}),
            lambda parameters: tuple(parameters.items()),
            version,
            demo,
        )

    return make


def line(text: str, values: Mapping[str, float], result: float, note: str = "", written: str = "") -> Arithmetic:
    """One line of a working: a formula in LaTeX with these numbers filled in, as `Formula` has it."""
    return Formula(text, note, written, values).worked_out(result, {})


def text_of(value: Any) -> str:
    """A parameter as an address holds it: 0.5, lstm, 1,2 or 1,2;3,4."""
    if isinstance(value, tuple):
        return (";" if value and isinstance(value[0], tuple) else ",").join(map(text_of, value))
    return value if isinstance(value, str) else plain(value)


def written(value: Value) -> str:
    """An answer as a page shows it: 0.5987, 1,120, (None, 10, 8) or “hello”."""
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))}{',' * (len(value) == 1)})"
    return show(float(f"{value:.12g}"))  # without the last digits of a sum of floats: 0.29, not 0.2900


def _told(constraints: Parameters) -> str:
    return " and ".join(f"{name} = {value}" for name, value in constraints.items()) or "no constraint"


def _by_size(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return math.inf, text
