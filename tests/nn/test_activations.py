from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn.activations import ACTIVATIONS, RELU, sigmoid
from tests.examples import examples

JAX: dict[str, Any] = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "linear": lambda z: z}
GRID = np.linspace(-9.0, 9.0, 1801)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_and_slope_are_those_of_jax(name: str) -> None:
    phi, oracle = ACTIVATIONS[name], JAX[name]
    a = phi.f(GRID)
    np.testing.assert_allclose(a, np.asarray(oracle(jnp.asarray(GRID))), rtol=1e-13, atol=1e-15)
    slopes = np.asarray(jax.vmap(jax.grad(oracle))(jnp.asarray(GRID)))
    np.testing.assert_allclose(phi.slope(a), slopes, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gamma_is_the_largest_slope(name: str) -> None:
    phi = ACTIVATIONS[name]
    assert phi.slope(phi.f(GRID)).max() == phi.gamma


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_name_finds_itself_and_nan_stays_nan(name: str) -> None:
    phi = ACTIVATIONS[name]
    assert phi.name == name
    nan = np.array([np.nan])
    assert np.isnan(phi.f(nan)).all()
    assert name == "linear" or np.isnan(phi.slope(nan)).all()


def test_relu_has_slope_0_at_0() -> None:
    assert RELU.slope(RELU.f(np.array([-1.0, 0.0, 1.0]))).tolist() == [0.0, 0.0, 1.0]


def test_sigmoid_far_out_keeps_its_digits() -> None:
    z = np.array([-np.inf, -1e308, -700.0, -40.0, 0.0, 40.0, 1e308, np.inf])
    np.testing.assert_allclose(sigmoid(z), [0.0, 0.0, np.exp(-700.0), np.exp(-40.0), 0.5, 1.0, 1.0, 1.0], rtol=1e-14)


@given(st.floats(allow_nan=False))
@examples(100)
def test_sigmoid_is_between_0_and_1_and_symmetric(z: float) -> None:
    there, back = sigmoid(np.array([z, -z]))
    assert 0.0 <= there <= 1.0
    assert there + back == pytest.approx(1.0, abs=1e-15)
