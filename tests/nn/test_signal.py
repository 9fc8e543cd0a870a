"""A signal through layers against JAX's autodiff, and against the variances of the papers."""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import signal
from app.nn.activations import ACTIVATIONS
from app.nn.initialise import glorot_uniform, he_normal, orthogonal
from app.nn.shapes import Array
from tests.examples import examples

PHI: dict[str, Any] = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "linear": lambda z: z}


@given(
    widths=st.sampled_from([(3, 4), (2, 5, 1), (6, 6, 6, 6)]),
    phi=st.sampled_from(sorted(PHI)),
    seed=st.integers(0, 2**32 - 1),
)
@examples(60)
def test_forward_and_backward_are_those_of_jax(widths: tuple[int, ...], phi: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, da = rng.normal(size=(4, widths[0])), rng.normal(size=(4, widths[-1]))
    weights = [rng.normal(size=pair) for pair in pairwise(widths)]
    _, outputs = signal.forward(x, weights, ACTIVATIONS[phi])
    das = signal.backward(da, outputs, weights, ACTIVATIONS[phi])

    def rest(a: Any, start: int) -> Any:
        for W in weights[start:]:
            a = PHI[phi](a @ W)
        return a

    np.testing.assert_allclose(outputs[-1], rest(x, 0), rtol=1e-10, atol=1e-10)
    for layer, got in enumerate(das):
        _, pull = jax.vjp(lambda a, start=layer + 1: rest(a, start), jnp.array(outputs[layer]))
        np.testing.assert_allclose(got, pull(jnp.array(da))[0], rtol=1e-10, atol=1e-10)


def spreads(draw: Any, phi: str, units: int = 200, layers: int = 6) -> list[float]:
    """Root mean squares over several networks: each wanders, their mean square is what the papers keep."""
    squares = np.zeros(layers)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        weights = [draw(rng, units, units) for _ in range(layers)]
        zs, _ = signal.forward(rng.standard_normal((40, units)), weights, ACTIVATIONS[phi])
        squares += np.array([signal.spread(z) ** 2 for z in zs]) / 12
    return np.sqrt(squares).tolist()  # type: ignore[no-any-return]


def test_glorot_keeps_the_variance_of_linear_sums_and_he_that_of_relu() -> None:
    np.testing.assert_allclose(spreads(glorot_uniform, "linear"), 1.0, rtol=0.1)
    np.testing.assert_allclose(spreads(he_normal, "relu"), np.sqrt(2), rtol=0.15)
    # With ReLU, Glorot's variance, half of He's, loses a factor of √2 a layer.
    np.testing.assert_allclose(np.array(spreads(glorot_uniform, "relu")) * np.sqrt(2) ** np.arange(6), 1.0, rtol=0.15)


def test_orthogonal_keeps_the_norm_of_every_example() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 30))
    weights = [orthogonal(rng, 30) for _ in range(40)]
    _, outputs = signal.forward(x, weights, ACTIVATIONS["linear"])
    np.testing.assert_allclose(np.linalg.norm(outputs[-1], axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)
    das = signal.backward(x, outputs, weights, ACTIVATIONS["linear"])
    np.testing.assert_allclose(np.linalg.norm(das[0], axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_spread_is_the_root_mean_square_at_any_size(size: float) -> None:
    values: Array = np.array([[3.0, -4.0], [0.0, 5.0]]) * size
    assert signal.spread(values) == pytest.approx(np.sqrt(50 / 4) * size, rel=1e-12)
    assert signal.spread(np.zeros((2, 2))) == 0
    assert signal.spread(np.array([np.inf, 1.0])) == np.inf
