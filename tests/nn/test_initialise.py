import numpy as np
import pytest

from app.nn.initialise import glorot_uniform, he_normal, orthogonal, semi_orthogonal


@pytest.mark.parametrize("h", [1, 2, 32, 64])
def test_an_orthogonal_matrix_keeps_every_length(h: int) -> None:
    Q = orthogonal(np.random.default_rng(h), h)
    np.testing.assert_allclose(Q.T @ Q, np.eye(h), atol=1e-13)
    np.testing.assert_allclose(np.linalg.svd(Q, compute_uv=False), 1.0, rtol=1e-13)


def test_orthogonal_matrices_are_drawn_evenly() -> None:
    rng = np.random.default_rng(0)
    draws = np.stack([orthogonal(rng, 3) for _ in range(4000)])
    # Each entry has mean 0 and variance 1/3; QR alone leaves the diagonal on one side of 0.
    assert np.abs(draws.mean(axis=0)).max() < 5 * np.sqrt(1 / 3 / 4000)
    np.testing.assert_allclose(draws.var(axis=0), 1 / 3, rtol=0.1)
    assert 0.4 < (np.linalg.det(draws) > 0).mean() < 0.6


def test_glorot_has_its_range_and_its_variance() -> None:
    W = glorot_uniform(np.random.default_rng(0), 200, 400)
    assert W.shape == (200, 400)
    assert 0.999 < np.abs(W).max() / np.sqrt(6 / 600) <= 1.0
    assert W.var() == pytest.approx(2 / 600, rel=0.02)
    assert abs(W.mean()) < 5 * np.sqrt(2 / 600 / W.size)


def test_the_same_generator_state_draws_the_same() -> None:
    def both(seed: int) -> tuple[list[float], list[float]]:
        rng = np.random.default_rng(seed)
        return orthogonal(rng, 8).ravel().tolist(), glorot_uniform(rng, 8, 3).ravel().tolist()

    assert both(7) == both(7)
    assert both(7) != both(8)


def test_he_has_its_variance() -> None:
    W = he_normal(np.random.default_rng(0), 200, 400)
    assert W.shape == (200, 400)
    assert W.var() == pytest.approx(2 / 200, rel=0.02)
    assert abs(W.mean()) < 5 * np.sqrt(2 / 200 / W.size)


@pytest.mark.parametrize(("n", "h"), [(5, 5), (3, 8), (8, 3), (1, 4), (4, 1)])
def test_a_semi_orthogonal_matrix_has_orthonormal_rows_or_columns(n: int, h: int) -> None:
    W = semi_orthogonal(np.random.default_rng(n), n, h)
    assert W.shape == (n, h)
    gram = W @ W.T if n <= h else W.T @ W
    np.testing.assert_allclose(gram, np.eye(min(n, h)), atol=1e-13)
