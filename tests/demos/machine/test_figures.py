"""Curves as they are drawn where no script runs: what is no number is a gap."""

import math

import numpy as np
import pytest

from app.demos.machine.figures import Curve, Series


def path_of(values: list[float], *, log: bool = False) -> str:
    series = (Series("y", "y", "y", np.array(values)),)
    curve = Curve("c", "C", "caption", "x", "y", np.arange(float(len(values))), series, log)
    return dict(curve.paths(30, 10))["y"] if curve.paths(30, 10) else ""


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ([0, 1, 2, 3], "M0.0,10.0L10.0,6.7L20.0,3.3L30.0,0.0"),
        ([0, 1, math.nan, 3], "M0.0,10.0L10.0,6.7M30.0,0.0Z"),
        ([math.inf, 1, 0, math.nan], "M10.0,0.0L20.0,10.0"),
        ([0, math.nan, 2, 1], "M0.0,10.0ZM20.0,0.0L30.0,5.0"),
        ([math.nan, math.nan, math.nan, math.nan], ""),
    ],
)
def test_what_is_not_finite_is_a_gap_and_not_bridged(values: list[float], path: str) -> None:
    assert path_of(values) == path


def test_on_a_log_scale_what_is_not_positive_is_a_gap() -> None:
    assert path_of([1, 0, 100, 10], log=True) == "M0.0,10.0ZM20.0,0.0L30.0,5.0"


def test_what_is_drawn_reaches_from_its_smallest_number_to_its_largest() -> None:
    series = (
        Series("a", "a", "a", np.array([0.5, 0.0, math.inf])),
        Series("b", "b", "b", np.array([-1.0, 3.0, math.nan])),
    )
    flat, log = (Curve("c", "C", "caption", "x", "y", np.arange(3.0), series, log) for log in (False, True))
    assert flat.extent() == (-1.0, 3.0)
    assert log.extent() == (0.5, 3.0)
    nothing = Curve("c", "C", "caption", "x", "y", np.arange(1.0), (Series("n", "n", "n", np.array([math.nan])),))
    assert nothing.extent() is None
