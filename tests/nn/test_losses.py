"""Cross-entropy against JAX, and where probabilities are too small for a number."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.nn.losses import cross_entropy
from tests.examples import seeds


@pytest.mark.proof
@pytest.mark.parametrize("seed", seeds(50))
def test_the_loss_and_its_gradient_are_jaxs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch, V = int(rng.integers(1, 6)), int(rng.integers(2, 7))
    s, target = rng.normal(size=(batch, V)) * 3, rng.integers(0, V, size=batch)
    loss, ds = cross_entropy(s, target.tolist())
    value, gradient = jax.value_and_grad(lambda s: -jnp.mean(jax.nn.log_softmax(s)[jnp.arange(batch), target]))(
        jnp.array(s)
    )
    assert loss == pytest.approx(float(value), rel=1e-10)
    np.testing.assert_allclose(ds, gradient, rtol=1e-9, atol=1e-12)


def test_it_stays_finite_where_a_probability_is_0() -> None:
    loss, ds = cross_entropy(np.array([[0.0, 2000.0]]), [0])
    assert loss == 2000.0
    assert ds.tolist() == [[-1.0, 1.0]]


def test_equal_scores_cost_the_logarithm_of_their_number() -> None:
    assert cross_entropy(np.zeros((3, 8)), [0, 3, 7])[0] == pytest.approx(np.log(8))
