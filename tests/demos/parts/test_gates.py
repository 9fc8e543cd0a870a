"""The weights as a framework stores them, against the arrays from which PyTorch computed its recorded runs."""

from typing import Any

import numpy as np
import pytest

from app.demos.machine.parameters import InFramework
from app.demos.parts.gates import stored_weights
from app.demos.registry import find
from app.nn import gru, lstm
from tests.frameworks.recorded import PYTORCH


def ours(kind: str, weights: dict[str, Any]) -> tuple[np.ndarray[Any, Any], ...]:
    """PyTorch's four arrays in our layout: rows are inputs, and a GRU's blocks are z, r, n."""
    arrays = [np.array(weights[f"{name}_l0"]).T for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    if kind == "gru":
        arrays = [np.concatenate([np.split(one, 3, axis=-1)[k] for k in (1, 0, 2)], axis=-1) for one in arrays]
    return tuple(arrays)


@pytest.mark.parametrize("case", [one for one in PYTORCH["runs"] if one["layer"] != "rnn"])
def test_pytorch_computed_the_same_from_the_arrays_as_we_show_them(case: dict[str, Any]) -> None:
    W_xh, W_hh, b, b_hh = ours(case["layer"], case["weights"])
    x, zero = np.array([case["x"]]), np.zeros((1, len(W_hh)))
    w: gru.GRUWeights | lstm.LSTMWeights
    if case["layer"] == "gru":
        w = gru.GRUWeights(W_xh, W_hh, b, b_hh)
        hs, _ = gru.forward(x, zero, gru.GRUWeights(W_xh, W_hh, b, b_hh))
        wanted = case["weights"]
        np.testing.assert_allclose(hs[0, -1], case["h_n"], rtol=1e-12)
    else:
        states, _ = lstm.forward(x, (zero, zero), lstm.LSTMWeights(W_xh, W_hh, b + b_hh))
        hs = states.h
        w, wanted = lstm.LSTMWeights(W_xh, W_hh, b), case["weights"] | {"bias_hh_l0": [0.0] * len(b)}
        np.testing.assert_allclose(states.c[0, -1], case["c_n"][0], rtol=1e-12)
    np.testing.assert_allclose(hs[0], case["output"], rtol=1e-12)
    shown = {
        row.key: row.values.tolist()
        for row in stored_weights(InFramework(framework="pytorch"), case["layer"], w, {}).rows
    }
    assert [shown["kernel1"]] == np.transpose(wanted["weight_ih_l0"]).tolist()
    recurrent = [shown[f"recurrent{i}"] for i in range(1, len(W_hh) + 1)]
    assert recurrent == np.transpose(wanted["weight_hh_l0"]).tolist()
    assert (shown["bias1"], shown["bias2"]) == (wanted["bias_ih_l0"], wanted["bias_hh_l0"])


@pytest.mark.parametrize(
    ("name", "query", "lit"),
    [
        ("lstm-gates", "", {"kernel1": "W_x W_x W_x W_x", "bias1": "input_bias forget_bias - output_bias"}),
        ("lstm-gates", "forget=open&framework=pytorch", {"kernel1": "W_x - W_x W_x", "bias2": "- - - -"}),
        ("gru-gates", "reset_after=1&b_hn=2", {"recurrent1": "W_h W_h W_h", "bias2": "- - b_hn"}),
        ("gru-gates", "units=2&W_o=3", {"recurrent2": "W_o W_h W_o W_h W_o W_h"}),
        ("gru-gates", "convention=renews", {"kernel1": "- W_x W_x", "bias1": "- reset_bias -"}),
    ],
)
def test_a_stored_weight_lights_the_parameter_that_holds_it(name: str, query: str, lit: dict[str, str]) -> None:
    stored = find(name).result(query).traces()[-1]
    origins = dict(zip([row.key for row in stored.rows], stored.origins(range(len(stored.columns))), strict=True))
    assert {key: " ".join(one or "-" for one in origins[key]) for key in lit} == lit
