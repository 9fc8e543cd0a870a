"""The weights as a framework stores them, against the arrays from which PyTorch computed its recorded runs."""

from typing import Any

import numpy as np
import pytest

from app.demos.parts.gates import stored_weights
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
    shown = {row.key: row.values.tolist() for row in stored_weights("pytorch", case["layer"], w).rows}
    assert [shown["kernel1"]] == np.transpose(wanted["weight_ih_l0"]).tolist()
    recurrent = [shown[f"recurrent{i}"] for i in range(1, len(W_hh) + 1)]
    assert recurrent == np.transpose(wanted["weight_hh_l0"]).tolist()
    assert (shown["bias1"], shown["bias2"]) == (wanted["bias_ih_l0"], wanted["bias_hh_l0"])
