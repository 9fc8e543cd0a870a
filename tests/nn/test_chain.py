"""The chain of units against JAX's autodiff and against closed forms."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import chain
from app.nn.activations import ACTIVATIONS
from tests.examples import examples

PHI: dict[str, Any] = {
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "linear": lambda z: z,
    "relu": lambda z: jnp.where(z > 0, z, 0.0),
}


def last(z: Any, w: Any, phi: str, depth: int) -> Any:
    a = PHI[phi](z)
    for _ in range(depth - 1):
        a = PHI[phi](w * a)
    return a


oracle = jax.jit(jax.value_and_grad(last), static_argnames=("phi", "depth"))


# JAX flushes what is next to nothing to zero, where ReLU has its corner.
def to_six_digits(largest: float) -> st.SearchStrategy[float]:
    return st.floats(-largest, largest).map(lambda value: round(value, 6))


@given(z=to_six_digits(10), w=to_six_digits(5), phi=st.sampled_from(sorted(PHI)), depth=st.sampled_from([1, 2, 7]))
@examples(200)
def test_the_gradient_is_that_of_jax(z: float, w: float, phi: str, depth: int) -> None:
    _, a = chain.forward(z, w, depth, ACTIVATIONS[phi])
    slopes, _ = chain.slope_products(a, ACTIVATIONS[phi])
    value, gradient = oracle(z, w, phi, depth)
    assert a[-1] == pytest.approx(float(value), rel=1e-10, abs=1e-12)
    assert chain.gradients(slopes, w)[-1] == pytest.approx(float(gradient), rel=1e-8, abs=1e-12)


@given(z=st.floats(-10, 10), w=st.floats(-5, 5), phi=st.sampled_from(sorted(PHI)), depth=st.integers(1, 100))
@examples(100)
def test_no_product_is_above_the_largest_slope_to_its_power(z: float, w: float, phi: str, depth: int) -> None:
    gamma = {"sigmoid": 0.25}.get(phi, 1.0)
    _, a = chain.forward(z, w, depth, ACTIVATIONS[phi])
    slopes, products = chain.slope_products(a, ACTIVATIONS[phi])
    assert (slopes <= gamma).all()
    assert (products <= gamma ** np.arange(1, depth + 1) * (1 + 1e-12)).all()


def test_at_rest_tanh_loses_nothing_and_weights_multiply() -> None:
    z, a = chain.forward(0.0, 3.0, 4, ACTIVATIONS["tanh"])
    slopes, products = chain.slope_products(a, ACTIVATIONS["tanh"])
    assert z.tolist() == a.tolist() == [0, 0, 0, 0]
    assert products.tolist() == [1, 1, 1, 1]
    assert chain.gradients(slopes, 3.0).tolist() == [1, 3, 9, 27]


def test_a_silent_unit_ends_the_chain() -> None:
    _, a = chain.forward(-1.0, 2.0, 3, ACTIVATIONS["relu"])
    assert chain.slope_products(a, ACTIVATIONS["relu"])[1].tolist() == [0, 0, 0]
