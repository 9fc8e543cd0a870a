"""An LSTM with projection against the plain one, and against a loop in JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.nn import count, lstm
from app.nn.lstm_projection import ProjectedWeights, step


def drawn(seed: int, n: int, h: int, p: int) -> ProjectedWeights:
    rng = np.random.default_rng(seed)
    return ProjectedWeights(
        rng.normal(size=(n, 4 * h)), rng.normal(size=(p, 4 * h)), rng.normal(size=4 * h), rng.normal(size=(h, p))
    )


def test_projecting_by_the_identity_is_the_plain_lstm() -> None:
    w, rng = drawn(1, 3, 4, 4), np.random.default_rng(2)
    w = ProjectedWeights(w.W_xh, w.W_rh, w.b, np.eye(4))
    x, h, c = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    wanted, _ = lstm.step(x, (h, c), lstm.LSTMWeights(w.W_xh, w.W_rh, w.b))
    np.testing.assert_allclose(step(x, (h, c), w), wanted, rtol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_jax_gives_the_same(seed: int) -> None:
    w, rng = drawn(seed, 3, 5, 2), np.random.default_rng(seed)
    x, r, c = rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(4, 5))
    i, f, g, o = jnp.split(x @ w.W_xh + r @ w.W_rh + w.b, 4, axis=-1)
    c_t = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    found = step(x, (r, c), w)
    np.testing.assert_allclose(found[1], c_t, rtol=1e-10)
    np.testing.assert_allclose(found[0], (jax.nn.sigmoid(o) * jnp.tanh(c_t)) @ w.W_hr, rtol=1e-10)


@pytest.mark.parametrize(("n", "h", "p"), [(3, 5, 2), (8, 16, 4), (1, 2, 1)])
def test_it_holds_as_many_numbers_as_are_counted(n: int, h: int, p: int) -> None:
    w = drawn(0, n, h, p)
    assert sum(array.size for array in vars(w).values()) == count.projected_lstm(n, h, p).total
    # PyTorch, by the shapes of its documentation: weight_ih, weight_hh, bias_ih, bias_hh, weight_hr.
    torch = 4 * h * n + 4 * h * p + 4 * h + 4 * h + p * h
    assert count.projected_lstm(n, h, p, two_biases=True).total == torch


def test_shapes_are_held() -> None:
    w = drawn(0, 3, 5, 2)
    with pytest.raises(ValueError, match=r"^r has shape"):
        step(np.ones((1, 3)), (np.ones((1, 5)), np.ones((1, 5))), w)
