"""Both directions against two plain loops, the card's numbers, what cannot be known yet, Keras and PyTorch."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.bidirectional import DEMO, Bidirectional
from app.demos.machine.figures import Diagram, Trace
from app.nn import count
from tests.ask.answers import judged
from tests.examples import examples
from tests.frameworks.recorded import PYTORCH

PHI: dict[str, Callable[[float], float]] = {"tanh": math.tanh, "relu": lambda z: max(z, 0.0), "linear": lambda z: z}


def row(trace: Trace, key: str) -> list[float]:
    found = trace.row(key)
    assert found
    values: list[float] = found.values.tolist()
    return values


def test_the_numbers_of_the_cards() -> None:
    numbers = DEMO.result("x=1,2,3&position=2").numbers
    assert (round(numbers["forward"], 4), round(numbers["backward"], 4)) == (0.8786, 0.9384)
    assert round(DEMO.result("x=0,0,3&position=1").numbers["backward"], 4) == 0.4586
    assert round(DEMO.result("x=0,0,-3&position=1").numbers["backward"], 4) == -0.4586


def test_two_directions_have_twice_the_parameters() -> None:
    numbers = DEMO.result("").numbers
    assert numbers["parameters"] == 2 * numbers["one_way"] == 2 * count.rnn(1, 1).total == 6


def walk(p: Bidirectional, shown: list[float], W_x: float, W_h: float, order: list[int]) -> None:
    """Each step from the state shown before it: with large weights two whole walks part by a rounding."""
    h = 0.0
    for t in order:
        assert shown[t] == pytest.approx(PHI[p.phi](W_x * p.x[t] + W_h * h), rel=1e-12, abs=1e-12), f"t = {t + 1}"
        h = shown[t]


@given(data=st.data())
@examples(80)
def test_any_state_is_two_walks(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    trace, T = DEMO.compute(p).traces()[0], len(p.x)
    walk(p, row(trace, "f"), p.W_x, p.W_h, list(range(T)))
    walk(p, row(trace, "b"), p.W_x_back, p.W_h_back, list(reversed(range(T))))
    walk(p, row(trace, "now"), p.W_x_back, p.W_h_back, list(reversed(range(p.arrived))))
    assert row(trace, "now")[p.arrived :] == [0.0] * (T - p.arrived)


@given(data=st.data())
@examples(40)
def test_the_future_moves_nothing_that_an_online_reader_holds(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    other = p.model_copy(update={"x": p.x[: p.arrived] + tuple(-v - 1 for v in p.x[p.arrived :])})
    one, two = (DEMO.compute(q).traces()[0] for q in (p, other))
    assert row(one, "now") == row(two, "now")
    assert row(one, "f")[: p.arrived] == row(two, "f")[: p.arrived]


@given(data=st.data())
@examples(30)
def test_the_diagram_joins_the_states_of_one_position(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    diagram = DEMO.compute(p).figures[0]
    assert isinstance(diagram, Diagram)
    circles = [node for node in diagram.nodes if node.shape == "circle"]
    assert len(circles) == 2 * len(p.x)
    for f, b in zip(circles[::2], circles[1::2], strict=True):
        assert f.x == b.x
        assert f"{f.text}; {b.text}" in [node.text for node in diagram.nodes if node.x == f.x]
    assert [node.note for node in diagram.nodes].count("to come") == len(p.x) - p.arrived
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width


def test_the_state_from_the_wrong_side_is_told() -> None:
    p = DEMO.parse("x=1,2,3&position=2&phi=linear&W_x=1&W_h=2&W_x_back=1&W_h_back=0.5")
    result = DEMO.compute(p)
    assert result.numbers["backward"] == 2 + 0.5 * 3
    slip = judged(DEMO, p, 2 + 2 * 1).says
    assert slip
    assert "forward state" in slip


@pytest.mark.parametrize("case", PYTORCH["both_ways"])
def test_pytorch_returned_this_last_position_and_these_last_states(case: dict[str, Any]) -> None:
    w = {name.removeprefix("weight_"): str(one[0][0]) for name, one in case["weights"].items()}
    texts = {"W_x": w["ih_l0"], "W_h": w["hh_l0"], "W_x_back": w["ih_l0_reverse"], "W_h_back": w["hh_l0_reverse"]}
    result = DEMO.result(texts | {"framework": "pytorch", "x": ",".join(map(str, case["x"]))})
    summary = result.traces()[1]
    assert row(summary, "last") == pytest.approx(case["last"], rel=1e-12)
    assert row(summary, "ends") == pytest.approx(case["h_n"], rel=1e-12)
    assert [one.label for one in summary.rows] == ["h_n[-2], h_n[-1]", "out[:, -1]"]


@pytest.mark.slow
def test_keras_returns_the_ends_of_both_runs_or_every_position() -> None:
    from tests.frameworks import keras_on_jax as keras

    summary = DEMO.result("x=1,2,3,-1&W_h_back=-0.6").traces()[1]
    x, weights = np.array([[[1.0], [2.0], [3.0], [-1.0]]]), [[[0.5]], [[0.8]], [0.0], [[0.5]], [[-0.6]], [0.0]]
    for returned, key in ((False, "ends"), (True, "last")):
        layer = keras.with_weights(keras.both_ways(keras.new("rnn", 1, return_sequences=returned)), weights, 1)
        out = keras.numbers(layer(x))[0]
        assert row(summary, key) == pytest.approx((out[-1] if returned else out).tolist(), rel=1e-6)
