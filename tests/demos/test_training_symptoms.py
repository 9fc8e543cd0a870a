"""Seeded runs that show each symptom; a weight is what its arithmetic says; the gap is a product at the start."""

import re

import numpy as np
import pytest

from app.demos.machine.draws import over
from app.demos.registry import find
from app.demos.training_symptoms import SYMPTOMS
from tests.demos.latex import rounded, worth

DEMO = find("training-symptoms")


def told(query: str) -> str:
    return re.sub(r"\*\*", "", DEMO.result(query).figures[0].caption)


@pytest.mark.parametrize(
    ("query", "symptom"),
    [
        ("", "Stalled"),
        ("gain=1.2&gap=10", "Learned"),
        ("gain=1&gap=10&rate=0.3", "Diverged"),
        ("gain=1&gap=5&rate=50", "NaN"),
        ("updates=0", "Not trained yet"),
        ("rate=0.01&gain=1&gap=3&updates=10", "Still learning"),
        ("cell=lstm&gap=5&rate=1&updates=300", "Learned"),
        ("cell=lstm&gap=16&gain=0.5&clip=1&updates=1", "No better than a guess yet"),
        ("rate=0&gain=5", "Stalled"),
    ],
)
def test_a_seeded_run_has_its_symptom(query: str, symptom: str) -> None:
    caption = told(query)
    assert caption.startswith(symptom + ":")
    numbers = DEMO.result(query).numbers
    assert SYMPTOMS[int(numbers["symptom"])] == symptom


def test_what_is_to_be_tried_is_as_it_says() -> None:
    stalls, cured, diverges, clipped, lost = (DEMO.changed(one.change) for one in DEMO.try_this)
    for parameters, verdict in ((stalls, "poor"), (diverges, "bad"), (clipped, "good"), (lost, "bad")):
        assert DEMO.compute(parameters).verdict == verdict
    assert DEMO.compute(diverges).numbers["explodes"] == 1
    assert over(DEMO, stalls, range(12))["stalled"].sum() == 11
    assert over(DEMO, cured, range(12))["learned"].all()


def test_clipping_keeps_a_run_that_diverges_from_nan() -> None:
    assert told("gain=1&gap=5&rate=50").startswith("NaN")
    assert not told("gain=1&gap=5&rate=50&clip=0.1").startswith("NaN")


def test_with_a_rate_of_zero_nothing_moves() -> None:
    still, start = (DEMO.result(q).traces()[0] for q in ("rate=0&updates=50", "updates=0"))
    for row, first in zip(still.rows, start.rows, strict=True):
        np.testing.assert_array_equal(row.values, first.values)


def test_a_weight_is_the_one_before_less_the_rate_times_the_gradient() -> None:
    one, two = (DEMO.result(f"gain=1&gap=6&updates={n}").traces()[0] for n in (9, 10))
    for row in two.rows:
        for column in (0, 5):
            made = two.arithmetic(row.key, column)
            before = one.row(row.key)
            assert before is not None
            assert made.exact.startswith(repr(float(before.values[column])))
            assert made.result == row.values[column]
            assert worth(made.filled, rounded).holds(made.result)


@pytest.mark.parametrize("gain", [0.5, 0.8])
def test_before_training_no_more_comes_back_than_the_gains_product(gain: float) -> None:
    numbers = DEMO.result(f"gain={gain}&gap=20&updates=0").numbers
    assert 0.2 * gain**20 < numbers["reaches"] <= gain**20 * (1 + 1e-12)


def test_a_rate_too_high_is_not_called_an_exploding_gradient() -> None:
    """The gradient shrinks on its way back, and a third of the rate learns in each of these draws."""
    computed = over(DEMO, DEMO.parse("gain=1&gap=10&rate=0.3"), range(8))
    assert computed["ran_away"].sum() >= 5
    assert computed["explodes"].sum() == 0
    assert over(DEMO, DEMO.parse("gain=1&gap=10&rate=0.1"), range(8))["learned"].all()
    assert "does not explode" in told("gain=1&gap=10&rate=0.3")
    exploding = told("gain=2.5&gap=30&rate=1&seed=5&updates=50")
    assert exploding.startswith(("Diverged", "NaN"))
    assert DEMO.result("gain=2&gap=30&rate=0.05&seed=5&updates=0").numbers["reached_first"] > 100
