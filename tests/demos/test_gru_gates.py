"""The GRU's gates against Equinox's cell and JAX's autodiff, in both conventions, and against a plain RNN."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.gru_gates import DEMO, GRUGates
from app.demos.machine.figures import Diagram
from app.demos.machine.numbers import plain, short
from app.demos.machine.result import Result
from tests.examples import examples

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]


def compute(query: str) -> Result:
    return DEMO.compute(DEMO.parse(query))


def row(result: Result, key: str) -> Any:
    found = result.traces()[0].row(key)
    assert found is not None
    return found.values


def three(given: tuple[float, ...]) -> list[float]:
    return list(given) if len(given) == 3 else [given[0]] * 3


def equinox_cell(p: GRUGates) -> Any:
    """Equinox's cell: rows r, z, n, and its z keeps. With one unit and no bias_n, reset before or after is the same."""
    W_x, W_h, b = three(p.W_x), three(p.W_h), [p.update_bias, p.reset_bias, 0.0]
    if p.convention == "renews":
        W_x[0], W_h[0], b[0] = -W_x[0], -W_h[0], -b[0]
    for at, way in ((0, p.update), (1, p.reset)):
        if way != "free":
            W_x[at], W_h[at], b[at] = 0.0, 0.0, 1e4 if way in ("keep", "open") else -1e4
    cell = eqx.nn.GRUCell(1, 1, key=jax.random.PRNGKey(0))
    new = (*(jnp.array([[W[1]], [W[0]], [W[2]]]) for W in (W_x, W_h)), jnp.array([b[1], b[0], b[2]]), jnp.zeros(1))
    return eqx.tree_at(lambda cell: (cell.weight_ih, cell.weight_hh, cell.bias, cell.bias_n), cell, new)


@given(data=st.data())
@examples(25)
def test_each_step_is_that_of_equinox_from_the_state_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    h = row(DEMO.compute(p), "h")
    before = np.array([p.h0, *h[:-1]])
    wanted = jax.vmap(equinox_cell(p))(jnp.array(p.x)[:, None], before[:, None])
    np.testing.assert_allclose(h, wanted[:, 0], rtol=1e-10, atol=1e-10)


@given(data=st.data())
@examples(25)
def test_the_gradient_over_all_steps_is_that_of_equinox(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    # With large recurrent weights a rounding grows over the steps, and no two programs agree.
    p = p.model_copy(update={"W_h": tuple(w / 8 for w in p.W_h)})
    result, cell = DEMO.compute(p), equinox_cell(p)

    def run(h: Any) -> Any:
        for x_t in p.x:
            h = cell(jnp.array([x_t]), h)
        return h[0]

    gradient = jax.grad(run)(jnp.array([p.h0]))
    assert result.numbers["whole"] == pytest.approx(abs(float(gradient[0])), rel=1e-8, abs=1e-10)


@given(data=st.data())
@examples(40)
def test_both_conventions_agree_after_z_for_1_minus_z(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    texts = DEMO.texts(p)
    for name in ("W_x", "W_h"):
        z, *others = three(getattr(p, name))
        texts[name] = ",".join(map(plain, (-z, *others)))
    texts |= {"update_bias": plain(-p.update_bias), "convention": "renews" if p.convention == "keeps" else "keeps"}
    one, other = DEMO.compute(p), DEMO.compute(DEMO.parse(texts))
    assert (row(one, "h") == row(other, "h")).all()
    np.testing.assert_allclose(row(one, "z"), 1 - row(other, "z"), atol=1e-15)
    assert one.numbers["path"] == other.numbers["path"]


@pytest.mark.parametrize("convention", ["keeps", "renews"])
def test_an_update_gate_that_keeps_all_copies_the_state(convention: str) -> None:
    result = compute(f"update=keep&convention={convention}&h0=0.7&x=3,-3,5,-5")
    assert (row(result, "h") == 0.7).all()
    assert (row(result, "z") == (convention == "keeps")).all()
    assert result.numbers["path"] == result.numbers["whole"] == 1


@pytest.mark.parametrize("convention", ["keeps", "renews"])
def test_all_renewed_and_reset_open_is_a_plain_rnn(convention: str) -> None:
    result = compute(f"update=renew&reset=open&convention={convention}&x=1,2,0,-1&W_x=0,0,0.5&W_h=0,0,0.8")
    h, expected = 0.0, []
    for x in (1, 2, 0, -1):
        h = math.tanh(0.5 * x + 0.8 * h)
        expected.append(h)
    assert row(result, "h").tolist() == pytest.approx(expected, rel=1e-12)


def test_a_shut_reset_gate_hides_the_past_from_the_candidate() -> None:
    result = compute("reset=shut&h0=5&x=1,1,1&W_h=0,0,3")
    assert (row(result, "n") == np.tanh(2.0)).all()
    assert (row(result, "seen") == 0).all()


def test_what_to_try_keeps_its_promises() -> None:
    default, other, negated, _ = (
        DEMO.compute(DEMO.parse(change)) for change in ({}, *(one.change for one in DEMO.try_this))
    )
    assert default.numbers["h_last"] > 0.75
    assert other.numbers["h_last"] < 1e-4
    assert (row(negated, "h") == row(default, "h")).all()


@pytest.mark.parametrize("step", [1, 4])
def test_the_drawing_holds_the_numbers_of_the_trace(step: int) -> None:
    result = compute(f"step={step}")
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    linked = [node for node in diagram.nodes if node.at]
    assert len(linked) == (4 if step == 1 else 5)
    for node in linked:
        key, _, column = str(node.at).partition(",")
        assert node.text == short(row(result, key)[int(column) - 1])
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_weights_are_one_number_or_three() -> None:
    with pytest.raises(ValueError, match="W_h is '1,2', but must be one number, or three"):
        DEMO.parse("W_h=1,2")
