"""The receptive-field demo against the published formula and against inputs disturbed one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Curve, Diagram
from app.demos.machine.result import Result
from app.demos.receptive_field import DEMO, DRAWN, WIDEST, ReceptiveField
from app.nn import conv1d
from tests.examples import examples


def curve_of(result: Result) -> Curve:
    return next(figure for figure in result.figures if isinstance(figure, Curve))


@given(data=st.data())
@examples(100)
def test_the_field_is_the_formulas(states: Any, data: st.DataObject) -> None:
    p: ReceptiveField = data.draw(states(DEMO))
    numbers = DEMO.compute(p).numbers
    field = 1
    for layer in range(p.layers):
        field += (p.kernel - 1) * p.dilation * (2**layer if p.doubling else 1) * p.stride**layer
    assert numbers["field"] == field <= WIDEST
    assert 1 <= numbers["reached"] <= field
    assert numbers["rnn_beyond"] == pytest.approx(p.keeps**field)


@given(
    kernel=st.integers(1, 3), layers=st.integers(1, 4), dilation=st.integers(1, 3), stride=st.integers(1, 2),
    doubling=st.booleans(),
)  # fmt: skip
@examples(40)
def test_each_input_weighs_what_disturbing_it_shows(
    kernel: int, layers: int, dilation: int, stride: int, doubling: bool
) -> None:
    query = f"kernel={kernel}&layers={layers}&dilation={dilation}&stride={stride}&doubling={int(doubling)}"
    result = DEMO.result(query)
    R, curve = int(result.numbers["field"]), curve_of(result)
    y = np.eye(R)[:, :, None]  # a batch in which each input alone is 1
    for layer in range(layers):
        w = conv1d.ConvWeights(np.full((kernel, 1, 1), 1 / kernel), np.zeros(1))
        y = conv1d.forward(y, w, stride, dilation * (2**layer if doubling else 1))
    weighs = dict(zip(range(R), y[::-1, 0, 0].tolist(), strict=True))
    for back, share in zip(curve.x, curve.series[0].values, strict=True):
        assert share == pytest.approx(weighs.get(int(back), 0.0) / max(weighs.values()), abs=1e-14)
    assert result.numbers["reached"] == sum(share > 0 for share in weighs.values())
    if R <= DRAWN:
        diagram = next(figure for figure in result.figures if isinstance(figure, Diagram))
        inputs = [node.heat for node in diagram.nodes if node.y == max(node.y for node in diagram.nodes)]
        largest = max(weighs.values())
        assert inputs == [round(9 * weighs.get(back, 0) / largest) for back in range(max(R, 4))]


def test_the_numbers_that_cards_quote() -> None:
    assert DEMO.result("").numbers["field"] == 16
    assert DEMO.result("layers=10").numbers["field"] == 1024
    assert DEMO.result("layers=20").numbers["field"] == 2**20
    assert DEMO.result("kernel=3&stride=2&layers=2&doubling=0").numbers["jump"] == 4
    holes = DEMO.result("doubling=0&dilation=3").numbers
    assert (holes["field"], holes["reached"]) == (13, 5)


def test_an_rnn_weighs_its_past_by_powers() -> None:
    result = DEMO.result("layers=6&keeps=0.5")
    rnn = curve_of(result).series[1].values
    assert rnn[:4].tolist() == [1, 0.5, 0.25, 0.125]
    assert result.numbers["rnn_oldest"] == 0.5**63
    assert result.numbers["rnn_beyond"] == pytest.approx(sum(0.5**j * 0.5 for j in range(64, 200)))


def test_too_wide_a_field_is_answered_with_fewer_layers() -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse("kernel=8&layers=20")
    assert caught.value.problems[0].parameter == "layers"
    assert DEMO.result(caught.value.nearest).numbers["field"] <= WIDEST
