"""Seeded trainings in which each cell does what the page says, remade from scratch, the same to the last bit."""

import math
import random

import numpy as np
import pytest

from app.ask.questions import registry
from app.demos.long_memory import CELLS, UNITS, train
from app.demos.machine.figures import Curve
from app.demos.registry import find
from app.nn import count
from tests.ask.answers import judged

DEMO = find("long-memory")


def losses(query: str) -> dict[str, float]:
    numbers = DEMO.result(query).numbers
    return {cell: numbers[f"loss_{cell}"] for cell in CELLS}


def test_over_a_long_gap_gates_remember_and_the_plain_cell_does_not() -> None:
    loss = losses("")
    assert loss["rnn"] > 0.8
    assert loss["lstm"] < 0.1
    assert loss["gru"] < 0.1


def test_over_a_short_gap_nobody_needs_them() -> None:
    assert all(loss < 0.1 for loss in losses("gap=3").values())


def test_a_stronger_loop_does_without_gates_and_shut_gates_forget() -> None:
    assert losses("gain=1")["rnn"] < 0.1
    assert losses("keep=-4")["lstm"] > 0.8


def test_the_weights_are_remade_by_the_seed_and_by_nothing_else() -> None:
    once, again, other = (
        [one.model.arrays() for one in list(train(DEMO.parse("gap=4&updates=10"), [seed]))[-1][1].values()]
        for seed in (0, 0, 1)
    )
    for a, b, c in zip(once, again, other, strict=True):
        assert all((x == y).all() for x, y in zip(a, b, strict=True))
        assert not all((x == y).all() for x, y in zip(a, c, strict=True))


def test_a_shorter_training_is_the_beginning_of_a_longer_one() -> None:
    short, long = (DEMO.result(f"gap=5&updates={n}").figures[0] for n in (10, 20))
    assert isinstance(short, Curve)
    assert isinstance(long, Curve)
    for a, b in zip(short.series, long.series, strict=True):
        np.testing.assert_array_equal(a.values, b.values[:11])


def test_before_training_no_more_comes_back_through_the_rnn_than_the_gains_product() -> None:
    numbers = DEMO.result("updates=0&gain=0.6&gap=15&noise=0").numbers
    assert 0 < numbers["reaches_rnn"] <= 0.6**15 * (1 + 1e-12)


@pytest.mark.parametrize(("cell", "counted"), [("rnn", count.rnn), ("lstm", count.lstm)])
def test_the_weights_are_counted_as_elsewhere(cell: str, counted: object) -> None:
    numbers = DEMO.result("updates=0").numbers
    assert callable(counted)
    assert numbers[f"weights_{cell}"] == counted(1, UNITS).total


def test_what_the_bias_alone_keeps_is_a_power_of_its_sigmoid() -> None:
    answers = set()
    for seed in range(20):
        p = DEMO.parse(registry.find("long-memory").draw(random.Random(seed)))
        kept = DEMO.compute(p).numbers["kept_lstm"]
        assert kept == pytest.approx((1 / (1 + math.exp(-p.keep))) ** p.gap, rel=1e-12)
        answers.add(round(math.log(kept), 6))
    assert len(answers) > 10, "a new instance has another answer"


def test_to_add_the_steps_up_is_told() -> None:
    p = DEMO.parse("gap=20&keep=2&gain=0&noise=0&updates=0")
    told = judged(DEMO, p, math.log10(20 / (1 + math.exp(-2))))
    assert not told.is_right
    assert told.says == "Steps multiply, they do not add."
