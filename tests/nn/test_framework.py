"""The start of a layer against Keras' own layers and against 400 recorded draws of PyTorch's."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from app.nn import framework
from app.nn.framework import BLOCKS, Cell
from app.nn.shapes import Array
from tests.frameworks.recorded import PYTORCH

CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
N, H = 3, 16
ARRAYS = {"weight_ih_l0": "W_xh", "weight_hh_l0": "W_hh", "bias_ih_l0": "b", "bias_hh_l0": "b"}


@pytest.mark.parametrize("case", PYTORCH["starts"], ids=lambda case: f"{case['layer']}-{case['name']}")
def test_pytorch_draws_everything_evenly_within_one_over_root_h(case: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    starts = [framework.start(rng, "pytorch", case["layer"], N, H) for _ in range(400)]
    drawn = np.stack([getattr(one, ARRAYS[case["name"]]) for one in starts])
    if case["name"].startswith("bias"):
        drawn = drawn[:, 0 if case["name"] == "bias_ih_l0" else 1]
    assert drawn.shape[1:] == tuple(reversed(case["shape"]))
    assert np.abs(drawn).max() * np.sqrt(H) == pytest.approx(case["most"], rel=2e-3)
    assert np.mean(drawn**2) * 3 * H == pytest.approx(case["square"], rel=0.04)
    assert case["most"] <= 1


def singular(W_hh: Array, cell: Cell) -> Array:
    """The singular values of each gate's block, in order."""
    blocks = np.split(W_hh, len(BLOCKS["keras"][cell]), axis=1)
    return np.array([np.linalg.svd(block, compute_uv=False) for block in blocks])


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_keras_starts_with_the_same_biases_and_the_same_kinds_of_matrices(cell: Cell) -> None:
    from tests.frameworks import keras_on_jax as keras

    found = defaultdict[str, list[Array]](list)
    rng = np.random.default_rng(0)
    for seed in range(30):
        keras.seeded(seed)
        layer = keras.new(cell, H)
        layer.build((None, None, N))
        theirs = [keras.numbers(one) for one in layer.weights]
        ours = framework.start(rng, "keras", cell, N, H)
        np.testing.assert_array_equal(np.atleast_2d(theirs[2]), ours.b)
        for of, (W_xh, W_hh) in (("theirs", theirs[:2]), ("ours", (ours.W_xh, ours.W_hh))):
            np.testing.assert_allclose(W_hh @ W_hh.T, np.eye(H), atol=1e-6)
            found[f"{of} kernel"].append(np.array([np.abs(W_xh).max(), W_xh.std()]))
            found[f"{of} blocks"].append(singular(W_hh, cell)[:, [0, -1]].mean(axis=0))
    for what in ("kernel", "blocks"):
        theirs_mean, ours_mean = (np.mean(found[f"{of} {what}"], axis=0) for of in ("theirs", "ours"))
        np.testing.assert_allclose(ours_mean, theirs_mean, rtol=0.05, atol=0.005)
    if cell != "rnn":
        assert np.mean(found["theirs blocks"], axis=0)[1] < 0.1
