"""Shapes and counts against the published numbers, Equinox's cells, Keras' layers and what PyTorch returned."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.layer_shapes import DEMO, build
from app.demos.machine.figures import Diagram
from tests.ask.answers import judged
from tests.examples import examples
from tests.frameworks.recorded import PYTORCH


def shapes(query: str) -> list[tuple[int, ...]]:
    return [layer.shape for layer in build(DEMO.parse(query))]


def test_the_documented_shape_and_count() -> None:
    assert shapes("batch=5&time=10&features=2&layer=rnn&units=32") == [(5, 10, 32)]
    assert DEMO.result("").numbers["parameters"] == 1120


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
    assert DEMO.result(query).numbers["parameters"] == total


@pytest.mark.parametrize(("n", "h"), [(1, 1), (2, 32), (7, 5)])
def test_an_lstm_has_as_many_parameters_as_equinox_makes(n: int, h: int) -> None:
    made = eqx.nn.LSTMCell(n, h, key=jax.random.key(0))
    counted = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(made, eqx.is_array)))
    assert DEMO.result(f"layer=lstm&features={n}&units={h}").numbers["parameters"] == counted


def test_the_last_layer_alone_may_drop_time() -> None:
    assert shapes("layers=3&return_sequences=0&units=4") == [(5, 10, 4), (5, 10, 4), (5, 4)]
    assert shapes("layers=2&return_sequences=0&units=4&bidirectional=1&outputs=3") == [(5, 10, 8), (5, 8), (5, 3)]
    assert shapes("layer=dense&return_sequences=0&outputs=1") == [(5, 10, 32), (5, 10, 1)]


def test_out_of_the_numbers_that_cards_quote() -> None:
    numbers = DEMO.result("layer=gru&layers=2&units=8&outputs=3&return_sequences=0").numbers
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
    told = judged(DEMO, p, 1120)
    assert not told.is_right
    assert told.says == "That is one of the 4 blocks of the LSTM."


@pytest.mark.parametrize("case", PYTORCH["shapes"])
def test_pytorch_returned_these_shapes_and_has_as_many_parameters(case: dict[str, Any]) -> None:
    asked = {name: str(int(case[name])) for name in ("layers", "bidirectional", "batch_first")}
    p = DEMO.parse(asked | {"framework": "pytorch", "layer": case["layer"], "reset_after": "0"})
    numbers = DEMO.compute(p).numbers
    assert numbers["parameters"] == case["parameters"]
    assert list(build(p))[-1].shape == tuple(case["output"])
    states = {name: tuple(case[name]) for name in ("h_n", "c_n") if name in case}
    assert p.states() == states
    assert (numbers["h_rows"], numbers["state_tensors"]) == (case["h_n"][0], len(states))
    diagram = DEMO.compute(p).figures[0]
    assert isinstance(diagram, Diagram)
    for name, shape in states.items():
        assert (name, str(list(shape))) in {(node.note, node.text) for node in diagram.nodes}


def test_pytorch_picks_the_last_step_from_what_it_returned() -> None:
    p = DEMO.parse("framework=pytorch&return_sequences=0&layer=lstm&bidirectional=1&outputs=1&batch_first=0")
    names = [layer.name for layer in build(p)]
    assert names == ["nn.LSTM(2, 32), bidirectional → last two of h_n", "nn.Linear(64, 1)"]
    assert [layer.shape for layer in build(p)] == [(5, 64), (5, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["rnn", "lstm", "gru", "dense"])
@given(data=st.data())
@examples(8)
def test_keras_makes_the_same_shapes_and_parameters(layer: str, states: Any, data: st.DataObject) -> None:
    from tests.frameworks import keras_on_jax as keras

    drawn = data.draw(states(DEMO))
    small = {"framework": "keras", "layer": layer, "units": drawn.units % 40 + 1, "features": drawn.features % 40 + 1}
    p = drawn.model_copy(update=small)
    x, made, total = keras.symbolic(p.batch, p.time, p.features), [], 0
    for depth in range(1, p.layers + 1):
        options: dict[str, Any] = {"reset_after": p.reset_after} if layer == "gru" else {}
        top = depth == p.layers
        if layer != "dense":
            options |= {"return_sequences": p.return_sequences or not top, "return_state": top}
        one = keras.new(layer, p.units, **options)
        one = keras.both_ways(one) if p.directions == 2 else one
        out = one(x)
        x, made = (out[0], out[1:]) if top and layer != "dense" else (out, [])
        total += one.count_params()
        assert list(build(p))[depth - 1].shape == tuple(x.shape)
    assert [tuple(state.shape) for state in made] == list(p.states().values())
    numbers = DEMO.compute(p).numbers
    assert numbers["state_tensors"] == len(made)
    assert numbers["parameters"] - numbers["dense_parameters"] == total
