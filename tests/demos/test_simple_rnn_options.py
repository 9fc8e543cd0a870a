"""SimpleRNN's options against Keras' documentation and its layer, PyTorch, plain loops and sums done by hand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.figures import Diagram
from app.demos.simple_rnn_options import DEMO
from app.nn import rnn
from app.nn.activations import TANH
from tests.ask.answers import judged
from tests.examples import examples
from tests.frameworks.recorded import PYTORCH

PHI: dict[str, Callable[[float], float]] = {
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z)),
    "linear": lambda z: z,
}
BY_HAND = "units=1&kernel_initializer=constant&recurrent_initializer=constant"


def test_the_defaults_are_those_that_keras_documents() -> None:
    p = DEMO.parse({})
    documented = {
        "framework": "keras", "activation": "tanh", "use_bias": True, "return_sequences": False,
        "go_backwards": False, "stateful": False, "unroll": False,
    }  # fmt: skip
    assert {name: getattr(p, name) for name in documented} == documented
    named = "kernel_initializer=glorot_uniform&recurrent_initializer=orthogonal&bias_initializer=zeros"
    assert DEMO.compute(p).csv() == DEMO.result(named).csv()


@pytest.mark.parametrize("options", ["", "&go_backwards=1", "&unroll=1", "&stateful=1"])
def test_the_documented_shapes(options: str) -> None:
    for query, out in (("return_sequences=0", "[1, 3]"), ("return_sequences=1", "[1, 5, 3]")):
        result = DEMO.result(f"x=1,2,3,4,5&units=3&{query}{options}")
        drawn = result.figures[0]
        assert isinstance(drawn, Diagram)
        assert [node.text for node in drawn.nodes[:2]] == ["[1, 5, 1]", out]
        assert (result.numbers["out_time"], result.numbers["out_features"]) == (5 if out.count(",") == 2 else 1, 3)
        returned = [node for node in drawn.nodes if node.note.startswith("output")]
        assert len(returned) == result.numbers["out_time"]


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 15),
        ("use_bias=0", 12),
        ("units=1", 3),
        ("units=4", 24),
        ("framework=pytorch", 18),
        ("framework=pytorch&use_bias=0", 12),
    ],
)
def test_the_parameters_are_kernel_recurrent_kernel_and_bias(query: str, total: int) -> None:
    assert DEMO.result(query).numbers["parameters"] == total


def test_read_forward_and_backward_as_the_card_says() -> None:
    assert DEMO.result(BY_HAND).numbers["out"] == pytest.approx(0.8786, abs=5e-5)
    assert DEMO.result(BY_HAND + "&go_backwards=1").numbers["out"] == pytest.approx(0.5670, abs=5e-5)


def test_a_stateful_layer_called_twice_is_one_run_over_both() -> None:
    twice = DEMO.result(BY_HAND + "&x=1,2,3&stateful=1&calls=2").numbers
    assert twice["out"] == DEMO.result(BY_HAND + "&x=1,2,3,1,2,3&calls=1").numbers["out"]
    assert twice["start"] == twice["out_first_call"] == DEMO.result(BY_HAND + "&x=1,2,3&calls=1").numbers["out"]
    apart = DEMO.result(BY_HAND + "&x=1,2,3&stateful=0&calls=2").numbers
    assert (apart["start"], apart["out"]) == (0, apart["out_first_call"])


@given(data=st.data())
@examples(60)
def test_each_step_is_a_plain_one_from_the_state_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    w, result = p.weights(), DEMO.compute(p)
    kernel, recurrent, bias = w.W_xh.tolist()[0], w.W_hh.tolist(), w.b.tolist()
    trace = result.traces()[0]
    rows = [trace.row(f"h{j + 1}").values.tolist() for j in range(p.units)]  # type: ignore[union-attr]
    shown, start = iter(zip(*rows, strict=True)), (0.0,) * p.units
    for _ in range(p.calls):
        h = start
        for x in reversed(p.x) if p.go_backwards else p.x:
            sums = [
                x * kernel[j] + sum(h[i] * recurrent[i][j] for i in range(p.units)) + bias[j] for j in range(p.units)
            ]
            h = next(shown)  # the next step goes on from here: a rounding is not to grow from step to step
            assert h == pytest.approx([PHI[p.activation](z) for z in sums], rel=1e-9, abs=1e-9)
        start = h if p.stateful else start
    assert next(shown, None) is None
    assert result.numbers["unroll_difference"] == 0


@given(seed=st.integers(0, 9999), units=st.integers(1, 4))
@examples(60)
def test_the_initialisers_keep_what_their_papers_promise(seed: int, units: int) -> None:
    w = DEMO.parse({"seed": str(seed), "units": str(units)}).weights()
    np.testing.assert_allclose(w.W_hh.T @ w.W_hh, np.eye(units), atol=1e-12)
    assert np.abs(w.W_xh).max() <= np.sqrt(6 / (1 + units))
    assert not w.b.any()


def test_a_guess_without_the_carried_state_is_told_so() -> None:
    p = DEMO.parse(BY_HAND + "&activation=linear&x=1,4&stateful=1&calls=2")
    # 0.5, 2.4 | 0.5 + 1.92 = 2.42, 3.936; from zero it would be 2.4 again.
    assert DEMO.compute(p).numbers["out"] == pytest.approx(3.936)
    told = judged(DEMO, p, 2.4)
    assert told.says == "Stateful: the second call starts from the first one's end."


@pytest.mark.parametrize("case", [one for one in PYTORCH["runs"] if one["layer"] == "rnn"])
def test_pytorch_adds_its_two_biases(case: dict[str, Any]) -> None:
    w = {name: np.array(one) for name, one in case["weights"].items()}
    ours = rnn.RNNWeights(w["weight_ih_l0"].T, w["weight_hh_l0"].T, w["bias_ih_l0"] + w["bias_hh_l0"])
    hs, _ = rnn.forward(np.array([case["x"]]), np.zeros((1, 3)), ours, TANH)
    np.testing.assert_allclose(hs[0], case["output"], rtol=1e-12)
    np.testing.assert_allclose(hs[0, -1], case["h_n"], rtol=1e-12)


@given(seed=st.integers(0, 9999), units=st.integers(1, 4))
@examples(40)
def test_pytorch_draws_everything_from_one_over_root_h(seed: int, units: int) -> None:
    p = DEMO.parse({"seed": str(seed), "units": str(units), "framework": "pytorch"})
    w, limit = p.weights(), 1 / math.sqrt(units)
    assert p.biases().shape == (2, units)
    for drawn in (w.W_xh, w.W_hh, p.biases()):
        assert 0 < np.abs(drawn).max() <= limit
    np.testing.assert_array_equal(w.b, p.biases().sum(axis=0))


def test_pytorch_says_the_options_in_code_and_refuses_a_sigmoid() -> None:
    told = (
        DEMO.result("framework=pytorch&go_backwards=1&stateful=1&activation=relu&return_sequences=1").figures[0].caption
    )
    assert "nn.RNN(1, 3, nonlinearity='relu', batch_first=True); out, h_n = rnn(x.flip(1), h_n)" in told
    assert DEMO.result("framework=pytorch&activation=sigmoid").warnings
    assert "Unknown nonlinearity 'sigmoid'" in PYTORCH["refused"]


@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "go_backwards=1", "stateful=1", "activation=relu", "use_bias=0", "unroll=1"])
def test_keras_returns_the_same_with_the_same_weights(options: str) -> None:
    from tests.frameworks import keras_on_jax as keras

    p = DEMO.parse(f"x=1,2,-1,0.5&units=3&return_sequences=1&bias_initializer=ones&{options}")
    w, result = p.weights(), DEMO.compute(p)
    names = ("activation", "use_bias", "go_backwards", "stateful", "unroll", "return_sequences")
    layer = keras.new("rnn", 3, **{name: getattr(p, name) for name in names})
    x = np.array(p.x)[None, :, None]
    layer(x)
    layer.set_weights([w.W_xh, w.W_hh, w.b][: 2 + p.use_bias])
    layer.reset_states()
    outs = np.concatenate([keras.numbers(layer(x))[0] for _ in range(p.calls)])
    shown = np.stack([row.values for row in result.traces()[0].rows if row.key.startswith("h")], axis=1)
    np.testing.assert_allclose(shown, outs, rtol=1e-5, atol=1e-6)
    assert result.numbers["parameters"] == layer.count_params()
