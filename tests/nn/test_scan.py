"""A scan against the loop and JAX's; the layers made of it against exact fractions and the loops of their papers."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from app.nn import scan
from tests.examples import seeds


@pytest.mark.proof
@pytest.mark.parametrize("seed", seeds(50))
def test_a_scan_is_the_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    T, h = int(rng.integers(1, 40)), int(rng.integers(1, 4))
    a, b, h0 = rng.normal(size=(T, h)), rng.normal(size=(T, h)), rng.normal(size=h)
    states, before = scan.scan(a, b, h0), h0
    for t in range(T):
        before = a[t] * before + b[t]
        np.testing.assert_allclose(states[t], before, rtol=1e-9, atol=1e-12)


def test_jax_scans_alike() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 13, 3))
    _, hs = jax.lax.associative_scan(scan.combine, (jnp.array(a), jnp.array(b)))
    np.testing.assert_allclose(scan.scan(a, b, np.zeros(3)), hs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_composition_is_associative(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two, three = [(rng.normal(size=2), rng.normal(size=2)) for _ in range(3)]
    left = scan.combine(scan.combine(one, two), three)
    right = scan.combine(one, scan.combine(two, three))
    np.testing.assert_allclose(left, right, rtol=1e-12)


def test_min_gru_mixes_the_old_state_and_a_candidate_without_it() -> None:
    rng = np.random.default_rng(5)
    x, W_z, W_h = rng.normal(size=(6, 2)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    b_z, b_h, h = rng.normal(size=3), rng.normal(size=3), np.ones(3)
    hs = scan.scan(*scan.min_gru(x, W_z, b_z, W_h, b_h), h)
    for t in range(6):
        z = 1 / (1 + np.exp(-(x[t] @ W_z + b_z)))
        h = (1 - z) * h + z * (x[t] @ W_h + b_h)
        np.testing.assert_allclose(hs[t], h, rtol=1e-10)


def test_a_kernel_gives_what_the_recurrence_gives() -> None:
    rng = np.random.default_rng(7)
    A, B, C, x = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=9)
    y = np.convolve(x, scan.ssm_kernel(A, B, C, 9))[:9]
    h = np.zeros(3)
    for t in range(9):
        h = A @ h + B * x[t]
        assert y[t] == pytest.approx(C @ h, rel=1e-10)
    half = [Fraction(3) * Fraction(1, 2) ** k * 2 for k in range(5)]
    found = scan.ssm_kernel(np.array([[0.5]]), np.array([2.0]), np.array([3.0]), 5)
    assert found.tolist() == [float(one) for one in half]


def test_linear_attention_is_causal_attention_without_a_softmax() -> None:
    rng = np.random.default_rng(8)
    Q, K, V = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    S, y = scan.linear_attention(Q, K, V)
    np.testing.assert_allclose(y, np.tril(Q @ K.T) @ V, rtol=1e-10)
    np.testing.assert_allclose(S[-1], K.T @ V, rtol=1e-10)


def test_shapes_are_held() -> None:
    with pytest.raises(ValueError, match=r"^b has shape"):
        scan.scan(np.ones((3, 2)), np.ones((2, 2)), np.ones(2))
