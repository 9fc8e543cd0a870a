"""Descent and Adam against closed forms; the loss and the remembering network against JAX and central differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import remembering
from app.nn.losses import mean_squared
from app.nn.optimise import adam, at_rest, descend
from app.nn.remembering import Model, draw, forward_backward, gradient_by_step
from tests.examples import examples

seeds = st.integers(0, 10_000)


@given(seed=seeds, rate=st.floats(1e-4, 1.0), count=st.integers(1, 12))
@examples(60)
def test_adam_is_its_closed_form(seed: int, rate: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(3, 2)), rng.normal(size=4)]
    gradients = [[rng.normal(size=W.shape) for W in weights] for _ in range(count)]
    moved, moments = list(weights), at_rest(weights)
    for g in gradients:
        moved, moments = adam(moved, g, moments, rate)
    for i, W in enumerate(weights):
        expected = W.copy()
        for t in range(1, count + 1):
            # Unrolled: the moments are weighted sums over all gradients so far, divided by the sum of their weights.
            w1 = 0.9 ** np.arange(t)[::-1]
            w2 = 0.999 ** np.arange(t)[::-1]
            past = np.array([g[i] for g in gradients[:t]])
            m_hat = np.tensordot(w1, past, 1) / w1.sum()
            v_hat = np.tensordot(w2, past**2, 1) / w2.sum()
            expected -= rate * m_hat / (np.sqrt(v_hat) + 1e-8)
        np.testing.assert_allclose(moved[i], expected, rtol=1e-10, atol=1e-12)


def test_descent_on_a_parabola_is_geometric() -> None:
    x = [np.array([8.0])]
    for _ in range(5):
        x = descend(x, [2 * x[0]], 0.1)
    assert x[0][0] == pytest.approx(8 * 0.8**5, rel=1e-14)


@given(seed=seeds, batch=st.integers(1, 9))
@examples(40)
def test_the_loss_is_jaxs(seed: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    y, target = rng.normal(size=(2, batch))
    loss, dy = mean_squared(y, target)
    value, gradient = jax.value_and_grad(lambda y: jnp.mean((y - target) ** 2))(y)
    assert loss == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(dy, gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("seed", range(4))
def test_the_gradients_are_those_of_central_differences(cell: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = draw(rng, cell, 3, 0.8)  # type: ignore[arg-type]
    x, target = remembering.examples(rng, 4, 5)
    done = forward_backward(model, x, target)
    for which, array in enumerate(model.arrays()):
        for index in np.ndindex(array.shape):
            ends = []
            for nudge in (1e-5, -1e-5):
                arrays = [one.copy() for one in model.arrays()]
                arrays[which][index] += nudge
                ends.append(forward_backward(model.with_arrays(arrays), x, target).loss)
            assert done.gradients[which][index] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6, abs=1e-9)


def test_the_gradient_that_comes_back_shrinks_by_the_gain_in_the_linear_limit() -> None:
    model = draw(np.random.default_rng(1), "rnn", 6, 0.7)
    tiny = Model("rnn", type(model.w)(model.w.W_xh * 1e-9, model.w.W_hh, model.w.b), model.W_o)
    x, target = remembering.examples(np.random.default_rng(2), 8, 12)
    norms = gradient_by_step(tiny, forward_backward(tiny, x, target))
    assert norms.shape == (13,)
    np.testing.assert_allclose(norms, norms[-1] * 0.7 ** np.arange(12, -1, -1.0), rtol=1e-9)


def test_examples_hold_their_target_at_the_start_alone() -> None:
    x, target = remembering.examples(np.random.default_rng(0), 50, 7)
    assert x.shape == (50, 8, 1)
    assert set(target) == {-1.0, 1.0}
    assert (x[:, 0, 0] == target).all()
    assert not x[:, 1:].any()
