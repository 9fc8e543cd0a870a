"""The GRU's gates against Equinox's cell, Keras' layer and JAX's autodiff, in both conventions, and a plain RNN."""

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


def row(result: Result, key: str) -> Any:
    found = result.traces()[0].row(key)
    assert found is not None
    return found.values


def three(given: tuple[float, ...]) -> list[float]:
    return list(given) if len(given) == 3 else [given[0]] * 3


def oracle(p: GRUGates) -> Any:
    """A step of Equinox's cell, rows r, z, n, whose z keeps and whose reset comes after; or of the paper's equation."""
    u, W_x, W_h, W_o = p.units, three(p.W_x), three(p.W_h), three(p.W_o)
    b = [[p.update_bias] * u, list(p.reset_bias * 2)[:u], [0.0] * u]
    if p.convention == "renews":
        W_x[0], W_h[0], W_o[0], b[0] = -W_x[0], -W_h[0], -W_o[0], [-p.update_bias] * u
    for at, way in ((0, p.update), (1, p.reset)):
        if way != "free":
            W_x[at], W_h[at], W_o[at], b[at] = 0.0, 0.0, 0.0, [1e4 if way in ("keep", "open") else -1e4] * u
    inputs = {gate: jnp.full((u, 1), W_x[at]) for at, gate in enumerate("zrn")}
    states = {gate: jnp.array([[W_h[at], W_o[at]], [W_o[at], W_h[at]]])[:u, :u] for at, gate in enumerate("zrn")}
    bias = {gate: jnp.array(b[at]) for at, gate in enumerate("zrn")}
    if p.reset_after:
        cell = eqx.nn.GRUCell(1, u, key=jax.random.PRNGKey(0))
        new = [jnp.concatenate([one[gate] for gate in "rzn"]) for one in (inputs, states, bias)]
        new.append(jnp.full(u, p.b_hn))
        return eqx.tree_at(lambda cell: (cell.weight_ih, cell.weight_hh, cell.bias, cell.bias_n), cell, new)

    def step(x_t: Any, h: Any) -> Any:
        z, r = (jax.nn.sigmoid(inputs[gate] @ x_t + states[gate] @ h + bias[gate]) for gate in "zr")
        return z * h + (1 - z) * jnp.tanh(inputs["n"] @ x_t + states["n"] @ (r * h))

    return step


def states_of(result: Result, p: GRUGates) -> Any:
    return np.stack([row(result, key) for key in ("h", "second_h")[: p.units]], axis=1)


@given(data=st.data())
@examples(25)
def test_each_step_is_that_of_equinox_from_the_state_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    h = states_of(DEMO.compute(p), p)
    before = np.array([p.each("h0")[: p.units], *h[:-1]])
    wanted = jax.vmap(oracle(p))(jnp.array(p.x)[:, None], before)
    np.testing.assert_allclose(h, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("reset_after", [False, True])
def test_keras_with_the_weights_as_stored_ends_at_the_same_states(reset_after: bool) -> None:
    from tests.frameworks import keras_on_jax as keras

    query = "units=2&x=1,-1,0.5,2,-0.5&W_x=-2,1,1.5&W_h=0.5,-1,0.75&W_o=-0.5,0.25,1.5&reset_bias=-2,2&b_hn=0.75"
    for convention in ("keeps", "renews"):
        p = DEMO.parse(f"{query}&h0=0&reset_after={int(reset_after)}&convention={convention}&framework=keras")
        result = DEMO.compute(p)
        stored = {one.key: one.values for one in result.traces()[1].rows}
        b = [stored["bias1"], stored["bias2"]] if reset_after else stored["bias1"]
        arrays = ([stored["kernel1"]], [stored["recurrent1"], stored["recurrent2"]], b)
        layer = keras.with_weights(keras.new("gru", 2, return_sequences=True, reset_after=reset_after), arrays, 1)
        out = keras.numbers(layer(np.array(p.x)[None, :, None]))[0]
        np.testing.assert_allclose(states_of(result, p), out, rtol=1e-6)
        other = DEMO.compute(p.model_copy(update={"reset_after": not reset_after}))
        assert result.numbers["other_last"] == other.numbers["h_last"]
        assert abs(result.numbers["other_last"] - result.numbers["h_last"]) > 0.001


def test_one_unit_without_inner_bias_is_the_same_in_both_forms() -> None:
    numbers = DEMO.result("reset_after=1&reset_bias=-2&W_h=0.5,1,2&h0=0.5").numbers
    assert numbers["h_last"] == pytest.approx(numbers["other_last"], rel=1e-12)


def test_pytorch_stores_r_before_z_and_has_no_reset_before() -> None:
    order = [DEMO.result(f"framework={one}&reset_after=1").traces()[1].columns for one in ("keras", "pytorch")]
    assert order == [["z", "r", "h"], ["r", "z", "n"]]
    assert "no GRU that resets before" in DEMO.result("framework=pytorch").warnings[0]
    assert not DEMO.result("framework=pytorch&reset_after=1").warnings


@given(data=st.data())
@examples(25)
def test_the_gradient_over_all_steps_is_that_of_equinox(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    # With large recurrent weights a rounding grows over the steps, and no two programs agree.
    p = p.model_copy(update={name: tuple(w / 8 for w in getattr(p, name)) for name in ("W_h", "W_o")})
    result, cell = DEMO.compute(p), oracle(p)

    def run(h: Any) -> Any:
        for x_t in p.x:
            h = cell(jnp.array([x_t]), h)
        return h[0]

    gradient = jax.grad(run)(jnp.array(p.each("h0")[: p.units]))
    assert result.numbers["whole"] == pytest.approx(abs(float(gradient[0])), rel=1e-8, abs=1e-10)


@given(data=st.data())
@examples(40)
def test_both_conventions_agree_after_z_for_1_minus_z(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    texts = DEMO.texts(p)
    for name in ("W_x", "W_h", "W_o"):
        z, *others = three(getattr(p, name))
        texts[name] = ",".join(map(plain, (-z, *others)))
    texts |= {"update_bias": plain(-p.update_bias), "convention": "renews" if p.convention == "keeps" else "keeps"}
    one, other = DEMO.compute(p), DEMO.result(texts)
    assert (row(one, "h") == row(other, "h")).all()
    np.testing.assert_allclose(row(one, "z"), 1 - row(other, "z"), atol=1e-15)
    assert one.numbers["path"] == other.numbers["path"]


@pytest.mark.parametrize("convention", ["keeps", "renews"])
def test_an_update_gate_that_keeps_all_copies_the_state(convention: str) -> None:
    result = DEMO.result(f"update=keep&convention={convention}&h0=0.7&x=3,-3,5,-5")
    assert (row(result, "h") == 0.7).all()
    assert (row(result, "z") == (convention == "keeps")).all()
    assert result.numbers["path"] == result.numbers["whole"] == 1


@pytest.mark.parametrize("convention", ["keeps", "renews"])
def test_all_renewed_and_reset_open_is_a_plain_rnn(convention: str) -> None:
    result = DEMO.result(f"update=renew&reset=open&convention={convention}&x=1,2,0,-1&W_x=0,0,0.5&W_h=0,0,0.8")
    h, expected = 0.0, []
    for x in (1, 2, 0, -1):
        h = math.tanh(0.5 * x + 0.8 * h)
        expected.append(h)
    assert row(result, "h").tolist() == pytest.approx(expected, rel=1e-12)


def test_a_shut_reset_gate_hides_the_past_from_the_candidate() -> None:
    result = DEMO.result("reset=shut&h0=5&x=1,1,1&W_h=0,0,3")
    assert (row(result, "n") == np.tanh(2.0)).all()


def test_what_to_try_keeps_its_promises() -> None:
    default, other, two, _ = (DEMO.result(change) for change in ({}, *(one.change for one in DEMO.try_this)))
    assert default.numbers["h_last"] > 0.75
    assert other.numbers["h_last"] < 1e-4
    assert abs(two.numbers["h_last"] - two.numbers["other_last"]) > 0.1


@pytest.mark.parametrize("step", [1, 4])
def test_the_drawing_holds_the_numbers_of_the_trace(step: int) -> None:
    result = DEMO.result(f"step={step}")
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    linked = [node for node in diagram.nodes if node.at]
    assert len(linked) == (5 if step == 1 else 6)
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
