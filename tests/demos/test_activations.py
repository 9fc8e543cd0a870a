"""Activations against the slopes' closed forms, their bounds and central differences."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ask.questions.registry import find
from app.demos.activations import DEMO
from app.demos.machine.figures import Curve
from app.demos.machine.result import Result
from tests.examples import examples


def row(result: Result, key: str) -> Any:
    found = result.traces()[0].row(key)
    assert found is not None
    return found.values


def curve(result: Result, name: str) -> Curve:
    return next(figure for figure in result.figures if isinstance(figure, Curve) and figure.name == name)


@pytest.mark.parametrize(("phi", "steepest"), [("sigmoid", 0.25), ("tanh", 1.0), ("relu", 1.0), ("linear", 1.0)])
def test_the_drawn_slope_is_the_difference_of_the_drawn_activation(phi: str, steepest: float) -> None:
    unit = curve(DEMO.result(f"phi={phi}"), "unit")
    values, slope = (series.values for series in unit.series)
    z = unit.x
    assert slope.max() == steepest
    assert (slope >= 0).all()
    middle = (values[2:] - values[:-2]) / (z[2:] - z[:-2])
    smooth = np.abs(z[1:-1]) > 0.05  # at 0 ReLU has a corner
    np.testing.assert_allclose(slope[1:-1][smooth], middle[smooth], atol=4e-3)


@given(data=st.data())
@examples(60)
def test_the_product_is_that_of_the_slopes_and_never_above_its_bound(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    slopes = row(result, "slope").tolist()
    assert result.numbers["product"] == pytest.approx(math.prod(slopes), rel=1e-9)
    assert result.numbers["gradient"] == pytest.approx(math.prod(slopes) * p.w ** (p.depth - 1), rel=1e-9)
    assert result.numbers["product"] <= result.numbers["bound"] * (1 + 1e-9)
    assert result.numbers["bound"] == pytest.approx({"sigmoid": 0.25}.get(p.phi, 1.0) ** p.depth, rel=1e-12)


def test_the_numbers_that_cards_quote() -> None:
    assert DEMO.result("phi=sigmoid&depth=4").numbers["bound"] == 0.25**4
    saturated = DEMO.result("phi=tanh&z=3").numbers
    assert (round(saturated["value"], 4), round(saturated["slope"], 4)) == (0.9951, 0.0099)
    assert DEMO.result("phi=tanh&depth=50").numbers["product"] == 1


def test_what_to_try_keeps_its_promises() -> None:
    tanh, saturated, heavy = (DEMO.compute(DEMO.changed(one.change)) for one in DEMO.try_this)
    assert tanh.numbers["product"] == 1
    slopes = row(saturated, "slope")
    assert np.argmin(slopes) == 0
    assert slopes[0] * 20 < slopes[1:].min()
    assert heavy.numbers["slope_last"] < 0.02
    assert heavy.numbers["gradient"] < 1e-15


def test_what_is_dead_or_flat_is_named() -> None:
    assert "silent" in DEMO.result("phi=relu&z=-1").figures[0].caption
    assert "nothing is left" in DEMO.result("phi=relu&z=-1").figures[1].caption
    assert "saturated" in DEMO.result("phi=tanh&z=-4").figures[0].caption
    assert "saturated" not in DEMO.result("phi=tanh&z=0.5").figures[0].caption


def test_every_wrong_answer_is_told_what_is_wrong_with_this_activation() -> None:
    for phi, other in (("sigmoid", "tanh"), ("tanh", "sigmoid")):
        z = math.log(4) if phi == "sigmoid" else math.atanh(0.8)
        p = DEMO.parse({"phi": phi, "z": repr(z), "depth": "1"})
        slips = find("activations").made(DEMO.texts(p)).task.slips
        told = {round(float(value), 9): says for value, says in slips if not isinstance(value, tuple)}
        assert told[1.0].startswith(f"The slope of {'the ' * (phi == 'sigmoid')}{phi} is")
        assert (round(1 + 0.8**2, 9) in told) == (phi == "tanh")
        assert any(other in says for says in told.values())
