"""The LSTM's gates against Equinox's cell, JAX's autodiff, and what gates must do."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.lstm_gates import DEMO, LSTMGates
from app.demos.machine.figures import Curve, Diagram, Trace
from app.demos.machine.numbers import short
from app.demos.machine.result import Result
from tests.ask.answers import judged
from tests.examples import examples

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]


def row(result: Result, key: str) -> Any:
    found = result.traces()[0].row(key)
    assert found is not None
    return found.values


def equinox_cell(p: LSTMGates) -> Any:
    """Equinox's cell with the demo's parameters, put together anew; a forced gate has no weights and a huge bias."""

    def four(given: tuple[float, ...]) -> list[float]:
        return list(given) if len(given) == 4 else [given[0]] * 4

    W_x, W_h, b = four(p.W_x), four(p.W_h), [p.input_bias, p.forget_bias, 0.0, p.output_bias]
    for at, way in ((0, p.input), (1, p.forget), (3, p.output)):
        if way != "free":
            W_x[at], W_h[at], b[at] = 0.0, 0.0, 1e4 if way == "open" else -1e4
    cell = eqx.nn.LSTMCell(1, 1, key=jax.random.PRNGKey(0))
    new = (jnp.array(W_x)[:, None], jnp.array(W_h)[:, None], jnp.array(b))
    return eqx.tree_at(lambda cell: (cell.weight_ih, cell.weight_hh, cell.bias), cell, new)


@given(data=st.data())
@examples(25)
def test_each_step_is_that_of_equinox_from_the_states_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    h, c = row(result, "h"), row(result, "c")
    before = np.array([0.0, *h[:-1]])[:, None], np.array([p.c0, *c[:-1]])[:, None]
    wanted_h, wanted_c = jax.vmap(equinox_cell(p))(jnp.array(p.x)[:, None], before)
    np.testing.assert_allclose(h, wanted_h[:, 0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(c, wanted_c[:, 0], rtol=1e-10, atol=1e-10)


@given(data=st.data())
@examples(25)
def test_the_gradient_over_all_steps_is_that_of_equinox(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    # With large recurrent weights a rounding grows over the steps, and no two programs agree.
    p = p.model_copy(update={"W_h": tuple(w / 8 for w in p.W_h)})
    result, cell, x = DEMO.compute(p), equinox_cell(p), jnp.array(p.x)

    def run(c: Any) -> Any:
        h = jnp.zeros(1)
        for x_t in x:
            h, c = cell(x_t[None], (h, c))
        return c[0]

    gradient = jax.grad(run)(jnp.array([p.c0]))
    assert result.numbers["whole"] == pytest.approx(abs(float(gradient[0])), rel=1e-8, abs=1e-10)


def test_the_direct_path_is_the_product_of_the_forget_gates() -> None:
    result = DEMO.result("")
    f = row(result, "f")
    assert result.numbers["path"] == pytest.approx(math.prod(f))
    curve = next(figure for figure in result.figures if isinstance(figure, Curve))
    assert curve.series[0].values[-1] == 1
    assert curve.series[0].values[3] == pytest.approx(math.prod(f[3:]))


def test_without_recurrent_weights_the_direct_path_is_all_there_is() -> None:
    numbers = DEMO.result("W_h=0&x=0,0,0,0,0,0,0,0,0,0&forget_bias=1").numbers
    assert numbers["path"] == pytest.approx(numbers["whole"], rel=1e-12)
    assert numbers["path"] == pytest.approx((1 / (1 + math.exp(-1))) ** 10)
    assert f"{numbers['path']:.4f}" == "0.0436"  # as the card on the forget bias states it


@given(
    x=st.lists(st.floats(-10, 10, allow_subnormal=False), min_size=1, max_size=12),
    c0=st.floats(-10, 10, allow_subnormal=False),
)
@examples(40)
def test_forget_open_and_input_shut_keep_the_cell_to_the_last_bit(x: list[float], c0: float) -> None:
    query = {"forget": "open", "input": "shut", "x": ",".join(map(repr, x)), "c0": repr(c0)}
    result = DEMO.result(query)
    assert (row(result, "c") == c0).all()
    assert result.numbers["path"] == result.numbers["whole"] == 1


def test_one_step_worked_by_hand() -> None:
    numbers = DEMO.result("x=1&c0=1&W_x=0,0,1,0&W_h=0&forget_bias=1&input_bias=0&output_bias=0").numbers
    assert [round(numbers[name], 4) for name in ("f1", "i1", "o1", "g1", "c1", "h1")] == [
        0.7311, 0.5, 0.5, 0.7616, 1.1119, 0.4024,
    ]  # fmt: skip


def test_what_to_try_keeps_its_promises() -> None:
    kept, faded = (
        DEMO.result("").numbers["c_last"],
        DEMO.compute(DEMO.changed(DEMO.try_this[0].change)).numbers["c_last"],
    )
    assert kept > 0.7
    assert faded < 0.03
    counted = DEMO.compute(DEMO.changed(DEMO.try_this[1].change)).numbers
    assert counted["c_last"] > 9
    assert abs(counted["h_last"]) < 1
    hidden = DEMO.compute(DEMO.changed(DEMO.try_this[2].change))
    assert (row(hidden, "h") == 0).all()
    assert (row(hidden, "c") == 1).all()


@pytest.mark.parametrize("step", [1, 4])
def test_the_drawing_holds_the_numbers_of_the_trace(step: int) -> None:
    result = DEMO.result(f"step={step}")
    diagram, trace = result.figures[0], result.traces()[0]
    assert isinstance(diagram, Diagram)
    assert isinstance(trace, Trace)
    linked = [node for node in diagram.nodes if node.at]
    assert len(linked) == (7 if step == 1 else 9)
    for node in linked:
        key, _, column = str(node.at).partition(",")
        assert node.text == short(row(result, key)[int(column) - 1])
        assert int(column) == step or node.at in (f"c,{step - 1}", f"h,{step - 1}")
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_weights_are_one_number_or_four() -> None:
    with pytest.raises(ValueError, match="W_x is '1,2', but must be one number, or four"):
        DEMO.parse("W_x=1,2")


ASKED = "x=1,2,-1&W_x=0,0,1,0&W_h=0&forget_bias=0&input_bias=0&c0=2"
FORGETS, WRITES_HALF = f"{ASKED}&forget=free&input=open", f"{ASKED}&forget=open&input=free"


@pytest.mark.parametrize(
    ("query", "guess", "says"),
    [
        # f = 0.5, i = 1: 0.5 (0.5 (0.5 · 2 + 0.7616) + 0.9640) − 0.7616
        (FORGETS, 0.1608, None),
        (FORGETS, 2 + 0.5 * 0.9640, "swaps the gates"),
        (FORGETS, 2 + 0.9640, "forgets nothing"),
        (FORGETS, -0.7616, "only what the last step writes"),
        (FORGETS, 0.5 * (0.5 * 0.7616 + 0.9640) - 0.7616, "starts from an empty cell"),
        (FORGETS, 0.5 * (0.5 * (1 + 0.3808) + 0.4820) - 0.3808, "uses $1 - f$ for $i$"),
        # f = 1, i = 0.5
        (WRITES_HALF, 2 + 0.5 * 0.9640, None),
        (WRITES_HALF, 2 + 0.9640, "writes the whole candidate"),
        (WRITES_HALF, 0.1608, "swaps the gates"),
        (WRITES_HALF, math.tanh(2.4820), "That applies tanh"),
        (WRITES_HALF, math.tanh(2.4820) / 2, "That is $h_3$"),
    ],
)
def test_each_mistake_is_told_for_what_it_is(query: str, guess: float, says: str | None) -> None:
    parameters = DEMO.parse(query)
    told = judged(DEMO, parameters, guess)
    assert told.is_right == (says is None)
    assert says is None or says in str(told.says)


@pytest.mark.slow
def test_keras_with_the_weights_as_stored_ends_at_the_same_states() -> None:
    from tests.frameworks import keras_on_jax as keras

    result = DEMO.result(
        "x=1,-1,0.5,2&W_x=2,0.5,1.5,-1&W_h=0.5,-1,0.75,2&input_bias=-0.5&output_bias=0.25&forget_bias=1"
    )
    stored = {one.key: one.values for one in result.traces()[1].rows}
    arrays = ([stored["kernel1"]], [stored["recurrent1"]], stored["bias1"])
    layer = keras.with_weights(keras.new("lstm", 1, return_sequences=True, return_state=True), arrays, 1)
    hs, _, c = layer(np.array([[[1.0], [-1.0], [0.5], [2.0]]]))
    np.testing.assert_allclose(row(result, "h"), keras.numbers(hs)[0, :, 0], rtol=1e-6)
    assert result.numbers["c_last"] == pytest.approx(float(keras.numbers(c)[0, 0]), rel=1e-6)


def test_the_forget_bias_stands_in_the_second_block_and_pytorch_has_two() -> None:
    for framework, biases in (("keras", [[-3, 1, 0, 0]]), ("pytorch", [[-3, 1, 0, 0], [0, 0, 0, 0]])):
        rows = DEMO.result(f"forget_bias=1&framework={framework}").traces()[1].rows
        assert [one.values.tolist() for one in rows if one.key.startswith("bias")] == biases
