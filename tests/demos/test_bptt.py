"""Backpropagation through time against numbers worked by hand, central differences and JAX."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.bptt import BPTT, DEMO
from app.demos.machine.figures import Curve, Diagram
from app.demos.machine.numbers import short
from app.demos.machine.result import Result
from tests.examples import examples

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
PHI: dict[str, Any] = {
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "linear": lambda z: z,
    "relu": lambda z: jnp.where(z > 0, z, 0.0),
}


def row(result: Result, key: str) -> Any:
    found = result.traces()[0].row(key)
    assert found is not None
    return found.values


def loss(weights: Any, p: BPTT, k: int) -> Any:
    h, total, T = jnp.zeros(()), 0.0, len(p.x)
    for t, x in enumerate(p.x):
        h = jax.lax.stop_gradient(h) if (T - t) % k == 0 else h
        h = PHI[p.phi](weights[0] * x + weights[1] * h)
        total = total + h if p.loss == "all" or t + 1 == T else total
    return total


@given(data=st.data())
@examples(25)
def test_gradients_whole_and_cut_are_those_of_jax(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    # With a large recurrent weight a rounding grows over the steps, and no two programs agree to nine digits; and what
    # is next to nothing JAX flushes to zero, where ReLU has its corner.
    p = p.model_copy(update={"W_x": round(p.W_x, 6), "W_h": round(p.W_h / 8, 6)})
    numbers, weights = DEMO.compute(p).numbers, jnp.array([p.W_x, p.W_h])
    dW_x, dW_h = jax.grad(loss)(weights, p, p.k)
    assert numbers["dW_x"] == pytest.approx(float(dW_x), rel=1e-9, abs=1e-9)
    assert numbers["dW_h"] == pytest.approx(float(dW_h), rel=1e-9, abs=1e-9)
    assert numbers["whole"] == pytest.approx(float(jax.grad(loss)(weights, p, 12)[1]), rel=1e-9, abs=1e-9)
    assert numbers["loss"] == pytest.approx(float(loss(weights, p, 12)), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("w", [0.5, 2.0, -0.5])
def test_the_gradient_of_a_square_is_twice_the_weight(w: float) -> None:
    result = DEMO.result(f"x=1,0,0&W_x=1&W_h={w}&phi=linear")
    assert result.numbers["loss"] == w**2
    assert result.numbers["dW_h"] == 2 * w
    assert row(result, "sh").tolist() == [0, w, w]
    assert row(result, "delta").tolist() == [w**2, w, 1]


def test_the_nudge_agrees_with_the_whole_gradient_not_with_the_cut_one() -> None:
    for query in ("", "loss=all", "phi=sigmoid&W_h=2&loss=all"):
        numbers = DEMO.result(query).numbers
        assert numbers["nudge"] == pytest.approx(numbers["dW_h"], rel=1e-7)
    cut = DEMO.result("k=2&loss=all").numbers
    assert cut["nudge"] == pytest.approx(cut["whole"], rel=1e-7)
    assert cut["dW_h"] < 0.9 * cut["whole"]


def test_k_beyond_the_end_changes_nothing() -> None:
    assert DEMO.result("k=6").numbers["dW_h"] == DEMO.result("k=12").numbers["dW_h"] == DEMO.result("").numbers["whole"]
    assert "Cut" not in DEMO.result("k=6").figures[0].caption
    assert "Cut" in DEMO.result("k=5").figures[0].caption


def test_a_pulse_beyond_the_cut_is_not_learned_from() -> None:
    result = DEMO.result("x=1,0,0,0,0,0&W_x=1&phi=linear&k=3")
    assert result.numbers["dW_x"] == 0
    assert result.numbers["kept"] == pytest.approx(3 / 5)
    np.testing.assert_allclose(row(result, "sh"), [0, 0, 0, 0.8**4, 0.8**4, 0.8**4])
    curve = next(figure for figure in result.figures if isinstance(figure, Curve))
    np.testing.assert_allclose(curve.series[1].values, [0, *[0.8**4] * 5])


def test_a_loss_at_each_step_piles_up_on_the_way_back() -> None:
    delta = row(DEMO.compute(DEMO.changed(DEMO.try_this[2].change)), "delta")
    assert (np.diff(delta) < 0).all()


@pytest.mark.parametrize("query", ["", "k=3", "k=1&loss=all", "x=1", "x=1,2&k=1"])
def test_the_drawing_holds_the_numbers_and_its_errors_run_backward(query: str) -> None:
    result = DEMO.result(query)
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    T, k = int(result.numbers["T"]), int(result.numbers["k"])
    for node in diagram.nodes:
        if node.at:
            key, _, column = node.at.partition(",")
            assert node.text == short(row(result, key)[int(column) - 1])
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height
    back = [edge for edge in diagram.edges if edge.recurrent]
    cuts = -(-T // k) - 1
    assert len(back) == T - 1 - cuts
    assert sum(node.text == "cut" for node in diagram.nodes) == cuts
    for edge in back:
        start, end = (str(diagram.nodes[i].at) for i in (edge.start, edge.end))
        assert int(start.partition(",")[2]) == int(end.partition(",")[2]) + 1


def test_a_loss_looks_back_to_the_start_of_its_piece() -> None:
    ones = "x=1,1,1,1,1,1,1,1,1,1,1,1"
    for k in (1, 2, 3, 4, 6, 12):
        assert DEMO.result(f"{ones}&loss=all&k={k}").numbers["look_back"] == (k - 1) / 2
        assert DEMO.result(f"{ones}&loss=last&k={k}").numbers["look_back"] == k - 1
