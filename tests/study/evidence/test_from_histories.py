"""The evidence's numbers, computed once more: from the files that the learners export, and from nothing else.

Written after the words of docs/evidence.md. It shares FSRS and the predictor with the program, but none of its tables,
folds or sums. Which version a card had, and who takes part since when, no history tells: the test knows it.
"""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from app.ask.four import typed_as
from app.ask.question import written
from app.ask.questions.registry import all_questions
from app.exchange.history.export_history import history_lines
from app.study.evidence.edits import beyond
from app.study.evidence.figures import CellKind, FigureCell, Figures, student
from app.study.forecast.predictor import Predictor
from app.study.schedule.computed import kept
from app.study.schedule.scheduler import CountedRating, State, after
from tests.classroom import Classroom
from tests.study.conftest import Study

NewStudy = Callable[[int], AbstractContextManager[Study]]
Line = dict[str, Any]
Played = tuple[Classroom, dict[int, datetime], dict[int, list[tuple[datetime, int]]]]
"""A class, since when each learner takes part, and the versions of each card, from when on."""


@dataclass
class Look:
    """A look at a card, as a history tells of it."""

    learner: int
    line: Line
    is_first: bool
    chance: float | None

    @property
    def missed(self) -> bool:
        return bool(self.line["rating"] < 3)

    @property
    def shown_at(self) -> datetime:
        return datetime.fromisoformat(self.line["shown_at"])

    @property
    def seconds(self) -> int:
        return min(120, round((datetime.fromisoformat(self.line["rated_at"]) - self.shown_at).total_seconds()))


def looks_in(learner: int, lines: Sequence[Line]) -> Iterator[Look]:
    """Every look that was not undone, with the chance that was foretold for it."""
    seeds = {line["card"]: line["seed"] for line in lines if line["kind"] == "card"}
    undone = {line["undoes"] for line in lines if line["kind"] == "review" and line["undoes"]}
    known: dict[str, State] = {}
    predictor = Predictor()
    for number, line in enumerate(line for line in lines if line["kind"] == "review"):
        if line["rating"] is None or line["token"] in undone:
            continue
        times = [datetime.fromisoformat(line[name]) for name in ("shown_at", "revealed_at", "rated_at")]
        day = date.fromisoformat(line["day"])
        rated = CountedRating(number, line["rating"], times[0], times[1], times[2], day, line["desired_retention"])
        before, chance = known.get(line["card"]), None
        if before is not None and (days := (rated.day - before.reviewed_on).days) >= 1:
            chance = predictor.chance(before, days)
            predictor = predictor.learned(before, days, line["rating"] > 2)
        known[line["card"]] = after(before, seeds[line["card"]], rated)
        yield Look(learner, line, before is None, chance)


def summed(those: Sequence[Look]) -> Figures:
    """The figures of a cell, by their definitions."""
    own = defaultdict[int, list[float]](list)
    for one in those:
        own[one.learner].append((not one.missed) - (one.chance or 0.0))
    return Figures(
        len(own),
        len(those),
        sum(one.missed for one in those),
        sum(one.line["rating"] for one in those),
        sum(one.seconds for one in those),
        len(those),
        math.fsum(one.chance or 0.0 for one in those),
        math.fsum(sum(all_) ** 2 for all_ in own.values()),
        math.fsum(sum(all_) * len(all_) for all_ in own.values()),
        sum(len(all_) ** 2 for all_ in own.values()),
    )


def instances(name: str) -> tuple[Any, ...]:
    return tuple(all_questions()[name].instances()[:2])


@pytest.fixture
def played(
    new_study: NewStudy,
) -> Iterator[Played]:
    """A class of nine after ten days."""
    rng = Random(3)
    (asked, _) = instances("lstm-from-sums")
    slip, says = asked.task.slips[0]
    with new_study(6) as study:
        room = Classroom(study.database, study.now)
        cards, versions = room.cards(), defaultdict[int, list[tuple[datetime, int]]](list)
        since = {room.learner(): room.now for _ in range(8)}
        out = room.learner(takes_part=False)
        for day in range(10):
            if day == 4:
                for card in cards[:3]:
                    versions[card].append((room.now, room.edit(card)))
                late = room.learner()
                since[late] = room.now
            for learner in (*since, out):
                for card in rng.sample(list(cards), 4):
                    room.later(minutes=2)
                    if card == cards[0]:
                        typed = rng.choice([slip, asked.task.answer, asked.task.answer * 7])
                        more = kept(asked, typed_as(typed), False)._asdict() | {"typed": typed_as(typed)}
                        room.answer(learner, card, rng.randint(1, 5), rng.randint(1, 200), **more)
                    else:
                        review = room.answer(learner, card, rng.randint(1, 5), rng.randint(1, 200))
                        if rng.random() < 0.1:
                            room.later(minutes=2)
                            room.undo(learner, review)
            room.later(hours=15)
        room.renew()
        assert says
        yield room, since, versions


def test_the_figures_are_those_of_the_exported_histories(played: Played) -> None:
    room, since, versions = played
    cards = {f"c{card}": card for card in room.cards()}
    cells = defaultdict[FigureCell, list[Look]](list)
    firsts: dict[tuple[int, int], Look] = {}
    (asked, _) = instances("lstm-from-sums")
    for learner, from_then in since.items():
        lines = [json.loads(line) for line in history_lines(room.database, learner, room.now)]
        for look in looks_in(learner, lines):
            card = cards[look.line["card"]]
            if look.shown_at < from_then:
                continue
            version = max((id_ for loaded, id_ in versions[card] if loaded <= look.shown_at), default=0)
            if look.is_first or look.chance is not None:
                cells[FigureCell(card, version, CellKind.FIRST if look.is_first else CellKind.LATER)].append(look)
            if look.line.get("slip"):
                cells[FigureCell(card, version, CellKind.SLIP, look.line["slip"])].append(look)
            if look.line.get("verdict") == "wrong":
                task, value = asked.task, float(look.line["typed"])
                what = f"{written(value)} instead of {written(task.answer)}: {task.asks} {'; '.join(task.givens)}"
                cells[FigureCell(card, version, CellKind.VALUE, what)].append(look)
            if look.is_first:
                firsts[learner, card] = look
    expected = {cell: summed(those) for cell, those in cells.items() if len({one.learner for one in those}) >= 5}
    shown = room.shown()
    assert shown.keys() == expected.keys()
    assert {cell.kind for cell in shown} == set(CellKind) - {CellKind.BOTH}
    for cell, figures in shown.items():
        for name, value in vars_of(figures).items():
            assert value == pytest.approx(vars_of(expected[cell])[name], rel=1e-9, abs=1e-9), (cell, name)


def vars_of(figures: Figures) -> dict[str, float]:
    return {name: getattr(figures, name) for name in Figures.__dataclass_fields__}


def test_the_interval_is_that_of_means_over_learners(played: Played) -> None:
    """Where each learner has as many answers: the interval of the mean of their means, as a textbook has it."""
    room, _, _ = played
    for figures in room.shown(CellKind.LATER).values():
        one = beyond(figures)
        assert one.low < one.value < one.high
    residuals = [0.3, -0.2, 0.5, 0.1, -0.4, 0.25]
    figures = Figures()
    for residual in residuals:
        figures.add(Figures(looks=2, missed=0, expected=2 - 2 * residual, rating=8).as_one_learner())
    mean = sum(residuals) / 6
    deviation = math.sqrt(sum((one - mean) ** 2 for one in residuals) / 5)
    half = 2.015048 * deviation / math.sqrt(6)  # Student's t, 5 degrees of freedom, 95 %
    assert beyond(figures) == pytest.approx((mean, mean - half, mean + half), abs=2e-3)


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.131847), (9, 1.833113), (30, 1.697261), (499, 1.647913)])
def test_student_s_quantiles(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=3e-3)


def test_answers_before_joining_and_of_those_left_out_are_in_no_figure(new_study: NewStudy) -> None:
    with new_study(1) as study:
        room = Classroom(study.database, study.now)
        card, *_ = room.cards()
        inside = [room.learner() for _ in range(5)]
        outside = room.learner(takes_part=False)
        early = room.learner(takes_part=False)
        room.later(hours=1)
        room.answer(early, card, 1)
        room.join_again(early)
        for learner in (*inside, outside, early):
            room.later(hours=1)
            room.answer(learner, card, 4)
        room.renew()
        (only,) = room.shown().values()
        assert (only.learners, only.looks, only.missed) == (5, 5, 0)
        assert room.now - study.now < timedelta(days=1)
