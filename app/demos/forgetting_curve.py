"""Recur's own recurrence: what a review does to a memory, and how recall falls until the next one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import MOST_ENTRIES, Numbers, Parameters, entries, number, split_numbers
from app.demos.machine.result import Result
from app.demos.parts.forgetting_formulas import Reviewed, difficulty_formula, five_digits, grade_of, stability_formula
from app.nn import forgetting
from app.nn.forgetting import W

LONGEST_WAIT = 3650
WORDS = {1: "Not at all", 2: "Hardly", 3: "With effort", 4: "Well", 5: "Perfectly"}
# Their bounds are checked beside the ratings, by `misfits`: a wait may be longer than a plain entry.
Days = Annotated[
    tuple[Annotated[float, Field(ge=-1e9, le=1e9)], ...],
    BeforeValidator(split_numbers),
    Field(min_length=1, max_length=MOST_ENTRIES),
]


WAITS = "Up to 3,650; 0 is the same day. A single number counts for all."


class ForgettingCurve(Parameters):
    """Up to twelve reviews of one card."""

    ratings: Numbers = entries(
        (4, 4, 4, 4), slide=(1, 5), step=1, title="Ratings", says="1 (not at all) to 5 (perfectly), one a review."
    )
    days: Days = entries((2, 11, 46, 163), slide=(0, 400), step=1, title="Days waited after each", says=WAITS)
    retention: float = number(
        0.9, 0.7, 0.97, step=0.01, title="Desired recall", says="A card is due when recall is down to this."
    )

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Ratings that are none of the five, and waits that are no days or not one for each review."""
        rated = tuple(min(5, max(1, round(rating))) for rating in self.ratings)
        if rated != self.ratings:
            yield "ratings", "whole numbers from 1 to 5", ",".join(map(str, rated))
        waits = tuple(min(LONGEST_WAIT, max(0, round(days))) for days in self.days)
        fits = len(waits) in (1, len(rated))
        if waits != self.days or not fits:
            wanted = f"whole days from 0 to {LONGEST_WAIT:,}, one alone or one for each rating"
            fitted = waits if fits else (*waits, *[waits[-1]] * len(rated))[: len(rated)]
            yield "days", wanted, ",".join(map(str, fitted))

    def reviews(self) -> list[tuple[int, int]]:
        """(rating, days waited after it) of each review."""
        waits = self.days * len(self.ratings) if len(self.days) == 1 else self.days
        return [(int(rating), int(days)) for rating, days in zip(self.ratings, waits, strict=True)]


def remember(p: ForgettingCurve) -> list[Reviewed]:
    """The recurrence over all reviews, from a card never seen."""
    seen: list[Reviewed] = []
    for rating, waited in p.reviews():
        grade = grade_of(rating)
        memory = forgetting.review(seen[-1].memory, grade, seen[-1].waited) if seen else forgetting.first(grade)
        due = forgetting.interval(memory.stability, p.retention)
        known = forgetting.recall(memory.stability, waited)
        seen.append(Reviewed(rating, grade, memory, due, waited, known))
    return seen


def compute(p: ForgettingCurve) -> Result:
    """Follow the state from review to review, and recall from day to day."""
    seen = remember(p)
    last = seen[-1]
    numbers: dict[str, float] = {"reviews": len(seen), "retention": p.retention, "waited": last.waited}
    for k, one in enumerate(seen, start=1):
        numbers |= {f"stability{k}": five_digits(one.memory.stability), f"interval{k}": five_digits(one.interval)}
        numbers |= {f"difficulty{k}": five_digits(one.memory.difficulty), f"recall{k}": five_digits(one.recall)}
    numbers |= {name: numbers[f"{name}{len(seen)}"] for name in ("stability", "difficulty", "interval", "recall")}
    numbers["days"] = sum(one.waited for one in seen)

    told = fill(_caption(p, seen), numbers)
    x, known, without = _course(seen)
    curve = Curve(
        "recall",
        "Recall from day to day",
        told,
        "day",
        "recall",
        x,
        (
            Series("recall", "recall", "recall with these reviews", known),
            Series("without", "after the first review alone", "recall after the first review alone", without, "dashed"),
            Series("due", "desired recall", "desired recall", np.full(len(x), p.retention), "dotted"),
        ),
        places=_places(p, seen),
    )
    return Result(numbers, (curve, _trace(p, seen, numbers)))


def _places(p: ForgettingCurve, seen: list[Reviewed]) -> list[Spot]:
    """The end of each wait, which drags the days waited; and the desired recall."""
    days = np.cumsum([one.waited for one in seen]).tolist()
    ends = [Spot(Handle(across=f"days,{k}"), x=day, unit=1) for k, day in enumerate(days, start=1)]
    return [*ends, Spot(Handle("retention"), y=p.retention, unit=1)]


def _course(seen: list[Reviewed]) -> tuple[Values, Values, Values]:
    """Days (n), recall (n), and recall had the first review been the only one (n).

    On the day of a review recall is still what was left of it; shortly after, it is nearly 1 again.
    """
    days = np.cumsum([0, *(one.waited for one in seen)])
    total = max(1, int(days[-1]))
    even = np.linspace(0, total, min(total, 140) + 1).round()
    x = np.unique(np.concatenate((even, days, days[:-1] + 0.01)))
    x = x[x <= total]
    latest = np.maximum(np.searchsorted(days[:-1], x, side="left") - 1, 0)
    stability = np.array([one.memory.stability for one in seen])
    since = x - days[latest]
    faded = (1 + forgetting.FACTOR * since / stability[latest]) ** -W[20]
    return x, faded, (1 + forgetting.FACTOR * x / stability[0]) ** -W[20]


def _caption(p: ForgettingCurve, seen: list[Reviewed]) -> str:
    last = seen[-1]
    if last.grade == 1:
        which = "last of {reviews reviews}" if len(seen) > 1 else "only review"
        told = f"The {which} was a miss, so the card comes back in the same session."
    else:
        told = "After {reviews reviews} the card is due in {interval days}, when recall has fallen to {retention}."
    return told + " After {waited days} recall is {recall}."


def _trace(p: ForgettingCurve, seen: list[Reviewed], numbers: dict[str, float]) -> Trace:
    def row(name: str) -> Values:
        return np.array([numbers[f"{name}{k}"] for k in range(1, len(seen) + 1)])

    def state(of: Callable[[Reviewed, Reviewed | None], Formula]) -> Callable[[int], Formula]:
        def formula(k: int) -> Formula:
            cells = {"S": f"stability,{k - 1}", "D": f"difficulty,{k - 1}", "R": f"recall,{k - 1}", "G": f"rating,{k}"}
            return replace(of(seen[k - 1], seen[k - 2] if k > 1 else None), origins=cells)

        return formula

    def rating(k: int) -> Formula:
        one = seen[k - 1]
        return given(r"\mathrm{rating}", f"{WORDS[one.rating]}; in FSRS this is grade {one.grade} of 4.")

    entered = given("t", "A setting of this demo.")
    moved, long_tail = "Recur then shifts it by a few per cent.", "A power law, not an exponential: it has a long tail."
    due = Formula(r"S / F \cdot (r^{-1 / w_{20}} - 1)", moved, digits=4, origins={"r": "retention"})
    faded = Formula(r"R = (1 + F \, t / S)^{-w_{20}}", long_tail, r"(1 + F \cdot t / S)^{-w_{20}}", digits=4)
    ratings, waited = (np.array([float(getattr(one, of)) for one in seen]) for of in ("rating", "waited"))
    rows = (
        Row("rating", "rating", ratings, rating, group="review", handle=each_of("ratings")),
        Row(
            *("stability", "stability $S$", row("stability"), state(stability_formula)),
            words="stability in days",
            group="state",
        ),
        Row("difficulty", "difficulty $D$", row("difficulty"), state(difficulty_formula)),
        Row("interval", "due after, days", row("interval"), due, words="due after, in days", group="then"),
        Row("waited", "waited, days", waited, entered, words="days waited", handle=each_of("days")),
        Row("recall", "recall then $R$", row("recall"), faded),
    )
    symbols: Symbols = {"t": waited, "F": forgetting.FACTOR, "r": p.retention, "w_{20}": W[20]}
    caption = "A recurrence: each column's state follows from the state before it, the days waited and the new rating."
    title, columns = "The state after each review", [f"review {k}" for k in range(1, len(seen) + 1)]
    return Trace("states", title, caption, rows, ("stability", len(seen) - 1), symbols, "", 1, columns, "review")


DEMO = Demo(
    __file__, ForgettingCurve, compute, None, shows=(forgetting.review, forgetting.growth, forgetting.recall, remember)
)
