"""The unit with a wall against JAX's autodiff, central differences, and the wall itself."""

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn.cliff import loss_and_gradient
from tests.examples import examples


@jax.jit
def oracle(w: Any, b: Any, steps: Any) -> Any:
    def loss(weights: Any) -> Any:
        h = jax.lax.scan(
            lambda h, t: (jnp.where(t < steps, weights[0] * jax.nn.sigmoid(h) + weights[1], h), None),
            jnp.array(0.5),
            jnp.arange(30),
        )[0]
        return (jax.nn.sigmoid(h) - 0.7) ** 2

    return jax.value_and_grad(loss)(jnp.array([w, b]))


@given(w=st.floats(-4, 4), b=st.floats(-3, 3), steps=st.integers(1, 30))
@examples(200)
def test_loss_and_gradient_are_those_of_jax(w: float, b: float, steps: int) -> None:
    loss, dw, db = loss_and_gradient(w, b, steps)
    wanted, (want_w, want_b) = oracle(w, b, steps)
    assert loss == pytest.approx(float(wanted), rel=1e-10, abs=1e-12)
    assert dw == pytest.approx(float(want_w), rel=1e-9, abs=1e-11)
    assert db == pytest.approx(float(want_b), rel=1e-9, abs=1e-11)


def test_the_gradient_is_the_central_difference() -> None:
    _, dw, db = loss_and_gradient(4.5, -2.0, 50)
    eps = 1e-6
    assert dw == pytest.approx(
        (loss_and_gradient(4.5 + eps, -2.0, 50)[0] - loss_and_gradient(4.5 - eps, -2.0, 50)[0]) / (2 * eps), rel=1e-6
    )
    assert db == pytest.approx(
        (loss_and_gradient(4.5, -2.0 + eps, 50)[0] - loss_and_gradient(4.5, -2.0 - eps, 50)[0]) / (2 * eps), rel=1e-6
    )


def test_there_is_a_wall() -> None:
    low, high = loss_and_gradient(5.0, -2.7, 50)[0], loss_and_gradient(5.0, -2.6, 50)[0]
    assert low > 0.3
    assert high < 0.05


def test_weights_beyond_all_bounds_overflow_without_raising() -> None:
    assert loss_and_gradient(1e300, -1e300, 100)[0] >= 0
    loss, dw, _ = loss_and_gradient(float("inf"), 0.0, 3)
    assert loss != loss or dw != dw
