"""The three forecasters' features, written out again element by element."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.nn import forecast
from tests.examples import examples

runs = examples(30)
seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, w=st.integers(1, 6))
@runs
def test_windows_end_just_before_what_is_forecast(seed: int, w: int) -> None:
    x = np.random.default_rng(seed).normal(size=12)
    seen = forecast.windows(x, w)
    assert seen.shape == (12 - w, w)
    for i, one in enumerate(seen):
        assert one.tolist() == x[i : i + w].tolist()


@given(seed=seeds, w=st.integers(3, 8))
@runs
def test_mlp_and_cnn_written_out(seed: int, w: int) -> None:
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(4, w))
    W, b = forecast.draw_mlp(rng, w, 3)
    mlp = forecast.mlp_features(seen, W, b)
    for i in range(4):
        for j in range(3):
            assert math.isclose(mlp[i, j], math.tanh(sum(seen[i, t] * W[t, j] for t in range(w)) + b[j]), abs_tol=1e-12)
    kernels = forecast.draw_cnn(rng, 3, 2)
    for i in range(4):
        answers = [
            [math.tanh(sum(seen[i, t + a] * kernels.W[a, 0, m] for a in range(3)) + kernels.b[m]) for m in range(2)]
            for t in range(w - 2)
        ]
        flat, pooled = (forecast.cnn_features(seen, kernels, pool)[i] for pool in (False, True))
        np.testing.assert_allclose(flat, [value for place in answers for value in place], atol=1e-12)
        by_kernel = list(zip(*answers, strict=True))
        wanted = [max(values) for values in by_kernel] + [sum(values) / len(values) for values in by_kernel]
        np.testing.assert_allclose(pooled, wanted, atol=1e-12)


@given(seed=seeds)
@runs
def test_the_state_forgets_its_start_and_looks_at_nothing_to_come(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w, x = forecast.draw_rnn(rng, 8, 0.8), rng.normal(size=80)
    np.testing.assert_allclose(w.W_hh @ w.W_hh.T, 0.64 * np.eye(8), atol=1e-12)
    features, other = forecast.rnn_features(x, w), forecast.rnn_features(np.append(-x[0], x[1:]), w)
    assert np.abs(features[-1] - other[-1]).max() < 10 * 0.8**79
    np.testing.assert_array_equal(forecast.rnn_features(x[:50], w), features[:50])
