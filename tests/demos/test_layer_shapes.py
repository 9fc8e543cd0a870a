"""Shapes and counts against the published numbers and against Equinox's cells."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.layer_shapes import DEMO, build
from app.demos.machine.figures import Diagram
from app.demos.machine.result import Result
from tests.examples import examples


def compute(query: str) -> Result:
    return DEMO.compute(DEMO.parse(query))


def shapes(query: str) -> list[tuple[int, ...]]:
    return [layer.shape for layer in build(DEMO.parse(query))]


def test_the_documented_shape_and_count() -> None:
    assert shapes("batch=5&time=10&features=2&layer=rnn&units=32") == [(5, 10, 32)]
    assert compute("").numbers["parameters"] == 1120


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("layer=lstm", 4480),
        ("layer=gru", 3456),
        ("layer=gru&reset_after=0", 3360),
        ("layer=dense", 96),
        ("layer=rnn&features=1&units=100", 10200),
        ("layer=lstm&features=28&units=128", 80384),
        ("layer=lstm&features=128&units=64", 49408),
        ("layer=lstm&features=1&units=50", 10400),
        ("layer=rnn&outputs=1", 1120 + 33),
        ("layer=rnn&bidirectional=1", 2240),
        ("layer=rnn&layers=2", 1120 + 2080),
        ("layer=lstm&layers=2&bidirectional=1&units=64&features=100", 84480 + 98816),
    ],
)
def test_published_parameter_counts(query: str, total: int) -> None:
    assert compute(query).numbers["parameters"] == total


@pytest.mark.parametrize(("n", "h"), [(1, 1), (2, 32), (7, 5)])
def test_an_lstm_has_as_many_parameters_as_equinox_makes(n: int, h: int) -> None:
    made = eqx.nn.LSTMCell(n, h, key=jax.random.key(0))
    counted = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(made, eqx.is_array)))
    assert compute(f"layer=lstm&features={n}&units={h}").numbers["parameters"] == counted


def test_the_last_layer_alone_may_drop_time() -> None:
    assert shapes("layers=3&return_sequences=0&units=4") == [(5, 10, 4), (5, 10, 4), (5, 4)]
    assert shapes("layers=2&return_sequences=0&units=4&bidirectional=1&outputs=3") == [(5, 10, 8), (5, 8), (5, 3)]
    assert shapes("layer=dense&return_sequences=0&outputs=1") == [(5, 10, 32), (5, 10, 1)]


def test_out_of_the_numbers_that_cards_quote() -> None:
    numbers = compute("layer=gru&layers=2&units=8&outputs=3&return_sequences=0").numbers
    assert numbers["layer_parameters"] == 3 * (2 * 8 + 8 * 8 + 2 * 8)
    assert numbers["dense_parameters"] == 8 * 3 + 3
    assert (numbers["out_time"], numbers["out_features"]) == (1, 3)


@given(data=st.data())
@examples(60)
def test_parts_add_up_and_time_is_not_in_them(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    trace = result.traces()[0]
    total = trace.row("total")
    assert total is not None
    parts = np.sum([row.values for row in trace.rows if row.key != "total"], axis=0)
    assert parts.tolist() == total.values.tolist()
    assert total.values.sum() == result.numbers["parameters"]
    other = DEMO.parse(DEMO.texts(p) | {"time": "1", "batch": "1"})
    assert DEMO.compute(other).numbers["parameters"] == result.numbers["parameters"]


@given(data=st.data())
@examples(30)
def test_the_diagram_names_every_shape_and_count(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    diagram = DEMO.compute(p).figures[0]
    assert isinstance(diagram, Diagram)
    texts = [node.text for node in diagram.nodes]
    for layer in build(p):
        assert str(list(layer.shape)) in texts
        assert str(list(layer.shape)) in diagram.alt
        assert f"{layer.total:,} parameters" in {node.note for node in diagram.nodes}
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_gates_are_named_when_they_are_left_out_of_a_guess() -> None:
    p = DEMO.parse("layer=lstm")
    judged = DEMO.prediction.judge(p, DEMO.compute(p), 1120)
    assert not judged.right
    assert judged.slip == "That is one gate's share: LSTM has 4 such sets."
