"""Smoothing, rolling means and the first alarm, each against its definition written as a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn.monitor import first_above, rolling_mean, smoothed
from tests.examples import examples

series = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


@given(u=series, keeps=st.lists(st.floats(0, 0.99), min_size=1, max_size=3))
@examples(60)
def test_smoothing_is_a_sum_that_forgets(u: list[float], keeps: list[float]) -> None:
    h = smoothed(np.array(u), np.array(keeps))
    for j, keep in enumerate(keeps):
        last = sum((1 - keep) * keep ** (len(u) - 1 - t) * value for t, value in enumerate(u))
        assert h[-1, j] == pytest.approx(last, abs=1e-9)


@given(x=series, data=st.data())
@examples(60)
def test_a_rolling_mean_is_the_mean_of_each_stretch(x: list[float], data: st.DataObject) -> None:
    window = data.draw(st.integers(1, len(x)))
    means = rolling_mean(np.array(x), window)
    wanted = [sum(x[i : i + window]) / window for i in range(len(x) - window + 1)]
    np.testing.assert_allclose(means, wanted, rtol=1e-12, atol=1e-12)


@given(x=series, limit=st.floats(-100, 100))
def test_the_first_above(x: list[float], limit: float) -> None:
    wanted = next((t for t, value in enumerate(x) if value > limit), None)
    assert first_above(np.array(x), limit) == wanted


@pytest.mark.parametrize("window", [0, 4])
def test_a_window_that_does_not_fit_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match="wanted 1 to 3"):
        rolling_mean(np.ones(3), window)
