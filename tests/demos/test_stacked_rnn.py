"""The grid of states against plain loops over steps and layers, against binomials and published counts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.figures import Diagram
from app.demos.stacked_rnn import DEMO, StackedRNN
from tests.ask.answers import judged
from tests.examples import examples

PHI: dict[str, Callable[[float], float]] = {"tanh": math.tanh, "relu": lambda z: max(z, 0.0), "linear": lambda z: z}


def drawn(states: Any, data: st.DataObject) -> StackedRNN:
    """A state whose weights neither explode nor need more than three decimals."""
    p: StackedRNN = data.draw(states(DEMO))
    return p.model_copy(update={name: round(getattr(p, name) / 8, 3) for name in ("W_x", "W_h", "b")})


@given(data=st.data())
@examples(80)
def test_any_state_equals_plain_loops(states: Any, data: st.DataObject) -> None:
    p = drawn(states, data)
    ws, units = p.weights(), range(p.units)
    state = [[0.0] * p.units for _ in range(p.layers)]
    trace = DEMO.compute(p).traces()[0]
    for t, x in enumerate(p.x):  # all layers of a step, then the next step: the other way round than the kernel
        below = [x]
        for layer, w in enumerate(ws):
            W_x, W_h, b = w.W_xh.tolist(), w.W_hh.tolist(), w.b.tolist()
            before = state[layer]
            state[layer] = [
                PHI[p.phi](
                    sum(below[i] * W_x[i][j] for i in range(len(below)))
                    + sum(before[i] * W_h[i][j] for i in units)
                    + b[j]
                )
                for j in units
            ]
            below = state[layer]
            for j in units:
                row = trace.row(f"h{layer + 1}{j + 1}")
                assert row
                assert row.values[t] == pytest.approx(below[j], rel=1e-9, abs=1e-9)


@given(T=st.integers(1, 12), L=st.integers(1, 4))
@examples(48)
def test_with_weights_of_one_the_top_counts_the_paths(T: int, L: int) -> None:
    push = ",".join(["1"] + ["0"] * (T - 1))
    numbers = DEMO.result(f"x={push}&layers={L}&W_x=1&W_h=1&phi=linear").numbers
    assert numbers["h_top"] == numbers["paths"] == numbers["felt"] == math.comb(T + L - 2, L - 1)
    assert numbers["path"] == T + L - 2


@given(data=st.data())
@examples(40)
def test_what_the_top_feels_of_the_first_input_is_the_central_difference(states: Any, data: st.DataObject) -> None:
    p = drawn(states, data).model_copy(update={"phi": "tanh"})
    eps = 1e-5
    more, less = (DEMO.compute(p.model_copy(update={"x": (p.x[0] + e, *p.x[1:])})) for e in (eps, -eps))
    slope = (more.numbers["h_top"] - less.numbers["h_top"]) / (2 * eps)
    assert DEMO.compute(p).numbers["felt"] == pytest.approx(slope, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("layers", "units", "total"), [(1, 1, 3), (3, 1, 9), (2, 3, 15 + 21), (3, 3, 15 + 2 * 21)])
def test_parameters_are_those_of_the_layers(layers: int, units: int, total: int) -> None:
    result = DEMO.result(f"layers={layers}&units={units}")
    assert result.numbers["parameters"] == total
    held = DEMO.parse(f"layers={layers}&units={units}").weights()
    assert sum(a.size for w in held for a in vars(w).values()) == total


@given(data=st.data())
@examples(40)
def test_a_state_depends_on_its_past_light_cone_alone(states: Any, data: st.DataObject) -> None:
    p = drawn(states, data)
    _, t = p.at
    later = p.model_copy(update={"x": p.x[:t] + tuple(v + 3 for v in p.x[t:])})
    higher = p.model_copy(update={"layers": min(4, p.layers + 1), "layer": p.at[0]})
    for other in (later, higher):
        assert DEMO.compute(other).numbers["h"] == DEMO.compute(p).numbers["h"]


@given(data=st.data())
@examples(30)
def test_the_diagram_has_an_arrow_from_below_and_from_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    diagram = DEMO.compute(p).figures[0]
    assert isinstance(diagram, Diagram)
    circles = [node for node in diagram.nodes if node.shape == "circle"]
    assert len(circles) == p.layers * len(p.x)
    assert len(diagram.edges) == p.layers * len(p.x) + p.layers * (len(p.x) - 1)
    for edge in diagram.edges:
        start, end = diagram.nodes[edge.start], diagram.nodes[edge.end]
        assert (start.y == end.y) if edge.recurrent else (start.x == end.x)
    assert 1 <= sum(node.lit for node in diagram.nodes) <= 3
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_units_of_a_layer_are_turned_and_not_scaled() -> None:
    for w in DEMO.parse("units=3&layers=4&W_h=1&W_x=1").weights():
        np.testing.assert_allclose(w.W_hh @ w.W_hh.T, np.eye(3), atol=1e-12)


def test_to_forget_the_layers_own_past_is_told() -> None:
    p = DEMO.parse("x=1,2&layers=2&layer=2&step=2&W_x=1&W_h=2&phi=linear")
    result = DEMO.compute(p)
    assert result.numbers["h_top"] == 4 + 2 * 1  # layer 1: 1, 4; layer 2: 1, 4 + 2 · 1
    slip = judged(DEMO, p, 4).says
    assert slip
