"""The readout against NumPy's least squares, against its own gradient, and at both ends of the penalty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn.least_squares import fit
from app.nn.shapes import Array
from tests.examples import examples

seeds = st.integers(0, 2**32 - 1)


def problem(seed: int, n: int = 30, f: int = 5) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, f)) + rng.normal(size=f), rng.normal(size=n) + 3, rng.normal(size=f)


@given(seed=seeds)
@examples(50)
def test_without_a_penalty_it_is_numpys_least_squares(seed: int) -> None:
    F, y, _ = problem(seed)
    readout = fit(F, y, 0)
    wanted = np.linalg.lstsq(np.hstack([F, np.ones((len(F), 1))]), y, rcond=None)[0]
    np.testing.assert_allclose([*readout.w, readout.b], wanted, rtol=1e-8, atol=1e-10)


@given(seed=seeds, penalty=st.floats(1e-3, 1e3))
@examples(50)
def test_the_loss_is_flat_where_it_ends(seed: int, penalty: float) -> None:
    F, y, start = problem(seed)
    readout = fit(F, y, penalty, start)

    def loss(v: Array) -> float:
        return float(np.sum((F @ v[:-1] + v[-1] - y) ** 2) + penalty * np.sum((v[:-1] - start) ** 2))

    at, h = np.append(readout.w, readout.b), 1e-5
    slopes = [(loss(at + h * e) - loss(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    np.testing.assert_allclose(slopes, 0, atol=1e-5 * max(1, penalty))
    assert loss(at) < loss(at + 0.01)


@given(seed=seeds)
@examples(20)
def test_a_firm_hold_ends_at_the_weights_it_started_from(seed: int) -> None:
    F, y, start = problem(seed)
    np.testing.assert_allclose(fit(F, y, 1e12, start).w, start, atol=1e-6)
    np.testing.assert_array_equal(fit(F, y, np.inf, start).w, start)
    assert np.mean(fit(F, y, np.inf, start)(F) - y) == pytest.approx(0, abs=1e-10)


def test_fewer_examples_than_features_are_fitted_exactly_and_shortest() -> None:
    F, y, _ = problem(1, n=3)
    readout = fit(F, y, 0)
    np.testing.assert_allclose(readout(F), y, atol=1e-8)
    shortest = np.linalg.pinv(F - F.mean(0)) @ (y - y.mean())
    np.testing.assert_allclose(readout.w, shortest, atol=1e-6)


@given(seed=seeds, penalty=st.sampled_from([0, 0.5, 3]))
@examples(20)
def test_many_fits_at_once_are_each_alone(seed: int, penalty: float) -> None:
    rng = np.random.default_rng(seed)
    F, y, start = rng.normal(size=(2, 3, 20, 4)), rng.normal(size=(2, 3, 20)), rng.normal(size=(2, 3, 4))
    together = fit(F, y, penalty, start)
    for i in range(2):
        for j in range(3):
            alone = fit(F[i, j], y[i, j], penalty, start[i, j])
            np.testing.assert_allclose(together.w[i, j], alone.w, atol=1e-10)
            np.testing.assert_allclose(together(F)[i, j], alone(F[i, j]), atol=1e-10)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        fit(np.ones((3, 2)), np.ones(2), 1)
    with pytest.raises(ValueError, match="do not fit"):
        fit(np.ones((3, 2)), np.ones(3), 1, np.ones(3))
    with pytest.raises(ValueError, match="do not fit"):
        fit(np.ones(3), np.ones(3), 1)
