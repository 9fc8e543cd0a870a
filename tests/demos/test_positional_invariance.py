"""Equivariance exactly, invariance behind the pool, and neither in a dense layer."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Curve
from app.demos.positional_invariance import DEMO, PositionalInvariance, run_both
from tests.examples import examples


@given(data=st.data())
@examples(120)
def test_the_map_moves_exactly_with_the_pattern(states: Any, data: st.DataObject) -> None:
    p: PositionalInvariance = data.draw(states(DEMO))
    run = run_both(p)
    for strides in range(1, min(4, run.maps.shape[1])):
        apart = strides * p.stride
        for place in range(len(run.x) - apart):
            here, there = run.maps[place], run.maps[place + apart]
            np.testing.assert_array_equal(there[strides:], here[: len(here) - strides])


@given(data=st.data())
@examples(120)
def test_both_layers_are_numpys_correlation_and_product(states: Any, data: st.DataObject) -> None:
    p: PositionalInvariance = data.draw(states(DEMO))
    numbers = DEMO.compute(p).numbers
    x = np.zeros(p.length)
    x[p.position - 1 : p.position - 1 + len(p.pattern)] = p.pattern
    correlated = np.correlate(x, p.kernel, "valid")[:: p.stride]
    assert numbers["pooled"] == pytest.approx(correlated.max(), abs=1e-10)
    seen = x[p.learned - 1 : p.learned - 1 + len(p.kernel)]
    assert numbers["dense"] == pytest.approx(float(np.dot(seen, p.kernel)), abs=1e-10)


def test_max_pool_is_invariant_where_the_kernel_sees_all_of_the_pattern() -> None:
    result = DEMO.result("")
    assert result.numbers["pooled"] == result.numbers["pooled_learned"] == 1 + 9 + 4
    assert result.numbers["same"] == result.numbers["places"] == 11
    assert result.numbers["dense"] == 0
    assert result.numbers["dense_same"] == 1
    curve = next(figure for figure in result.figures if isinstance(figure, Curve))
    dense, pooled = (series.values for series in curve.series)
    assert set(pooled.tolist()) == {14}
    assert dense.tolist() == [-3, 14, -3, -2, 0, 0, 0, 0, 0, 0, 0]


def test_a_stride_takes_invariance_away() -> None:
    result = DEMO.result("stride=3&learned=4&position=8")
    assert result.numbers["pooled"] != result.numbers["pooled_learned"]
    assert result.numbers["same"] < result.numbers["places"]
    assert "not a multiple of the stride" in result.traces()[1].caption
    assert "that is equivariance" in DEMO.result("stride=3&learned=4&position=10").traces()[1].caption


@pytest.mark.parametrize(
    "query", ["position=20", "length=2", "pattern=1,2,3,4&length=3", "kernel=1,2,3,4,5&learned=11"]
)
def test_what_does_not_fit_is_mended(query: str) -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse(query)
    assert caught.value.problems
    assert not [one for one in caught.value.problems if re.search(r"from (\d+) to \1\b", one.sentence)]
    assert np.isfinite(DEMO.result(caught.value.nearest).numbers["pooled"])
