"""Dropout's masks: 1 on average, one draw or many, and how long a memory lasts under them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn.dropout import Kind, masks, passed_on
from tests.examples import examples

rates = st.floats(0.05, 0.9)
seeds = st.integers(0, 2**32 - 1)


@given(p=rates, kind=st.sampled_from(["each", "one"]), seed=seeds)
@examples(50)
def test_a_mask_is_0_or_makes_up_for_what_is_dropped(p: float, kind: Kind, seed: int) -> None:
    m = masks(np.random.default_rng(seed), kind, p, 5, 4, 6)
    assert m.shape == (5, 4, 6)
    assert set(np.unique(m)) <= {0.0, 1 / (1 - p)}
    if kind == "one":
        assert (m == m[0]).all()


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5, 0.9])
def test_the_mean_of_many_masks_is_1_and_so_the_mean_state_is_the_whole_one(p: float) -> None:
    m = masks(np.random.default_rng(0), "each", p, 200, 100, 8)
    error = 5 * np.sqrt(p / (1 - p) / m.size)
    assert m.mean() == pytest.approx(1.0, abs=error)
    h = np.arange(8.0)
    np.testing.assert_allclose((m * h).mean(axis=(0, 1)), h, atol=5 * 7 * np.sqrt(p / (1 - p) / 20_000))


def test_a_linear_recurrence_under_fresh_masks_is_right_on_average() -> None:
    """E[h_T] over all 2⁶ ways to drop 2 units at 3 steps, each weighed by its probability, is h_T without dropout."""
    p, W, h0 = 0.3, np.array([[0.5, -0.2], [0.7, 0.4]]), np.array([1.0, -2.0])
    expected, weight_sum = np.zeros(2), 0.0
    for code in range(64):
        dropped = np.array([(code >> bit) & 1 for bit in range(6)]).reshape(3, 2)
        weight, h = float(np.prod(np.where(dropped, p, 1 - p))), h0
        for t in range(3):
            h = (np.where(dropped[t], 0.0, 1 / (1 - p)) * h) @ W
        expected, weight_sum = expected + weight * h, weight_sum + weight
    assert weight_sum == pytest.approx(1.0)
    np.testing.assert_allclose(expected, h0 @ W @ W @ W, rtol=1e-12)


def test_fresh_masks_wipe_a_memory_out_and_one_mask_does_not() -> None:
    rng = np.random.default_rng(1)
    each = passed_on(masks(rng, "each", 0.2, 30, 400, 50))
    wanted = 0.8 ** np.arange(1, 31)
    np.testing.assert_allclose(each, wanted, atol=5 * np.sqrt(0.25 / 20_000))
    one = passed_on(masks(rng, "one", 0.2, 30, 400, 50))
    assert (one == one[0]).all()
    assert one[0] == pytest.approx(0.8, abs=0.02)
    assert (passed_on(masks(rng, "none", 0.2, 30, 2, 2)) == 1).all()


@given(seed=seeds)
@examples(20)
def test_a_rate_of_0_drops_nothing(seed: int) -> None:
    assert (masks(np.random.default_rng(seed), "each", 0.0, 3, 2, 2) == 1).all()
